//! SCRIPT: the cache of scripts, and the end of those that run.

use std::sync::atomic::Ordering;

use polycache_core::command::{Args, Ctx, Failure, Outcome};

use super::eval::{self, NO_SCRIPT, parse_sum};
use super::run::Kill;
use crate::client::Client;

/// `SCRIPT LOAD script`
pub fn load(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let server = Client::of(ctx.host).server.clone();
    let mut machine = server.scripting.take()?;
    let compiled = match machine.find_source(args[2]) {
        Some(compiled) => {
            compiled.script.is_loaded.store(true, Ordering::SeqCst);
            Ok(compiled)
        }
        None => eval::add(&server, &mut machine, args[2], true),
    };
    server.scripting.give_back(machine);
    ctx.reply.bulk(compiled?.script.hex().as_bytes());
    Ok(())
}

/// `SCRIPT EXISTS sha1...`
pub fn exists(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let server = Client::of(ctx.host).server.clone();
    ctx.reply.array(args.len() - 2);
    for hex in &args[2..] {
        let known = parse_sum(hex).and_then(|sum| server.scripting.scripts.find(&sum));
        ctx.reply.integer(i64::from(known.is_some()));
    }
    Ok(())
}

/// `SCRIPT SHOW sha1`
pub fn show(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let server = Client::of(ctx.host).server.clone();
    let script = parse_sum(args[2]).and_then(|sum| server.scripting.scripts.find(&sum)).ok_or(NO_SCRIPT)?;
    ctx.reply.bulk(&script.source);
    Ok(())
}

/// `SCRIPT FLUSH [ASYNC|SYNC]`
pub fn flush(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const WRONG: Failure = Failure::text("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
    let is = |word: &[u8]| args[2].eq_ignore_ascii_case(word);
    if args.len() > 3 || (args.len() == 3 && !is(b"SYNC") && !is(b"ASYNC")) {
        return Err(WRONG);
    }
    Client::of(ctx.host).server.scripting.scripts.flush();
    ctx.reply.ok();
    Ok(())
}

/// `SCRIPT KILL`
pub fn kill(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    answer_kill(ctx, false)
}

/// Ends scripts or functions.
pub fn answer_kill(ctx: &mut Ctx<'_>, is_function: bool) -> Outcome {
    const NONE: Failure = Failure::text("NOTBUSY No scripts in execution right now.");
    const WRITTEN: Failure = Failure::text(
        "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.",
    );
    match Client::of(ctx.host).server.scripting.running.kill(is_function) {
        Kill::Done => ctx.reply.ok(),
        Kill::Refused => return Err(WRITTEN),
        Kill::None => return Err(NONE),
    }
    Ok(())
}

/// `SCRIPT DEBUG YES|SYNC|NO [engine]`: there is no debugger; that none is wanted is accepted.
pub fn debug(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const WRONG: Failure = Failure::text("ERR Use SCRIPT DEBUG YES/SYNC/NO");
    const NONE: Failure = Failure::text("ERR the Lua debugger is not part of this server");
    let is = |word: &[u8]| args[2].eq_ignore_ascii_case(word);
    if is(b"NO") {
        ctx.reply.ok();
        return Ok(());
    }
    Err(if is(b"YES") || is(b"SYNC") { NONE } else { WRONG })
}

/// `SCRIPT HELP`
pub fn help(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    crate::admin::help(
        ctx,
        "SCRIPT",
        &[
            "DEBUG (YES|SYNC|NO) [<engine_name>]",
            "    Set the debug mode for subsequent scripts executed of the specified engine.",
            "    Default engine name: 'lua'",
            "EXISTS <sha1> [<sha1> ...]",
            "    Return information about the existence of the scripts in the script cache.",
            "FLUSH [ASYNC|SYNC]",
            "    Flush the Lua scripts cache. Very dangerous on replicas.",
            "    When called without the optional mode argument, the behavior is determined",
            "     by the lazyfree-lazy-user-flush configuration directive. Valid modes are:",
            "    * ASYNC: Asynchronously flush the scripts cache.",
            "    * SYNC: Synchronously flush the scripts cache.",
            "KILL",
            "    Kill the currently executing Lua script.",
            "LOAD <script>",
            "    Load a script into the scripts cache without executing it.",
            "SHOW <sha1>",
            "    Show a script from the scripts cache.",
        ],
    )
}
