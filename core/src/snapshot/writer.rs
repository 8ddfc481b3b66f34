//! Writes a snapshot file: sections of chains, then the header.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

use smallvec::SmallVec;

use super::format::{
    AREA_ALIGN, BUCKET_BYTES, HEADER_BYTES, Header, Section, TRAILER_BYTES, crc, room_bytes,
};
use super::frame::Frame;
use super::stream::{BUFFER_BYTES, Stream};
use super::table;
use crate::clock::UnixMillis;
use crate::index::Word;
use crate::index::bucket::{LINK_MAPPED, LOSSY, SLOTS};
use crate::index::pages::PAGE_CHAINS;
use crate::index::slot::TTL;
use crate::log::Lsn;

/// Bytes that are gathered of the bucket array and of the overflow buckets.
const TABLE_BUFFER_BYTES: usize = 256 << 10;
/// Room for overflow buckets beyond what the keys can need: tombstones may stand in two chains.
const OVERFLOW_SPARE: u64 = 64;

/// The slot words of one chain.
pub type Slots = SmallVec<[u64; 2 * SLOTS]>;

/// The sections written so far.
pub struct FileWriter<'a> {
    file: &'a File,
    element_seed: u64,
    sections: Vec<Section>,
}

impl<'a> FileWriter<'a> {
    pub fn new(file: &'a File, element_seed: u64) -> FileWriter<'a> {
        FileWriter { file, element_seed, sections: Vec::new() }
    }

    fn end(&self) -> u64 {
        self.sections.last().map_or(HEADER_BYTES, |section| section.heap_end)
    }

    /// Begins a database of `chains` chains and at most `keys` keys. Databases come in ascending order.
    pub fn section(&self, db: u8, seed: u64, chains: u64, keys: u64) -> SectionWriter<'a> {
        let table_offset = self.end().next_multiple_of(AREA_ALIGN);
        let overflow_offset = table_offset + room_bytes(chains);
        // A chain of n keys has (n - 1) / SLOTS overflow buckets at most.
        let overflow_room = (keys / SLOTS as u64 + OVERFLOW_SPARE) * BUCKET_BYTES;
        let sums_offset = overflow_offset + overflow_room;
        let mut section =
            Section { db, seed, chains, table_offset, overflow_offset, sums_offset, ..Section::default() };
        section.heap_offset = section.sums_end().next_multiple_of(AREA_ALIGN);
        SectionWriter {
            section,
            file: self.file,
            table: Stream::new(self.file, table_offset, TABLE_BUFFER_BYTES),
            overflow: Stream::new(self.file, overflow_offset, TABLE_BUFFER_BYTES),
            heap: Stream::new(self.file, section.heap_offset, BUFFER_BYTES),
            page: Page::default(),
            sums: Vec::new(),
        }
    }

    /// Adds a finished section.
    pub fn add(&mut self, section: Section) {
        self.sections.push(section);
    }

    /// Writes trailer and header.
    pub fn finish(
        self,
        created: UnixMillis,
        lsn: Lsn,
        version_max: u64,
        libraries: &[u8],
    ) -> io::Result<Header> {
        let libraries_at = self.end();
        let end = libraries_at + libraries.len() as u64;
        let (element_seed, sections, file_bytes) = (self.element_seed, self.sections, end + TRAILER_BYTES);
        self.file.write_all_at(libraries, libraries_at)?;
        let libraries = (libraries.len() as u64, crc(libraries));
        let header = Header { created, lsn, version_max, file_bytes, element_seed, sections, libraries };
        // Behind a value that was better left uncompressed there may be more than is wanted.
        self.file.set_len(header.file_bytes)?;
        let (start, trailer) = header.encode();
        self.file.write_all_at(&trailer, end)?;
        self.file.write_all_at(&start, 0)?;
        Ok(header)
    }
}

/// One database being written: its chains come in order.
pub struct SectionWriter<'a> {
    section: Section,
    file: &'a File,
    table: Stream<'a>,
    overflow: Stream<'a>,
    pub heap: Stream<'a>,
    page: Page,
    sums: Vec<u8>,
}

