//! XREADGROUP: what a consumer gets of its group's streams.
//!
//! CLAIM (Redis 8.4) gives entries of consumers that do not come back before new ones. Which those are takes a walk
//! along all that the group has not acknowledged, since that is ordered by ID and not by time.

use super::claim::Taking;
use super::read::{From, Member, Request, begin_stream, begin_streams, entries_after, reply_entries};
use super::{no_group, reply_entry, reply_fields, reply_id, stream_of};
use crate::blocking::{self, Demand, Serving};
use crate::clock::UnixMillis;
use crate::command::{Args, Ctx, Failure, Outcome, Reply};
use crate::container::stream::{Fields, Group, Id, Pending, Stream, StreamEntry};
use crate::engine::DbIndex;
use crate::record::{Kind, Record};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::transaction::Entry;

/// `XREADGROUP GROUP group consumer [COUNT count] [BLOCK milliseconds] [CLAIM min-idle-time] [NOACK] STREAMS key ...
/// id ...`
pub(super) fn xreadgroup(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let request = Request::parse(ctx, args, true)?;
    let member = request.member.as_ref().expect("parsed");
    let db: DbIndex = ctx.session.db;
    let now = ctx.op.time_of_day().0;
    let places: Vec<(DbIndex, &[u8])> = request.keys.iter().map(|key| (db, *key)).collect();
    let mut latches = ctx.latch_many(&places)?;
    let mut found = Vec::new();
    for (position, (key, from)) in request.keys.iter().zip(&request.from).enumerate() {
        let given = member.read(latches.entry(position), key, *from, request.count, now)?;
        if !given.is_nothing() {
            found.push((key, given));
        }
    }
    drop(latches);
    if !found.is_empty() {
        begin_streams(ctx.reply, found.len());
        for (key, given) in found {
            begin_stream(ctx.reply, key);
            given.reply(ctx.reply);
        }
        return Ok(());
    }
    let Some(timeout) = request.block else {
        ctx.reply.null_array();
        return Ok(());
    };
    let demand = ReadGroup {
        keys: request.keys.iter().map(|key| Box::from(*key)).collect(),
        member: member.clone(),
        count: request.count,
        idle_from: request.keys.iter().map(|_| AtomicU64::new(0)).collect(),
        looked: AtomicU64::new(0),
    };
    blocking::run(ctx, request.keys, timeout, demand)
}

