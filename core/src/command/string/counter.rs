//! INCR, DECR, INCRBY, DECRBY, INCRBYFLOAT.

use super::extended::Extended;
use super::value_or_empty;
use crate::command::args::{canonical_integer, integer};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::record::{Draft, Effect, NewValue};

/// `INCR key`
pub(super) fn incr(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    add(ctx, args[1], 1)
}

/// `DECR key`
pub(super) fn decr(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    add(ctx, args[1], -1)
}

/// `INCRBY key increment`
pub(super) fn incrby(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let increment = integer(args[2])?;
    add(ctx, args[1], increment)
}

/// `DECRBY key decrement`
pub(super) fn decrby(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const NO_NEGATIVE: Failure = Failure::text("ERR decrement would overflow");
    let increment = integer(args[2])?.checked_neg().ok_or(NO_NEGATIVE)?;
    add(ctx, args[1], increment)
}

fn add(ctx: &mut Ctx<'_>, key: &[u8], increment: i64) -> Outcome {
    let mut entry = ctx.latch(key)?;
    let old = entry.record();
    let value = match old {
        // Ropes are far longer than any number.
        Some(record) => {
            record.string()?.as_slice().and_then(canonical_integer).ok_or(Failure::NOT_INTEGER)?
        }
        None => 0,
    };
    let sum = value.checked_add(increment).ok_or(Failure::OVERFLOW)?;
    let mut digits = itoa::Buffer::new();
    let text = digits.format(sum).as_bytes();
    entry.put(Draft::changed(old, NewValue::Bytes(text), false), Effect::Set);
    drop(entry);
    ctx.reply.integer(sum);
    Ok(())
}

/// `INCRBYFLOAT key increment`
pub(super) fn incrbyfloat(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const NOT_FINITE: Failure = Failure::text("ERR increment would produce NaN or Infinity");
    let mut entry = ctx.latch(args[1])?;
    let old = entry.record();
    let value = match old {
        Some(_) => value_or_empty(old)?.as_slice().and_then(Extended::parse).ok_or(Failure::NOT_FLOAT)?,
        None => Extended::ZERO,
    };
    let increment = Extended::parse(args[2]).ok_or(Failure::NOT_FLOAT)?;
    let sum = value.add(increment).ok_or(NOT_FINITE)?;
    let text = sum.to_text();
    entry.put(Draft::changed(old, NewValue::Bytes(text.as_bytes()), false), Effect::Set);
    drop(entry);
    ctx.reply.bulk(text.as_bytes());
    Ok(())
}
