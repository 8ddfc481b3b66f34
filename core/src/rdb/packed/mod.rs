//! The packed encodings of small values: one string that holds all elements. Every reader here treats its bytes as
//! hostile: lengths and links are checked against what is there, and damage is told with its place.

pub mod intset;
pub mod listpack;
pub mod listpack_builder;
pub mod ziplist;
pub mod zipmap;

/// An element of a packed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element<'a> {
    Bytes(&'a [u8]),
    /// Stands for its decimal digits.
    Integer(i64),
}

impl<'a> Element<'a> {
    /// The element as bytes; a number is written to `digits`.
    pub fn text<'b>(&self, digits: &'b mut itoa::Buffer) -> &'b [u8]
    where
        'a: 'b,
    {
        match *self {
            Element::Bytes(bytes) => bytes,
            Element::Integer(number) => digits.format(number).as_bytes(),
        }
    }

    /// The element as a number, also where its digits are stored as bytes.
    pub fn integer(&self) -> Option<i64> {
        match self {
            Element::Bytes(bytes) => canonical_integer(bytes),
            Element::Integer(number) => Some(*number),
        }
    }
}

/// The number that `bytes` is the only decimal form of: no plus sign, no leading zeroes, no minus zero.
pub fn canonical_integer(bytes: &[u8]) -> Option<i64> {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let is_negative = digits.len() < bytes.len();
    match digits {
        [b'0'] if !is_negative => return Some(0),
        [b'1'..=b'9', ..] if digits.len() <= 19 => {}
        _ => return None,
    }
    let mut number = 0_u64;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        // Nineteen digits always fit 64 bits unsigned.
        number = number * 10 + u64::from(digit);
    }
    if is_negative { 0_i64.checked_sub_unsigned(number) } else { i64::try_from(number).ok() }
}

/// A signed little-endian number of up to eight bytes.
pub(super) fn signed(bytes: &[u8]) -> i64 {
    let mut wide = [0; 8];
    wide[8 - bytes.len()..].copy_from_slice(bytes);
    i64::from_le_bytes(wide) >> (64 - 8 * bytes.len())
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn only_canonical_numbers_are_numbers() {
        for (text, number) in [("0", 0), ("-1", -1), ("9223372036854775807", i64::MAX)] {
            assert_eq!(canonical_integer(text.as_bytes()), Some(number));
        }
        assert_eq!(canonical_integer(b"-9223372036854775808"), Some(i64::MIN));
        for text in ["", "-", "-0", "01", "+1", "1 ", "9223372036854775808", "-9223372036854775809", "1a"] {
            assert_eq!(canonical_integer(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn short_numbers_keep_their_sign() {
        assert_eq!(signed(&[0xff]), -1);
        assert_eq!(signed(&[0x00, 0x80]), -32768);
        assert_eq!(signed(&[0xff, 0xff, 0x7f]), 8_388_607);
    }
}
