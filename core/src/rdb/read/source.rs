//! The bytes of the input, in order, with their offset and checksum.

use std::io::{ErrorKind, Read};

use super::super::crc64::Crc64;
use super::super::error::{Fault, RdbError};

/// By how much memory grows at most ahead of the data that fills it.
const STEP_BYTES: u64 = 1 << 20;
/// The shortest buffer: everything of bounded length fits.
const BUFFER_BYTES_MIN: usize = 256;

/// A buffered input.
pub struct Source<R> {
    input: R,
    buffer: Box<[u8]>,
    /// Bytes `at..end` of the buffer are there and not read yet.
    at: usize,
    end: usize,
    /// Bytes of the buffer before this are in the checksum.
    summed: usize,
    /// Offset in the input of the buffer's first byte.
    base: u64,
    sum: Crc64,
}

/// A length, or the encoding of a string that is not stored as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    Plain(u64),
    Special(u8),
}

impl<R: Read> Source<R> {
    pub fn new(input: R, buffer_bytes: usize) -> Source<R> {
        let buffer = vec![0; buffer_bytes.max(BUFFER_BYTES_MIN)].into_boxed_slice();
        Source { input, buffer, at: 0, end: 0, summed: 0, base: 0, sum: Crc64::new() }
    }

    /// How many bytes have been read.
    pub fn offset(&self) -> u64 {
        self.base + self.at as u64
    }

    /// The longest piece that [`Source::slice`] gives.
    pub fn buffered_max(&self) -> u64 {
        self.buffer.len() as u64
    }

    /// The checksum of all that has been read.
    pub fn sum(&mut self) -> u64 {
        self.sum.update(&self.buffer[self.summed..self.at]);
        self.summed = self.at;
        self.sum.value()
    }

    /// Makes at least `wanted` unread bytes lie in the buffer, which has room for them.
    fn fill(&mut self, wanted: usize) -> Result<(), RdbError> {
        if self.end - self.at >= wanted {
            return Ok(());
        }
        self.sum();
        self.buffer.copy_within(self.at..self.end, 0);
        self.base += self.at as u64;
        self.end -= self.at;
        (self.at, self.summed) = (0, 0);
        while self.end < wanted {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => return Err(RdbError { offset: self.offset(), fault: Fault::Truncated }),
                Ok(count) => self.end += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(RdbError { offset: self.offset(), fault: Fault::Io(error) }),
            }
        }
        Ok(())
    }

    pub fn byte(&mut self) -> Result<u8, RdbError> {
        self.fill(1)?;
        self.at += 1;
        Ok(self.buffer[self.at - 1])
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], RdbError> {
        self.fill(N)?;
        self.at += N;
        Ok(self.buffer[self.at - N..self.at].try_into().expect("N bytes"))
    }

    /// The next `count` bytes where they fit the buffer.
    pub fn slice(&mut self, count: u64) -> Result<Option<&[u8]>, RdbError> {
        if count > self.buffer.len() as u64 {
            return Ok(None);
        }
        let count = count as usize;
        self.fill(count)?;
        self.at += count;
        Ok(Some(&self.buffer[self.at - count..self.at]))
    }

    /// Appends the next `count` bytes to `out`, whose memory grows as they arrive.
    pub fn read_onto(&mut self, out: &mut Vec<u8>, count: u64) -> Result<(), RdbError> {
        let mut left = count;
        while left > 0 {
            out.reserve(left.min(STEP_BYTES) as usize);
            let taken = self.some(left)?;
            out.extend_from_slice(taken);
            left -= taken.len() as u64;
        }
        Ok(())
    }

    /// At least one and at most `max` of the next bytes, and `max` is not zero.
    pub fn some(&mut self, max: u64) -> Result<&[u8], RdbError> {
        if self.at == self.end {
            self.fill(1)?;
        }
        let count = max.min((self.end - self.at) as u64) as usize;
        self.at += count;
        Ok(&self.buffer[self.at - count..self.at])
    }

    pub fn skip(&mut self, count: u64) -> Result<(), RdbError> {
        let mut left = count;
        while left > 0 {
            left -= self.some(left)?.len() as u64;
        }
        Ok(())
    }

    /// Format: `00xxxxxx`; `01xxxxxx` and a byte; `0x80` and a u32; `0x81` and a u64, all big-endian; `11xxxxxx` is the
    /// encoding of a string.
    pub fn length_or_special(&mut self) -> Result<Length, RdbError> {
        let offset = self.offset();
        let first = self.byte()?;
        Ok(match first {
            0x00..=0x3f => Length::Plain(u64::from(first)),
            0x40..=0x7f => Length::Plain(u64::from(first & 0x3f) << 8 | u64::from(self.byte()?)),
            0x80 => Length::Plain(u64::from(u32::from_be_bytes(self.array()?))),
            0x81 => Length::Plain(u64::from_be_bytes(self.array()?)),
            0x82..=0xbf => return Err(RdbError::corrupt(offset, "a length of unknown form")),
            0xc0.. => Length::Special(first & 0x3f),
        })
    }

    pub fn length(&mut self) -> Result<u64, RdbError> {
        let offset = self.offset();
        match self.length_or_special()? {
            Length::Plain(length) => Ok(length),
            Length::Special(_) => {
                Err(RdbError::corrupt(offset, "an encoded string where a length should be"))
            }
        }
    }

    /// Milliseconds, signed and little-endian.
    pub fn milliseconds(&mut self) -> Result<i64, RdbError> {
        Ok(i64::from_le_bytes(self.array()?))
    }
}
