//! Checks the pages of a database's table before anything in them is followed.
//!
//! A page is some chains: their first buckets, which lie together, and their overflow buckets, which do too. Besides its
//! checksums, every slot must name a place in the section's heap and nothing else, and the overflow buckets must follow
//! each other in the order of the chains, each linked once: so a link leads nowhere but to a bucket of the same chain,
//! and every chain ends, whoever wrote the file.

use std::ops::Range;

use super::format::{BUCKET_BYTES, SUM_BYTES, Section, crc, u64_at};
use crate::index::bucket::{LINK_MAPPED, LOSSY, SLOTS};
use crate::index::pages::PAGE_CHAINS;
use crate::index::slot::{FENCED, LATCHED, MAPPED, Word};

/// Something is not what the header says, or not what a table may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadTable;

type RawBucket = [u8; BUCKET_BYTES as usize];

/// What is written of a page beside its buckets.
///
/// ```text
/// offset  size  field
///      0     8  overflow buckets of this page and of those before it
///      8     4  CRC of the first buckets
///     12     4  CRC of the overflow buckets
/// ```
pub fn sum(overflow_end: u64, heads: &[u8], overflow: &[u8]) -> [u8; SUM_BYTES as usize] {
    let mut bytes = [0; SUM_BYTES as usize];
    bytes[..8].copy_from_slice(&overflow_end.to_le_bytes());
    bytes[8..12].copy_from_slice(&crc(heads).to_le_bytes());
    bytes[12..].copy_from_slice(&crc(overflow).to_le_bytes());
    bytes
}

/// Where a page lies in the file, by what is written of it: inside its section, whatever that says.
pub struct Extent {
    pub first_chain: u64,
    pub heads: Range<u64>,
    pub overflow: Range<u64>,
    /// Overflow buckets of this page and of those before it.
    overflow_end: u64,
}

impl Extent {
    /// The extent of page `number` of `section`, whose sums are `sums`.
    pub fn of(section: &Section, sums: &[u8], number: u64) -> Result<Extent, BadTable> {
        let end_of = |number: u64| u64_at(sums, (number * SUM_BYTES) as usize);
        let overflow_start = if number == 0 { 0 } else { end_of(number - 1) };
        let overflow_end = end_of(number);
        let is_last = number + 1 == section.pages();
        if overflow_start > overflow_end
            || overflow_end > section.overflow_buckets
            || is_last && overflow_end != section.overflow_buckets
        {
            return Err(BadTable);
        }
        let first_chain = number * PAGE_CHAINS;
        let end_chain = (first_chain + PAGE_CHAINS).min(section.chains);
        let head = |chain| section.table_offset + chain * BUCKET_BYTES;
        let overflow = |bucket| section.overflow_offset + bucket * BUCKET_BYTES;
        Ok(Extent {
            first_chain,
            heads: head(first_chain)..head(end_chain),
            overflow: overflow(overflow_start)..overflow(overflow_end),
            overflow_end,
        })
    }
}

/// A page that was checked.
#[derive(Clone, Copy)]
pub struct Page<'a> {
    first_chain: u64,
    heads: &'a [RawBucket],
    overflow: &'a [RawBucket],
}

