//! XGROUP.

use super::{no_group_of, stream_of};
use crate::command::args::{echoed, integer, is_word};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::stream::{Group, Id, Stream, StreamEdit};
use crate::record::{Effect, Record, Str};
use crate::transaction::Entry;

const NO_KEY: Failure = Failure::text(
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option \
     to create an empty stream automatically.",
);

/// The options of CREATE and SETID behind the ID.
struct Options {
    makes: bool,
    read: Option<u64>,
}

impl Options {
    fn parse(args: Args<'_>, may_make: bool) -> Result<Options, Failure> {
        const NEGATIVE: Failure = Failure::text("ERR value for ENTRIESREAD must be positive or -1");
        let mut options = Options { makes: false, read: None };
        let mut rest = args[5..].iter();
        while let Some(word) = rest.next() {
            if may_make && is_word(word, "MKSTREAM") {
                options.makes = true;
            } else if is_word(word, "ENTRIESREAD")
                && let Some(value) = rest.next()
            {
                options.read = match integer(value)? {
                    -1 => None,
                    read => Some(u64::try_from(read).map_err(|_| NEGATIVE)?),
                };
            } else {
                return Err(unknown(args));
            }
        }
        Ok(options)
    }
}

fn unknown(args: Args<'_>) -> Failure {
    let name = echoed(args[1]);
    Failure::new(format!(
        "ERR unknown subcommand or wrong number of arguments for '{name}'. Try XGROUP HELP."
    ))
}

/// The stream and the group that the subcommand needs.
fn needed<'a>(record: Option<Record<'a>>, args: Args<'_>) -> Result<(Stream<'a>, Group), Failure> {
    let stream = stream_of(record)?.ok_or(NO_KEY)?;
    let group = stream.group(args[3])?.ok_or_else(|| no_group_of(args[2], args[3]))?;
    Ok((stream, group))
}

fn put<'a>(edit: StreamEdit<'a>, entry: &mut Entry<'a>, args: Args<'_>) {
    let effect: Vec<Str<'_>> = args.iter().map(|arg| Str::Inline(arg)).collect();
    edit.put(entry, Effect::Command(&effect));
}

/// The same, logged with the ID that `$` meant.
fn put_at<'a>(edit: StreamEdit<'a>, entry: &mut Entry<'a>, args: Args<'_>, last: Id) {
    let text = last.to_string();
    let mut effect = args.to_vec();
    effect[4] = text.as_bytes();
    put(edit, entry, &effect);
}

/// `XGROUP CREATE key group id | $ [MKSTREAM] [ENTRIESREAD entries-read]`
pub(super) fn create(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const EXISTS: Failure = Failure::text("BUSYGROUP Consumer Group name already exists");
    let options = Options::parse(args, true)?;
    let mut entry = ctx.latch(args[2])?;
    let record = entry.record();
    let stream = stream_of(record)?;
    if stream.is_none() && !options.makes {
        return Err(NO_KEY);
    }
    // Options may come twice, but not for ever.
    if args.len() > 8 {
        return Err(unknown(args));
    }
    let last = match args[4] {
        b"$" => stream.map_or(Id::MIN, |stream| stream.meta.last),
        text => Id::parse(text, 0)?,
    };
    if let Some(stream) = stream
        && stream.group(args[3])?.is_some()
    {
        return Err(EXISTS);
    }
    let mut edit = StreamEdit::of(&entry, record)?;
    edit.add_group(args[3], last, options.read)?;
    put_at(edit, &mut entry, args, last);
    drop(entry);
    ctx.reply.ok();
    Ok(())
}

/// `XGROUP SETID key group id | $ [ENTRIESREAD entries-read]`
pub(super) fn setid(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let options = Options::parse(args, false)?;
    let mut entry = ctx.latch(args[2])?;
    let record = entry.record();
    let (stream, group) = needed(record, args)?;
    if args.len() > 7 {
        return Err(unknown(args));
    }
    let last = match args[4] {
        b"$" => stream.meta.last,
        text => Id::parse_bound(text, 0)?,
    };
    let mut edit = StreamEdit::of(&entry, record)?;
    edit.set_group(args[3], Group { last, read: options.read, ..group })?;
    put_at(edit, &mut entry, args, last);
    drop(entry);
    ctx.reply.ok();
    Ok(())
}

/// `XGROUP DESTROY key group`
pub(super) fn destroy(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let mut entry = ctx.latch(args[2])?;
    let record = entry.record();
    let group = stream_of(record)?.ok_or(NO_KEY)?.group(args[3])?;
    if let Some(group) = group {
        let mut edit = StreamEdit::of(&entry, record)?;
        edit.remove_group(args[3], group)?;
        put(edit, &mut entry, args);
    }
    drop(entry);
    ctx.reply.integer(i64::from(group.is_some()));
    Ok(())
}

/// `XGROUP CREATECONSUMER key group consumer`
pub(super) fn createconsumer(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let now = ctx.op.time_of_day().0;
    let mut entry = ctx.latch(args[2])?;
    let record = entry.record();
    let (stream, mut group) = needed(record, args)?;
    let is_new = stream.consumer(group, args[4])?.is_none();
    if is_new {
        let mut edit = StreamEdit::of(&entry, record)?;
        edit.consumer(args[3], &mut group, args[4], now)?;
        put(edit, &mut entry, args);
    }
    drop(entry);
    ctx.reply.integer(i64::from(is_new));
    Ok(())
}

/// `XGROUP DELCONSUMER key group consumer`
pub(super) fn delconsumer(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let mut entry = ctx.latch(args[2])?;
    let record = entry.record();
    let (stream, group) = needed(record, args)?;
    let mut pending = 0;
    if let Some(consumer) = stream.consumer(group, args[4])? {
        let mut edit = StreamEdit::of(&entry, record)?;
        pending = edit.remove_consumer(group, args[4], consumer)?;
        put(edit, &mut entry, args);
    }
    drop(entry);
    ctx.reply.integer(pending as i64);
    Ok(())
}
