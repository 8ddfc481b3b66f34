//! XACK and XPENDING.

use std::collections::HashMap;

use super::references::note_ids;
use super::{group_of, read_stream, reply_id, stream_of};
use crate::command::args::{integer, is_word};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::stream::{Group, Id, Pending, Stream, StreamEdit};
use crate::record::Effect;
use crate::transaction::block::Block;

/// `XACK key group id ...`
pub(super) fn xack(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let mut entry = ctx.latch(args[1])?;
    let record = entry.record();
    let stream = stream_of(record)?;
    let group = match stream {
        Some(stream) => stream.group(args[2])?,
        None => None,
    };
    let mut acknowledged = Vec::new();
    if let (Some(stream), Some(group)) = (stream, group) {
        let ids = args[3..].iter().map(|text| Id::parse(text, 0)).collect::<Result<Vec<_>, _>>()?;
        let mut known = false;
        for id in &ids {
            known |= stream.pending(group, *id)?.is_some();
        }
        if known {
            let mut edit = StreamEdit::of(&entry, record)?;
            let done = ids.into_iter().try_for_each(|id| {
                if edit.acknowledge(group, id)? {
                    acknowledged.push(id);
                }
                Ok::<(), Failure>(())
            });
            let mut effects = Block::default();
            let command = [b"XACK".into(), args[1].into(), args[2].into()];
            note_ids(&entry, &mut effects, &command, &acknowledged);
            edit.put(&mut entry, Effect::Commands(&effects));
            done?;
        }
    }
    drop(entry);
    ctx.reply.integer(acknowledged.len() as i64);
    Ok(())
}

/// Names of a group's consumers by their numbers.
pub(super) fn names<'a>(stream: Stream<'a>, group: Group) -> Result<HashMap<u32, &'a [u8]>, Failure> {
    Ok(stream.consumers(group)?.into_iter().map(|(name, consumer)| (consumer.number, name)).collect())
}

/// `XPENDING key group [[IDLE min-idle-time] start end count [consumer]]`
pub(super) fn xpending(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    if args.len() == 3 {
        return summarize(ctx, args);
    }
    if args.len() < 6 || args.len() > 9 {
        return Err(Failure::SYNTAX);
    }
    let (mut min_idle, mut rest) = (0, &args[3..]);
    if is_word(rest[0], "IDLE") {
        min_idle = integer(rest[1])?.max(0) as u64;
        if args.len() < 8 {
            return Err(Failure::SYNTAX);
        }
        rest = &rest[2..];
    }
    let count = integer(rest[2])?.max(0) as usize;
    let (start, end) = (Id::parse_start(rest[0])?, Id::parse_end(rest[1])?);
    let stream = read_stream(ctx, args[1])?;
    let (stream, group) = group_of(stream, args[1], args[2])?;
    let now = ctx.now().0;
    let mut found: Vec<Pending> = Vec::new();
    let mut visit = |pending: Pending| {
        if pending.id > end || found.len() >= count {
            return false;
        }
        if pending.idle(now) >= min_idle {
            found.push(pending);
        }
        true
    };
    match rest.get(3) {
        None => stream.for_pending(group, start, &mut visit)?,
        Some(name) => {
            if let Some(consumer) = stream.consumer(group, name)? {
                stream.for_owned(group, consumer, start, &mut visit)?;
            }
        }
    }
    let names = names(stream, group)?;
    ctx.reply.array(found.len());
    for pending in found {
        ctx.reply.array(4);
        reply_id(ctx.reply, pending.id);
        ctx.reply.bulk(names.get(&pending.consumer).copied().unwrap_or_default());
        ctx.reply.integer(pending.idle(now) as i64);
        ctx.reply.integer(pending.deliveries as i64);
    }
    Ok(())
}

fn summarize(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let stream = read_stream(ctx, args[1])?;
    let (stream, group) = group_of(stream, args[1], args[2])?;
    let count = stream.pending_len(group, Id::MIN, Id::MAX)?;
    let mut first = None;
    stream.for_pending(group, Id::MIN, |pending| {
        first = Some(pending.id);
        false
    })?;
    let (Some(first), Some(last)) = (first, stream.last_pending(group)?) else {
        ctx.reply.array(4);
        ctx.reply.integer(0);
        ctx.reply.null();
        ctx.reply.null();
        ctx.reply.null_array();
        return Ok(());
    };
    let mut owners = Vec::new();
    for (name, consumer) in stream.consumers(group)? {
        let owned = stream.owned_len(group, consumer)?;
        if owned > 0 {
            owners.push((name, owned));
        }
    }
    ctx.reply.array(4);
    ctx.reply.integer(count as i64);
    reply_id(ctx.reply, first);
    reply_id(ctx.reply, last);
    ctx.reply.array(owners.len());
    for (name, owned) in owners {
        ctx.reply.array(2);
        ctx.reply.bulk(name);
        ctx.reply.bulk(itoa::Buffer::new().format(owned).as_bytes());
    }
    Ok(())
}
