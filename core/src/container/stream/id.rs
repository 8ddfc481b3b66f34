//! IDs of stream entries.

use std::fmt;

use crate::command::Failure;

/// The ID of an entry: a time in Unix milliseconds, and a number within it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    pub millis: u64,
    pub sequence: u64,
}

impl Id {
    pub const MIN: Id = Id { millis: 0, sequence: 0 };
    pub const MAX: Id = Id { millis: u64::MAX, sequence: u64::MAX };

    /// Bytes of the longest ID as it is shown.
    pub const TEXT_BYTES_MAX: usize = 41;

    /// What is said of a text that is no ID.
    pub const INVALID: Failure = Failure::text("ERR Invalid stream ID specified as stream command argument");

    /// Sixteen bytes in the order of IDs.
    pub fn encode(self) -> [u8; 16] {
        (u128::from(self.millis) << 64 | u128::from(self.sequence)).to_be_bytes()
    }

    /// The opposite of [`Id::encode`]; too few bytes are the lowest ID.
    pub fn decode(bytes: &[u8]) -> Id {
        let number = bytes.first_chunk().map_or(0, |bytes| u128::from_be_bytes(*bytes));
        Id { millis: (number >> 64) as u64, sequence: number as u64 }
    }

    /// `milliseconds-number`, or `milliseconds` alone with `sequence` for the number.
    pub fn parse(text: &[u8], sequence: u64) -> Result<Id, Failure> {
        Self::parse_parts(text).map(|(millis, found)| Id { millis, sequence: found.unwrap_or(sequence) })
    }

    /// The two parts, of which the second may be missing.
    pub fn parse_parts(text: &[u8]) -> Result<(u64, Option<u64>), Failure> {
        // Redis' buffer for an ID has 128 bytes.
        if text.len() > 127 {
            return Err(Self::INVALID);
        }
        // It reads a C string.
        let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
        let mut parts = text.splitn(2, |byte| *byte == b'-');
        let millis = parts.next().and_then(parse_part).ok_or(Self::INVALID)?;
        let sequence = parts.next().map(|part| parse_part(part).ok_or(Self::INVALID)).transpose()?;
        Ok((millis, sequence))
    }

    /// An end of a range: an ID, `-`, or `+`.
    pub fn parse_bound(text: &[u8], sequence: u64) -> Result<Id, Failure> {
        match text {
            b"-" => Ok(Id::MIN),
            b"+" => Ok(Id::MAX),
            _ => Self::parse(text, sequence),
        }
    }

    /// A first ID of a range, that may begin with `(`.
    pub fn parse_start(text: &[u8]) -> Result<Id, Failure> {
        const EXCLUDED: Failure = Failure::text("ERR invalid start ID for the interval");
        match text.strip_prefix(b"(") {
            Some(text) => Id::parse(text, 0)?.next().ok_or(EXCLUDED),
            None => Self::parse_bound(text, 0),
        }
    }

    /// A last ID of a range, that may begin with `(`.
    pub fn parse_end(text: &[u8]) -> Result<Id, Failure> {
        const EXCLUDED: Failure = Failure::text("ERR invalid end ID for the interval");
        match text.strip_prefix(b"(") {
            Some(text) => Id::parse(text, u64::MAX)?.previous().ok_or(EXCLUDED),
            None => Self::parse_bound(text, u64::MAX),
        }
    }

    /// The ID behind this one.
    pub fn next(self) -> Option<Id> {
        match (self.millis, self.sequence) {
            (u64::MAX, u64::MAX) => None,
            (millis, u64::MAX) => Some(Id { millis: millis + 1, sequence: 0 }),
            (millis, sequence) => Some(Id { millis, sequence: sequence + 1 }),
        }
    }

    /// The ID in front of this one.
    pub fn previous(self) -> Option<Id> {
        match (self.millis, self.sequence) {
            (0, 0) => None,
            (millis, 0) => Some(Id { millis: millis - 1, sequence: u64::MAX }),
            (millis, sequence) => Some(Id { millis, sequence: sequence - 1 }),
        }
    }
}

/// A part of an ID. Redis reads it as `strtoull` does: white space and a sign may stand in front, as may zeroes.
fn parse_part(text: &[u8]) -> Option<u64> {
    let unspaced = text.trim_ascii_start();
    // Not white space for Rust, but for C.
    let unspaced = unspaced
        .iter()
        .position(|byte| *byte != b'\x0b')
        .map_or(unspaced, |at| unspaced[at..].trim_ascii_start());
    let (digits, is_negative) = match unspaced {
        [b'-', digits @ ..] => (digits, true),
        [b'+', digits @ ..] => (digits, false),
        digits => (digits, false),
    };
    if digits.is_empty() {
        return None;
    }
    let number = digits.iter().try_fold(0u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })?;
    // A negative number as one writes it is refused; anything odder wraps around.
    let is_plain = unspaced.len() == text.len() && digits[0] != b'0' && number <= i64::MIN.unsigned_abs();
    match is_negative {
        true if is_plain => None,
        true => Some(number.wrapping_neg()),
        false => Some(number),
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.millis, self.sequence)
    }
}
