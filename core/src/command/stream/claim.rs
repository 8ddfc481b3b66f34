//! XCLAIM and XAUTOCLAIM: entries of consumers that do not come back.

use super::{group_of, reply_entry, reply_id, stream_of, text_of};
use crate::command::args::{echoed, integer, is_word};
use crate::command::{Args, Ctx, Failure, Outcome, Reply};
use crate::container::stream::{Consumer, Group, Id, Pending, Stream, StreamEdit};
use crate::event::class;
use crate::record::{Effect, Record, Str};
use crate::transaction::Entry;
use crate::transaction::block::Block;

/// What XCLAIM sets of the entries that it hands over.
#[derive(Clone, Copy, Default)]
struct Terms {
    min_idle: u64,
    delivered: Option<i64>,
    deliveries: Option<u64>,
    force: bool,
    ids_only: bool,
    last: Option<Id>,
}

impl Terms {
    fn min_idle(text: &[u8], command: &str) -> Result<u64, Failure> {
        option(text, "min-idle-time argument", command).map(|idle| idle.max(0) as u64)
    }
}

fn option(text: &[u8], what: &str, command: &str) -> Result<i64, Failure> {
    integer(text).map_err(|_| Failure::new(format!("ERR Invalid {what} for {command}")))
}

/// A group under edit, for one consumer that takes entries over.
pub(super) struct Taking<'e, 'a> {
    pub edit: StreamEdit<'a>,
    pub key: &'e [u8],
    pub group_name: &'e [u8],
    pub group: Group,
    pub consumer_name: &'e [u8],
    pub consumer: Consumer,
    effects: Block,
}

impl<'e, 'a> Taking<'e, 'a> {
    /// Begins, making the consumer where it is new.
    pub fn begin(
        entry: &Entry<'a>,
        record: Option<Record<'a>>,
        group: Group,
        [key, group_name, consumer_name]: [&'e [u8]; 3],
        now: u64,
    ) -> Result<Taking<'e, 'a>, Failure> {
        let mut edit = StreamEdit::of(entry, record)?;
        let mut group = group;
        let mut effects = Block::default();
        let (mut consumer, is_new) = edit.consumer(group_name, &mut group, consumer_name, now)?;
        if is_new {
            entry.announce(class::STREAM, "xgroup-createconsumer");
            let effect: [Str<'_>; 5] = [
                b"XGROUP".into(),
                b"CREATECONSUMER".into(),
                key.into(),
                group_name.into(),
                consumer_name.into(),
            ];
            entry.gather(&mut effects, &effect);
        }
        consumer.seen = now;
        Ok(Taking { edit, key, group_name, group, consumer_name, consumer, effects })
    }

    /// Hands an entry to the consumer, and logs that.
    pub fn take(&mut self, entry: &Entry<'a>, pending: Pending) -> Result<(), Failure> {
        let pending = Pending { consumer: self.consumer.number, ..pending };
        self.edit.set_pending(self.group, pending)?;
        let (id, last) = (text_of(pending.id), text_of(self.group.last));
        let (mut time, mut count) = (itoa::Buffer::new(), itoa::Buffer::new());
        let effect: [Str<'_>; 14] = [
            b"XCLAIM".into(),
            self.key.into(),
            self.group_name.into(),
            self.consumer_name.into(),
            b"0".into(),
            id.as_bytes().into(),
            b"TIME".into(),
            time.format(pending.delivered).as_bytes().into(),
            b"RETRYCOUNT".into(),
            count.format(pending.deliveries).as_bytes().into(),
            b"FORCE".into(),
            b"JUSTID".into(),
            b"LASTID".into(),
            last.as_bytes().into(),
        ];
        self.note(entry, &effect);
        Ok(())
    }

    /// Adds to what the log gets.
    pub fn note(&mut self, entry: &Entry<'a>, effect: &[Str<'_>]) {
        entry.gather(&mut self.effects, effect);
    }

