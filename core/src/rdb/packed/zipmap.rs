//! Zipmaps, the small hashes of Redis 2.4 and older. They are read, never written.
//!
//! Format: number of pairs (one byte, 254 and above: too many to count), pairs, `0xFF`. A pair is length and bytes of
//! the field, length of the value, one byte that counts unused bytes behind the value, the value, the unused bytes. A
//! length is one byte below 254, or 254 and a u32 little-endian.

use super::super::error::Damage;

const END: u8 = 0xff;
const LONG_LENGTH: u8 = 254;

/// Walks through a zipmap.
#[derive(Clone, Debug)]
pub struct Zipmap<'a> {
    bytes: &'a [u8],
    at: usize,
    seen: u64,
}

impl<'a> Zipmap<'a> {
    pub fn new(bytes: &'a [u8]) -> Result<Zipmap<'a>, Damage> {
        if bytes.len() < 2 {
            return Err(Damage::new(0, "a zipmap is shorter than its header"));
        }
        if bytes[bytes.len() - 1] != END {
            return Err(Damage::new(bytes.len() - 1, "a zipmap does not end with its end mark"));
        }
        Ok(Zipmap { bytes, at: 1, seen: 0 })
    }

    /// Where the next pair begins.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The next pair of field and value; after the last the count is checked.
    pub fn next(&mut self) -> Result<Option<(&'a [u8], &'a [u8])>, Damage> {
        if self.bytes[self.at] == END {
            if self.at + 1 != self.bytes.len() {
                return Err(Damage::new(self.at, "a zipmap ends before its end"));
            }
            if self.bytes[0] < LONG_LENGTH && u64::from(self.bytes[0]) != self.seen {
                return Err(Damage::new(0, "a zipmap has another number of pairs than its header says"));
            }
            return Ok(None);
        }
        let len = self.length()?;
        let field = self.take(len)?;
        let len = self.length()?;
        let unused = usize::from(self.take(1)?[0]);
        let value = self.take(len)?;
        self.take(unused)?;
        self.seen += 1;
        Ok(Some((field, value)))
    }

    fn length(&mut self) -> Result<usize, Damage> {
        match self.take(1)?[0] {
            LONG_LENGTH => {
                let len = self.take(4)?;
                Ok(u32::from_le_bytes([len[0], len[1], len[2], len[3]]) as usize)
            }
            END => Err(Damage::new(self.at - 1, "a zipmap ends in the middle of a pair")),
            short => Ok(usize::from(short)),
        }
    }

    /// The next `len` bytes. The end mark is never part of a pair.
    fn take(&mut self, len: usize) -> Result<&'a [u8], Damage> {
        if len > self.bytes.len() - 1 - self.at {
            return Err(Damage::new(self.at, "a pair of a zipmap reaches beyond its end"));
        }
        self.at += len;
        Ok(&self.bytes[self.at - len..self.at])
    }
}
