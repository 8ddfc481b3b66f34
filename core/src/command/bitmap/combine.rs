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
}

impl Operator {
    fn parse(word: &[u8]) -> Result<Operator, Failure> {
        Ok(match word {
            w if is_word(w, "AND") => Operator::And,
            w if is_word(w, "OR") => Operator::Or,
            w if is_word(w, "XOR") => Operator::Xor,
            w if is_word(w, "NOT") => Operator::Not,
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
        }
    }
}

/// `BITOP <AND | OR | XOR | NOT> destkey key [key ...]`
pub(super) fn bitop(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const NOT_TAKES_ONE: Failure = Failure::text("ERR BITOP NOT must be called with a single source key.");
    let operator = Operator::parse(args[1])?;
    if operator == Operator::Not && args.len() != 4 {
        return Err(NOT_TAKES_ONE);
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
    block.fill(0);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Rope;
    use proptest::prelude::*;

    fn naive(operator: Operator, sources: &[Vec<u8>]) -> Vec<u8> {
        let length = sources.iter().map(Vec::len).max().unwrap_or(0);
        (0..length)
            .map(|at| {
                let bytes = sources.iter().map(|source| source.get(at).copied().unwrap_or(0));
                match operator {
                    Operator::And => bytes.reduce(|a, b| a & b),
                    Operator::Or => bytes.reduce(|a, b| a | b),
                    Operator::Xor => bytes.reduce(|a, b| a ^ b),
                    Operator::Not => bytes.reduce(|a, _| a).map(|byte| !byte),
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
            choice in 0usize..4,
        ) {
            let operator = [Operator::And, Operator::Or, Operator::Xor, Operator::Not][choice];
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
