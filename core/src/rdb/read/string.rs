//! Strings: as they are, as short numbers, or compressed.

use std::io::Read;

use super::super::error::{Fault, RdbError};
use super::super::format::encoding;
use super::super::lzf;
use super::super::visitor::ValueVisitor;
use super::source::{Length, Source};
use super::{Heard, Place};
use crate::limits::{RDB_PACKED_BYTES_MAX, STRING_BYTES_MAX};

/// How a string is stored.
enum Head {
    Plain(u64),
    Integer(i64),
    Compressed { packed: u64, len: u64 },
}

impl<R: Read> Source<R> {
    /// What comes before a string's bytes; `max` bounds the string.
    fn string_head(&mut self, max: u64) -> Result<Head, RdbError> {
        let offset = self.offset();
        let head = match self.length_or_special()? {
            Length::Plain(len) => Head::Plain(len),
            Length::Special(encoding::INT8) => Head::Integer(i64::from(self.byte()? as i8)),
            Length::Special(encoding::INT16) => Head::Integer(i64::from(i16::from_le_bytes(self.array()?))),
            Length::Special(encoding::INT32) => Head::Integer(i64::from(i32::from_le_bytes(self.array()?))),
            Length::Special(encoding::LZF) => {
                let (packed, len) = (self.length()?, self.length()?);
                if !lzf::is_plausible(packed, len) {
                    return Err(RdbError::corrupt(offset, "a compressed string claims an impossible length"));
                }
                Head::Compressed { packed, len }
            }
            Length::Special(_) => return Err(RdbError::corrupt(offset, "a string of unknown encoding")),
        };
        let largest = match head {
            Head::Plain(len) => len,
            Head::Integer(_) => 0,
            Head::Compressed { packed, len } => packed.max(len),
        };
        if largest > max {
            return Err(RdbError { offset, fault: Fault::Limit("a string") });
        }
        Ok(head)
    }

    /// Replaces `out` by the next string.
    pub fn string_into(&mut self, out: &mut Vec<u8>) -> Result<Place, RdbError> {
        self.bounded_string_into(out, STRING_BYTES_MAX as u64)
    }

    /// Replaces `out` by the next string, which holds a packed value.
    pub fn packed_into(&mut self, out: &mut Vec<u8>) -> Result<Place, RdbError> {
        self.bounded_string_into(out, RDB_PACKED_BYTES_MAX)
    }

    fn bounded_string_into(&mut self, out: &mut Vec<u8>, max: u64) -> Result<Place, RdbError> {
        let place = Place { offset: self.offset() };
        out.clear();
        match self.string_head(max)? {
            Head::Plain(len) => self.read_onto(out, len)?,
            Head::Integer(number) => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
            Head::Compressed { packed, len } => self.decompress(packed, len, out, place)?,
        }
        Ok(place)
    }

    /// The next string, in `scratch` or in the buffer of the source.
    pub fn string<'a>(&'a mut self, scratch: &'a mut Vec<u8>) -> Result<&'a [u8], RdbError> {
        let place = Place { offset: self.offset() };
        scratch.clear();
        match self.string_head(STRING_BYTES_MAX as u64)? {
            Head::Plain(len) if len <= self.buffered_max() => {
                return Ok(self.slice(len)?.expect("it fits the buffer"));
            }
            Head::Plain(len) => self.read_onto(scratch, len)?,
            Head::Integer(number) => scratch.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
            Head::Compressed { packed, len } => self.decompress(packed, len, scratch, place)?,
        }
        Ok(scratch)
    }

    fn decompress(&mut self, packed: u64, len: u64, out: &mut Vec<u8>, place: Place) -> Result<(), RdbError> {
        let len = len as usize;
        if packed <= self.buffered_max() {
            let packed = self.slice(packed)?.expect("it fits the buffer");
            return lzf::decompress(packed, len, out).map_err(|damage| place.damage(damage));
        }
        let mut whole = Vec::new();
        self.read_onto(&mut whole, packed)?;
        lzf::decompress(&whole, len, out).map_err(|damage| place.damage(damage))
    }

    /// Delivers the next string in pieces, announced with its length.
    pub fn visit_string<V: ValueVisitor>(
        &mut self,
        scratch: &mut Vec<u8>,
        visitor: &mut V,
        begin: impl FnOnce(&mut V, u64) -> super::Visit,
    ) -> Result<(), RdbError> {
        let place = Place { offset: self.offset() };
        scratch.clear();
        match self.string_head(STRING_BYTES_MAX as u64)? {
            Head::Plain(len) => {
                begin(visitor, len).at(place.offset)?;
                let mut left = len;
                while left > 0 {
                    let piece = self.some(left)?;
                    left -= piece.len() as u64;
                    visitor.string(piece).at(place.offset)?;
                }
            }
            Head::Integer(number) => {
                let mut digits = itoa::Buffer::new();
                let digits = digits.format(number).as_bytes();
                begin(visitor, digits.len() as u64).at(place.offset)?;
                visitor.string(digits).at(place.offset)?;
            }
            Head::Compressed { packed, len } => {
                self.decompress(packed, len, scratch, place)?;
                begin(visitor, len).at(place.offset)?;
                if len > 0 {
                    visitor.string(scratch).at(place.offset)?;
                }
            }
        }
        Ok(())
    }
}
