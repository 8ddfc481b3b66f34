//! DEBUG, for tests: SLEEP, SET-ACTIVE-EXPIRE, OBJECT, DIGEST, RELOAD, LOADAOF, and what else test suites use.
//! `enable-debug-command` says who may use it.
//!
//! Switches of machinery that there is none of here (packed nodes, replies' buffers, resizes that can be stopped) are
//! taken and do nothing, so that a suite that sets them can go on.

use std::time::Duration;

use polycache_core::command::args::{echoed, integer, is_word};
use polycache_core::command::{Args, Ctx, Failure, Outcome, encoding_of};
use polycache_core::container::Elements;
use polycache_core::exchange::{self, digest_of_all, digest_of_value};
use polycache_core::limits::{DATABASES, PACKED_BYTES_MAX, STRING_BYTES_MAX};
use polycache_core::rdb::Stop;
use polycache_core::record::{Body, Draft, Effect, Kind, NewValue, Record};
use polycache_core::sha1::{DIGEST_BYTES, hex};

use super::config::allows;
use crate::client::Client;
use crate::limits::DEBUG_SLEEP_SECONDS_MAX;

/// `DEBUG subcommand ...`
pub(super) fn debug(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const FORBIDDEN: Failure = Failure::text(
        "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a \
         local connection, otherwise you need to set this option in the configuration file, and then restart the \
         server.",
    );
    let client = Client::of(ctx.host);
    if !allows(client.server.settings.load().enable_debug_command, client) {
        return Err(FORBIDDEN);
    }
    match (args[1], &args[2..]) {
        (name, [seconds]) if is_word(name, "sleep") => sleep(ctx, seconds),
        (name, [flag]) if is_word(name, "set-active-expire") => {
            ctx.engine.tuning().set_active_expire(flag.first() != Some(&b'0'));
            ctx.reply.ok();
            Ok(())
        }
        (name, [key]) if is_word(name, "object") => object(ctx, key, Detail::All),
        (name, [key, fast]) if is_word(name, "object") && is_word(fast, "fast") => {
            object(ctx, key, Detail::Fast)
        }
        (name, [key]) if is_word(name, "listpack") => listpack(ctx, key),
        (name, [key] | [key, _]) if is_word(name, "quicklist") => quicklist(ctx, key),
        (name, []) if is_word(name, "digest") => {
            let sum = digest_of_all(ctx.engine, ctx.now()).map_err(refused)?;
            ctx.reply.status(&hex(&sum));
            Ok(())
        }
        (name, keys) if is_word(name, "digest-value") => digest_value(ctx, keys),
        (name, options @ ([_] | [_, _] | [_, _, _])) if is_word(name, "populate") => populate(ctx, options),
        (name, [size]) if is_word(name, "quicklist-packed-threshold") => packed_threshold(ctx, size),
        (name, values) if is_inert(name, values.len()) => {
            ctx.reply.ok();
            Ok(())
        }
        (name, options) if is_word(name, "reload") => super::persistence::reload(ctx, options),
        (name, []) if is_word(name, "loadaof") => super::persistence::load_aof(ctx),
        (name, [text]) if is_word(name, "error") => Err(Failure::new(String::from_utf8_lossy(text))),
        (name, [text]) if is_word(name, "log") => {
            tracing::warn!("DEBUG LOG: {}", String::from_utf8_lossy(text));
            ctx.reply.ok();
            Ok(())
        }
        (name, [kind]) if is_word(name, "protocol") => super::debug_protocol::protocol(ctx, kind),
        (name, [key]) if is_word(name, "sdslen") => sds_len(ctx, key),
        (name, [db] | [db, _]) if is_word(name, "htstats") => table_stats(ctx, db),
        (name, [key] | [key, _]) if is_word(name, "htstats-key") => table_stats_of(ctx, key),
        (name, _) if is_word(name, "help") => help(ctx),
        (name, _) => Err(Failure::new(format!(
            "ERR unknown subcommand or wrong number of arguments for '{}'. Try DEBUG HELP.",
            echoed(name)
        ))),
    }
}

/// Stops this thread, and with it the clients that it serves, as a slow command would.
fn sleep(ctx: &mut Ctx<'_>, seconds: &[u8]) -> Outcome {
    // As strtod: what is not a number is zero.
    let seconds: f64 = std::str::from_utf8(seconds).ok().and_then(|text| text.parse().ok()).unwrap_or(0.0);
    if seconds > 0.0 {
        std::thread::sleep(Duration::from_secs_f64(seconds.min(DEBUG_SLEEP_SECONDS_MAX)));
    }
    ctx.reply.ok();
    Ok(())
}

