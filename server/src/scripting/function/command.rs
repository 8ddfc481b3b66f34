//! FCALL, and FUNCTION's subcommands that change libraries.

use std::sync::Arc;

use polycache_core::command::{Args, Ctx, Failure, Outcome};

use super::{dump as payload, load as loading};
use crate::client::Client;
use crate::scripting::eval::{Call, key_count};
use crate::scripting::machine::{Loaded, Machine};
use crate::scripting::script_command::answer_kill;
use crate::server::Server;

pub use super::show::{help, list, stats};

const NO_FUNCTION: Failure = Failure::text("ERR Function not found");
const NO_LIBRARY: Failure = Failure::text("ERR Library not found");

/// `FCALL function numkeys key... arg...`
pub fn fcall(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    call(ctx, args, false)
}

/// `FCALL_RO function numkeys key... arg...`
pub fn fcall_ro(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    call(ctx, args, true)
}

fn call(ctx: &mut Ctx<'_>, args: Args<'_>, read_only: bool) -> Outcome {
    let server = Client::of(ctx.host).server.clone();
    let mut machine = server.scripting.take()?;
    let outcome = call_in(ctx, &server, &mut machine, args, read_only);
    server.scripting.give_back(machine);
    outcome
}

fn call_in(
    ctx: &mut Ctx<'_>,
    server: &Arc<Server>,
    machine: &mut Machine,
    args: Args<'_>,
    read_only: bool,
) -> Outcome {
    let name = std::str::from_utf8(args[1]).map_err(|_| NO_FUNCTION)?;
    let changes = server.engine.libraries().changes();
    if machine.changes != changes {
        forget(machine);
        machine.changes = changes;
    }
    let loaded = match machine.functions.get(name) {
        Some(loaded) => loaded.clone(),
        None => {
            bring(ctx, server, machine, name, args)?;
            machine.functions.get(name).cloned().ok_or(NO_FUNCTION)?
        }
    };
    let keys = key_count(args, Failure::text("ERR Bad number of keys provided"))?;
    let function = &loaded.library.functions[loaded.place];
    let call = Call {
        function: &loaded.callback,
        name: Some(&function.name),
        flags: function.flags,
        pace: &function.pace,
        is_global: &function.is_global,
        read_only,
        keys,
    };
    call.carry_out(ctx, server, machine, args)
}

/// Gives up the functions of a machine.
fn forget(machine: &mut Machine) {
    let functions = std::mem::take(&mut machine.functions);
    machine.state.with(|stack| {
        for loaded in functions.into_values().filter_map(Arc::into_inner) {
            stack.forget(loaded.callback);
        }
    });
}

/// Loads the library of a function into a machine.
fn bring(
    ctx: &mut Ctx<'_>,
    server: &Arc<Server>,
    machine: &mut Machine,
    name: &str,
    args: Args<'_>,
) -> Outcome {
    let library = server
        .scripting
        .functions
        .with(ctx, server, machine, args, |_, _, known| known.owner(name).cloned())
        .ok_or(NO_FUNCTION)?;
    let (_, callbacks) = loading::load(ctx, server, machine, &library.code, args)?;
    for (name, callback) in callbacks {
        let Some(place) = library.place(&name) else { continue };
        let loaded = Loaded { library: library.clone(), place, callback };
        machine.functions.insert(name, Arc::new(loaded));
    }
    Ok(())
}

