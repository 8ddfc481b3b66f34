//! FUNCTION LIST, STATS and HELP.

use std::sync::Arc;

use polycache_core::command::glob::Glob;
use polycache_core::command::{Args, Ctx, Failure, Outcome, Reply};

use super::command::with_known;
use super::library::Library;
use crate::client::Client;
use crate::scripting::script::Flags;

/// `FUNCTION LIST [LIBRARYNAME pattern] [WITHCODE]`
pub fn list(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (mut pattern, mut with_code, mut rest) = (None, false, &args[2..]);
    while let [word, behind @ ..] = rest {
        rest = behind;
        if !with_code && word.eq_ignore_ascii_case(b"WITHCODE") {
            with_code = true;
        } else if pattern.is_none() && word.eq_ignore_ascii_case(b"LIBRARYNAME") {
            let [given, behind @ ..] = rest else {
                return Err(Failure::text("ERR library name argument was not given"));
            };
            (pattern, rest) = (Some(*given), behind);
        } else {
            let word = String::from_utf8_lossy(word);
            return Err(Failure::new(format!("ERR Unknown argument {word}")));
        }
    }
    let libraries: Vec<Arc<Library>> =
        with_known(ctx, args, |_, _, _, known| known.libraries.values().cloned().collect())?;
    let wanted = |library: &&Arc<Library>| {
        pattern.is_none_or(|pattern| {
            Glob::new(&pattern.to_ascii_lowercase()).matches(library.name.to_ascii_lowercase().as_bytes())
        })
    };
    let libraries: Vec<_> = libraries.iter().filter(wanted).collect();
    ctx.reply.array(libraries.len());
    for library in libraries {
        show(ctx.reply, library, with_code);
    }
    Ok(())
}

fn show(reply: &mut dyn Reply, library: &Library, with_code: bool) {
    reply.map(if with_code { 4 } else { 3 });
    reply.bulk(b"library_name");
    reply.bulk(library.name.as_bytes());
    reply.bulk(b"engine");
    reply.bulk(b"LUA");
    reply.bulk(b"functions");
    reply.array(library.functions.len());
    for function in &library.functions {
        reply.map(3);
        reply.bulk(b"name");
        reply.bulk(function.name.as_bytes());
        reply.bulk(b"description");
        match &function.description {
            Some(description) => reply.bulk(description.as_bytes()),
            None => reply.null(),
        }
        reply.bulk(b"flags");
        let flags = || Flags::NAMES.iter().filter(|(flag, _)| function.flags.has(*flag));
        reply.set(flags().count());
        flags().for_each(|(_, name)| reply.status(name));
    }
    if with_code {
        reply.bulk(b"library_code");
        reply.bulk(&library.code);
    }
}

/// `FUNCTION STATS`
pub fn stats(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (libraries, functions) = with_known(ctx, args, |_, _, _, known| {
        (
            known.libraries.len(),
            known.libraries.values().map(|library| library.functions.len()).sum::<usize>(),
        )
    })?;
    let running = Client::of(ctx.host).server.scripting.running.oldest();
    let reply = &mut *ctx.reply;
    reply.map(2);
    reply.bulk(b"running_script");
    match running {
        None => reply.null(),
        Some(running) => {
            reply.map(3);
            reply.bulk(b"name");
            reply.bulk(running.name.as_bytes());
            reply.bulk(b"command");
            reply.array(running.command.len());
            running.command.iter().for_each(|arg| reply.bulk(arg));
            reply.bulk(b"duration_ms");
            reply.integer(i64::try_from(running.started.elapsed().as_millis()).unwrap_or(i64::MAX));
        }
    }
    reply.bulk(b"engines");
    reply.map(1);
    reply.bulk(b"LUA");
    reply.map(2);
    reply.bulk(b"libraries_count");
    reply.integer(libraries as i64);
    reply.bulk(b"functions_count");
    reply.integer(functions as i64);
    Ok(())
}

/// `FUNCTION HELP`
pub fn help(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    crate::admin::help(
        ctx,
        "FUNCTION",
        &[
            "LOAD [REPLACE] <FUNCTION CODE>",
            "    Create a new library with the given library name and code.",
            "DELETE <LIBRARY NAME>",
            "    Delete the given library.",
            "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
            "    Return general information on all the libraries:",
            "    * Library name",
            "    * The engine used to run the Library",
            "    * Functions list",
            "    * Library code (if WITHCODE is given)",
            "    It also possible to get only function that matches a pattern using LIBRARYNAME argument.",
            "STATS",
            "    Return information about the current function running:",
            "    * Function name",
            "    * Command used to run the function",
            "    * Duration in MS that the function is running",
            "    If no function is running, return nil",
            "    In addition, returns a list of available engines.",
            "KILL",
            "    Kill the current running function.",
            "FLUSH [ASYNC|SYNC]",
            "    Delete all the libraries.",
            "    When called without the optional mode argument, the behavior is determined by the",
            "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
            "    * ASYNC: Asynchronously flush the libraries.",
            "    * SYNC: Synchronously flush the libraries.",
            "DUMP",
            "    Return a serialized payload representing the current libraries, can be restored using FUNCTION RESTORE command",
            "RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]",
            "    Restore the libraries represented by the given payload, it is possible to give a restore policy to",
            "    control how to handle existing libraries (default APPEND):",
            "    * FLUSH: delete all existing libraries.",
            "    * APPEND: appends the restored libraries to the existing libraries. On collision, abort.",
            "    * REPLACE: appends the restored libraries to the existing libraries, On collision, replace the old",
            "      libraries with the new libraries (notice that even on this option there is a chance of failure",
            "      in case of functions name collision with another library).",
        ],
    )
}
