//! SLOWLOG and COMMANDLOG.

use polycache_core::command::args::{canonical_integer, echoed};
use polycache_core::command::{Args, Ctx, Failure, Outcome};

use super::Subject;
use crate::client::Client;

/// What SLOWLOG GET shows without a count.
const SHOWN: usize = 10;

fn subject(word: &[u8]) -> Result<Subject, Failure> {
    const UNKNOWN: Failure =
        Failure::text("ERR type should be one of the following: slow, large-request, large-reply");
    let found = Subject::NAMES.iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes()));
    found.map(|(_, subject)| *subject).ok_or(UNKNOWN)
}

fn count(text: &[u8]) -> Result<usize, Failure> {
    match canonical_integer(text) {
        Some(-1) => Ok(usize::MAX),
        Some(count) if count >= 0 => Ok(count as usize),
        _ => Err(Failure::text("ERR count should be greater than or equal to -1")),
    }
}

fn show(ctx: &mut Ctx<'_>, subject: Subject, count: usize) -> Outcome {
    let server = Client::of(ctx.host).server.clone();
    server.command_logs.trim(subject, &server.settings.load());
    let entries = server.command_logs.newest(subject, count);
    ctx.reply.array(entries.len());
    for entry in entries {
        ctx.reply.array(6);
        ctx.reply.integer(entry.id as i64);
        ctx.reply.integer(entry.at as i64);
        ctx.reply.integer(entry.value as i64);
        ctx.reply.array(entry.arguments.len());
        for argument in &entry.arguments {
            ctx.reply.bulk(argument);
        }
        ctx.reply.bulk(entry.address.as_bytes());
        ctx.reply.bulk(entry.name.as_bytes());
    }
    Ok(())
}

fn tell_len(ctx: &mut Ctx<'_>, subject: Subject) -> Outcome {
    let server = Client::of(ctx.host).server.clone();
    server.command_logs.trim(subject, &server.settings.load());
    let (len, _) = server.command_logs.counts(subject);
    ctx.reply.integer(len as i64);
    Ok(())
}

fn clear(ctx: &mut Ctx<'_>, subject: Subject) -> Outcome {
    Client::of(ctx.host).server.command_logs.reset(subject);
    ctx.reply.ok();
    Ok(())
}

/// `SLOWLOG GET [count]`
pub(in crate::admin) fn slowlog_get(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    if args.len() > 3 {
        let name = echoed(args[1]);
        return Err(Failure::new(format!(
            "ERR unknown subcommand or wrong number of arguments for '{name}'. Try SLOWLOG HELP."
        )));
    }
    let wanted = args.get(2).map_or(Ok(SHOWN), |text| count(text))?;
    show(ctx, Subject::Slow, wanted)
}

/// `SLOWLOG LEN`
pub(in crate::admin) fn slowlog_len(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    tell_len(ctx, Subject::Slow)
}

/// `SLOWLOG RESET`
pub(in crate::admin) fn slowlog_reset(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    clear(ctx, Subject::Slow)
}

/// `COMMANDLOG GET count type`
pub(in crate::admin) fn get(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let wanted = count(args[2])?;
    show(ctx, subject(args[3])?, wanted)
}

/// `COMMANDLOG LEN type`
pub(in crate::admin) fn len(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    tell_len(ctx, subject(args[2])?)
}

/// `COMMANDLOG RESET type`
pub(in crate::admin) fn reset(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    clear(ctx, subject(args[2])?)
}

/// `COMMANDLOG HELP`
pub(in crate::admin) fn help(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    crate::admin::help(
        ctx,
        "COMMANDLOG",
        &[
            "GET <count> <type>",
            "    Return top <count> entries of the specified <type> from the commandlog (-1 mean all).",
            "    Entries are made of:",
            "    id, timestamp,",
            "        time in microseconds for type of slow,",
            "        or size in bytes for type of large-request,",
            "        or size in bytes for type of large-reply",
            "    arguments array, client IP and port,",
            "    client name",
            "LEN <type>",
            "    Return the length of the specified type of commandlog.",
            "RESET <type>",
            "    Reset the specified type of commandlog.",
        ],
    )
}

/// `SLOWLOG HELP`
pub(in crate::admin) fn slowlog_help(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    crate::admin::help(
        ctx,
        "SLOWLOG",
        &[
            "GET [<count>]",
            "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
            "    Entries are made of:",
            "    id, timestamp, time in microseconds, arguments array, client IP and port,",
            "    client name",
            "LEN",
            "    Return the length of the slowlog.",
            "RESET",
            "    Reset the slowlog.",
        ],
    )
}
