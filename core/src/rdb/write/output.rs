//! Where written bytes go: a buffer, the checksum, the receiver.

use std::io::{self, Write};

use super::super::crc64::Crc64;
use super::super::format::encoding;
use super::super::lzf::Compressor;
use super::super::packed::canonical_integer;

/// Bytes that are gathered before they are written.
const BUFFER_BYTES: usize = 64 * 1024;
/// Strings beyond this are not worth trying to compress as short ones, and within it they are: Redis' bound.
const COMPRESS_BYTES_MIN: usize = 21;
/// Longer strings go out as they are, in pieces.
pub const COMPRESS_BYTES_MAX: u64 = 1 << 20;
/// The longest text of a number that fits 32 bits.
const DIGITS_MAX: usize = 11;

pub struct Output<W> {
    inner: W,
    buffer: Vec<u8>,
    sum: Crc64,
    flushed: u64,
    compressor: Option<Compressor>,
}

impl<W: Write> Output<W> {
    pub fn new(inner: W, compressor: Option<Compressor>) -> Output<W> {
        Output { inner, buffer: Vec::new(), sum: Crc64::new(), flushed: 0, compressor }
    }

    pub fn receiver(&mut self) -> &mut W {
        &mut self.inner
    }

    pub fn bytes_written(&self) -> u64 {
        self.flushed + self.buffer.len() as u64
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.buffer.len() + bytes.len() <= BUFFER_BYTES {
            self.buffer.extend_from_slice(bytes);
            return Ok(());
        }
        self.flush()?;
        if bytes.len() <= BUFFER_BYTES {
            self.buffer.extend_from_slice(bytes);
            return Ok(());
        }
        self.sum.update(bytes);
        self.flushed += bytes.len() as u64;
        self.inner.write_all(bytes)
    }

    pub fn byte(&mut self, byte: u8) -> io::Result<()> {
        self.bytes(&[byte])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sum.update(&self.buffer);
        self.flushed += self.buffer.len() as u64;
        let written = self.inner.write_all(&self.buffer);
        self.buffer.clear();
        written
    }

    /// The checksum of all bytes so far.
    pub fn sum(&mut self) -> io::Result<u64> {
        self.flush()?;
        Ok(self.sum.value())
    }

    pub fn into_inner(mut self) -> io::Result<W> {
        self.flush()?;
        self.inner.flush()?;
        Ok(self.inner)
    }

    pub fn length(&mut self, length: u64) -> io::Result<()> {
        match length {
            0..=0x3f => self.byte(length as u8),
            0x40..=0x3fff => self.bytes(&[0x40 | (length >> 8) as u8, length as u8]),
            _ => match u32::try_from(length) {
                Ok(length) => {
                    self.byte(0x80)?;
                    self.bytes(&length.to_be_bytes())
                }
                Err(_) => {
                    self.byte(0x81)?;
                    self.bytes(&length.to_be_bytes())
                }
            },
        }
    }

    /// A string: as a short number or compressed where that is shorter.
    pub fn string(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.len() <= DIGITS_MAX
            && let Some(number) = canonical_integer(bytes).and_then(|number| i32::try_from(number).ok())
        {
            return self.integer(number);
        }
        if (COMPRESS_BYTES_MIN..=COMPRESS_BYTES_MAX as usize).contains(&bytes.len())
            && let Some(mut compressor) = self.compressor.take()
        {
            let result = match compressor.compress(bytes) {
                Some(packed) => self.compressed(packed, bytes.len()).map(|()| true),
                None => Ok(false),
            };
            self.compressor = Some(compressor);
            if result? {
                return Ok(());
            }
        }
        self.length(bytes.len() as u64)?;
        self.bytes(bytes)
    }

    fn integer(&mut self, number: i32) -> io::Result<()> {
        let bytes = number.to_le_bytes();
        let (code, width) = match number {
            -128..=127 => (encoding::INT8, 1),
            -32_768..=32_767 => (encoding::INT16, 2),
            _ => (encoding::INT32, 4),
        };
        self.byte(0xc0 | code)?;
        self.bytes(&bytes[..width])
    }

    fn compressed(&mut self, packed: &[u8], len: usize) -> io::Result<()> {
        self.byte(0xc0 | encoding::LZF)?;
        self.length(packed.len() as u64)?;
        self.length(len as u64)?;
        self.bytes(packed)
    }
}
