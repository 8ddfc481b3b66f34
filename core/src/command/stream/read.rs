//! XREAD and XREADGROUP.

use super::claim::Taking;
use super::{no_group, reply_entry, reply_id, stream_of};
use crate::blocking::{self, Demand, Serving, Timeout};
use crate::command::args::{integer, is_word};
use crate::command::{Args, Ctx, Failure, Outcome, Protocol, Reply};
use crate::container::stream::{Fields, Group, Id, Pending, Stream, StreamEntry};
use crate::engine::DbIndex;
use crate::operation::Operation;
use crate::record::{Kind, Record};
use crate::transaction::Entry;

/// From where a stream is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    /// Behind this ID.
    After(Id),
    /// `$`: what comes from now on.
    Now,
    /// `+`: the last entry.
    Last,
    /// `>`: what the group has not delivered yet.
    New,
}

/// The group and consumer of XREADGROUP.
struct Member {
    group: Box<[u8]>,
    consumer: Box<[u8]>,
    /// Nothing is to be acknowledged.
    acknowledged: bool,
}

/// The arguments of both commands.
struct Request<'a> {
    count: Option<u64>,
    block: Option<Timeout>,
    member: Option<Member>,
    keys: &'a [&'a [u8]],
    from: Vec<From>,
}

/// `XREAD [COUNT count] [BLOCK milliseconds] STREAMS key ... id ...`
pub(super) fn xread(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let request = Request::parse(ctx, args, false)?;
    read(ctx, &request)
}

/// `XREADGROUP GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS key ... id ...`
pub(super) fn xreadgroup(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let request = Request::parse(ctx, args, true)?;
    read_group(ctx, &request)
}

impl<'a> Request<'a> {
    fn parse(ctx: &Ctx<'_>, args: Args<'a>, as_group: bool) -> Result<Request<'a>, Failure> {
        const GROUP: Failure =
            Failure::text("ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.");
        const NOACK: Failure =
            Failure::text("ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.");
        const NO_GROUP: Failure = Failure::text("ERR Missing GROUP option for XREADGROUP");
        let mut request = Request { count: None, block: None, member: None, keys: &[], from: Vec::new() };
        let mut acknowledged = false;
        let mut at = 1;
        let streams = loop {
            let Some(word) = args.get(at) else { return Err(Failure::SYNTAX) };
            let more = args.len() - at - 1;
            if is_word(word, "BLOCK") && more > 0 {
                request.block = Some(Timeout::millis(args[at + 1], ctx.now())?);
                at += 1;
            } else if is_word(word, "COUNT") && more > 0 {
                request.count =
                    Some(integer(args[at + 1])?).filter(|count| *count > 0).map(|count| count as u64);
                at += 1;
            } else if is_word(word, "STREAMS") && more > 0 {
                break &args[at + 1..];
            } else if is_word(word, "GROUP") && more > 1 {
                if !as_group {
                    return Err(GROUP);
                }
                let (group, consumer) = (args[at + 1].into(), args[at + 2].into());
                request.member = Some(Member { group, consumer, acknowledged: false });
                at += 2;
            } else if is_word(word, "NOACK") {
                if !as_group {
                    return Err(NOACK);
                }
                acknowledged = true;
            } else {
                return Err(Failure::SYNTAX);
            }
            at += 1;
        };
        if !streams.len().is_multiple_of(2) {
            let (name, marks) = if as_group { ("xreadgroup", "'>'") } else { ("xread", "'$'") };
            return Err(Failure::new(format!(
                "ERR Unbalanced '{name}' list of streams: for each stream key an ID or {marks} must be specified."
            )));
        }
        if as_group && request.member.is_none() {
            return Err(NO_GROUP);
        }
        if let Some(member) = &mut request.member {
            member.acknowledged = acknowledged;
        }
        let (keys, ids) = streams.split_at(streams.len() / 2);
        request.keys = keys;
        for (key, id) in keys.iter().zip(ids) {
            // Types and groups are looked at before the IDs, key by key, as Redis does.
            let stream = stream_of(ctx.peek(key)?)?;
            if let Some(member) = &request.member {
                let group = stream.map(|stream| stream.group(&member.group)).transpose()?.flatten();
                group.ok_or_else(|| member.no_group(key))?;
            }
            request.from.push(From::parse(id, as_group)?);
        }
        Ok(request)
    }
}

