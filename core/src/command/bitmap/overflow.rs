//! The integers of BITFIELD: their types, and what happens when a value does not fit.

use crate::command::Failure;
use crate::command::args::{canonical_integer, is_word};

/// `i1` to `i64` and `u1` to `u63`: an unsigned 64-bit value would not fit a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FieldType {
    pub signed: bool,
    pub bits: u32,
}

impl FieldType {
    pub(super) fn parse(text: &[u8]) -> Result<FieldType, Failure> {
        const INVALID: Failure = Failure::text(
            "ERR Invalid bitfield type. Use something like i16 u8. \
             Note that u64 is not supported but i64 is.",
        );
        let (signed, bits_max) = match text.first() {
            Some(b'i') => (true, 64),
            Some(b'u') => (false, 63),
            _ => return Err(INVALID),
        };
        match canonical_integer(&text[1..]) {
            Some(bits) if (1..=bits_max).contains(&bits) => Ok(FieldType { signed, bits: bits as u32 }),
            _ => Err(INVALID),
        }
    }

    fn mask(self) -> u64 {
        u64::MAX >> (64 - self.bits)
    }

    /// The least and the greatest value.
    fn bounds(self) -> (i128, i128) {
        if self.signed {
            (-1 << (self.bits - 1), (1 << (self.bits - 1)) - 1)
        } else {
            (0, i128::from(self.mask()))
        }
    }

    /// The value of a field's raw bits.
    pub(super) fn decode(self, raw: u64) -> i64 {
        let unused = 64 - self.bits;
        if self.signed { ((raw << unused) as i64) >> unused } else { raw as i64 }
    }

    /// The raw bits of a value; of one that does not fit, the low bits.
    pub(super) fn encode(self, value: i128) -> u64 {
        value as u64 & self.mask()
    }

    /// What SET stores for its argument. Unsigned fields read a negative one as a huge number.
    pub(super) fn fit_argument(self, argument: i64, overflow: Overflow) -> Option<i64> {
        if !self.signed {
            return self.fit(i128::from(argument as u64), overflow);
        }
        let (value, (_, greatest)) = (i128::from(argument), self.bounds());
        // Redis computes the room above a value in 64 bits. Near the least value it wraps, and saturates at the wrong
        // end; clients see the same here.
        if overflow == Overflow::Saturate && self.bits < 64 && greatest - value > i128::from(i64::MAX) {
            return Some(greatest as i64);
        }
        self.fit(value, overflow)
    }

    /// What is stored for `value`: itself where it fits, else what `overflow` makes of it, or nothing.
    pub(super) fn fit(self, value: i128, overflow: Overflow) -> Option<i64> {
        let (least, greatest) = self.bounds();
        if (least..=greatest).contains(&value) {
            return Some(value as i64);
        }
        match overflow {
            Overflow::Wrap => Some(self.decode(self.encode(value))),
            Overflow::Saturate => Some(value.clamp(least, greatest) as i64),
            Overflow::Fail => None,
        }
    }
}

/// OVERFLOW's modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overflow {
    Wrap,
    Saturate,
    Fail,
}

impl Overflow {
    pub(super) fn parse(word: &[u8]) -> Result<Overflow, Failure> {
        Ok(match word {
            w if is_word(w, "WRAP") => Overflow::Wrap,
            w if is_word(w, "SAT") => Overflow::Saturate,
            w if is_word(w, "FAIL") => Overflow::Fail,
            _ => return Err(Failure::text("ERR Invalid OVERFLOW type specified")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_do_not_fit_follow_the_mode() {
        let field = |text: &str| FieldType::parse(text.as_bytes()).unwrap();
        for (kind, value, wrap, saturate) in [
            ("u8", 255, 255, 255),
            ("u8", 256, 0, 255),
            ("u8", -1, 255, 0),
            ("i8", 128, -128, 127),
            ("i8", -129, 127, -128),
            ("i64", i128::from(i64::MAX) + 1, i64::MIN, i64::MAX),
            ("i64", i128::from(i64::MIN) - 1, i64::MAX, i64::MIN),
            ("u63", 1 << 63, 0, i64::MAX),
            ("u1", 2, 0, 1),
            ("i1", 1, -1, 0),
        ] {
            assert_eq!(field(kind).fit(value, Overflow::Wrap), Some(wrap), "{kind} {value}");
            assert_eq!(field(kind).fit(value, Overflow::Saturate), Some(saturate), "{kind} {value}");
        }
        assert_eq!(field("u8").fit(256, Overflow::Fail), None);
        // As Valkey does, though the least value would be nearer.
        assert_eq!(field("i8").fit_argument(i64::MIN, Overflow::Saturate), Some(127));
        assert_eq!(field("i8").fit_argument(i64::MIN + 128, Overflow::Saturate), Some(-128));
        assert_eq!(field("u8").fit_argument(-1, Overflow::Saturate), Some(255));
        for bad in ["", "u", "u0", "u64", "i65", "i0", "U8", "x8", "u08", "u+8", "8"] {
            assert!(FieldType::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
