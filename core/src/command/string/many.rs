//! MGET, MSET, MSETNX, MSETEX: several keys at one instant.

use smallvec::SmallVec;

use super::options::{Condition, Expiry, SetOptions, parse_msetex};
use super::set::put_with_expiry;
use crate::command::args::canonical_integer;
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::engine::DbIndex;

/// `MGET key [key ...]`
pub(super) fn mget(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let records = ctx.read_many(&args[1..])?;
    ctx.reply.array(records.len());
    for record in records {
        // Other types count as missing here, as in Redis.
        match record.and_then(|record| record.string().ok()) {
            Some(value) => ctx.reply.string(value),
            None => ctx.reply.null(),
        }
    }
    Ok(())
}

/// `MSET key value [key value ...]`
pub(super) fn mset(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let pairs = whole_pairs(&args[1..], "mset")?;
    set_pairs(ctx, pairs, UNCONDITIONAL)?;
    ctx.reply.ok();
    Ok(())
}

/// `MSETNX key value [key value ...]`
pub(super) fn msetnx(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let pairs = whole_pairs(&args[1..], "msetnx")?;
    let options = SetOptions { condition: Condition::IfAbsent, ..UNCONDITIONAL };
    let applied = set_pairs(ctx, pairs, options)?;
    ctx.reply.integer(i64::from(applied));
    Ok(())
}

/// `MSETEX numkeys key value [key value ...] [NX | XX] [EX | PX | EXAT | PXAT time | KEEPTTL]`
pub(super) fn msetex(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const BAD_COUNT: Failure = Failure::text("ERR invalid numkeys value or out of range");
    // Half of Redis' i32: two arguments for each key.
    let count = canonical_integer(args[1])
        .filter(|count| (1..=i64::from(i32::MAX / 2)).contains(count))
        .ok_or(BAD_COUNT)? as usize;
    let pairs = args.get(2..2 + 2 * count).ok_or(Failure::SYNTAX)?;
    let options = parse_msetex(&args[2 + 2 * count..], ctx.now())?;
    let applied = set_pairs(ctx, pairs, options)?;
    ctx.reply.integer(i64::from(applied));
    Ok(())
}

const UNCONDITIONAL: SetOptions<'static> =
    SetOptions { condition: Condition::Always, get: false, expiry: Expiry::None };

fn whole_pairs<'a, 'b>(words: &'b [&'a [u8]], command: &str) -> Result<&'b [&'a [u8]], Failure> {
    if words.len().is_multiple_of(2) { Ok(words) } else { Err(Failure::wrong_arity(command)) }
}

/// Sets all pairs or, where the condition fails for one key, none.
fn set_pairs(ctx: &Ctx<'_>, pairs: &[&[u8]], options: SetOptions<'_>) -> Result<bool, Failure> {
    let db = ctx.session.db;
    let keys: SmallVec<[(DbIndex, &[u8]); 8]> = pairs.chunks_exact(2).map(|pair| (db, pair[0])).collect();
    let mut latches = ctx.latch_many(&keys)?;
    let mut all = |wanted: bool| (0..keys.len()).all(|at| latches.entry(at).record().is_some() == wanted);
    let applies = match options.condition {
        Condition::IfAbsent => all(false),
        Condition::IfPresent => all(true),
        Condition::Always | Condition::If(_) => true,
    };
    if applies {
        // A key that comes twice ends with its last value: the pairs are put in order.
        for (at, pair) in pairs.chunks_exact(2).enumerate() {
            put_with_expiry(latches.entry(at), pair[1], options.expiry, ctx);
        }
    }
    Ok(applies)
}