/// Whether the subcommand is a switch of machinery that there is none of here, with as many values as it takes.
fn is_inert(name: &[u8], values: usize) -> bool {
    const SWITCHES: [(&str, usize); 19] = [
        ("aof-flush-sleep", 1),
        ("close-cluster-link-on-packet-drop", 1),
        ("disable-cluster-random-ping", 1),
        ("disable-cluster-reconnection", 1),
        ("drop-cluster-packet-filter", 1),
        ("force-free-primary-async", 1),
        ("leak", 1),
        ("replicate", 1),
        ("slotmigration", 2),
        ("stringmatch-test", 0),
        ("change-repl-id", 0),
        ("config-rewrite-force-all", 0),
        ("dict-resizing", 1),
        ("hashtable-can-abort-shrink", 1),
        ("client-enforce-reply-list", 1),
        ("pause-cron", 1),
        ("pause-after-fork", 1),
        ("replybuffer", 2),
        ("set-skip-checksum-validation", 1),
    ];
    SWITCHES.iter().any(|(switch, takes)| is_word(name, switch) && *takes == values)
}

/// The size from which an element would have a node of its own: nodes are of a few KiB here whatever is in them.
fn packed_threshold(ctx: &mut Ctx<'_>, size: &[u8]) -> Outcome {
    const INVALID: Failure =
        Failure::text("ERR argument must be a memory value bigger than 1 and smaller than 4gb");
    let bytes = std::str::from_utf8(size)
        .ok()
        .and_then(|text| crate::embedded::parse_bytes(text).ok())
        .ok_or(INVALID)?;
    if bytes > 4 << 30 {
        return Err(INVALID);
    }
    ctx.reply.ok();
    Ok(())
}

fn refused(stop: Stop) -> Failure {
    Failure::new(format!("ERR {stop}"))
}

/// How much DEBUG OBJECT looks at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    All,
    /// Not the length of the value in an RDB file.
    Fast,
}

fn object(ctx: &mut Ctx<'_>, key: &[u8], detail: Detail) -> Outcome {
    /// What a payload has besides the value: its type in front, version and checksum behind.
    const PAYLOAD_OVERHEAD: usize = 1 + 2 + 8;
    let now = ctx.now();
    let Some(record) = ctx.peek(key)? else { return Err(Failure::NO_SUCH_KEY) };
    let encoding = encoding_of(record)?;
    let mut text = format!("Value at:{:p} refcount:1 encoding:{encoding}", record.as_ptr());
    if detail == Detail::All {
        let options = ctx.engine.config().rdb_options();
        let payload =
            exchange::payload(options, |writer| exchange::tell_record(record, writer)).map_err(refused)?;
        text += &format!(" serializedlength:{}", payload.len().saturating_sub(PAYLOAD_OVERHEAD));
    }
    let idle = record.idle_seconds(now);
    let used_at = now.seconds().saturating_sub(idle) & 0xff_ffff;
    text += &format!(" lru:{used_at} lru_seconds_idle:{idle}");
    if record.kind() == Kind::List
        && let Body::Trees(trees) = record.body()
    {
        let tree = trees.root(0);
        let nodes = tree.bytes().div_ceil(PACKED_BYTES_MAX as u64).max(1);
        text += &format!(
            " ql_nodes:{nodes} ql_avg_node:{:.2} ql_listpack_max:{} ql_compressed:0 ql_uncompressed_size:{}",
            tree.len() as f64 / nodes as f64,
            ctx.engine.tuning().list_max_listpack_size(),
            tree.bytes(),
        );
    }
    ctx.reply.status(&text);
    Ok(())
}

/// `DEBUG DIGEST-VALUE key [key ...]`: zeroes for a key that does not exist.
fn digest_value(ctx: &mut Ctx<'_>, keys: &[&[u8]]) -> Outcome {
    let digests: Vec<String> = keys
        .iter()
        .map(|key| {
            let digest = ctx.peek(key)?.map(|record| digest_of_value(record, ctx.now()));
            let digest = digest.transpose().map_err(refused)?;
            Ok(hex(&digest.unwrap_or([0; DIGEST_BYTES])))
        })
        .collect::<Result<_, Failure>>()?;
    ctx.reply.array(digests.len());
    digests.iter().for_each(|digest| ctx.reply.status(digest));
    Ok(())
}

/// The elements of a value whose encoding is this one.
fn elements_as<'a>(record: Record<'a>, encoding: &str) -> Result<Option<Elements<'a>>, Failure> {
    Ok((encoding_of(record)? == encoding).then(|| Elements::of(record.body(), 0)))
}

/// `DEBUG LISTPACK key`
fn listpack(ctx: &mut Ctx<'_>, key: &[u8]) -> Outcome {
    const OTHER: Failure = Failure::text("ERR Not a listpack encoded object.");
    let record = ctx.peek(key)?.ok_or(Failure::NO_SUCH_KEY)?;
    let elements = elements_as(record, "listpack")?.ok_or(OTHER)?;
    tracing::info!("DEBUG LISTPACK: {} elements", elements.len());
    ctx.reply.status("Listpack structure printed on stdout");
    Ok(())
}

/// `DEBUG SDSLEN key`: lengths of key and value; nothing is reserved beyond them.
fn sds_len(ctx: &mut Ctx<'_>, key: &[u8]) -> Outcome {
    const OTHER: Failure = Failure::text("ERR Not an sds encoded string.");
    let record = ctx.peek(key)?.ok_or(Failure::NO_SUCH_KEY)?;
    if record.kind() != Kind::String || encoding_of(record)? == "int" {
        return Err(OTHER);
    }
    let len = record.string()?.len();
    ctx.reply.status(&format!(
        "key_sds_len:{} key_sds_avail:0 obj_alloc:{} val_sds_len:{len} val_sds_avail:0 val_alloc:0",
        key.len(),
        record.memory_bytes(),
    ));
    Ok(())
}

