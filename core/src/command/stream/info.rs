//! XINFO.

use super::pending::names;
use super::{no_group_of, read_stream, reply_entry, reply_id};
use crate::command::args::{echoed, integer, is_word};
use crate::command::{Args, Ctx, Failure, Outcome, Reply};
use crate::container::stream::{Consumer, Group, Id, Pending, Stream, StreamEntry};

/// Entries of a node of Redis' tree: what `radix-tree-keys` is reckoned by.
const NODE_ENTRIES: u64 = 100;
/// Entries that FULL shows where nothing else is asked for.
const FULL_COUNT: u64 = 10;

fn stream_at<'a>(ctx: &Ctx<'a>, key: &[u8]) -> Result<Stream<'a>, Failure> {
    read_stream(ctx, key)?.ok_or(Failure::NO_SUCH_KEY)
}

fn group_at<'a>(ctx: &Ctx<'a>, args: Args<'_>) -> Result<(Stream<'a>, Group), Failure> {
    let stream = stream_at(ctx, args[2])?;
    let group = stream.group(args[3])?.ok_or_else(|| no_group_of(args[2], args[3]))?;
    Ok((stream, group))
}

fn number_or_null(reply: &mut dyn Reply, number: Option<i64>) {
    match number {
        Some(number) => reply.integer(number),
        None => reply.null(),
    }
}

fn entry_or_null(reply: &mut dyn Reply, entry: Option<StreamEntry<'_>>) {
    match entry {
        Some(entry) => reply_entry(reply, entry),
        None => reply.null(),
    }
}

/// The fields that both forms of XINFO STREAM begin with.
fn reply_head(reply: &mut dyn Reply, stream: Stream<'_>) -> Result<(), Failure> {
    let nodes = stream.len().div_ceil(NODE_ENTRIES);
    let first = stream.entries().first()?.map_or(Id::MIN, |entry| entry.id);
    for (name, number) in
        [("length", stream.len()), ("radix-tree-keys", nodes), ("radix-tree-nodes", nodes + 1)]
    {
        reply.bulk(name.as_bytes());
        reply.integer(number as i64);
    }
    reply.bulk(b"last-generated-id");
    reply_id(reply, stream.meta.last);
    reply.bulk(b"max-deleted-entry-id");
    reply_id(reply, stream.meta.max_deleted);
    reply.bulk(b"entries-added");
    reply.integer(stream.meta.added as i64);
    reply.bulk(b"recorded-first-entry-id");
    reply_id(reply, first);
    Ok(())
}

/// `XINFO STREAM key [FULL [COUNT count]]`
pub(super) fn stream(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let stream = stream_at(ctx, args[2])?;
    let full = match args[3..] {
        [] => None,
        [full] if is_word(full, "FULL") => Some(FULL_COUNT),
        [full, word, count] if is_word(full, "FULL") && is_word(word, "COUNT") => {
            Some(u64::try_from(integer(count)?).unwrap_or(FULL_COUNT))
        }
        _ => {
            return Err(Failure::new(format!(
                "ERR unknown subcommand or wrong number of arguments for '{}'. Try XINFO HELP.",
                echoed(args[1])
            )));
        }
    };
    let Some(count) = full else {
        let (first, last) = (stream.entries().first()?, stream.entries().last()?);
        ctx.reply.map(10);
        reply_head(ctx.reply, stream)?;
        ctx.reply.bulk(b"groups");
        ctx.reply.integer(stream.groups_len() as i64);
        ctx.reply.bulk(b"first-entry");
        entry_or_null(ctx.reply, first);
        ctx.reply.bulk(b"last-entry");
        entry_or_null(ctx.reply, last);
        return Ok(());
    };
    let count = if count == 0 { u64::MAX } else { count };
    let shown = stream.len().min(count);
    let mut entries = Vec::with_capacity(shown as usize);
    let mut walk = stream.entries().walk(0)?;
    for _ in 0..shown {
        entries.extend(walk.next()?);
    }
    let groups = stream
        .groups()?
        .into_iter()
        .map(|(name, group)| FullGroup::read(stream, name, group, count))
        .collect::<Result<Vec<_>, _>>()?;
    ctx.reply.map(9);
    reply_head(ctx.reply, stream)?;
    ctx.reply.bulk(b"entries");
    ctx.reply.array(entries.len());
    entries.into_iter().for_each(|entry| reply_entry(ctx.reply, entry));
    ctx.reply.bulk(b"groups");
    ctx.reply.array(groups.len());
    groups.iter().for_each(|group| group.reply(ctx.reply));
    Ok(())
}

