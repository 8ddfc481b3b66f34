//! SINTER, SUNION, SDIFF, their STORE forms, and SINTERCARD.

use crate::command::args::{canonical_integer, is_word};
use crate::command::store::store;
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::Set;
use crate::container::set_algebra::{Operation, combine};
use crate::engine::Engine;
use crate::record::Record;

/// `SINTER key [key ...]`
pub(super) fn sinter(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_members(ctx, args, Operation::Intersection)
}

/// `SUNION key [key ...]`
pub(super) fn sunion(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_members(ctx, args, Operation::Union)
}

/// `SDIFF key [key ...]`
pub(super) fn sdiff(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_members(ctx, args, Operation::Difference)
}

fn reply_members(ctx: &mut Ctx<'_>, args: Args<'_>, operation: Operation) -> Outcome {
    let members = combine(operation, &read_sets(ctx, &args[1..])?, u64::MAX)?;
    ctx.reply.set(members.len());
    members.iter().for_each(|member| ctx.reply.bulk(member));
    Ok(())
}

/// `SINTERCARD numkeys key [key ...] [LIMIT limit]`
pub(super) fn sintercard(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const NO_KEYS: Failure = Failure::text("ERR numkeys should be greater than 0");
    const TOO_MANY: Failure = Failure::text("ERR Number of keys can't be greater than number of args");
    const NEGATIVE: Failure = Failure::text("ERR LIMIT can't be negative");
    let keys = canonical_integer(args[1]).filter(|keys| *keys > 0).ok_or(NO_KEYS)?;
    let keys = usize::try_from(keys).unwrap_or(usize::MAX);
    if keys > args.len() - 2 {
        return Err(TOO_MANY);
    }
    let (keys, words) = args[2..].split_at(keys);
    let mut limit = 0;
    for pair in words.chunks(2) {
        let [word, value] = pair else { return Err(Failure::SYNTAX) };
        if !is_word(word, "LIMIT") {
            return Err(Failure::SYNTAX);
        }
        limit = canonical_integer(value).and_then(|limit| u64::try_from(limit).ok()).ok_or(NEGATIVE)?;
    }
    let limit = if limit == 0 { u64::MAX } else { limit };
    let members = combine(Operation::Intersection, &read_sets(ctx, keys)?, limit)?;
    ctx.reply.integer(members.len() as i64);
    Ok(())
}

fn read_sets<'a>(ctx: &Ctx<'a>, keys: &[&[u8]]) -> Result<Vec<Set<'a>>, Failure> {
    sets(ctx.engine, &ctx.read_many(keys)?)
}

fn sets<'a>(engine: &'a Engine, records: &[Option<Record<'a>>]) -> Result<Vec<Set<'a>>, Failure> {
    records.iter().map(|&record| Set::of_optional(engine, record)).collect()
}

/// `SINTERSTORE destination key [key ...]`
pub(super) fn sinterstore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    store_combined(ctx, args, Operation::Intersection)
}

/// `SUNIONSTORE destination key [key ...]`
pub(super) fn sunionstore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    store_combined(ctx, args, Operation::Union)
}

/// `SDIFFSTORE destination key [key ...]`
pub(super) fn sdiffstore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    store_combined(ctx, args, Operation::Difference)
}

fn store_combined(ctx: &mut Ctx<'_>, args: Args<'_>, operation: Operation) -> Outcome {
    let stored = store(ctx, args[1], &args[2..], |engine, records| {
        Ok(Box::new(combine(operation, &sets(engine, records)?, u64::MAX)?))
    })?;
    ctx.reply.integer(stored as i64);
    Ok(())
}