impl From {
    fn parse(text: &[u8], as_group: bool) -> Result<From, Failure> {
        const DOLLAR: Failure = Failure::text(
            "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by \
             specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.",
        );
        const PLUS: Failure = Failure::text(
            "ERR The + ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by \
             specifying a proper ID, or use the > ID to get new messages. The + ID would just return an empty result set.",
        );
        const NEW: Failure = Failure::text(
            "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
        );
        match text {
            b"$" if as_group => Err(DOLLAR),
            b"+" if as_group => Err(PLUS),
            b"+" => Ok(From::Last),
            b"$" => Ok(From::Now),
            b">" if !as_group => Err(NEW),
            b">" => Ok(From::New),
            _ => Ok(From::After(Id::parse(text, 0)?)),
        }
    }

    /// The ID behind which to read, where the stream is as it is now.
    fn after(self, stream: Option<Stream<'_>>) -> Result<Id, Failure> {
        Ok(match self {
            From::After(id) => id,
            From::Now | From::New => stream.map_or(Id::MIN, |stream| stream.meta.last),
            From::Last => match stream {
                // Not behind the entry before the last: XSETID may have put that ID further.
                Some(stream) => stream.meta.last.previous().unwrap_or(Id::MIN),
                None => Id::MIN,
            },
        })
    }
}

impl Member {
    fn no_group(&self, key: &[u8]) -> Failure {
        no_group(key, &self.group, " in XREADGROUP with GROUP option")
    }
}

/// Entries behind `after`, at most `count`.
fn entries_after<'a>(
    stream: Stream<'a>,
    after: Id,
    count: Option<u64>,
) -> Result<Vec<StreamEntry<'a>>, Failure> {
    let entries = stream.entries();
    let from = entries.through(after)?;
    let len = (stream.len() - from).min(count.unwrap_or(u64::MAX));
    let mut found = Vec::with_capacity(len as usize);
    let mut walk = entries.walk(from)?;
    for _ in 0..len {
        found.extend(walk.next()?);
    }
    Ok(found)
}

/// Opens the reply of `streams` streams with something to say.
fn begin_streams(reply: &mut dyn Reply, streams: usize) {
    match reply.protocol() {
        Protocol::Resp2 => reply.array(streams),
        Protocol::Resp3 => reply.map(streams),
    }
}

/// Opens the reply of one of them; its entries follow.
fn begin_stream(reply: &mut dyn Reply, key: &[u8]) {
    if reply.protocol() == Protocol::Resp2 {
        reply.array(2);
    }
    reply.bulk(key);
}

fn reply_entries(reply: &mut dyn Reply, entries: &[StreamEntry<'_>]) {
    reply.array(entries.len());
    entries.iter().for_each(|entry| reply_entry(reply, *entry));
}

fn read(ctx: &mut Ctx<'_>, request: &Request<'_>) -> Outcome {
    let records = ctx.read_many(request.keys)?;
    let mut found = Vec::new();
    let mut after = Vec::with_capacity(request.keys.len());
    for ((key, record), from) in request.keys.iter().zip(&records).zip(&request.from) {
        let stream = stream_of(*record)?;
        after.push(from.after(stream)?);
        let Some(stream) = stream else { continue };
        let entries = entries_after(stream, after[after.len() - 1], request.count)?;
        if !entries.is_empty() {
            found.push((key, entries));
        }
    }
    if !found.is_empty() {
        begin_streams(ctx.reply, found.len());
        for (key, entries) in found {
            begin_stream(ctx.reply, key);
            reply_entries(ctx.reply, &entries);
        }
        return Ok(());
    }
    let Some(timeout) = request.block else {
        ctx.reply.null_array();
        return Ok(());
    };
    let keys = request.keys.iter().map(|key| Box::from(*key)).collect();
    blocking::run(ctx, request.keys, timeout, Read { keys, after, count: request.count })
}

/// A blocked XREAD.
struct Read {
    keys: Vec<Box<[u8]>>,
    after: Vec<Id>,
    count: Option<u64>,
}

impl Demand for Read {
    fn kind(&self) -> Kind {
        Kind::Stream
    }

    fn only_reads(&self) -> bool {
        true
    }

    fn check(&self, position: usize, record: Option<Record<'_>>) -> Result<bool, Failure> {
        stream_of(record)?;
        Ok(self.is_ready(position, record))
    }

    fn is_ready(&self, position: usize, record: Option<Record<'_>>) -> bool {
        let stream = record.and_then(|record| Stream::of(record).ok());
        let last = stream.and_then(|stream| stream.entries().last().ok().flatten());
        last.is_some_and(|entry| entry.id > self.after[position])
    }

    fn serve(&self, serving: &mut Serving<'_, '_, '_>, reply: &mut dyn Reply) -> Outcome {
        let position = serving.position;
        let stream = stream_of(serving.source.record())?;
        let entries = match stream {
            Some(stream) => entries_after(stream, self.after[position], self.count)?,
            None => Vec::new(),
        };
        begin_streams(reply, 1);
        begin_stream(reply, &self.keys[position]);
        reply_entries(reply, &entries);
        Ok(())
    }
}

/// What one stream gives a member of a group.
enum Given<'a> {
    New(Vec<StreamEntry<'a>>),
    /// Entries that the consumer has; some may be gone from the stream.
    History(Vec<(Id, Option<Fields<'a>>)>),
}

impl Given<'_> {
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
        }
    }
}

