//! ZUNION, ZINTER, ZDIFF, their STORE forms, and ZINTERCARD. Sets take part, with scores of one.

use smallvec::SmallVec;

use super::reply_members;
use crate::command::args::{canonical_integer, integer, is_word};
use crate::command::store::store;
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::sorted_set::Combined;
use crate::container::sorted_set::algebra::{Aggregate, Operation, Source};
use crate::engine::Engine;
use crate::record::Record;

/// `ZUNION numkeys key [key ...] [WEIGHTS weight ...] [AGGREGATE SUM | MIN | MAX] [WITHSCORES]`
pub(super) fn zunion(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_combined(ctx, args, Operation::Union, "zunion")
}

/// `ZINTER numkeys key [key ...] [WEIGHTS weight ...] [AGGREGATE SUM | MIN | MAX] [WITHSCORES]`
pub(super) fn zinter(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_combined(ctx, args, Operation::Intersection, "zinter")
}

/// `ZDIFF numkeys key [key ...] [WITHSCORES]`
pub(super) fn zdiff(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_combined(ctx, args, Operation::Difference, "zdiff")
}

/// `ZUNIONSTORE destination numkeys key [key ...] [WEIGHTS weight ...] [AGGREGATE SUM | MIN | MAX]`
pub(super) fn zunionstore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    store_combined(ctx, args, Operation::Union, "zunionstore")
}

/// `ZINTERSTORE destination numkeys key [key ...] [WEIGHTS weight ...] [AGGREGATE SUM | MIN | MAX]`
pub(super) fn zinterstore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    store_combined(ctx, args, Operation::Intersection, "zinterstore")
}

/// `ZDIFFSTORE destination numkeys key [key ...]`
pub(super) fn zdiffstore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    store_combined(ctx, args, Operation::Difference, "zdiffstore")
}

/// `ZINTERCARD numkeys key [key ...] [LIMIT limit]`
pub(super) fn zintercard(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (keys, words) = split_keys(&args[1..], "zintercard")?;
    let sources = sources(ctx.engine, &ctx.read_many(keys)?)?;
    let options = Options::parse(words, keys.len(), Face::Count)?;
    let common =
        Operation::Intersection.combine(&sources, &options.weights, options.aggregate, options.limit)?;
    ctx.reply.integer(common.len() as i64);
    Ok(())
}

fn reply_combined(ctx: &mut Ctx<'_>, args: Args<'_>, operation: Operation, command: &str) -> Outcome {
    let (keys, words) = split_keys(&args[1..], command)?;
    let sources = sources(ctx.engine, &ctx.read_many(keys)?)?;
    let options = Options::parse(words, keys.len(), Face::Reply { weighs: operation.weighs() })?;
    let members = operation.combine(&sources, &options.weights, options.aggregate, u64::MAX)?;
    let combined = Combined::new(members);
    reply_members(ctx.reply, combined.members().iter().copied(), options.with_scores);
    Ok(())
}

fn store_combined(ctx: &mut Ctx<'_>, args: Args<'_>, operation: Operation, command: &str) -> Outcome {
    let (keys, words) = split_keys(&args[2..], command)?;
    let stored = store(ctx, args[1], keys, |engine, records| {
        let sources = sources(engine, records)?;
        // Wrong types come before wrong words.
        let options = Options::parse(words, keys.len(), Face::Store { weighs: operation.weighs() })?;
        let members = operation.combine(&sources, &options.weights, options.aggregate, u64::MAX)?;
        Ok(Box::new(Combined::new(members)))
    })?;
    ctx.reply.integer(stored as i64);
    Ok(())
}

/// The keys behind their number, and what follows them.
fn split_keys<'w, 'a>(
    words: &'w [&'a [u8]],
    command: &str,
) -> Result<(&'w [&'a [u8]], &'w [&'a [u8]]), Failure> {
    let count = integer(words[0])?;
    if count < 1 {
        return Err(Failure::new(format!("ERR at least 1 input key is needed for '{command}' command")));
    }
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    words[1..].split_at_checked(count).ok_or(Failure::SYNTAX)
}

fn sources<'a>(engine: &'a Engine, records: &[Option<Record<'a>>]) -> Result<Vec<Source<'a>>, Failure> {
    records.iter().map(|&record| Source::of(engine, record)).collect()
}

/// Which words a command takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Face {
    Reply { weighs: bool },
    Store { weighs: bool },
    Count,
}

struct Options {
    weights: SmallVec<[f64; 8]>,
    aggregate: Aggregate,
    with_scores: bool,
    limit: u64,
}

impl Options {
    fn parse(words: &[&[u8]], keys: usize, face: Face) -> Result<Options, Failure> {
        const NO_WEIGHT: Failure = Failure::text("ERR weight value is not a float");
        const NEGATIVE: Failure = Failure::text("ERR LIMIT can't be negative");
        let weighs = matches!(face, Face::Reply { weighs: true } | Face::Store { weighs: true });
        let mut options = Options {
            weights: SmallVec::from_elem(1.0, keys),
            aggregate: Aggregate::Sum,
            with_scores: false,
            limit: u64::MAX,
        };
        let mut rest = words;
        while let Some((word, after)) = rest.split_first() {
            if weighs && is_word(word, "WEIGHTS") && after.len() >= keys {
                let weights = after[..keys].iter().map(|text| crate::double::parse(text));
                options.weights = weights.collect::<Option<_>>().ok_or(NO_WEIGHT)?;
                rest = &after[keys..];
            } else if let (true, [name, after @ ..]) = (weighs && is_word(word, "AGGREGATE"), after) {
                options.aggregate = Aggregate::parse(name).ok_or(Failure::SYNTAX)?;
                rest = after;
            } else if matches!(face, Face::Reply { .. }) && is_word(word, "WITHSCORES") {
                options.with_scores = true;
                rest = after;
            } else if let (true, [limit, after @ ..]) = (face == Face::Count && is_word(word, "LIMIT"), after)
            {
                let limit = canonical_integer(limit).and_then(|limit| u64::try_from(limit).ok());
                options.limit = limit.ok_or(NEGATIVE)?;
                if options.limit == 0 {
                    options.limit = u64::MAX;
                }
                rest = after;
            } else {
                return Err(Failure::SYNTAX);
            }
        }
        Ok(options)
    }
}
