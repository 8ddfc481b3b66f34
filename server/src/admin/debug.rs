//! DEBUG, for tests: SLEEP, SET-ACTIVE-EXPIRE, OBJECT, RELOAD, LOADAOF, and a few that test suites of clients use.
//! `enable-debug-command` says who may use it.

use std::time::Duration;

use polycache_core::command::args::{echoed, is_word};
use polycache_core::command::{Args, Ctx, Failure, Outcome};

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
        (name, [key]) if is_word(name, "object") => object(ctx, key),
        (name, [key, fast]) if is_word(name, "object") && is_word(fast, "fast") => object(ctx, key),
        (name, options) if is_word(name, "reload") => super::persistence::reload(ctx, options),
        (name, []) if is_word(name, "loadaof") => super::persistence::load_aof(ctx),
        (name, [text]) if is_word(name, "error") => Err(Failure::new(String::from_utf8_lossy(text))),
        (name, [text]) if is_word(name, "log") => {
            tracing::warn!("DEBUG LOG: {}", String::from_utf8_lossy(text));
            ctx.reply.ok();
            Ok(())
        }
        (name, [kind]) if is_word(name, "protocol") => protocol(ctx, kind),
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

fn object(ctx: &mut Ctx<'_>, key: &[u8]) -> Outcome {
    let now = ctx.now();
    let Some(record) = ctx.peek(key)? else { return Err(Failure::NO_SUCH_KEY) };
    // Of containers, what they take: nobody serializes one for this.
    let bytes = record.string().map_or_else(|_| record.memory_bytes(), |value| value.len() + 1);
    let encoding = polycache_core::command::encoding_of(record)?;
    let idle = record.idle_seconds(now);
    ctx.reply.status(&format!(
        "Value at:{:p} refcount:1 encoding:{encoding} serializedlength:{} lru:{} lru_seconds_idle:{idle}",
        record.as_ptr(),
        bytes,
        now.seconds().saturating_sub(idle) & 0xff_ffff,
    ));
    Ok(())
}

/// A reply of each type that clients must be able to read.
fn protocol(ctx: &mut Ctx<'_>, kind: &[u8]) -> Outcome {
    const UNKNOWN: Failure = Failure::text(
        "ERR Wrong protocol type name. Please use one of the following: string|integer|double|null|array|set|map|\
         verbatim|true|false",
    );
    match kind.to_ascii_lowercase().as_slice() {
        b"string" => ctx.reply.bulk(b"Hello World"),
        b"integer" => ctx.reply.integer(12345),
        // What Valkey replies; it is not meant as pi.
        #[allow(clippy::approx_constant)]
        b"double" => ctx.reply.double(3.141),
        b"null" => ctx.reply.null(),
        b"array" => {
            ctx.reply.array(3);
            (0..3).for_each(|number| ctx.reply.integer(number));
        }
        b"set" => {
            ctx.reply.set(3);
            (0..3).for_each(|number| ctx.reply.integer(number));
        }
        b"map" => {
            ctx.reply.map(3);
            for number in 0..3 {
                ctx.reply.integer(number);
                ctx.reply.boolean(number == 1);
            }
        }
        b"verbatim" => ctx.reply.verbatim("txt", b"This is a verbatim\nstring"),
        b"true" => ctx.reply.boolean(true),
        b"false" => ctx.reply.boolean(false),
        _ => return Err(UNKNOWN),
    }
    Ok(())
}

fn help(ctx: &mut Ctx<'_>) -> Outcome {
    super::help(
        ctx,
        "DEBUG",
        &[
            "ERROR <string>",
            "    Return a RESP protocol error with <string> as message. Useful for clients",
            "    unit tests to simulate error replies.",
            "LOADAOF",
            "    Flush the AOF buffers on disk and reload the AOF in memory.",
            "LOG <message>",
            "    Write <message> to the server log.",
            "OBJECT <key> [fast]",
            "    Show low level info about `key` and associated value.",
            "PROTOCOL <type>",
            "    Reply with a test value of the specified type.",
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
