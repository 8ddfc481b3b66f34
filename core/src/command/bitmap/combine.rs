//! BITOP: bitwise operations on whole strings.

use smallvec::SmallVec;

use crate::command::args::is_word;
use crate::command::string::{new_value, value_or_empty};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::engine::DbIndex;
use crate::limits::{CHUNK_BYTES, INLINE_BYTES_MAX};
use crate::record::rope::Builder;
use crate::record::{Draft, Effect, Str, Written};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    And,
    Or,
    Xor,
    Not,
    /// What only the first source has.
    Difference,
    /// What the first source lacks and another one has.
    ReverseDifference,
    /// What the first source and another one have.
    AndOr,
    /// What exactly one source has.
    One,
}

impl Operator {
    fn parse(word: &[u8]) -> Result<Operator, Failure> {
        Ok(match word {
            w if is_word(w, "AND") => Operator::And,
            w if is_word(w, "OR") => Operator::Or,
            w if is_word(w, "XOR") => Operator::Xor,
            w if is_word(w, "NOT") => Operator::Not,
            w if is_word(w, "DIFF") => Operator::Difference,
            w if is_word(w, "DIFF1") => Operator::ReverseDifference,
            w if is_word(w, "ANDOR") => Operator::AndOr,
            w if is_word(w, "ONE") => Operator::One,
            _ => return Err(Failure::SYNTAX),
        })
    }

    /// Combines `bytes` into `target` in place. Written so that the compiler makes vector code of it.
    fn apply(self, target: &mut [u8], bytes: &[u8]) {
        let pairs = target.iter_mut().zip(bytes);
        match self {
            Operator::And => pairs.for_each(|(to, from)| *to &= from),
            Operator::Or => pairs.for_each(|(to, from)| *to |= from),
            Operator::Xor => pairs.for_each(|(to, from)| *to ^= from),
            Operator::Not => pairs.for_each(|(to, from)| *to = !from),
            Operator::Difference => pairs.for_each(|(to, from)| *to = from & !*to),
            Operator::ReverseDifference => pairs.for_each(|(to, from)| *to &= !from),
            Operator::AndOr => pairs.for_each(|(to, from)| *to &= from),
            Operator::One => unreachable!("counts, and combines nothing"),
        }
    }

    /// Sets the first source against all others together, where it does.
    fn minds_first(self) -> bool {
        matches!(self, Operator::Difference | Operator::ReverseDifference | Operator::AndOr)
    }
}

