//! APPEND and SETRANGE: partial writes. What they log is the partial write, not the whole value.

use super::{check_length, new_value, partial, value_or_empty};
use crate::command::args::integer;
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::record::{Draft, Effect, NewValue, Str};

/// `APPEND key value`
pub(super) fn append(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (key, tail) = (args[1], args[2]);
    let mut entry = ctx.latch(key)?;
    let Some(record) = entry.record() else {
        entry.put(Draft::string(tail), Effect::Set);
        drop(entry);
        ctx.reply.integer(tail.len() as i64);
        return Ok(());
    };
    let value = record.string()?;
    let length = value.len() + tail.len();
    check_length(length)?;
    let pieces;
    let new = match value {
        Str::Inline(head) => {
            pieces = [head, tail];
            NewValue::Pieces(&pieces)
        }
        Str::Rope(rope) => NewValue::Rope(rope.append(tail)),
    };
    let effect = [Str::Inline(b"APPEND"), key.into(), tail.into()];
    entry.put(Draft::changed(Some(record), new, true), Effect::Command(&effect));
    drop(entry);
    ctx.reply.integer(length as i64);
    Ok(())
}

/// `SETRANGE key offset value`
pub(super) fn setrange(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const BAD_OFFSET: Failure = Failure::text("ERR offset is out of range");
    let (key, bytes) = (args[1], args[3]);
    let offset = usize::try_from(integer(args[2])?).map_err(|_| BAD_OFFSET)?;
    let mut entry = ctx.latch(key)?;
    let old = entry.record();
    let value = value_or_empty(old)?;
    if bytes.is_empty() {
        drop(entry);
        ctx.reply.integer(value.len() as i64);
        return Ok(());
    }
    check_length(offset.saturating_add(bytes.len()))?;
    let written = value.write_at(offset, bytes);
    let length = written.as_str().len();
    let command = [Str::Inline(b"SETRANGE"), key.into(), args[2].into(), bytes.into()];
    let effect = partial(old, written.as_str(), &command);
    entry.put(Draft::changed(old, new_value(&written), true), effect);
    drop(entry);
    ctx.reply.integer(length as i64);
    Ok(())
}