/// A group as XINFO STREAM FULL shows it.
struct FullGroup<'a> {
    name: &'a [u8],
    group: Group,
    lag: Option<i64>,
    len: u64,
    pending: Vec<(Pending, &'a [u8])>,
    consumers: Vec<(&'a [u8], Consumer, u64, Vec<Pending>)>,
}

impl<'a> FullGroup<'a> {
    fn read(stream: Stream<'a>, name: &'a [u8], group: Group, count: u64) -> Result<FullGroup<'a>, Failure> {
        let names = names(stream, group)?;
        let mut pending = Vec::new();
        stream.for_pending(group, Id::MIN, |found| {
            let wanted = (pending.len() as u64) < count;
            if wanted {
                pending.push((found, names.get(&found.consumer).copied().unwrap_or_default()));
            }
            wanted
        })?;
        let mut consumers = Vec::new();
        for (name, consumer) in stream.consumers(group)? {
            let mut owned = Vec::new();
            stream.for_owned(group, consumer, Id::MIN, |found| {
                let wanted = (owned.len() as u64) < count;
                if wanted {
                    owned.push(found);
                }
                wanted
            })?;
            consumers.push((name, consumer, stream.owned_len(group, consumer)?, owned));
        }
        let (lag, len) = (stream.lag(group)?, stream.pending_len(group, Id::MIN, Id::MAX)?);
        Ok(FullGroup { name, group, lag, len, pending, consumers })
    }

    fn reply(&self, reply: &mut dyn Reply) {
        reply.map(7);
        reply.bulk(b"name");
        reply.bulk(self.name);
        reply.bulk(b"last-delivered-id");
        reply_id(reply, self.group.last);
        reply.bulk(b"entries-read");
        number_or_null(reply, self.group.read.map(|read| read as i64));
        reply.bulk(b"lag");
        number_or_null(reply, self.lag);
        reply.bulk(b"pel-count");
        reply.integer(self.len as i64);
        reply.bulk(b"pending");
        reply.array(self.pending.len());
        for (pending, owner) in &self.pending {
            reply.array(4);
            reply_id(reply, pending.id);
            reply.bulk(owner);
            reply.integer(pending.delivered as i64);
            reply.integer(pending.deliveries as i64);
        }
        reply.bulk(b"consumers");
        reply.array(self.consumers.len());
        for (name, consumer, len, owned) in &self.consumers {
            reply.map(5);
            reply.bulk(b"name");
            reply.bulk(name);
            reply.bulk(b"seen-time");
            reply.integer(consumer.seen as i64);
            reply.bulk(b"active-time");
            reply.integer(consumer.active.map_or(-1, |at| at as i64));
            reply.bulk(b"pel-count");
            reply.integer(*len as i64);
            reply.bulk(b"pending");
            reply.array(owned.len());
            for pending in owned {
                reply.array(3);
                reply_id(reply, pending.id);
                reply.integer(pending.delivered as i64);
                reply.integer(pending.deliveries as i64);
            }
        }
    }
}

/// `XINFO GROUPS key`
pub(super) fn groups(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let stream = stream_at(ctx, args[2])?;
    let mut found = Vec::new();
    for (name, group) in stream.groups()? {
        let consumers = stream.consumers(group)?.len();
        found.push((
            name,
            group,
            consumers,
            stream.pending_len(group, Id::MIN, Id::MAX)?,
            stream.lag(group)?,
        ));
    }
    ctx.reply.array(found.len());
    for (name, group, consumers, pending, lag) in found {
        ctx.reply.map(6);
        ctx.reply.bulk(b"name");
        ctx.reply.bulk(name);
        ctx.reply.bulk(b"consumers");
        ctx.reply.integer(consumers as i64);
        ctx.reply.bulk(b"pending");
        ctx.reply.integer(pending as i64);
        ctx.reply.bulk(b"last-delivered-id");
        reply_id(ctx.reply, group.last);
        ctx.reply.bulk(b"entries-read");
        number_or_null(ctx.reply, group.read.map(|read| read as i64));
        ctx.reply.bulk(b"lag");
        number_or_null(ctx.reply, lag);
    }
    Ok(())
}

/// `XINFO CONSUMERS key group`
pub(super) fn consumers(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (stream, group) = group_at(ctx, args)?;
    let now = ctx.now().0;
    let mut found = Vec::new();
    for (name, consumer) in stream.consumers(group)? {
        found.push((name, consumer, stream.owned_len(group, consumer)?));
    }
    ctx.reply.array(found.len());
    for (name, consumer, pending) in found {
        ctx.reply.map(4);
        ctx.reply.bulk(b"name");
        ctx.reply.bulk(name);
        ctx.reply.bulk(b"pending");
        ctx.reply.integer(pending as i64);
        ctx.reply.bulk(b"idle");
        ctx.reply.integer(now.saturating_sub(consumer.seen) as i64);
        ctx.reply.bulk(b"inactive");
        ctx.reply.integer(consumer.active.map_or(-1, |at| now.saturating_sub(at) as i64));
    }
    Ok(())
}