/// `BITOP <AND | OR | XOR | NOT | DIFF | DIFF1 | ANDOR | ONE> destkey key [key ...]`
pub(super) fn bitop(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const NOT_TAKES_ONE: Failure = Failure::text("ERR BITOP NOT must be called with a single source key.");
    let operator = Operator::parse(args[1])?;
    if operator == Operator::Not && args.len() != 4 {
        return Err(NOT_TAKES_ONE);
    }
    if operator.minds_first() && args.len() < 5 {
        let name = String::from_utf8_lossy(args[1]).to_ascii_uppercase();
        return Err(Failure::new(format!("ERR BITOP {name} must be called with at least two source keys.")));
    }
    let db = ctx.session.db;
    let keys: SmallVec<[(DbIndex, &[u8]); 8]> = args[2..].iter().map(|key| (db, *key)).collect();
    let mut latches = ctx.latch_many(&keys)?;
    let mut sources: SmallVec<[Str<'_>; 8]> = SmallVec::with_capacity(keys.len() - 1);
    for at in 1..keys.len() {
        latches.entry(at).announce_miss();
        sources.push(value_or_empty(latches.entry(at).record())?);
    }
    let length = sources.iter().map(Str::len).max().unwrap_or(0);
    let target = latches.entry(0);
    if length == 0 {
        target.remove(Effect::Del);
    } else {
        let result = combine(operator, &sources, length);
        target.put(Draft { value: new_value(&result), expire_at: None, flags: 0, raw: true }, Effect::Set);
    }
    drop(latches);
    ctx.reply.integer(length as i64);
    Ok(())
}

/// The combination of `sources`, each followed by zeroes up to `length`, chunk by chunk.
fn combine(operator: Operator, sources: &[Str<'_>], length: usize) -> Written {
    let mut block = vec![0; if length <= INLINE_BYTES_MAX { length } else { CHUNK_BYTES }];
    if length <= INLINE_BYTES_MAX {
        combine_block(operator, sources, 0, &mut block);
        return Written::Inline(block);
    }
    let mut builder = Builder::default();
    let mut start = 0;
    while start < length {
        let take = (length - start).min(CHUNK_BYTES);
        combine_block(operator, sources, start, &mut block[..take]);
        builder.push(&block[..take]);
        start += take;
    }
    Written::Rope(builder.finish())
}

/// Fills `block` with the result from byte `start` on.
fn combine_block(operator: Operator, sources: &[Str<'_>], start: usize, block: &mut [u8]) {
    if operator.minds_first() {
        let mut first = vec![0; block.len()];
        combine_block(Operator::Or, &sources[..1], start, &mut first);
        combine_block(Operator::Or, &sources[1..], start, block);
        return operator.apply(block, &first);
    }
    block.fill(0);
    if operator == Operator::One {
        return mark_single(sources, start, block);
    }
    for (at, source) in sources.iter().enumerate() {
        // The first source is copied (or inverted), the others are combined with what is there.
        let operator = match operator {
            Operator::Not => Operator::Not,
            _ if at == 0 => Operator::Or,
            operator => operator,
        };
        let mut filled = 0;
        for piece in source.range(start, block.len()) {
            operator.apply(&mut block[filled..filled + piece.len()], piece);
            filled += piece.len();
        }
        if operator == Operator::And {
            block[filled..].fill(0);
        }
    }
}

/// Sets the bits of `block` that exactly one source has.
fn mark_single(sources: &[Str<'_>], start: usize, block: &mut [u8]) {
    let mut again = vec![0; block.len()];
    for source in sources {
        let mut filled = 0;
        for piece in source.range(start, block.len()) {
            let places = block[filled..].iter_mut().zip(&mut again[filled..]);
            places.zip(piece).for_each(|((once, again), from)| {
                *again |= *once & from;
                *once |= from;
            });
            filled += piece.len();
        }
    }
    block.iter_mut().zip(again).for_each(|(once, again)| *once &= !again);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Rope;
    use proptest::prelude::*;

    fn naive(operator: Operator, sources: &[Vec<u8>]) -> Vec<u8> {
        let length = sources.iter().map(Vec::len).max().unwrap_or(0);
        (0..length)
            .map(|at| {
                let mut bytes = sources.iter().map(|source| source.get(at).copied().unwrap_or(0));
                if operator.minds_first() {
                    let first = bytes.next().unwrap_or(0);
                    let others = bytes.fold(0, |a, b| a | b);
                    return match operator {
                        Operator::Difference => first & !others,
                        Operator::ReverseDifference => others & !first,
                        _ => first & others,
                    };
                }
                match operator {
                    Operator::And => bytes.reduce(|a, b| a & b),
                    Operator::Or => bytes.reduce(|a, b| a | b),
                    Operator::Xor => bytes.reduce(|a, b| a ^ b),
                    Operator::Not => bytes.reduce(|a, _| a).map(|byte| !byte),
                    _ => Some((0..8).fold(0, |result, bit| {
                        let count = bytes.clone().filter(|byte| byte >> bit & 1 == 1).count();
                        result | u8::from(count == 1) << bit
                    })),
                }
                .unwrap_or(0)
            })
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn combines_like_the_definition(
            lengths in proptest::collection::vec(prop_oneof![0usize..50, 16_000usize..40_000], 1..4),
            seed in any::<u64>(),
            choice in 0usize..8,
        ) {
            let operator = [
                Operator::And,
                Operator::Or,
                Operator::Xor,
                Operator::Not,
                Operator::Difference,
                Operator::ReverseDifference,
                Operator::AndOr,
                Operator::One,
            ][choice];
            let mut random = fastrand::Rng::with_seed(seed);
            let mut sources: Vec<Vec<u8>> =
                lengths.iter().map(|length| (0..*length).map(|_| random.u8(..)).collect()).collect();
            if operator == Operator::Not {
                sources.truncate(1);
            }
            let ropes: Vec<Rope> =
                sources.iter().map(|source| Rope::from_pieces([source.as_slice()])).collect();
            let values: Vec<Str<'_>> = sources
                .iter()
                .zip(&ropes)
                .map(|(source, rope)| {
                    if source.len() > INLINE_BYTES_MAX { Str::Rope(rope) } else { Str::Inline(source) }
                })
                .collect();
            let length = values.iter().map(Str::len).max().unwrap_or(0);
            let result = combine(operator, &values, length);
            prop_assert_eq!(result.as_str().to_vec(), naive(operator, &sources));
        }
    }
}
