//! BITCOUNT, and the ranges in bytes or bits that BITPOS shares.

use crate::command::args::{clamp_range, integer, is_word};
use crate::command::string::value_or_empty;
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::record::Str;

/// What the bounds of a range count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Byte,
    Bit,
}

impl Unit {
    /// How many of these units a value of `bytes` has.
    pub(super) fn count(self, bytes: usize) -> usize {
        match self {
            Unit::Byte => bytes,
            Unit::Bit => bytes * 8,
        }
    }

    /// A range of units as a range of bits.
    pub(super) fn to_bits(self, (start, length): (usize, usize)) -> (usize, usize) {
        match self {
            Unit::Byte => (start * 8, length * 8),
            Unit::Bit => (start, length),
        }
    }
}

/// The words `start [end [BYTE | BIT]]`.
pub(super) struct Bounds {
    pub start: i64,
    pub end: Option<i64>,
    pub unit: Unit,
}

impl Bounds {
    /// Reads at most three words; none is the whole value. Errors come in Redis' order: start, unit, end.
    pub(super) fn parse(words: &[&[u8]]) -> Result<Bounds, Failure> {
        let (start, end, unit) = match *words {
            [] => return Ok(Bounds { start: 0, end: None, unit: Unit::Byte }),
            [start] => (start, None, None),
            [start, end] => (start, Some(end), None),
            [start, end, unit] => (start, Some(end), Some(unit)),
            _ => return Err(Failure::SYNTAX),
        };
        let start = integer(start)?;
        let unit = match unit {
            None => Unit::Byte,
            Some(word) if is_word(word, "BYTE") => Unit::Byte,
            Some(word) if is_word(word, "BIT") => Unit::Bit,
            Some(_) => return Err(Failure::SYNTAX),
        };
        Ok(Bounds { start, end: end.map(integer).transpose()?, unit })
    }
}

/// `BITCOUNT key [start [end [BYTE | BIT]]]`
pub(super) fn bitcount(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let bounds = Bounds::parse(&args[2..])?;
    let value = value_or_empty(ctx.read(args[1])?)?;
    let range = clamp_range(bounds.start, bounds.end.unwrap_or(-1), bounds.unit.count(value.len()));
    let ones = match range {
        Some(range) => {
            let (first, length) = bounds.unit.to_bits(range);
            count_ones(value, first, length)
        }
        None => 0,
    };
    ctx.reply.integer(ones as i64);
    Ok(())
}

/// Set bits among `length` bits from bit `first`; the range lies within the value and is not empty.
fn count_ones(value: Str<'_>, first: usize, length: usize) -> u64 {
    let last = first + length - 1;
    let (first_byte, last_byte) = (first / 8, last / 8);
    let mut ones: u64 = value.range(first_byte, last_byte - first_byte + 1).map(count_ones_in).sum();
    // The bits of the outer bytes that lie outside of the range were counted too.
    let before = !(0xFFu8 >> (first % 8));
    let behind = ((0x7Fu16 >> (last % 8)) & 0xFF) as u8;
    for (at, outside) in [(first_byte, before), (last_byte, behind)] {
        ones -= u64::from((value.byte(at).unwrap_or(0) & outside).count_ones());
    }
    ones
}

fn count_ones_in(bytes: &[u8]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt") {
        // SAFETY: the processor has both extensions.
        return unsafe { count_vectorised(bytes) };
    }
    count_words(bytes)
}

/// [`count_words`], compiled for processors that count several words at a time: twice as fast on large bitmaps.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt")]
fn count_vectorised(bytes: &[u8]) -> u64 {
    count_words(bytes)
}

#[inline(always)]
fn count_words(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let in_words: u64 = words.iter().map(|word| u64::from(u64::from_ne_bytes(*word).count_ones())).sum();
    in_words + rest.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn counts_like_the_definition(
            bytes in proptest::collection::vec(any::<u8>(), 1..40),
            first in 0usize..320,
            length in 1usize..320,
        ) {
            let bits = bytes.len() * 8;
            let first = first % bits;
            let length = length.min(bits - first);
            let expected = (first..first + length)
                .filter(|bit| bytes[bit / 8] & (0x80 >> (bit % 8)) != 0)
                .count() as u64;
            prop_assert_eq!(count_ones(Str::Inline(&bytes), first, length), expected);
        }
    }
}