    /// Adds how far the group has read.
    pub fn note_position(&mut self, entry: &Entry<'a>) {
        let id = text_of(self.group.last);
        let mut read = itoa::Buffer::new();
        let read = self.group.read.map_or("-1", |count| read.format(count));
        let effect: [Str<'_>; 7] = [
            b"XGROUP".into(),
            b"SETID".into(),
            self.key.into(),
            self.group_name.into(),
            id.as_bytes().into(),
            b"ENTRIESREAD".into(),
            read.as_bytes().into(),
        ];
        self.note(entry, &effect);
    }

    /// Takes an entry that is gone off the group's list, and logs that.
    pub fn forget(&mut self, entry: &Entry<'a>, id: Id) -> Result<(), Failure> {
        self.edit.acknowledge(self.group, id)?;
        let id = text_of(id);
        let effect = [b"XACK".into(), self.key.into(), self.group_name.into(), id.as_bytes().into()];
        self.note(entry, &effect);
        Ok(())
    }

    /// Puts the stream and logs what was done, also where that ended with a failure.
    pub fn put(mut self, entry: &mut Entry<'a>, done: Result<(), Failure>) -> Result<(), Failure> {
        let group = self.edit.set_group(self.group_name, self.group);
        let consumer = self.edit.set_consumer(self.group, self.consumer_name, self.consumer);
        self.edit.put(entry, Effect::Commands(&self.effects));
        done?;
        group?;
        Ok(consumer?)
    }
}

/// Emits claimed entries of a stream.
fn reply_claimed(
    reply: &mut dyn Reply,
    stream: Stream<'_>,
    ids: &[Id],
    ids_only: bool,
) -> Result<(), Failure> {
    let entries = ids.iter().map(|id| stream.entries().get(*id)).collect::<Result<Vec<_>, _>>()?;
    reply.array(ids.len());
    for (id, entry) in ids.iter().zip(entries) {
        match entry {
            Some(entry) if !ids_only => reply_entry(reply, entry),
            _ => reply_id(reply, *id),
        }
    }
    Ok(())
}

/// `XCLAIM key group consumer min-idle-time id ... [IDLE ms] [TIME unix-time-ms] [RETRYCOUNT count] [FORCE] [JUSTID]
/// [LASTID id]`
pub(super) fn xclaim(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let now = ctx.op.time_of_day().0;
    let mut entry = ctx.latch(args[1])?;
    let record = entry.record();
    let (stream, mut group) = group_of(stream_of(record)?, args[1], args[2])?;
    let mut terms = Terms { min_idle: Terms::min_idle(args[4], "XCLAIM")?, ..Terms::default() };
    let count = args[5..].iter().take_while(|text| Id::parse(text, 0).is_ok()).count();
    let ids: Vec<Id> = args[5..5 + count].iter().flat_map(|text| Id::parse(text, 0)).collect();
    let mut rest = args[5 + count..].iter().peekable();
    while let Some(word) = rest.next() {
        let has_more = rest.peek().is_some();
        let mut value = || rest.next().copied().unwrap_or_default();
        if is_word(word, "FORCE") {
            terms.force = true;
        } else if is_word(word, "JUSTID") {
            terms.ids_only = true;
        } else if is_word(word, "IDLE") && has_more {
            terms.delivered =
                Some((now as i64).wrapping_sub(option(value(), "IDLE option argument", "XCLAIM")?));
        } else if is_word(word, "TIME") && has_more {
            terms.delivered = Some(option(value(), "TIME option argument", "XCLAIM")?);
        } else if is_word(word, "RETRYCOUNT") && has_more {
            terms.deliveries = u64::try_from(option(value(), "RETRYCOUNT option argument", "XCLAIM")?).ok();
        } else if is_word(word, "LASTID") && has_more {
            terms.last = Some(Id::parse(value(), 0)?);
        } else {
            return Err(Failure::new(format!("ERR Unrecognized XCLAIM option '{}'", echoed(word))));
        }
    }
    let before = group.last;
    group.last = terms.last.map_or(before, |last| last.max(before));
    let delivered = terms.delivered.filter(|at| (0..=now as i64).contains(at)).map_or(now, |at| at as u64);
    let mut taking = Taking::begin(&entry, record, group, [args[1], args[2], args[3]], now)?;
    let mut claimed = Vec::new();
    let done = ids.into_iter().try_for_each(|id| {
        let found = taking.edit.view().pending(group, id)?;
        if stream.entries().get(id)?.is_none() {
            return if found.is_some() { taking.forget(&entry, id) } else { Ok(()) };
        }
        let is_idle = |pending: &Pending| pending.idle(now) >= terms.min_idle;
        let pending = match found {
            Some(pending) if is_idle(&pending) => pending,
            Some(_) => return Ok(()),
            None if terms.force => Pending { id, consumer: 0, delivered, deliveries: 1 },
            None => return Ok(()),
        };
        let deliveries = terms.deliveries.unwrap_or(pending.deliveries + u64::from(!terms.ids_only));
        taking.take(&entry, Pending { delivered, deliveries, ..pending })?;
        taking.consumer.active = Some(now);
        claimed.push(id);
        Ok(())
    });
    if claimed.is_empty() && group.last != before {
        taking.note_position(&entry);
    }
    taking.put(&mut entry, done)?;
    drop(entry);
    reply_claimed(ctx.reply, stream, &claimed, terms.ids_only)
}

