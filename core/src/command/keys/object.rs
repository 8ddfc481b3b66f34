//! OBJECT: what Redis tells of its inner representation, as far as it means anything here.

use crate::command::args::canonical_integer;
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::{hash, list, set, sorted_set};
use crate::record::{Kind, Record};

/// Valkey keeps key, value and expiry in one allocation up to this many bytes; `embstr` says that it does.
const EMBEDDED_BYTES_MAX: usize = 113;
/// Keys from this length on need a longer header there.
const SHORT_KEY_BYTES: usize = 32;

/// `OBJECT ENCODING key`
pub(super) fn encoding(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    match ctx.peek(args[2])? {
        Some(record) => ctx.reply.bulk(encoding_of(record)?.as_bytes()),
        None => ctx.reply.null(),
    }
    Ok(())
}

/// The form of a value in Valkey 9's words; of a string `int`, `embstr` or `raw`, as it would store it.
pub fn encoding_of(record: Record<'_>) -> Result<&'static str, Failure> {
    match record.kind() {
        Kind::List => Ok(list::encoding_of(record)),
        Kind::Set => Ok(set::encoding_of(record)),
        Kind::SortedSet => Ok(sorted_set::encoding_of(record)),
        Kind::Hash => Ok(hash::encoding_of(record)),
        Kind::Stream => Ok("stream"),
        _ => encoding_of_string(record),
    }
}

fn encoding_of_string(record: Record<'_>) -> Result<&'static str, Failure> {
    let value = record.string()?;
    let Some(bytes) = value.as_slice().filter(|_| !record.is_raw()) else { return Ok("raw") };
    if canonical_integer(bytes).is_some() {
        return Ok("int");
    }
    let key_bytes = record.key().len();
    let header = if key_bytes < SHORT_KEY_BYTES { 0 } else { 2 };
    let expiry = if record.expire_at().is_some() { size_of::<u64>() } else { 0 };
    let embedded = key_bytes + header + bytes.len() + expiry <= EMBEDDED_BYTES_MAX;
    Ok(if embedded { "embstr" } else { "raw" })
}

/// `OBJECT REFCOUNT key`
pub(super) fn refcount(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    match ctx.peek(args[2])? {
        Some(_) => ctx.reply.integer(1),
        None => ctx.reply.null(),
    }
    Ok(())
}

/// `OBJECT IDLETIME key`
pub(super) fn idletime(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const NOT_TRACKED: Failure = Failure::text(
        "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when \
         switching between policies at runtime LRU and LFU data will take some time to adjust.",
    );
    const NO_TIME: Failure =
        Failure::text("ERR An S3-FIFO maxmemory policy is selected, idle time not tracked.");
    match ctx.peek(args[2])? {
        Some(_) if ctx.engine.tuning().policy().counts_frequency() => return Err(NOT_TRACKED),
        Some(_) if ctx.engine.tuning().policy().is_queued() => return Err(NO_TIME),
        Some(record) => ctx.reply.integer(record.idle_seconds(ctx.now()) as i64),
        None => ctx.reply.null(),
    }
    Ok(())
}

/// `OBJECT FREQ key`
pub(super) fn freq(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const NOT_TRACKED: Failure = Failure::text(
        "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when \
         switching between policies at runtime LRU and LFU data will take some time to adjust.",
    );
    match ctx.peek(args[2])? {
        Some(_) if !ctx.engine.tuning().policy().counts_frequency() => return Err(NOT_TRACKED),
        Some(record) => {
            ctx.reply.integer(i64::from(record.frequency(ctx.now(), ctx.engine.tuning().lfu_decay_time())))
        }
        None => ctx.reply.null(),
    }
    Ok(())
}

/// `OBJECT HELP`
pub(super) fn help(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    const LINES: [&str; 14] = [
        "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "ENCODING <key>",
        "    Return the kind of internal representation used in order to store the value",
        "    associated with a <key>.",
        "FREQ <key>",
        "    Return the access frequency index of the <key>. The returned integer is",
        "    proportional to the logarithm of the recent access frequency of the key.",
        "IDLETIME <key>",
        "    Return the idle time of the <key>, that is the approximated number of",
        "    seconds elapsed since the last access to the key.",
        "REFCOUNT <key>",
        "    Return the number of references of the value associated with the specified",
        "    <key>.",
        "HELP",
    ];
    ctx.reply.array(LINES.len() + 1);
    for line in LINES {
        ctx.reply.status(line);
    }
    ctx.reply.status("    Print this help.");
    Ok(())
}
