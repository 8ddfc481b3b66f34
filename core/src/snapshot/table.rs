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

/// Bytes checked in one go, so that they are in the processor's cache for both looks.
const PIECE_BYTES: usize = 256 << 10;
/// Tables from this size on are checked by two threads.
const PARALLEL_BYTES_MIN: usize = 4 << 20;

/// The table is not what the header says, or not what a table may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadTable;

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
        if self.table.len() < PARALLEL_BYTES_MIN {
            check_crc(self.table, section.table_crc)?;
            check_crc(self.overflow, section.overflow_crc)?;
            return self.check_words(section);
        }
        std::thread::scope(|scope| {
            let sums = scope.spawn(|| {
                check_crc(self.table, section.table_crc)?;
                check_crc(self.overflow, section.overflow_crc)
            });
            let words = self.check_words(section);
            sums.join().map_err(|_| BadTable)??;
            words
        })
    }

    fn check_words(self, section: &Section) -> Result<(), BadTable> {
        let mut next = section.overflow_offset;
        let mut overflow = self.overflow.chunks_exact(BUCKET_BYTES as usize);
        for bucket in self.table.chunks_exact(BUCKET_BYTES as usize) {
            let mut link = check_bucket(bucket, section)?;
            while link != 0 {
                if link != next | LINK_MAPPED {
                    return Err(BadTable);
                }
                next += BUCKET_BYTES;
                link = check_bucket(overflow.next().ok_or(BadTable)?, section)?;
            }
        }
        if next == section.overflow_end() { Ok(()) } else { Err(BadTable) }
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
fn check_bucket(bucket: &[u8], section: &Section) -> Result<u64, BadTable> {
    const STATE: u64 = LATCHED | FENCED | MAPPED;
    let heap: Range<u64> = section.heap_offset..section.heap_end;
    let mut good = true;
    for slot in 0..SLOTS {
        let word = u64_at(bucket, slot * 8);
        good &= word == 0 || (word & STATE == MAPPED) & heap.contains(&Word(word).address());
    }
    if good { Ok(u64_at(bucket, SLOTS * 8)) } else { Err(BadTable) }
}

fn check_crc(bytes: &[u8], expected: u32) -> Result<(), BadTable> {
    let mut digest = digest();
    bytes.chunks(PIECE_BYTES).for_each(|piece| digest.update(piece));
    if digest.finalize() as u32 == expected { Ok(()) } else { Err(BadTable) }
}
