//! Checks the table of a database before anything in it is followed.
//!
//! Besides the checksums, every slot must name a place in the section's heap and nothing else, and the overflow buckets
//! must follow each other in the order of the chains, each linked once: so a link leads nowhere but to a bucket of the
//! same chain, and every chain ends, whoever wrote the file.

use std::ops::Range;

use super::format::{BUCKET_BYTES, Section, u64_at};
use super::frame::digest;
use crate::index::bucket::{LINK_MAPPED, SLOTS};
use crate::index::slot::{FENCED, LATCHED, MAPPED, Word};

/// Buckets checked in one go, so that they are in the processor's cache for both looks.
const PIECE_BUCKETS: usize = 1024;
/// Tables from this size on are checked by two threads; in debug builds small ones too, so that tests get there.
const PARALLEL_BYTES_MIN: usize = if cfg!(debug_assertions) { 2 << 10 } else { 16 << 20 };

/// The table is not what the header says, or not what a table may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadTable;

type RawBucket = [u8; BUCKET_BYTES as usize];

/// Some chains that are right.
struct Checked {
    digest: crc_fast::Digest,
    /// Their overflow buckets, as offsets.
    overflow: Option<Range<u64>>,
}

/// A section's bucket array and overflow buckets.
#[derive(Clone, Copy)]
pub struct Buckets<'a> {
    pub table: &'a [u8],
    pub overflow: &'a [u8],
}

impl<'a> Buckets<'a> {
    /// The buckets of `section` in a whole file.
    pub fn of(file: &'a [u8], section: &Section) -> Buckets<'a> {
        let part = |start: u64, len: u64| &file[start as usize..(start + len) as usize];
        Buckets {
            table: part(section.table_offset, section.table_bytes()),
            overflow: part(section.overflow_offset, section.overflow_bytes()),
        }
    }

    /// Checks everything.
    pub fn verify(self, section: &Section) -> Result<(), BadTable> {
        let mut overflow = digest();
        overflow.update(self.overflow);
        if overflow.finalize() as u32 != section.overflow_crc {
            return Err(BadTable);
        }
        let (table, _) = self.table.as_chunks();
        let half = if self.table.len() < PARALLEL_BYTES_MIN { 0 } else { table.len() / 2 };
        let (first, second) = table.split_at(half);
        let (mut first, second) = if first.is_empty() {
            (self.check(first, section)?, self.check(second, section)?)
        } else {
            std::thread::scope(|scope| {
                let second = scope.spawn(|| self.check(second, section));
                let first = self.check(first, section)?;
                Ok((first, second.join().unwrap_or(Err(BadTable))?))
            })?
        };
        first.digest.combine(&second.digest);
        let mut next = section.overflow_offset;
        for overflow in [first.overflow, second.overflow].into_iter().flatten() {
            if overflow.start != next {
                return Err(BadTable);
            }
            next = overflow.end;
        }
        let is_right = next == section.overflow_end() && first.digest.finalize() as u32 == section.table_crc;
        if is_right { Ok(()) } else { Err(BadTable) }
    }

    /// Checks some chains in a row.
    fn check(self, heads: &[RawBucket], section: &Section) -> Result<Checked, BadTable> {
        let (overflow, _): (&[RawBucket], _) = self.overflow.as_chunks();
        let mut digest = digest();
        // Where the overflow buckets of these chains begin, and where the next must stand.
        let mut seen: Option<Range<u64>> = None;
        for piece in heads.chunks(PIECE_BUCKETS) {
            digest.update(piece.as_flattened());
            for bucket in piece {
                let mut link = check_bucket(bucket, section)?;
                while link != 0 {
                    let at = link & !LINK_MAPPED;
                    let seen = seen.get_or_insert(at..at);
                    let index = at.wrapping_sub(section.overflow_offset) / BUCKET_BYTES;
                    if link != seen.end | LINK_MAPPED || !at.is_multiple_of(BUCKET_BYTES) {
                        return Err(BadTable);
                    }
                    seen.end += BUCKET_BYTES;
                    link = check_bucket(overflow.get(index as usize).ok_or(BadTable)?, section)?;
                }
            }
        }
        Ok(Checked { digest, overflow: seen })
    }

    /// Visits the slot words of every chain in order; the table was verified.
    pub fn for_each_slot(self, mut visit: impl FnMut(u64, Word)) {
        let mut overflow = self.overflow.chunks_exact(BUCKET_BYTES as usize);
        for (chain, head) in self.table.chunks_exact(BUCKET_BYTES as usize).enumerate() {
            let mut bucket = Some(head);
            while let Some(now) = bucket {
                for slot in 0..SLOTS {
                    let word = Word(u64_at(now, slot * 8));
                    if !word.is_empty() {
                        visit(chain as u64, word);
                    }
                }
                bucket = if u64_at(now, SLOTS * 8) != 0 { overflow.next() } else { None };
            }
        }
    }
}

/// Checks the slots of a bucket; its link.
#[inline]
fn check_bucket(bucket: &RawBucket, section: &Section) -> Result<u64, BadTable> {
    const STATE: u64 = LATCHED | FENCED | MAPPED;
    let heap_bytes = section.heap_end - section.heap_offset;
    let (words, _) = bucket.as_chunks();
    let mut good = true;
    // Without branches: this is what opening a file spends its time on.
    for word in &words[..SLOTS] {
        let word = u64::from_le_bytes(*word);
        let in_heap = Word(word).address().wrapping_sub(section.heap_offset) < heap_bytes;
        good &= (word == 0) | ((word & STATE == MAPPED) & in_heap);
    }
    if good { Ok(u64::from_le_bytes(words[SLOTS])) } else { Err(BadTable) }
}
