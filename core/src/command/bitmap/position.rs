//! BITPOS: the first bit of a value.

use super::count::{Bounds, Unit};
use crate::command::args::{clamp_bounds, integer};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::record::Str;

/// `BITPOS key bit [start [end [BYTE | BIT]]]`
pub(super) fn bitpos(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const NO_BIT: Failure = Failure::text("ERR The bit argument must be 1 or 0.");
    let wanted = match integer(args[2])? {
        0 => false,
        1 => true,
        _ => return Err(NO_BIT),
    };
    let bounds = Bounds::parse(&args[3..])?;
    let position = match ctx.read(args[1])? {
        Some(record) => find_within(record.string()?, wanted, &bounds),
        // A missing key is an endless run of zeroes.
        None if wanted => None,
        None => Some(0),
    };
    ctx.reply.integer(position.map_or(-1, |position| position as i64));
    Ok(())
}

fn find_within(value: Str<'_>, wanted: bool, bounds: &Bounds) -> Option<usize> {
    let unit: Unit = bounds.unit;
    let range = clamp_bounds(bounds.start, bounds.end.unwrap_or(-1), unit.count(value.len()))?;
    let (first, length) = unit.to_bits(range);
    match find(value, wanted, first, length) {
        // Without an end the value is followed by zeroes.
        None if !wanted && bounds.end.is_none() => Some(first + length),
        found => found,
    }
}

/// The first `wanted` bit among `length` bits from bit `first`; the range lies within the value and is not empty.
fn find(value: Str<'_>, wanted: bool, first: usize, length: usize) -> Option<usize> {
    let last = first + length - 1;
    let first_byte = first / 8;
    let skipped = if wanted { 0x00 } else { 0xFF };
    // Bits before the range never count.
    let head = (value.byte(first_byte)? ^ skipped) & (0xFF >> (first % 8));
    if head != 0 {
        return Some(first_byte * 8 + head.leading_zeros() as usize).filter(|found| *found <= last);
    }
    let mut at = first_byte + 1;
    for piece in value.range(at, last / 8 - first_byte) {
        if let Some(within) = first_other(piece, skipped) {
            let bit = (piece[within] ^ skipped).leading_zeros() as usize;
            return Some((at + within) * 8 + bit).filter(|found| *found <= last);
        }
        at += piece.len();
    }
    None
}

/// The position of the first byte that differs from `skipped`.
fn first_other(bytes: &[u8], skipped: u8) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<32>();
    let start = match words.iter().position(|word| *word != [skipped; 32]) {
        Some(word) => word * 32,
        None => bytes.len() - rest.len(),
    };
    bytes[start..].iter().position(|byte| *byte != skipped).map(|within| start + within)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Rope;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_like_the_definition(
            head in 0usize..80,
            tail in proptest::collection::vec(any::<u8>(), 1..8),
            ones in any::<bool>(),
            wanted in any::<bool>(),
            first in 0usize..700,
            length in 1usize..700,
        ) {
            let mut bytes = vec![if ones { 0xFF } else { 0 }; head];
            bytes.extend(tail);
            let bits = bytes.len() * 8;
            let first = first % bits;
            let length = length.min(bits - first);
            let expected = (first..first + length)
                .find(|bit| (bytes[bit / 8] & (0x80 >> (bit % 8)) != 0) == wanted);
            prop_assert_eq!(find(Str::Inline(&bytes), wanted, first, length), expected);
            let rope = Rope::from_pieces([bytes.as_slice()]);
            prop_assert_eq!(find(Str::Rope(&rope), wanted, first, length), expected);
        }
    }
}