/// `XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]`
pub(super) fn xautoclaim(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const COUNT: Failure = Failure::text("ERR COUNT must be > 0");
    /// Entries looked at for each that may be claimed.
    const ATTEMPTS: u64 = 10;
    let min_idle = Terms::min_idle(args[4], "XAUTOCLAIM")?;
    let start = Id::parse_start(args[5])?;
    let (mut count, mut ids_only) = (100, false);
    let mut rest = args[6..].iter();
    while let Some(word) = rest.next() {
        if is_word(word, "COUNT")
            && let Some(value) = rest.next()
        {
            count = integer(value)
                .ok()
                .and_then(|count| u64::try_from(count).ok())
                .filter(|count| (1..=i64::MAX as u64 / 16).contains(count))
                .ok_or(COUNT)?;
        } else if is_word(word, "JUSTID") {
            ids_only = true;
        } else {
            return Err(Failure::SYNTAX);
        }
    }
    let now = ctx.op.time_of_day().0;
    let mut entry = ctx.latch(args[1])?;
    let record = entry.record();
    let (stream, group) = group_of(stream_of(record)?, args[1], args[2])?;
    let mut seen = Vec::new();
    let (mut attempts, mut left, mut next) = (count.saturating_mul(ATTEMPTS), count, Id::MIN);
    // First what there is to do.
    let mut damaged = false;
    stream.for_pending(group, start, |pending| {
        if attempts == 0 || left == 0 {
            next = pending.id;
            return false;
        }
        attempts -= 1;
        match stream.entries().get(pending.id) {
            Err(_) => damaged = true,
            Ok(None) => {
                left -= 1;
                seen.push((pending, false));
            }
            Ok(Some(_)) if pending.idle(now) >= min_idle => {
                left -= 1;
                seen.push((pending, true));
            }
            Ok(Some(_)) => {}
        }
        !damaged
    })?;
    if damaged {
        return Err(Failure::DAMAGED);
    }
    let mut taking = Taking::begin(&entry, record, group, [args[1], args[2], args[3]], now)?;
    let (mut claimed, mut deleted) = (Vec::new(), Vec::new());
    let done = seen.into_iter().try_for_each(|(pending, exists)| {
        if exists {
            let deliveries = pending.deliveries + u64::from(!ids_only);
            taking.take(&entry, Pending { delivered: now, deliveries, ..pending })?;
            taking.consumer.active = Some(now);
            claimed.push(pending.id);
        } else {
            taking.forget(&entry, pending.id)?;
            deleted.push(pending.id);
        }
        Ok(())
    });
    taking.put(&mut entry, done)?;
    drop(entry);
    ctx.reply.array(3);
    reply_id(ctx.reply, next);
    reply_claimed(ctx.reply, stream, &claimed, ids_only)?;
    ctx.reply.array(deleted.len());
    deleted.into_iter().for_each(|id| reply_id(ctx.reply, id));
    Ok(())
}
