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

/// How many threads a check may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    One,
    Two,
}

/// Some chains that are right, and some overflow buckets that need not be theirs.
struct Checked {
    digest: crc_fast::Digest,
    overflow_digest: crc_fast::Digest,
    /// The chains' overflow buckets, as offsets.
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
    pub fn verify(self, section: &Section, threads: Threads) -> Result<(), BadTable> {
        let (table, _) = self.table.as_chunks();
        let (overflow, _) = self.overflow.as_chunks();
        let (mut first, second) = if threads == Threads::One || self.table.len() < PARALLEL_BYTES_MIN {
            (self.check(table, overflow, section)?, None)
        } else {
            let (table, second_table) = table.split_at(table.len() / 2);
            let (overflow, second_overflow) = overflow.split_at(overflow.len() / 2);
            std::thread::scope(|scope| {
                let second = scope.spawn(|| self.check(second_table, second_overflow, section));
                let first = self.check(table, overflow, section)?;
                Ok((first, Some(second.join().unwrap_or(Err(BadTable))?)))
            })?
        };
        let mut next = section.overflow_offset;
        for overflow in [&first.overflow].into_iter().chain(second.iter().map(|second| &second.overflow)) {
            let Some(overflow) = overflow else { continue };
            if overflow.start != next {
                return Err(BadTable);
            }
            next = overflow.end;
        }
        if let Some(second) = second {
            first.digest.combine(&second.digest);
            first.overflow_digest.combine(&second.overflow_digest);
        }
        let is_right = next == section.overflow_end()
            && first.digest.finalize() as u32 == section.table_crc
            && first.overflow_digest.finalize() as u32 == section.overflow_crc;
        if is_right { Ok(()) } else { Err(BadTable) }
    }

    /// Checks some chains in a row, and some overflow buckets.
    fn check(
        self,
        heads: &[RawBucket],
        overflow: &[RawBucket],
        section: &Section,
    ) -> Result<Checked, BadTable> {
        populate(heads);
        populate(overflow);
        let (all_overflow, _): (&[RawBucket], _) = self.overflow.as_chunks();
        // Where the overflow buckets of these chains begin, and where the next must stand.
        let mut seen: Option<Range<u64>> = None;
        let digest = check_slots(heads, section, |bucket| {
            let mut link = link(bucket);
            while link != 0 {
                let at = link & !LINK_MAPPED;
                let seen = seen.get_or_insert(at..at);
                let index = at.wrapping_sub(section.overflow_offset) / BUCKET_BYTES;
                if link != seen.end | LINK_MAPPED || !at.is_multiple_of(BUCKET_BYTES) {
                    return Err(BadTable);
                }
                seen.end += BUCKET_BYTES;
                link = self::link(all_overflow.get(index as usize).ok_or(BadTable)?);
            }
            Ok(())
        })?;
        let overflow_digest = check_slots(overflow, section, |_| Ok(()))?;
        Ok(Checked { digest, overflow_digest, overflow: seen })
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

/// A bucket's link.
fn link(bucket: &RawBucket) -> u64 {
    u64_at(bucket, SLOTS * 8)
}

/// Checks the slots of all `buckets`, calls `each` for every one, and sums them up.
fn check_slots(
    buckets: &[RawBucket],
    section: &Section,
    mut each: impl FnMut(&RawBucket) -> Result<(), BadTable>,
) -> Result<crc_fast::Digest, BadTable> {
    let mut digest = digest();
    for piece in buckets.chunks(PIECE_BUCKETS) {
        digest.update(piece.as_flattened());
        if !are_slots_good(piece, section.heap_offset, section.heap_end - section.heap_offset) {
            return Err(BadTable);
        }
        piece.iter().try_for_each(&mut each)?;
    }
    Ok(digest)
}

/// Whether every slot names a place in the heap, or nothing. This is what opening a file spends its time on.
fn are_slots_good(buckets: &[RawBucket], heap_offset: u64, heap_bytes: u64) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        /// The same for processors that compare eight words at once.
        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
        fn eight(buckets: &[RawBucket], heap_offset: u64, heap_bytes: u64) -> bool {
            look(buckets, heap_offset, heap_bytes)
        }
        /// And four.
        #[target_feature(enable = "avx2")]
        fn four(buckets: &[RawBucket], heap_offset: u64, heap_bytes: u64) -> bool {
            look(buckets, heap_offset, heap_bytes)
        }
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512bw")
        {
            // SAFETY: the processor has all that the function was compiled for.
            return unsafe { eight(buckets, heap_offset, heap_bytes) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has it.
            return unsafe { four(buckets, heap_offset, heap_bytes) };
        }
    }
    look(buckets, heap_offset, heap_bytes)
}

/// Without branches, so that the compiler can look at several words at once.
#[inline(always)]
fn look(buckets: &[RawBucket], heap_offset: u64, heap_bytes: u64) -> bool {
    const STATE: u64 = LATCHED | FENCED | MAPPED;
    let mut bad = 0;
    for bucket in buckets {
        let (words, _) = bucket.as_chunks();
        for (index, word) in words.iter().enumerate() {
            let word = u64::from_le_bytes(*word);
            let in_heap = Word(word).address().wrapping_sub(heap_offset) < heap_bytes;
            let good = (word == 0) | ((word & STATE == MAPPED) & in_heap) | (index >= SLOTS);
            bad |= u64::from(!good);
        }
    }
    bad == 0
}

/// Lets the operating system map the buckets at once instead of page by page.
fn populate(buckets: &[RawBucket]) {
    #[cfg(target_os = "linux")]
    {
        let bytes = buckets.as_flattened();
        // SAFETY: a plain question to the system.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
        let start = bytes.as_ptr().addr().next_multiple_of(page);
        let end = (bytes.as_ptr().addr() + bytes.len()) / page * page;
        if start < end {
            let first = bytes.as_ptr().wrapping_add(start - bytes.as_ptr().addr());
            // A hint, which kernels before 5.14 do not know.
            // SAFETY: whole pages inside the slice; they are only brought in.
            unsafe { libc::madvise(first.cast_mut().cast(), end - start, libc::MADV_POPULATE_READ) };
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = buckets;
}