impl<'a> Page<'a> {
    /// Checks page `number` of `section`, whose sums are `sums`; `bytes` are those of the file.
    pub fn check(
        section: &Section,
        sums: &[u8],
        number: u64,
        bytes: impl Fn(Range<u64>) -> &'a [u8],
    ) -> Result<Page<'a>, BadTable> {
        let extent = Extent::of(section, sums, number)?;
        let (heads, overflow) = (bytes(extent.heads.clone()), bytes(extent.overflow.clone()));
        let at = (number * SUM_BYTES) as usize;
        if sum(extent.overflow_end, heads, overflow) != sums[at..at + SUM_BYTES as usize] {
            return Err(BadTable);
        }
        let page = Page {
            first_chain: extent.first_chain,
            heads: as_buckets(heads),
            overflow: as_buckets(overflow),
        };
        let is_right = are_slots_good(page.heads, section)
            && are_slots_good(page.overflow, section)
            && page.are_links_good(extent.overflow);
        if is_right { Ok(page) } else { Err(BadTable) }
    }

    fn are_links_good(&self, overflow: Range<u64>) -> bool {
        let mut next = overflow.start;
        let mut rest = self.overflow.iter();
        for head in self.heads {
            let mut link = link(head) & !LOSSY;
            while link != 0 {
                let Some(bucket) = rest.next().filter(|_| link == next | LINK_MAPPED) else { return false };
                next += BUCKET_BYTES;
                link = self::link(bucket);
            }
        }
        next == overflow.end
    }

    /// Visits the slot words of every chain in order.
    pub fn for_each_slot(&self, mut visit: impl FnMut(u64, Word)) {
        let mut overflow = self.overflow.iter();
        for (chain, head) in (self.first_chain..).zip(self.heads) {
            let mut bucket = Some(head);
            while let Some(now) = bucket {
                let words = (0..SLOTS).map(|slot| Word(u64_at(now, slot * 8)));
                words.filter(|word| !word.is_empty()).for_each(|word| visit(chain, word));
                bucket = if link(now) & LINK_MAPPED != 0 { overflow.next() } else { None };
            }
        }
    }

    /// Chains with keys that were lost before the file was written.
    pub fn lossy_chains(&self) -> u64 {
        self.heads.iter().filter(|head| link(head) & LOSSY != 0).count() as u64
    }
}

/// What describes the pages of `section` in a whole file, if that is undamaged.
pub fn sums<'a>(file: &'a [u8], section: &Section) -> Result<&'a [u8], BadTable> {
    let sums = &file[section.sums_offset as usize..section.sums_end() as usize];
    if crc(sums) == section.sums_crc { Ok(sums) } else { Err(BadTable) }
}

/// The pages of `section` in a whole file, each checked. An error where not even their places are known.
pub fn pages<'a>(
    file: &'a [u8],
    section: &'a Section,
) -> Result<impl Iterator<Item = Result<Page<'a>, BadTable>>, BadTable> {
    let sums = sums(file, section)?;
    let bytes = |range: Range<u64>| &file[range.start as usize..range.end as usize];
    Ok((0..section.pages()).map(move |number| Page::check(section, sums, number, bytes)))
}

/// The pages of `section` in a whole file, if all are undamaged.
pub fn whole_pages<'a>(file: &'a [u8], section: &'a Section) -> Result<Vec<Page<'a>>, BadTable> {
    pages(file, section)?.collect()
}

fn as_buckets(bytes: &[u8]) -> &[RawBucket] {
    bytes.as_chunks().0
}

/// A bucket's link.
fn link(bucket: &RawBucket) -> u64 {
    u64_at(bucket, SLOTS * 8)
}

/// Whether every slot names a place in the heap, or nothing. Without branches, so that the compiler can look at several
/// words at once.
fn are_slots_good(buckets: &[RawBucket], section: &Section) -> bool {
    const STATE: u64 = LATCHED | FENCED | MAPPED;
    let heap_bytes = section.heap_end - section.heap_offset;
    let mut bad = 0;
    for bucket in buckets {
        let (words, _) = bucket.as_chunks();
        for (index, word) in words.iter().enumerate() {
            let word = u64::from_le_bytes(*word);
            let in_heap = Word(word).address().wrapping_sub(section.heap_offset) < heap_bytes;
            let good = (word == 0) | ((word & STATE == MAPPED) & in_heap) | (index >= SLOTS);
            bad |= u64::from(!good);
        }
    }
    bad == 0
}

/// The checksums of a file's pages made right, where their places are; for fuzzing what comes behind them.
pub fn reseal(file: &mut [u8], section: &Section) -> u32 {
    let range = section.sums_offset as usize..section.sums_end() as usize;
    let mut sums = file[range.clone()].to_vec();
    for number in 0..section.pages() {
        let Ok(extent) = Extent::of(section, &sums, number) else { continue };
        let part = |range: Range<u64>| &file[range.start as usize..range.end as usize];
        let right = sum(extent.overflow_end, part(extent.heads), part(extent.overflow));
        let at = (number * SUM_BYTES) as usize;
        sums[at..at + SUM_BYTES as usize].copy_from_slice(&right);
    }
    file[range].copy_from_slice(&sums);
    crc(&sums)
}