/// Works with what is known of libraries, in a machine.
pub(super) fn with_known<R>(
    ctx: &mut Ctx<'_>,
    args: Args<'_>,
    work: impl FnOnce(&mut Ctx<'_>, &Arc<Server>, &mut Machine, &mut super::registry::Known) -> R,
) -> Result<R, Failure> {
    let server = Client::of(ctx.host).server.clone();
    let mut machine = server.scripting.take()?;
    let result = server
        .scripting
        .functions
        .with(ctx, &server, &mut machine, args, |ctx, machine, known| work(ctx, &server, machine, known));
    server.scripting.give_back(machine);
    Ok(result)
}

/// `FUNCTION LOAD [REPLACE] code`
pub fn load(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (code, options) = args[2..].split_last().ok_or(Failure::SYNTAX)?;
    let mut replaces = false;
    for option in options {
        if !option.eq_ignore_ascii_case(b"REPLACE") {
            let option = String::from_utf8_lossy(option);
            return Err(Failure::new(format!("ERR Unknown option given: {option}")));
        }
        replaces = true;
    }
    let code: Arc<[u8]> = Arc::from(*code);
    let name = with_known(ctx, args, |ctx, server, machine, known| {
        let (name, _) = super::library::parse(&code)?;
        if !replaces && known.libraries.contains_key(&name) {
            return Err(Failure::new(format!("ERR Library '{name}' already exists")));
        }
        let (library, callbacks) = loading::load(ctx, server, machine, &code, args)?;
        loading::forget(machine, callbacks);
        known.admits(&library, replaces)?;
        let mut libraries = known.libraries.clone();
        libraries.insert(name.clone(), Arc::new(library));
        known.become_those(ctx, libraries, &[&[b"FUNCTION", b"LOAD", b"REPLACE", &code]])?;
        Ok(name)
    })??;
    ctx.reply.bulk(name.as_bytes());
    Ok(())
}

/// `FUNCTION DELETE library`
pub fn delete(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    with_known(ctx, args, |ctx, _, _, known| {
        let mut libraries = known.libraries.clone();
        libraries.remove(&*String::from_utf8_lossy(args[2])).ok_or(NO_LIBRARY)?;
        known.become_those(ctx, libraries, &[&[b"FUNCTION", b"DELETE", args[2]]])
    })??;
    ctx.reply.ok();
    Ok(())
}

/// `FUNCTION FLUSH [ASYNC|SYNC]`
pub fn flush(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const WRONG: Failure = Failure::text("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
    let is = |word: &[u8]| args[2].eq_ignore_ascii_case(word);
    if args.len() > 3 || (args.len() == 3 && !is(b"SYNC") && !is(b"ASYNC")) {
        return Err(WRONG);
    }
    with_known(ctx, args, |ctx, _, _, known| {
        known.become_those(ctx, Default::default(), &[&[b"FUNCTION", b"FLUSH"]])
    })??;
    ctx.reply.ok();
    Ok(())
}

/// `FUNCTION DUMP`
pub fn dump(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let codes: Vec<Arc<[u8]>> = with_known(ctx, args, |_, _, _, known| {
        known.libraries.values().map(|library| library.code.clone()).collect()
    })?;
    let payload = payload::write(&codes, ctx.engine.config().rdb_options())?;
    ctx.reply.bulk(&payload);
    Ok(())
}

/// `FUNCTION RESTORE payload [FLUSH|APPEND|REPLACE]`
pub fn restore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const WRONG: Failure =
        Failure::text("ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.");
    if args.len() > 4 {
        return Err(Failure::text("ERR wrong number of arguments for 'function|restore' command"));
    }
    let policy = args.get(3).copied().unwrap_or(b"APPEND");
    let is = |word: &[u8]| policy.eq_ignore_ascii_case(word);
    if !is(b"FLUSH") && !is(b"APPEND") && !is(b"REPLACE") {
        return Err(WRONG);
    }
    let codes = payload::read(args[2])?;
    with_known(ctx, args, |ctx, server, machine, known| {
        let mut next = known.clone();
        if is(b"FLUSH") {
            next.libraries.clear();
        }
        for code in &codes {
            let (library, callbacks) = loading::load(ctx, server, machine, code, args)?;
            loading::forget(machine, callbacks);
            next.admits(&library, is(b"REPLACE"))?;
            next.libraries.insert(library.name.clone(), Arc::new(library));
        }
        let loads: Vec<[&[u8]; 4]> =
            codes.iter().map(|code| [&b"FUNCTION"[..], b"LOAD", b"REPLACE", code]).collect();
        let mut effects: Vec<&[&[u8]]> = Vec::with_capacity(loads.len() + 1);
        if is(b"FLUSH") {
            effects.push(&[b"FUNCTION", b"FLUSH"]);
        }
        effects.extend(loads.iter().map(|load| &load[..]));
        known.become_those(ctx, next.libraries, &effects)
    })??;
    ctx.reply.ok();
    Ok(())
}

/// `FUNCTION KILL`
pub fn kill(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    answer_kill(ctx, true)
}
