//! A buffered stream of bytes into a place of a file.
//!
//! Several streams write to one file at different offsets. What is written is handed to the disk early, so that the
//! fsync at the end has little left to do.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

/// Bytes that are gathered for one write.
pub const BUFFER_BYTES: usize = 1 << 20;
/// Bytes after which the operating system is asked to begin writing to the disk.
const WRITEBACK_BYTES: u64 = 8 << 20;

/// See the module's documentation.
pub struct Stream<'a> {
    file: &'a File,
    buffer: Vec<u8>,
    /// Where in the file the buffer begins.
    start: u64,
    /// Up to where writing to the disk has begun.
    begun: u64,
    limit: usize,
}

impl<'a> Stream<'a> {
    /// A stream that begins at `start` and gathers `limit` bytes per write.
    pub fn new(file: &'a File, start: u64, limit: usize) -> Stream<'a> {
        // Pieces of some KiB are added before anybody looks whether the buffer is full.
        let buffer = Vec::with_capacity(limit + limit / 2);
        Stream { file, buffer, start, begun: start, limit }
    }

    /// The file offset that comes next.
    pub fn offset(&self) -> u64 {
        self.start + self.buffer.len() as u64
    }

    /// The bytes that are not written yet: add to them, but take none away.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Writes the buffer if it is full. Adding to the buffer never writes, so that it can be done while pinned.
    pub fn relieve(&mut self) -> io::Result<()> {
        if self.buffer.len() >= self.limit { self.write_out() } else { Ok(()) }
    }

    /// Zeroes up to the next multiple of `alignment`.
    pub fn pad(&mut self, alignment: u64) {
        let padding = self.offset().next_multiple_of(alignment) - self.offset();
        self.buffer.resize(self.buffer.len() + padding as usize, 0);
    }

    /// Replaces bytes that were added before.
    pub fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        debug_assert!(offset + bytes.len() as u64 <= self.offset());
        if offset < self.start {
            // The rest of it may be in the buffer.
            let written = bytes.len().min((self.start - offset) as usize);
            self.file.write_all_at(&bytes[..written], offset)?;
            return if written < bytes.len() { self.patch(self.start, &bytes[written..]) } else { Ok(()) };
        }
        let at = (offset - self.start) as usize;
        self.buffer[at..at + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    /// Goes back to `offset`: what was added since is forgotten and written over.
    pub fn rewind(&mut self, offset: u64) {
        if offset >= self.start {
            self.buffer.truncate((offset - self.start) as usize);
        } else {
            self.buffer.clear();
            self.start = offset;
            self.begun = self.begun.min(offset);
        }
    }

    fn write_out(&mut self) -> io::Result<()> {
        self.file.write_all_at(&self.buffer, self.start)?;
        self.start += self.buffer.len() as u64;
        self.buffer.clear();
        if self.start - self.begun >= WRITEBACK_BYTES {
            begin_writeback(self.file, self.begun, self.start);
            self.begun = self.start;
        }
        Ok(())
    }

    /// Writes what is left.
    pub fn finish(mut self) -> io::Result<()> {
        self.write_out()?;
        if self.start > self.begun {
            begin_writeback(self.file, self.begun, self.start);
        }
        Ok(())
    }
}

impl Write for Stream<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(&bytes[..bytes.len().min(self.limit)]);
        self.relieve()?;
        Ok(bytes.len().min(self.limit))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Asks the operating system to begin writing `from..to` to the disk, without waiting.
fn begin_writeback(file: &File, from: u64, to: u64) {
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd;
        // Only a hint: the fsync at the end reports errors.
        // SAFETY: a plain system call on an open file.
        unsafe {
            libc::sync_file_range(
                file.as_raw_fd(),
                from as i64,
                (to - from) as i64,
                libc::SYNC_FILE_RANGE_WRITE,
            );
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (file, from, to);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_and_rewinds_across_the_buffer() {
        let file = tempfile::tempfile().unwrap();
        let mut stream = Stream::new(&file, 100, 16);
        stream.write_all(&[1; 40]).unwrap();
        stream.patch(100, &[2; 4]).unwrap();
        stream.patch(130, &[3; 10]).unwrap();
        stream.rewind(138);
        stream.write_all(&[4; 5]).unwrap();
        stream.rewind(105);
        stream.write_all(&[5; 30]).unwrap();
        stream.pad(16);
        stream.finish().unwrap();
        let mut bytes = vec![0; 44];
        file.read_exact_at(&mut bytes, 100).unwrap();
        let expected = [&[2; 4][..], &[1; 1], &[5; 30], &[0; 9]].concat();
        assert_eq!(bytes, expected);
    }
}
