//! LLEN, LRANGE, LINDEX.

use super::{range, rank};
use crate::command::args::integer;
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::list::elements;

/// `LLEN key`
pub(super) fn llen(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let len = elements(ctx.read(args[1])?)?.len();
    ctx.reply.integer(len as i64);
    Ok(())
}

/// `LINDEX key index`
pub(super) fn lindex(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let Some(record) = ctx.read(args[1])? else {
        ctx.reply.null();
        return Ok(());
    };
    let elements = elements(Some(record))?;
    let index = integer(args[2])?;
    let item = match rank(index, elements.len()) {
        Some(rank) => elements.at(rank)?,
        None => None,
    };
    match item {
        Some(item) => ctx.reply.bulk(item.value),
        None => ctx.reply.null(),
    }
    Ok(())
}

/// `LRANGE key start stop`
pub(super) fn lrange(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (start, stop) = (integer(args[2])?, integer(args[3])?);
    let elements = elements(ctx.read(args[1])?)?;
    let ranks = range(start, stop, elements.len());
    let mut walk = elements.walk(ranks.start)?;
    ctx.reply.array((ranks.end - ranks.start) as usize);
    for _ in ranks {
        let item = walk.next()?.ok_or(Failure::DAMAGED)?;
        ctx.reply.bulk(item.value);
    }
    Ok(())
}
