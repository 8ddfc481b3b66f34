//! FLUSHDB, FLUSHALL, SWAPDB.

use crate::command::args::{canonical_integer, database_of, is_word};
use crate::command::{Args, Ctx, Failure, Outcome};

/// `FLUSHDB [ASYNC | SYNC]`
pub(super) fn flushdb(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    check_mode(args)?;
    ctx.op.flush(Some(ctx.session.db))?;
    ctx.reply.ok();
    Ok(())
}

/// `FLUSHALL [ASYNC | SYNC]`
pub(super) fn flushall(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    check_mode(args)?;
    ctx.op.flush(None)?;
    ctx.reply.ok();
    Ok(())
}

/// Both modes are the same here: the keys are gone at once, their memory follows.
fn check_mode(args: Args<'_>) -> Outcome {
    match args {
        [_] => Ok(()),
        [_, mode] if is_word(mode, "ASYNC") || is_word(mode, "SYNC") => Ok(()),
        _ => Err(Failure::SYNTAX),
    }
}

/// `SWAPDB index1 index2`
pub(super) fn swapdb(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const BAD_FIRST: Failure = Failure::text("ERR invalid first DB index");
    const BAD_SECOND: Failure = Failure::text("ERR invalid second DB index");
    let number = |text| canonical_integer(text).and_then(|index| i32::try_from(index).ok());
    let first = number(args[1]).ok_or(BAD_FIRST)?;
    let second = number(args[2]).ok_or(BAD_SECOND)?;
    let (first, second) = (database_of(ctx.engine, first)?, database_of(ctx.engine, second)?);
    if first != second {
        ctx.op.swap(first, second)?;
    }
    ctx.reply.ok();
    Ok(())
}
