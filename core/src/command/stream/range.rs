//! XRANGE and XREVRANGE.

use super::{read_stream, reply_entry};
use crate::command::args::{integer, is_word};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::stream::Id;

/// `XRANGE key start end [COUNT count]`
pub(super) fn xrange(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_range(ctx, args, false)
}

/// `XREVRANGE key end start [COUNT count]`
pub(super) fn xrevrange(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_range(ctx, args, true)
}

fn reply_range(ctx: &mut Ctx<'_>, args: Args<'_>, backwards: bool) -> Outcome {
    let (start, end) = if backwards { (args[3], args[2]) } else { (args[2], args[3]) };
    let (start, end) = (Id::parse_start(start)?, Id::parse_end(end)?);
    let mut count = None;
    let mut rest = args[4..].iter();
    while let Some(word) = rest.next() {
        let value = rest.next().filter(|_| is_word(word, "COUNT")).ok_or(Failure::SYNTAX)?;
        count = Some(integer(value)?.max(0) as u64);
    }
    let Some(stream) = read_stream(ctx, args[1])? else {
        ctx.reply.array(0);
        return Ok(());
    };
    if count == Some(0) {
        ctx.reply.null_array();
        return Ok(());
    }
    let entries = stream.entries();
    let (from, to) = (entries.before(start)?, entries.through(end)?);
    let len = to.saturating_sub(from).min(count.unwrap_or(u64::MAX));
    let mut walk = entries.walk(if backwards { to } else { from })?;
    // An entry that turns out to be damaged fails the command, so the reply begins when all are read.
    let mut found = Vec::with_capacity(len as usize);
    for _ in 0..len {
        let entry = if backwards { walk.previous()? } else { walk.next()? };
        found.extend(entry);
    }
    ctx.reply.array(found.len());
    found.into_iter().for_each(|entry| reply_entry(ctx.reply, entry));
    Ok(())
}
