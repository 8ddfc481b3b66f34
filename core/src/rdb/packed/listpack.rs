//! Listpacks, since Redis 5 in streams, since 7 in all small values.
//!
//! Format: total bytes (u32 little-endian), number of elements (u16, 65535: too many to count), elements, `0xFF`. An
//! element is its encoding, its data, and the length of both again, backwards in groups of seven bits:
//!
//! ```text
//! 0xxxxxxx           number 0 to 127              1111 0000  u32   string
//! 10xxxxxx           string up to 63 bytes        1111 0001  i16
//! 110xxxxx xxxxxxxx  signed number of 13 bits     1111 0010  i24
//! 1110xxxx xxxxxxxx  string up to 4095 bytes      1111 0011  i32
//!                                                 1111 0100  i64
//! ```

use super::super::error::Damage;
use super::{Element, signed};

/// Bytes before the first element.
pub const HEADER_BYTES: usize = 6;
/// What ends a listpack.
pub const END: u8 = 0xff;
/// The count of elements that says "more than fit here".
pub const COUNT_UNKNOWN: u16 = u16::MAX;

/// Walks through a listpack.
#[derive(Clone, Debug)]
pub struct Listpack<'a> {
    bytes: &'a [u8],
    at: usize,
    seen: u64,
}

impl<'a> Listpack<'a> {
    /// Checks the frame; the elements are checked as they are reached.
    pub fn new(bytes: &'a [u8]) -> Result<Listpack<'a>, Damage> {
        if bytes.len() <= HEADER_BYTES {
            return Err(Damage::new(0, "a listpack is shorter than its header"));
        }
        let total = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        if total as usize != bytes.len() {
            return Err(Damage::new(0, "a listpack has another length than its header says"));
        }
        if bytes[bytes.len() - 1] != END {
            return Err(Damage::new(bytes.len() - 1, "a listpack does not end with its end mark"));
        }
        Ok(Listpack { bytes, at: HEADER_BYTES, seen: 0 })
    }

    /// The number of elements that the header claims, where it claims one.
    pub fn claimed(&self) -> Option<u64> {
        let count = u16::from_le_bytes([self.bytes[4], self.bytes[5]]);
        (count != COUNT_UNKNOWN).then_some(u64::from(count))
    }

    /// Where the next element begins.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The next element; after the last the count is checked.
    pub fn next(&mut self) -> Result<Option<Element<'a>>, Damage> {
        let start = self.at;
        let first = self.bytes[start];
        if first == END {
            if start + 1 != self.bytes.len() {
                return Err(Damage::new(start, "a listpack ends before its end"));
            }
            if self.claimed().is_some_and(|claimed| claimed != self.seen) {
                return Err(Damage::new(4, "a listpack has another number of elements than its header says"));
            }
            return Ok(None);
        }
        let (element, len) = match first {
            0x00..=0x7f => (Element::Integer(i64::from(first)), 1),
            0x80..=0xbf => self.string(1, usize::from(first & 0x3f))?,
            0xc0..=0xdf => {
                let bits = u16::from(first & 0x1f) << 8 | u16::from(self.data(1, 1)?[0]);
                // Thirteen bits, sign first: moved to the top, they come back with their sign.
                (Element::Integer(i64::from((bits << 3) as i16 >> 3)), 2)
            }
            0xe0..=0xef => {
                let len = usize::from(first & 0x0f) << 8 | usize::from(self.data(1, 1)?[0]);
                self.string(2, len)?
            }
            0xf0 => {
                let len = self.data(1, 4)?;
                let len = u32::from_le_bytes([len[0], len[1], len[2], len[3]]);
                self.string(5, len as usize)?
            }
            0xf1..=0xf4 => {
                let width = [2, 3, 4, 8][usize::from(first - 0xf1)];
                (Element::Integer(signed(self.data(1, width)?)), 1 + width)
            }
            _ => return Err(Damage::new(start, "a listpack has an element of unknown encoding")),
        };
        self.at = self.check_length(start, len)?;
        self.seen += 1;
        Ok(Some(element))
    }

