//! CLIENT's subcommands that say or change something of the calling client, and the pause of all.

use polycache_core::clock::UnixMillis;
use polycache_core::command::args::{echoed, integer, is_word};
use polycache_core::command::{Args, Ctx, Failure, Outcome};

use super::{Client, Held, ReplyMode};
use crate::config::table;
use crate::config::value::Value;

/// CLIENT ID.
pub fn id(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let id = Client::of(ctx.host).id;
    ctx.reply.integer(id as i64);
    Ok(())
}

/// CLIENT GETNAME.
pub fn getname(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let name = Client::of(ctx.host).entry.texts().name.clone();
    if name.is_empty() {
        ctx.reply.null()
    } else {
        ctx.reply.bulk(name.as_bytes())
    }
    Ok(())
}

/// CLIENT SETNAME name.
pub fn setname(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let name = checked_text(args[2], "Client names")?;
    Client::of(ctx.host).entry.texts().name = name;
    ctx.reply.ok();
    Ok(())
}

/// CLIENT SETINFO LIB-NAME|LIB-VER value.
pub fn setinfo(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let entry = &Client::of(ctx.host).entry;
    // The error repeats the option's name as it was sent.
    if is_word(args[2], "lib-name") {
        entry.texts().lib_name = checked_text(args[3], &echoed(args[2]))?;
    } else if is_word(args[2], "lib-ver") {
        entry.texts().lib_ver = checked_text(args[3], &echoed(args[2]))?;
    } else {
        return Err(Failure::new(format!("ERR Unrecognized option '{}'", echoed(args[2]))));
    }
    ctx.reply.ok();
    Ok(())
}

/// `text` if it can stand in a line of CLIENT LIST; the error names it as `what`.
pub(super) fn checked_text(text: &[u8], what: &str) -> Result<String, Failure> {
    match std::str::from_utf8(text) {
        Ok(text) if is_clean(text.as_bytes()) => Ok(text.to_owned()),
        _ => Err(Failure::new(format!("ERR {what} cannot contain spaces, newlines or special characters."))),
    }
}

/// Whether there are only visible ASCII characters.
pub(super) fn is_clean(text: &[u8]) -> bool {
    text.iter().all(|byte| (b'!'..=b'~').contains(byte))
}

fn on_off(word: &[u8]) -> Result<bool, Failure> {
    if is_word(word, "on") {
        Ok(true)
    } else if is_word(word, "off") {
        Ok(false)
    } else {
        Err(Failure::SYNTAX)
    }
}

/// CLIENT NO-EVICT ON|OFF.
pub fn no_evict(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    Client::of(ctx.host).no_evict = on_off(args[2])?;
    ctx.reply.ok();
    Ok(())
}

/// CLIENT NO-TOUCH ON|OFF.
pub fn no_touch(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    ctx.session.no_touch = on_off(args[2])?;
    ctx.reply.ok();
    Ok(())
}

/// CLIENT REPLY ON|OFF|SKIP. Only ON is answered.
pub fn reply(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let client = Client::of(ctx.host);
    if is_word(args[2], "skip") {
        // Replies that are off stay off.
        if client.reply_mode != ReplyMode::Off {
            client.reply_mode = ReplyMode::SkipNext;
        }
    } else {
        client.reply_mode = if on_off(args[2])? { ReplyMode::On } else { ReplyMode::Off };
    }
    ctx.reply.ok();
    Ok(())
}

/// CLIENT IMPORT-SOURCE ON|OFF: such a client would see expired keys, which the import of a live stream of writes needs.
pub fn import_source(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let client = Client::of(ctx.host);
    let settings = client.server.settings.load();
    let is_importing =
        table::lookup("import-mode").is_some_and(|setting| settings.value(setting) == Value::Bool(true));
    if !is_importing && !is_word(args[2], "off") {
        return Err(Failure::text("ERR Server is not in import mode"));
    }
    let is_source = on_off(args[2])?;
    // ORDERING: a figure, see `entry.rs`.
    client.entry.figures.import_source.store(is_source, std::sync::atomic::Ordering::Relaxed);
    ctx.reply.ok();
    Ok(())
}

/// CLIENT PAUSE milliseconds [WRITE|ALL].
pub fn pause(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let held = match args {
        [_, _, _] => Held::Everything,
        [_, _, _, mode, ..] if is_word(mode, "all") => Held::Everything,
        [_, _, _, mode, ..] if is_word(mode, "write") => Held::Writes,
        _ => return Err(Failure::text("ERR CLIENT PAUSE mode must be WRITE or ALL")),
    };
    let not_integer = Failure::text("ERR timeout is not an integer or out of range");
    let milliseconds = integer(args[2]).map_err(|_| not_integer)?;
    let Ok(milliseconds) = u64::try_from(milliseconds) else {
        return Err(Failure::text("ERR timeout is negative"));
    };
    let Some(until) =
        UnixMillis::now().0.checked_add(milliseconds).filter(|until| i64::try_from(*until).is_ok())
    else {
        return Err(Failure::text("ERR timeout is out of range"));
    };
    let until = UnixMillis(until);
    Client::of(ctx.host).server.clients.pause.begin(until, held);
    ctx.reply.ok();
    Ok(())
}

/// CLIENT UNPAUSE.
pub fn unpause(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    Client::of(ctx.host).server.clients.pause.end();
    ctx.reply.ok();
    Ok(())
}

/// CLIENT CAPA word...: words that we do not know are ignored, as in Valkey.
pub fn capa(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    if args[2..].iter().any(|word| is_word(word, "redirect")) {
        let figures = &Client::of(ctx.host).entry.figures;
        // ORDERING: a figure, see `entry.rs`.
        figures.can_redirect.store(true, std::sync::atomic::Ordering::Relaxed);
    }
    ctx.reply.ok();
    Ok(())
}
