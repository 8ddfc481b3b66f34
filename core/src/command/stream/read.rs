//! XREAD, and the arguments that XREADGROUP shares with it.

use super::{reply_entry, stream_of};
use crate::blocking::{self, Demand, Serving, Timeout};
use crate::command::args::{canonical_integer, integer, is_word};
use crate::command::{Args, Ctx, Failure, Outcome, Protocol, Reply};
use crate::container::stream::{Id, Stream, StreamEntry};
use crate::record::{Kind, Record};

/// From where a stream is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// Behind this ID.
    After(Id),
    /// `$`: what comes from now on.
    Now,
    /// `+`: the last entry.
    Last,
    /// `>`: what the group has not delivered yet.
    New,
}

/// The group and consumer of XREADGROUP, and what it may take.
#[derive(Clone)]
pub(super) struct Member {
    pub group: Box<[u8]>,
    pub consumer: Box<[u8]>,
    /// Nothing is to be acknowledged.
    pub acknowledged: bool,
    /// CLAIM: entries that nobody has acknowledged for so many milliseconds come first.
    pub min_idle: Option<u64>,
}

/// The arguments of both commands.
pub(super) struct Request<'a> {
    pub count: Option<u64>,
    pub block: Option<Timeout>,
    pub member: Option<Member>,
    pub keys: &'a [&'a [u8]],
    pub from: Vec<From>,
}

/// `XREAD [COUNT count] [BLOCK milliseconds] STREAMS key ... id ...`
pub(super) fn xread(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let request = Request::parse(ctx, args, false)?;
    read(ctx, &request)
}

impl<'a> Request<'a> {
    pub fn parse(ctx: &Ctx<'_>, args: Args<'a>, as_group: bool) -> Result<Request<'a>, Failure> {
        const GROUP: Failure =
            Failure::text("ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.");
        const NOACK: Failure =
            Failure::text("ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.");
        const CLAIM: Failure =
            Failure::text("ERR The CLAIM option is only supported by XREADGROUP. You called XREAD instead.");
        const NO_GROUP: Failure = Failure::text("ERR Missing GROUP option for XREADGROUP");
        let mut request = Request { count: None, block: None, member: None, keys: &[], from: Vec::new() };
        let (mut acknowledged, mut min_idle) = (false, None);
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
                request.member = Some(Member { group, consumer, acknowledged: false, min_idle: None });
                at += 2;
            } else if is_word(word, "NOACK") {
                if !as_group {
                    return Err(NOACK);
                }
                acknowledged = true;
            } else if is_word(word, "CLAIM") && more > 0 {
                if !as_group {
                    return Err(CLAIM);
                }
                min_idle = Some(parse_min_idle(args[at + 1])?);
                at += 1;
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
            (member.acknowledged, member.min_idle) = (acknowledged, min_idle);
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

/// CLAIM's argument, in milliseconds.
fn parse_min_idle(text: &[u8]) -> Result<u64, Failure> {
    const NOT_INTEGER: Failure = Failure::text("ERR min-idle-time is not an integer");
    const NEGATIVE: Failure = Failure::text("ERR min-idle-time must be a positive integer");
    u64::try_from(canonical_integer(text).ok_or(NOT_INTEGER)?).map_err(|_| NEGATIVE)
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

/// Entries behind `after`, at most `count`.
pub(super) fn entries_after<'a>(
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
pub(super) fn begin_streams(reply: &mut dyn Reply, streams: usize) {
    match reply.protocol() {
        Protocol::Resp2 => reply.array(streams),
        Protocol::Resp3 => reply.map(streams),
    }
}

/// Opens the reply of one of them; its entries follow.
pub(super) fn begin_stream(reply: &mut dyn Reply, key: &[u8]) {
    if reply.protocol() == Protocol::Resp2 {
        reply.array(2);
    }
    reply.bulk(key);
}

pub(super) fn reply_entries(reply: &mut dyn Reply, entries: &[StreamEntry<'_>]) {
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