/// What one stream gives a member of a group.
enum Given<'a> {
    New(Vec<StreamEntry<'a>>),
    /// Entries that the consumer has; some may be gone from the stream.
    History(Vec<(Id, Option<Fields<'a>>)>),
    /// With CLAIM.
    Claimed(Claimed<'a>),
}

/// Entries that were others' until now, as they had them, and new ones.
struct Claimed<'a> {
    taken: Vec<(Pending, Fields<'a>)>,
    /// What was to be taken and is gone from the stream.
    gone: Vec<Id>,
    new: Vec<StreamEntry<'a>>,
    /// When they are given; Unix milliseconds.
    now: u64,
}

impl<'a> Given<'a> {
    /// Whether there is nothing to reply for this stream.
    fn is_nothing(&self) -> bool {
        match self {
            Given::New(entries) => entries.is_empty(),
            Given::History(_) => false,
            Given::Claimed(claimed) => claimed.taken.is_empty() && claimed.new.is_empty(),
        }
    }

    /// Those of the entries that the group had not read yet.
    fn new_entries(&self) -> &[StreamEntry<'a>] {
        match self {
            Given::New(entries) => entries,
            Given::History(_) => &[],
            Given::Claimed(claimed) => &claimed.new,
        }
    }

    fn reply(&self, reply: &mut dyn Reply) {
        match self {
            Given::New(entries) => reply_entries(reply, entries),
            Given::History(entries) => {
                reply.array(entries.len());
                for (id, fields) in entries {
                    match fields {
                        Some(fields) => reply_entry(reply, StreamEntry { id: *id, fields: *fields }),
                        None => {
                            reply.array(2);
                            reply_id(reply, *id);
                            reply.null_array();
                        }
                    }
                }
            }
            Given::Claimed(claimed) => claimed.reply(reply),
        }
    }
}

impl Claimed<'_> {
    /// Each with how long it had lain, and how often it had been delivered.
    fn reply(&self, reply: &mut dyn Reply) {
        reply.array(self.taken.len() + self.new.len());
        let mut emit = |id: Id, fields: Fields<'_>, idle: u64, deliveries: u64| {
            reply.array(4);
            reply_id(reply, id);
            reply_fields(reply, fields);
            reply.integer(idle as i64);
            reply.integer(deliveries as i64);
        };
        for (pending, fields) in &self.taken {
            emit(pending.id, *fields, pending.idle(self.now), pending.deliveries);
        }
        self.new.iter().for_each(|entry| emit(entry.id, entry.fields, 0, 0));
    }
}

impl Member {
    pub(super) fn no_group(&self, key: &[u8]) -> Failure {
        no_group(key, &self.group, " in XREADGROUP with GROUP option")
    }

    /// Reads for this consumer from the stream of a latched key.
    fn read<'a>(
        &self,
        entry: &mut Entry<'a>,
        key: &[u8],
        from: From,
        count: Option<u64>,
        now: u64,
    ) -> Result<Given<'a>, Failure> {
        let record = entry.record();
        let stream = stream_of(record)?.ok_or_else(|| self.no_group(key))?;
        let group = stream.group(&self.group)?.ok_or_else(|| self.no_group(key))?;
        let names = [key, &self.group, &self.consumer];
        let given = match (from, self.min_idle) {
            (From::After(id), _) => self.history(stream, group, id, count)?,
            (_, Some(min_idle)) => Given::Claimed(claim(stream, group, min_idle, count, now)?),
            (_, None) => Given::New(entries_after(stream, group.last, count)?),
        };
        let mut taking = Taking::begin(entry, record, group, names, now)?;
        let done = self.deliver(&mut taking, entry, &given, stream, now);
        taking.put(entry, done)?;
        Ok(given)
    }

    /// Notes what is given to the consumer.
    fn deliver<'a>(
        &self,
        taking: &mut Taking<'_, 'a>,
        entry: &Entry<'a>,
        given: &Given<'a>,
        stream: Stream<'a>,
        now: u64,
    ) -> Result<(), Failure> {
        let again = |pending: Pending| Pending {
            delivered: now,
            deliveries: pending.deliveries.saturating_add(1),
            ..pending
        };
        match given {
            Given::New(_) => {}
            Given::History(entries) => {
                for (id, _) in entries.iter().filter(|(_, fields)| fields.is_some()) {
                    if let Some(pending) = taking.edit.view().pending(taking.group, *id)? {
                        taking.take(entry, again(pending))?;
                    }
                }
            }
            Given::Claimed(claimed) => {
                for id in &claimed.gone {
                    taking.forget(entry, *id)?;
                }
                for (pending, _) in &claimed.taken {
                    taking.take(entry, again(*pending))?;
                    taking.consumer.active = Some(now);
                }
            }
        }
        let new = given.new_entries();
        for delivered in new {
            taking.group.read = stream.read_with(taking.group, delivered.id)?;
            taking.group.last = delivered.id;
            if !self.acknowledged {
                let id = delivered.id;
                taking.take(entry, Pending { id, consumer: 0, delivered: now, deliveries: 1 })?;
            }
        }
        if !new.is_empty() {
            if !self.acknowledged {
                taking.consumer.active = Some(now);
            }
            taking.note_position(entry);
        }
        Ok(())
    }

    /// What the consumer has and has not acknowledged, behind `after`.
    fn history<'a>(
        &self,
        stream: Stream<'a>,
        group: Group,
        after: Id,
        count: Option<u64>,
    ) -> Result<Given<'a>, Failure> {
        let mut ids = Vec::new();
        if let (Some(consumer), Some(from)) = (stream.consumer(group, &self.consumer)?, after.next()) {
            stream.for_owned(group, consumer, from, |pending| {
                let wanted = count.is_none_or(|count| (ids.len() as u64) < count);
                if wanted {
                    ids.push(pending.id);
                }
                wanted
            })?;
        }
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.push((id, stream.entries().get(id)?.map(|entry| entry.fields)));
        }
        Ok(Given::History(found))
    }
}

