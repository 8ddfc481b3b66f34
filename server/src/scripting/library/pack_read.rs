//! `cmsgpack.unpack`: from MessagePack to values.

use crate::limits::MESSAGE_UNPACK_DEPTH_MAX;
use crate::scripting::lua::{Kind, Raise, Stack};

/// Reads values from the front of a text.
pub struct Unpacker<'a> {
    stack: Stack,
    rest: &'a [u8],
}

const MISSING: &str = "Missing bytes in input.";
const BAD: &str = "Bad data format in input.";
/// Places that a value takes, with its container.
const PLACES: i32 = 4;

impl<'a> Unpacker<'a> {
    pub fn new(stack: Stack, rest: &'a [u8]) -> Unpacker<'a> {
        Unpacker { stack, rest }
    }

    pub fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    /// Bytes that are not read yet.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Raise> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Raise::text(MISSING))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Raise> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Raise::text(MISSING))?;
        self.rest = rest;
        Ok(*taken)
    }

    /// A length in one, two or four bytes.
    fn length(&mut self, bytes: usize) -> Result<usize, Raise> {
        let mut len = 0;
        for byte in self.take(bytes)? {
            len = len << 8 | usize::from(*byte);
        }
        Ok(len)
    }

    /// Reads and pushes one value.
    pub fn value(&mut self, depth: usize) -> Result<(), Raise> {
        if depth > MESSAGE_UNPACK_DEPTH_MAX || !self.stack.reserve(PLACES) {
            return Err(Raise::text("stack overflow (in function mp_decode_to_lua_array)"));
        }
        let stack = self.stack;
        let [marker] = self.array()?;
        match marker {
            0..=0x7f => stack.push_number(f64::from(marker)),
            0x80..=0x8f => self.map(usize::from(marker & 15), depth)?,
            0x90..=0x9f => self.elements(usize::from(marker & 15), depth)?,
            0xa0..=0xbf => {
                let bytes = self.take(usize::from(marker & 31))?;
                stack.push_bytes(bytes);
            }
            0xc0 => stack.push_nil(),
            0xc2 | 0xc3 => stack.push_boolean(marker == 0xc3),
            0xca => stack.push_number(f64::from(f32::from_be_bytes(self.array()?))),
            0xcb => stack.push_number(f64::from_be_bytes(self.array()?)),
            0xcc => stack.push_number(f64::from(u8::from_be_bytes(self.array()?))),
            0xcd => stack.push_number(f64::from(u16::from_be_bytes(self.array()?))),
            0xce => stack.push_number(f64::from(u32::from_be_bytes(self.array()?))),
            // Unsigned ones wrap, as in Redis.
            0xcf | 0xd3 => stack.push_number(i64::from_be_bytes(self.array()?) as f64),
            0xd0 => stack.push_number(f64::from(i8::from_be_bytes(self.array()?))),
            0xd1 => stack.push_number(f64::from(i16::from_be_bytes(self.array()?))),
            0xd2 => stack.push_number(f64::from(i32::from_be_bytes(self.array()?))),
            0xd9..=0xdb => {
                let len = self.length(1 << (marker - 0xd9))?;
                let bytes = self.take(len)?;
                stack.push_bytes(bytes);
            }
            0xdc | 0xdd => {
                let len = self.length(if marker == 0xdc { 2 } else { 4 })?;
                self.elements(len, depth)?;
            }
            0xde | 0xdf => {
                let len = self.length(if marker == 0xde { 2 } else { 4 })?;
                self.map(len, depth)?;
            }
            0xe0..=0xff => stack.push_number(f64::from(marker as i8)),
            0xc1 | 0xc4..=0xc9 | 0xd4..=0xd8 => return Err(Raise::text(BAD)),
        }
        Ok(())
    }

    fn elements(&mut self, len: usize, depth: usize) -> Result<(), Raise> {
        self.stack.new_table(0, 0);
        for index in 1..=len {
            self.value(depth + 1)?;
            self.stack.set_index(-2, i32::try_from(index).map_err(|_| Raise::text(BAD))?);
        }
        Ok(())
    }

    fn map(&mut self, len: usize, depth: usize) -> Result<(), Raise> {
        self.stack.new_table(0, 0);
        for _ in 0..len {
            self.value(depth + 1)?;
            match self.stack.kind(-1) {
                Kind::Nil => return Err(Raise::Bare("table index is nil".into())),
                Kind::Number if self.stack.number(-1).is_nan() => {
                    return Err(Raise::Bare("table index is NaN".into()));
                }
                _ => {}
            }
            self.value(depth + 1)?;
            self.stack.set(-3);
        }
        Ok(())
    }
}