    /// `len` bytes of the element, from its byte `skipped` on. The end mark is never part of an element.
    fn data(&self, skipped: usize, len: usize) -> Result<&'a [u8], Damage> {
        let start = self.at + skipped;
        let room = (self.bytes.len() - 1).saturating_sub(start);
        if len > room {
            return Err(Damage::new(self.at, "an element of a listpack reaches beyond its end"));
        }
        Ok(&self.bytes[start..start + len])
    }

    fn string(&self, header: usize, len: usize) -> Result<(Element<'a>, usize), Damage> {
        Ok((Element::Bytes(self.data(header, len)?), header + len))
    }

    /// Checks the length that stands behind an element of `len` bytes; where the next one begins.
    fn check_length(&self, start: usize, len: usize) -> Result<usize, Damage> {
        let (expected, size) = length_behind(len);
        let at = start + len;
        let found = self.bytes[..self.bytes.len() - 1].get(at..at + size);
        if found != Some(&expected[..size]) {
            return Err(Damage::new(at, "the length behind an element of a listpack is wrong"));
        }
        Ok(at + size)
    }
}

/// The length as it stands behind an element, and how many bytes of that count.
pub fn length_behind(len: usize) -> ([u8; 5], usize) {
    let mut bytes = [0; 5];
    let size = match len {
        0..=127 => 1,
        128..=16_383 => 2,
        16_384..=2_097_151 => 3,
        2_097_152..=268_435_455 => 4,
        _ => 5,
    };
    for (place, byte) in bytes[..size].iter_mut().enumerate() {
        let shifted = (len as u64 >> (7 * (size - 1 - place))) as u8 & 0x7f;
        *byte = if place == 0 { shifted } else { shifted | 0x80 };
    }
    (bytes, size)
}

#[cfg(test)]
mod test {
    use super::super::listpack_builder::ListpackBuilder;
    use super::*;

    fn walk(bytes: &[u8]) -> Result<Vec<Element<'_>>, Damage> {
        let mut listpack = Listpack::new(bytes)?;
        let mut elements = Vec::new();
        while let Some(element) = listpack.next()? {
            elements.push(element);
        }
        Ok(elements)
    }

    #[test]
    fn every_encoding_comes_back() {
        let small = [0, 1, 127, 128, -1, -4096, 4095, 4096, -4097, 32767, -32768, 8_388_607, -8_388_608];
        let large = [1 << 31, i64::from(i32::MIN), i64::MIN, i64::MAX];
        let numbers = small.iter().chain(&large);
        let strings: Vec<Vec<u8>> =
            [0, 1, 63, 64, 127, 128, 4095, 4096, 70_000].iter().map(|len| vec![b'x'; *len]).collect();
        let mut builder = ListpackBuilder::default();
        numbers.clone().for_each(|number| builder.push_integer(*number));
        strings.iter().for_each(|string| builder.push(string));
        let bytes = builder.finish().to_vec();
        let expected: Vec<Element> = numbers
            .map(|number| Element::Integer(*number))
            .chain(strings.iter().map(|s| Element::Bytes(s)))
            .collect();
        assert_eq!(walk(&bytes), Ok(expected));
    }

    #[test]
    fn no_damaged_byte_is_taken_for_another_length() {
        let mut builder = ListpackBuilder::default();
        for element in [b"first".as_slice(), b"12345", b"-7", &[b'y'; 200]] {
            builder.push(element);
        }
        let whole = builder.finish().to_vec();
        for len in 0..whole.len() {
            assert!(walk(&whole[..len]).is_err(), "{len} bytes");
        }
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut damaged = whole.clone();
                damaged[at] ^= 1 << bit;
                // Data may change; the walk must end.
                let _ = walk(&damaged);
            }
        }
    }
}
