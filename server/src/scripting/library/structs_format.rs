//! The format strings of `struct`: options, sizes, alignment, byte order.

use crate::scripting::lua::Raise;

/// Bytes of the longest integer.
const INTEGER_BYTES_MAX: usize = 32;
/// Alignment that `!` alone means.
const ALIGN_MAX: usize = 8;

/// Options one by one, with what those before have set.
pub struct Format<'a> {
    rest: &'a [u8],
    pub is_big: bool,
    align: usize,
}

impl<'a> Format<'a> {
    /// The text up to a zero.
    pub fn new(text: &'a [u8]) -> Format<'a> {
        let end = memchr::memchr(0, text).unwrap_or(text.len());
        Format { rest: &text[..end], is_big: false, align: 1 }
    }

    /// The next option, and the bytes that it takes; 0 for those that take none or are told by the data.
    pub fn next(&mut self) -> Result<Option<(u8, usize)>, Raise> {
        let Some((&option, rest)) = self.rest.split_first() else { return Ok(None) };
        self.rest = rest;
        let size = match option {
            b'b' | b'B' | b'x' => 1,
            b'h' | b'H' => 2,
            b'f' => 4,
            b'l' | b'L' | b'T' | b'd' => 8,
            b'c' => self.number(1)?,
            b'i' | b'I' => {
                let size = self.number(4)?;
                if size > INTEGER_BYTES_MAX {
                    return Err(Raise::text(format!(
                        "integral size {size} is larger than limit of {INTEGER_BYTES_MAX}"
                    )));
                }
                size
            }
            _ => 0,
        };
        Ok(Some((option, size)))
    }

    fn number(&mut self, otherwise: usize) -> Result<usize, Raise> {
        if !self.rest.first().is_some_and(u8::is_ascii_digit) {
            return Ok(otherwise);
        }
        let mut number = 0i32;
        while let Some((digit, rest)) = self.rest.split_first().filter(|(digit, _)| digit.is_ascii_digit()) {
            number = number
                .checked_mul(10)
                .and_then(|number| number.checked_add(i32::from(digit - b'0')))
                .ok_or(Raise::text("integral size overflow"))?;
            self.rest = rest;
        }
        Ok(number as usize)
    }

    /// Bytes in front of an option's, at position `len`.
    pub fn padding(&self, len: usize, option: u8, size: usize) -> usize {
        if size == 0 || option == b'c' {
            return 0;
        }
        let size = size.min(self.align);
        size.wrapping_sub(len & size.wrapping_sub(1)) & size.wrapping_sub(1)
    }

    /// An option that says how others are meant.
    pub fn control(&mut self, option: u8) -> Result<(), Raise> {
        match option {
            b' ' => {}
            b'>' => self.is_big = true,
            b'<' => self.is_big = false,
            b'!' => {
                let align = self.number(ALIGN_MAX)?;
                if !align.is_power_of_two() {
                    return Err(Raise::text(format!("alignment {align} is not a power of 2")));
                }
                self.align = align;
            }
            _ => {
                let option = char::from(option);
                return Err(Raise::argument(1, format!("invalid format option '{option}'")));
            }
        }
        Ok(())
    }
}