/// The buckets of the page that is being written.
#[derive(Default)]
struct Page {
    heads: Vec<u8>,
    overflow: Vec<u8>,
}

impl SectionWriter<'_> {
    /// Copies a record that is framed already, and returns the slot word for its place; `word` has tag and TTL.
    pub fn copy(&mut self, word: Word, stored: &[u8]) -> u64 {
        let place = self.place(word);
        self.heap.buffer().extend_from_slice(stored);
        place
    }

    /// The same for a record of any length, writing on the way.
    pub fn copy_long(&mut self, word: Word, stored: &[u8]) -> io::Result<u64> {
        let place = self.place(word);
        self.heap.write_all(stored)?;
        Ok(place)
    }

    /// Writes the stand-in for a record that is damaged.
    pub fn bury(&mut self, word: Word) -> u64 {
        self.section.damaged += 1;
        self.copy(word, &Frame::tombstone())
    }

    /// The slot word for a record that begins at the end of the heap.
    pub fn place(&self, word: Word) -> u64 {
        Word::mapped(word.0, self.heap.offset(), word.has(TTL)).0
    }

    /// Ends a chain, whose other keys are unknown if it `is_lossy`. `false`: there is no room for another overflow bucket.
    #[must_use]
    pub fn chain(&mut self, slots: &[u64], is_lossy: bool) -> bool {
        self.section.keys += slots.len() as u64;
        self.section.expires += slots.iter().filter(|slot| **slot & TTL != 0).count() as u64;
        self.section.damaged += u64::from(is_lossy);
        let mut buckets = slots.chunks(SLOTS);
        let head = buckets.next().unwrap_or_default();
        let mut left = buckets.len() as u64;
        let mut next = self.overflow.offset() + self.page.overflow.len() as u64;
        if next + left * BUCKET_BYTES > self.section.sums_offset {
            return false;
        }
        let lossy = if is_lossy { LOSSY } else { 0 };
        put_bucket(&mut self.page.heads, head, if left > 0 { next | LINK_MAPPED } else { 0 } | lossy);
        for bucket in buckets {
            left -= 1;
            next += BUCKET_BYTES;
            put_bucket(&mut self.page.overflow, bucket, if left > 0 { next | LINK_MAPPED } else { 0 });
        }
        if self.page.heads.len() as u64 == PAGE_CHAINS * BUCKET_BYTES {
            self.end_page();
        }
        true
    }

    fn end_page(&mut self) {
        let Page { heads, overflow } = &mut self.page;
        self.table.buffer().extend_from_slice(heads);
        self.overflow.buffer().extend_from_slice(overflow);
        let overflow_end = (self.overflow.offset() - self.section.overflow_offset) / BUCKET_BYTES;
        self.sums.extend_from_slice(&table::sum(overflow_end, heads, overflow));
        heads.clear();
        overflow.clear();
    }

    /// Writes buffers that are full.
    pub fn relieve(&mut self) -> io::Result<()> {
        self.table.relieve()?;
        self.overflow.relieve()?;
        self.heap.relieve()
    }

    /// Ends the section.
    pub fn finish(mut self) -> io::Result<Section> {
        if !self.page.heads.is_empty() {
            self.end_page();
        }
        self.heap.pad(BUCKET_BYTES);
        self.section.heap_end = self.heap.offset();
        self.section.overflow_buckets =
            (self.overflow.offset() - self.section.overflow_offset) / BUCKET_BYTES;
        self.section.sums_crc = crc(&self.sums);
        self.file.write_all_at(&self.sums, self.section.sums_offset)?;
        self.table.finish()?;
        self.overflow.finish()?;
        self.heap.finish()?;
        Ok(self.section)
    }
}

fn put_bucket(out: &mut Vec<u8>, slots: &[u64], link: u64) {
    let mut bucket = [0; BUCKET_BYTES as usize];
    for (out, word) in bucket.chunks_exact_mut(8).zip(slots) {
        out.copy_from_slice(&word.to_le_bytes());
    }
    bucket[SLOTS * 8..].copy_from_slice(&link.to_le_bytes());
    out.extend_from_slice(&bucket);
}