/// `DEBUG HTSTATS db [full]`
fn table_stats(ctx: &mut Ctx<'_>, db: &[u8]) -> Outcome {
    const OUTSIDE: Failure = Failure::text("ERR Out of range database");
    let db = u8::try_from(integer(db)?).ok().filter(|db| usize::from(*db) < DATABASES).ok_or(OUTSIDE)?;
    let index = ctx.op.index(db);
    // Seven places in a chain's first bucket.
    let text = format!(
        "[Dictionary HT]\nHash table 0 stats (main hash table):\n table size: {}\n number of entries: {}\n[Expires \
         HT]\n number of entries: {}\n",
        index.chains() * 7,
        ctx.engine.len(db),
        ctx.engine.expires(db),
    );
    ctx.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

/// `DEBUG HTSTATS-KEY key [full]`: large values are trees here.
fn table_stats_of(ctx: &mut Ctx<'_>, key: &[u8]) -> Outcome {
    ctx.peek(key)?.ok_or(Failure::NO_SUCH_KEY)?;
    Err(Failure::text("ERR The value stored at the specified key is not represented using an hash table"))
}

/// `DEBUG QUICKLIST key [detail]`
fn quicklist(ctx: &mut Ctx<'_>, key: &[u8]) -> Outcome {
    const OTHER: Failure = Failure::text("ERR Not a quicklist encoded object.");
    let record = ctx.peek(key)?.ok_or(Failure::NO_SUCH_KEY)?;
    let elements = elements_as(record, "quicklist")?.ok_or(OTHER)?;
    tracing::info!("DEBUG QUICKLIST: {} elements", elements.len());
    ctx.reply.status("Quicklist structure printed on stdout");
    Ok(())
}

/// `DEBUG POPULATE count [prefix] [size]`: keys that exist stay as they are.
fn populate(ctx: &mut Ctx<'_>, options: &[&[u8]]) -> Outcome {
    let count = u64::try_from(integer(options[0])?).map_err(|_| Failure::OUT_OF_RANGE)?;
    let prefix = options.get(1).copied().unwrap_or(b"key");
    let size = match options.get(2) {
        Some(size) => usize::try_from(integer(size)?).map_err(|_| Failure::OUT_OF_RANGE)?,
        None => 0,
    };
    if size > STRING_BYTES_MAX {
        return Err(Failure::STRING_TOO_LONG);
    }
    for number in 0..count {
        let mut key = prefix.to_vec();
        key.extend_from_slice(format!(":{number}").as_bytes());
        let mut value = format!("value:{number}").into_bytes();
        if size > 0 {
            value.resize(size, 0);
        }
        let mut entry = ctx.latch(&key)?;
        if entry.record().is_none() {
            entry.put(
                Draft { value: NewValue::Bytes(&value), expire_at: None, flags: 0, raw: false },
                Effect::Set,
            );
        }
    }
    ctx.reply.ok();
    Ok(())
}

fn help(ctx: &mut Ctx<'_>) -> Outcome {
    super::help(
        ctx,
        "DEBUG",
        &[
            "CHANGE-REPL-ID",
            "    Change the replication IDs of the instance.",
            "DIGEST",
            "    Output a hex signature representing the current DB content.",
            "DIGEST-VALUE <key> [<key> ...]",
            "    Output a hex signature of the values of all the specified keys.",
            "ERROR <string>",
            "    Return a RESP protocol error with <string> as message. Useful for clients",
            "    unit tests to simulate error replies.",
            "LISTPACK <key>",
            "    Show low level info about the listpack encoding of <key>.",
            "LOADAOF",
            "    Flush the AOF buffers on disk and reload the AOF in memory.",
            "LOG <message>",
            "    Write <message> to the server log.",
            "OBJECT <key> [fast]",
            "    Show low level info about `key` and associated value.",
            "POPULATE <count> [<prefix>] [<size>]",
            "    Create <count> string keys named key:<num>. If <prefix> is specified then",
            "    it is used instead of the 'key' prefix.",
            "PROTOCOL <type>",
            "    Reply with a test value of the specified type.",
            "QUICKLIST <key> [<0|1>]",
            "    Show low level info about the quicklist encoding of <key>.",
            "QUICKLIST-PACKED-THRESHOLD <size>",
            "    Taken, and without effect: elements of any size share nodes here.",
            "RELOAD [option ...]",
            "    Save the snapshot on disk and reload it back to memory.",
            "SET-ACTIVE-EXPIRE <0|1>",
            "    Setting it to 0 disables expiring keys in background when they are not",
            "    accessed (otherwise the behavior). Setting it to 1 reenables back the",
            "    default.",
            "SLEEP <seconds>",
            "    Stop the server for <seconds>. Decimals allowed.",
        ],
    )
}
