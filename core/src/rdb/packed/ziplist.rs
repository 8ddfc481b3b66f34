//! Ziplists, the packed encoding up to Redis 6. They are read, never written.
//!
//! Format: total bytes (u32), offset of the last element (u32), number of elements (u16, 65535: too many to count),
//! elements, `0xFF`; little-endian. An element is the length of the one before (one byte, or `0xFE` and four), its
//! encoding and its data:
//!
//! ```text
//! 00xxxxxx                       string up to 63 bytes     11000000  i16     11111110  i8
//! 01xxxxxx xxxxxxxx              string up to 16383        11010000  i32     1111xxxx  0 to 12, plus one
//! 10000000 and 4, big-endian     string                    11100000  i64     11110000  i24
//! ```

use super::super::error::Damage;
use super::{Element, signed};

const HEADER_BYTES: usize = 10;
const END: u8 = 0xff;
const LONG_LENGTH: u8 = 0xfe;

/// Walks through a ziplist.
#[derive(Clone, Debug)]
pub struct Ziplist<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the element before begins, if there is one.
    before: Option<usize>,
    seen: u64,
}

impl<'a> Ziplist<'a> {
    /// Checks the frame; the elements are checked as they are reached.
    pub fn new(bytes: &'a [u8]) -> Result<Ziplist<'a>, Damage> {
        if bytes.len() <= HEADER_BYTES {
            return Err(Damage::new(0, "a ziplist is shorter than its header"));
        }
        if number(&bytes[..4]) != bytes.len() {
            return Err(Damage::new(0, "a ziplist has another length than its header says"));
        }
        if bytes[bytes.len() - 1] != END {
            return Err(Damage::new(bytes.len() - 1, "a ziplist does not end with its end mark"));
        }
        Ok(Ziplist { bytes, at: HEADER_BYTES, before: None, seen: 0 })
    }

    /// The number of elements that the header claims, where it claims one.
    pub fn claimed(&self) -> Option<u64> {
        let count = u16::from_le_bytes([self.bytes[8], self.bytes[9]]);
        (count != u16::MAX).then_some(u64::from(count))
    }

    /// Where the next element begins.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The next element; after the last the header is checked.
    pub fn next(&mut self) -> Result<Option<Element<'a>>, Damage> {
        let start = self.at;
        if self.bytes[start] == END {
            return self.end().map(|()| None);
        }
        let (length_before, skipped) = match self.data(0, 1)?[0] {
            LONG_LENGTH => (number(self.data(1, 4)?), 5),
            short => (usize::from(short), 1),
        };
        if length_before != self.before.map_or(0, |before| start - before) {
            return Err(Damage::new(start, "an element of a ziplist gives the one before a wrong length"));
        }
        let code = self.data(skipped, 1)?[0];
        let (element, len) = match code {
            0x00..=0x3f => self.string(skipped, 1, usize::from(code))?,
            0x40..=0x7f => {
                let low = self.data(skipped + 1, 1)?[0];
                self.string(skipped, 2, usize::from(code & 0x3f) << 8 | usize::from(low))?
            }
            0x80 => {
                let len = self.data(skipped + 1, 4)?;
                let len = u32::from_be_bytes([len[0], len[1], len[2], len[3]]);
                self.string(skipped, 5, len as usize)?
            }
            0xc0 => self.integer(skipped, 2)?,
            0xd0 => self.integer(skipped, 4)?,
            0xe0 => self.integer(skipped, 8)?,
            0xf0 => self.integer(skipped, 3)?,
            0xfe => self.integer(skipped, 1)?,
            0xf1..=0xfd => (Element::Integer(i64::from(code & 0x0f) - 1), 1),
            _ => return Err(Damage::new(start, "a ziplist has an element of unknown encoding")),
        };
        self.before = Some(start);
        self.at = start + skipped + len;
        self.seen += 1;
        Ok(Some(element))
    }

    fn end(&self) -> Result<(), Damage> {
        if self.at + 1 != self.bytes.len() {
            return Err(Damage::new(self.at, "a ziplist ends before its end"));
        }
        if self.claimed().is_some_and(|claimed| claimed != self.seen) {
            return Err(Damage::new(8, "a ziplist has another number of elements than its header says"));
        }
        if number(&self.bytes[4..8]) != self.before.unwrap_or(HEADER_BYTES) {
            return Err(Damage::new(4, "the last element of a ziplist is not where its header says"));
        }
        Ok(())
    }

    /// `len` bytes of the element, from its byte `skipped` on. The end mark is never part of an element.
    fn data(&self, skipped: usize, len: usize) -> Result<&'a [u8], Damage> {
        let start = self.at + skipped;
        let room = (self.bytes.len() - 1).saturating_sub(start);
        if len > room {
            return Err(Damage::new(self.at, "an element of a ziplist reaches beyond its end"));
        }
        Ok(&self.bytes[start..start + len])
    }

    fn string(&self, skipped: usize, code: usize, len: usize) -> Result<(Element<'a>, usize), Damage> {
        Ok((Element::Bytes(self.data(skipped + code, len)?), code + len))
    }

    fn integer(&self, skipped: usize, width: usize) -> Result<(Element<'a>, usize), Damage> {
        Ok((Element::Integer(signed(self.data(skipped + 1, width)?)), 1 + width))
    }
}

fn number(bytes: &[u8]) -> usize {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize
}
