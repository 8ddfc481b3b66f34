//! The room that is written ahead under `appendfsync always`.
//!
//! Overwriting blocks that hold data needs no journal commit of the file system, and a block that is written whole can
//! go past the page cache: an fsynced group takes half the time, and several can be in flight. So the increment is
//! extended ahead in steps with lines of `#`, which Redis skips as annotations, and each group is padded with the same
//! to the end of its last block.
//!
//! Format: lines of [`LINE_BYTES`], `#` but for the line feed at the end, aligned in the file. Padding is the part of
//! that pattern that covers its place. A line of nothing but a line feed would stop Redis: padding begins with `#`
//! wherever it begins, and where that leaves no room for a line feed it goes on to the end of the next block.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use memmap2::MmapMut;

use super::backend::write_all_at;

/// The unit of what the disk writes whole: groups begin and end at multiples of it.
pub const BLOCK_BYTES: usize = 512;
/// The length of a line of filler.
pub const LINE_BYTES: usize = 64;
/// Alignment in memory for writes past the page cache.
const MEMORY_ALIGNMENT: usize = 4096;
/// What is written at once while filling.
const CHUNK_BYTES: usize = 256 * 1024;

const _: () = assert!(BLOCK_BYTES.is_multiple_of(LINE_BYTES) && CHUNK_BYTES.is_multiple_of(BLOCK_BYTES));

/// The filler's byte at `offset`.
fn pattern(offset: u64) -> u8 {
    if offset % LINE_BYTES as u64 == LINE_BYTES as u64 - 1 { b'\n' } else { b'#' }
}

/// How much padding follows a group that ends at `offset`: up to the end of a block.
pub fn padding_bytes(offset: u64) -> usize {
    let rest = (BLOCK_BYTES - offset as usize % BLOCK_BYTES) % BLOCK_BYTES;
    // One byte has no room for `#` and a line feed.
    if rest == 1 { 1 + BLOCK_BYTES } else { rest }
}

/// Appends the padding behind a group that ends at `offset`.
pub fn pad(out: &mut Buffer, offset: u64) {
    for index in 0..padding_bytes(offset) as u64 {
        out.push(if index == 0 { b'#' } else { pattern(offset + index) });
    }
}

/// Whether `line`, without its line feed, is filler or padding.
pub fn is_filler_line(line: &[u8]) -> bool {
    line.iter().all(|byte| *byte == b'#')
}

/// Whether a whole block between the file offsets `from` and `to` of `bytes` was never written over.
pub fn has_unwritten_block(bytes: &[u8], from: usize, to: usize) -> bool {
    let first = from.next_multiple_of(BLOCK_BYTES);
    let end = to.min(bytes.len());
    (bytes.get(first..end).unwrap_or_default())
        .chunks_exact(BLOCK_BYTES)
        .any(|block| block.iter().enumerate().all(|(index, byte)| *byte == pattern(index as u64)))
}

/// Memory that the disk can read from directly: pages of its own, as for [`super::ring::Ring`].
pub struct Buffer {
    pages: MmapMut,
    len: usize,
}

impl Buffer {
    pub fn with_capacity(capacity: usize) -> Buffer {
        let capacity = capacity.next_multiple_of(MEMORY_ALIGNMENT).max(MEMORY_ALIGNMENT);
        Buffer { pages: MmapMut::map_anon(capacity).expect("memory for a group"), len: 0 }
    }

    pub fn capacity(&self) -> usize {
        self.pages.len()
    }

    pub fn clear(&mut self) {
        self.len = 0;
    }

    pub fn extend(&mut self, bytes: &[u8]) {
        assert!(bytes.len() <= self.capacity() - self.len, "a group outgrows its buffer");
        self.pages[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    fn push(&mut self, byte: u8) {
        self.extend(&[byte]);
    }

    pub fn bytes(&self) -> &[u8] {
        &self.pages[..self.len]
    }
}

/// Filling that goes on beside the writer.
pub struct Filling {
    pub upto: u64,
    thread: thread::JoinHandle<io::Result<()>>,
}

impl Filling {
    /// Fills `file` from the block boundary `from` to `upto` in a thread of its own.
    pub fn start(file: &Arc<File>, from: u64, upto: u64) -> io::Result<Filling> {
        let file = file.clone();
        let thread =
            thread::Builder::new().name("polycache-fill".into()).spawn(move || fill(&file, from, upto))?;
        Ok(Filling { upto, thread })
    }

    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    pub fn finish(self) -> io::Result<()> {
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the filling thread died")))
    }
}

/// Writes filler from the block boundary `from` to `upto` and syncs it; nothing of it stays where that fails.
pub fn fill(file: &File, from: u64, upto: u64) -> io::Result<()> {
    let mut chunk = Buffer::with_capacity(CHUNK_BYTES);
    (0..CHUNK_BYTES as u64).for_each(|offset| chunk.push(pattern(offset)));
    let mut at = from;
    let mut write = || {
        while at < upto {
            let len = CHUNK_BYTES.min((upto - at) as usize);
            write_all_at(file, at, &[&chunk.bytes()[..len]], 0)?;
            at += len as u64;
        }
        file.sync_data()
    };
    write().inspect_err(|_| drop(file.set_len(from)))
}

/// Opens `path` for writes past the page cache where its file system can do that for single blocks; the block at
/// `probe`, which holds filler, is written to find out.
pub fn open_direct(path: &Path, probe: u64) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(target_os = "linux")]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_DIRECT);
    let file = options.open(path)?;
    let mut block = Buffer::with_capacity(BLOCK_BYTES);
    (0..BLOCK_BYTES as u64).for_each(|offset| block.push(pattern(offset)));
    write_all_at(&file, probe, &[block.bytes()], 0)?;
    Ok(file)
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn padding_ends_at_a_block_and_with_a_line() {
        for offset in 0..2 * BLOCK_BYTES as u64 {
            let mut out = Buffer::with_capacity(2 * BLOCK_BYTES);
            pad(&mut out, offset);
            let padding = out.bytes();
            assert_eq!((offset as usize + padding.len()) % BLOCK_BYTES, 0);
            assert!(padding.is_empty() || padding.ends_with(b"\n"), "behind {offset}");
            // Redis reads lines; each has to begin with `#`.
            let lines = padding.split_inclusive(|byte| *byte == b'\n');
            assert!(lines.into_iter().all(|line| line[0] == b'#' && line.len() <= 2 * LINE_BYTES));
        }
    }

    #[test]
    fn an_unwritten_block_is_recognised_where_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("filled");
        let file = OpenOptions::new().write(true).create_new(true).open(&path).unwrap();
        fill(&file, 512, 4096).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes.len(), 4096);
        assert!(has_unwritten_block(&bytes, 513, 1536));
        assert!(!has_unwritten_block(&bytes, 513, 1535));
        bytes[1500] = b'x';
        assert!(!has_unwritten_block(&bytes, 513, 1536));
    }
}