fn read_group(ctx: &mut Ctx<'_>, request: &Request<'_>) -> Outcome {
    let db: DbIndex = ctx.session.db;
    let member = request.member.as_ref().expect("parsed");
    let places: Vec<(DbIndex, &[u8])> = request.keys.iter().map(|key| (db, *key)).collect();
    let mut latches = ctx.latch_many(&places)?;
    let mut found = Vec::new();
    for (position, (key, from)) in request.keys.iter().zip(&request.from).enumerate() {
        let entry = latches.entry(position);
        let given = member.read(ctx.op, entry, key, *from, request.count)?;
        match given {
            Given::New(entries) if entries.is_empty() => {}
            given => found.push((key, given)),
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
    let keys = request.keys.iter().map(|key| Box::from(*key)).collect();
    let member = Member {
        group: member.group.clone(),
        consumer: member.consumer.clone(),
        acknowledged: member.acknowledged,
    };
    blocking::run(ctx, request.keys, timeout, ReadGroup { keys, member, count: request.count })
}

impl Member {
    /// Reads for this consumer from the stream of a latched key.
    fn read<'a>(
        &self,
        op: &Operation<'_>,
        entry: &mut Entry<'a>,
        key: &[u8],
        from: From,
        count: Option<u64>,
    ) -> Result<Given<'a>, Failure> {
        let now = op.time_of_day().0;
        let record = entry.record();
        let stream = stream_of(record)?.ok_or_else(|| self.no_group(key))?;
        let group = stream.group(&self.group)?.ok_or_else(|| self.no_group(key))?;
        let names = [key, &self.group, &self.consumer];
        let given = match from {
            From::After(id) => self.history(stream, group, id, count)?,
            _ => Given::New(entries_after(stream, group.last, count)?),
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
        match given {
            Given::New(entries) => {
                for delivered in entries {
                    taking.group.read = stream.read_with(taking.group, delivered.id)?;
                    taking.group.last = delivered.id;
                    if !self.acknowledged {
                        let id = delivered.id;
                        taking.take(entry, Pending { id, consumer: 0, delivered: now, deliveries: 1 })?;
                    }
                }
                if !entries.is_empty() {
                    if !self.acknowledged {
                        taking.consumer.active = Some(now);
                    }
                    taking.note_position(entry);
                }
            }
            Given::History(entries) => {
                for (id, _) in entries.iter().filter(|(_, fields)| fields.is_some()) {
                    if let Some(pending) = taking.edit.view().pending(taking.group, *id)? {
                        let deliveries = pending.deliveries + 1;
                        taking.take(entry, Pending { delivered: now, deliveries, ..pending })?;
                    }
                }
            }
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

/// A blocked XREADGROUP.
struct ReadGroup {
    keys: Vec<Box<[u8]>>,
    member: Member,
    count: Option<u64>,
}

impl ReadGroup {
    fn has_news(&self, stream: Stream<'_>) -> Result<bool, Failure> {
        let Some(group) = stream.group(&self.member.group)? else { return Ok(true) };
        Ok(stream.entries().last()?.is_some_and(|entry| entry.id > group.last))
    }
}

impl Demand for ReadGroup {
    fn kind(&self) -> Kind {
        Kind::Stream
    }

    fn check(&self, position: usize, record: Option<Record<'_>>) -> Result<bool, Failure> {
        let stream = stream_of(record)?.ok_or_else(|| self.member.no_group(&self.keys[position]))?;
        self.has_news(stream)
    }

    fn is_ready(&self, _: usize, record: Option<Record<'_>>) -> bool {
        // A stream or group that is gone ends the waiting, with an error.
        match record.map(Stream::of) {
            Some(Ok(stream)) => self.has_news(stream).unwrap_or(true),
            Some(Err(_)) | None => true,
        }
    }

    fn wants_absence(&self) -> bool {
        true
    }

    fn serve(&self, serving: &mut Serving<'_, '_, '_>, reply: &mut dyn Reply) -> Outcome {
        let key = &self.keys[serving.position];
        let given = self.member.read(serving.op, serving.source, key, From::New, self.count)?;
        begin_streams(reply, 1);
        begin_stream(reply, key);
        given.reply(reply);
        Ok(())
    }
}