/// What the group has not acknowledged for `min_idle` milliseconds, what lay longest first, and then new entries: at
/// most `count`.
fn claim<'a>(
    stream: Stream<'a>,
    group: Group,
    min_idle: u64,
    count: Option<u64>,
    now: u64,
) -> Result<Claimed<'a>, Failure> {
    let mut idle = Vec::new();
    stream.for_pending(group, Id::MIN, |pending| {
        if pending.idle(now) >= min_idle {
            idle.push(pending);
        }
        true
    })?;
    idle.sort_unstable_by_key(|pending| (pending.delivered, pending.id));
    let count = count.unwrap_or(u64::MAX);
    let mut claimed = Claimed { taken: Vec::new(), gone: Vec::new(), new: Vec::new(), now };
    for pending in idle {
        if claimed.taken.len() as u64 == count {
            break;
        }
        match stream.entries().get(pending.id)? {
            Some(entry) => claimed.taken.push((pending, entry.fields)),
            None => claimed.gone.push(pending.id),
        }
    }
    claimed.new = entries_after(stream, group.last, Some(count - claimed.taken.len() as u64))?;
    Ok(claimed)
}

/// A blocked XREADGROUP.
struct ReadGroup {
    keys: Vec<Box<[u8]>>,
    member: Member,
    count: Option<u64>,
    /// For CLAIM, for each key: before this time nothing has lain long enough; Unix milliseconds, 0 where nobody has
    /// looked yet. XCLAIM may make an entry older than it was: that is noticed when this time comes.
    idle_from: Vec<AtomicU64>,
    /// The last time at which anybody looked for idle entries.
    looked: AtomicU64,
}

impl ReadGroup {
    fn has_news(&self, position: usize, stream: Stream<'_>) -> Result<bool, Failure> {
        let Some(group) = stream.group(&self.member.group)? else { return Ok(true) };
        let is_new = stream.entries().last()?.is_some_and(|entry| entry.id > group.last);
        Ok(is_new || self.has_idle(position, stream, group)?)
    }

    /// Whether there is something to claim.
    fn has_idle(&self, position: usize, stream: Stream<'_>, group: Group) -> Result<bool, Failure> {
        let Some(min_idle) = self.member.min_idle else { return Ok(false) };
        let now = UnixMillis::now().0;
        // ORDERING: written and read under the latch of the key, or where an old value costs a look.
        if now < self.idle_from[position].load(Ordering::Relaxed) {
            return Ok(false);
        }
        let (mut oldest, mut idle) = (now, Vec::new());
        stream.for_pending(group, Id::MIN, |pending| {
            match pending.idle(now) >= min_idle {
                true => idle.push(pending.id),
                false => oldest = oldest.min(pending.delivered),
            }
            true
        })?;
        // ORDERING: as above; `serve` reads `looked` under the same latch.
        self.idle_from[position].store(oldest.saturating_add(min_idle).max(1), Ordering::Relaxed);
        self.looked.fetch_max(now, Ordering::Relaxed);
        for id in idle {
            if stream.entries().get(id)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Demand for ReadGroup {
    fn kind(&self) -> Kind {
        Kind::Stream
    }

    fn check(&self, position: usize, record: Option<Record<'_>>) -> Result<bool, Failure> {
        let stream = stream_of(record)?.ok_or_else(|| self.member.no_group(&self.keys[position]))?;
        self.has_news(position, stream)
    }

    fn is_ready(&self, position: usize, record: Option<Record<'_>>) -> bool {
        // A stream or group that is gone ends the waiting, with an error.
        match record.map(Stream::of) {
            Some(Ok(stream)) => self.has_news(position, stream).unwrap_or(true),
            Some(Err(_)) | None => true,
        }
    }

    fn wants_absence(&self) -> bool {
        true
    }

    fn look_again(&self) -> Option<UnixMillis> {
        // ORDERING: an old value costs a look.
        let times = self.idle_from.iter().map(|time| time.load(Ordering::Relaxed));
        times.filter(|time| *time != 0).min().map(UnixMillis)
    }

    fn serve(&self, serving: &mut Serving<'_, '_, '_>, reply: &mut dyn Reply) -> Outcome {
        let key = &self.keys[serving.position];
        // Not before the time at which something had lain long enough.
        // ORDERING: written under the latch that is held.
        let now = serving.op.time_of_day().0.max(self.looked.load(Ordering::Relaxed));
        let given = self.member.read(serving.source, key, From::New, self.count, now)?;
        begin_streams(reply, 1);
        begin_stream(reply, key);
        given.reply(reply);
        Ok(())
    }
}
