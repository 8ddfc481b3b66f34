//! GET, GETEX, GETDEL, GETSET, STRLEN.

use super::options::{Expiry, parse_getex};
use crate::command::args::{clamp_range, integer};
use crate::command::keys::put_expiry;
use crate::command::{Args, Ctx, Outcome};
use crate::event::EXPIRING;
use crate::record::{Draft, Effect, Str};

/// `GET key`
pub(super) fn get(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    match ctx.read(args[1])? {
        Some(record) => ctx.reply.string(record.string()?),
        None => ctx.reply.null(),
    }
    Ok(())
}

/// `STRLEN key`
pub(super) fn strlen(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let length = match ctx.read(args[1])? {
        Some(record) => record.string()?.len(),
        None => 0,
    };
    ctx.reply.integer(length as i64);
    Ok(())
}

/// `GETDEL key`
pub(super) fn getdel(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let mut entry = ctx.latch(args[1])?;
    entry.announce_miss();
    let Some(record) = entry.record() else {
        ctx.reply.null();
        return Ok(());
    };
    let value = record.string()?;
    entry.remove(Effect::Del);
    drop(entry);
    ctx.reply.string(value);
    Ok(())
}

/// `GETSET key value`
pub(super) fn getset(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let mut entry = ctx.latch(args[1])?;
    entry.announce_miss();
    let old = entry.record().map(|record| record.string()).transpose()?;
    entry.put(Draft::string(args[2]), Effect::Set);
    drop(entry);
    match old {
        Some(value) => ctx.reply.string(value),
        None => ctx.reply.null(),
    }
    Ok(())
}

/// `GETEX key [EX seconds | PX milliseconds | EXAT unix-time | PXAT unix-time | PERSIST]`
pub(super) fn getex(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let expiry = parse_getex(&args[2..], ctx.now())?;
    if expiry == Expiry::None {
        return get(ctx, args);
    }
    let mut entry = ctx.latch(args[1])?;
    entry.announce_miss();
    let Some(record) = entry.record() else {
        ctx.reply.null();
        return Ok(());
    };
    let value = record.string()?;
    match expiry {
        Expiry::At(at) if at <= ctx.now() => {
            ctx.op.act_as(EXPIRING);
            entry.remove(Effect::Del);
        }
        Expiry::At(at) => put_expiry(&mut entry, record, args[1], Some(at))?,
        _ if record.expire_at().is_some() => put_expiry(&mut entry, record, args[1], None)?,
        _ => {}
    }
    drop(entry);
    ctx.reply.string(value);
    Ok(())
}

/// `SUBSTR key start end` and `GETRANGE key start end`
pub(super) fn getrange(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let start = integer(args[2])?;
    let end = integer(args[3])?;
    let value = super::value_or_empty(ctx.read(args[1])?)?;
    let Some((start, length)) = clamp_range(start, end, value.len()) else {
        ctx.reply.bulk(b"");
        return Ok(());
    };
    match value {
        Str::Inline(bytes) => ctx.reply.bulk(&bytes[start..start + length]),
        Str::Rope(_) => {
            ctx.reply.bulk_begin(length);
            for piece in value.range(start, length) {
                ctx.reply.bulk_piece(piece);
            }
            ctx.reply.bulk_end();
        }
    }
    Ok(())
}
