//! Loading a library into a machine: its code runs once, and registers functions.

use std::collections::HashMap;
use std::ffi::c_int;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8};

use polycache_core::command::{Args, Ctx, Failure};

use super::library::{self, Function, Library, Registered};
use crate::limits::FUNCTION_LOAD_US_MAX;
use crate::scripting::eval::plain_error;
use crate::scripting::lua::compile::compile;
use crate::scripting::lua::{Kind, Raise, Reference, Stack};
use crate::scripting::machine::{Machine, message};
use crate::scripting::run::Run;
use crate::scripting::script::{Flags, is_global, pace};
use crate::server::Server;

/// Runs a library's code; the library as it registered itself, and its functions in this machine.
pub fn load(
    ctx: &mut Ctx<'_>,
    server: &Arc<Server>,
    machine: &mut Machine,
    code: &Arc<[u8]>,
    args: Args<'_>,
) -> Result<(Library, HashMap<String, Reference>), Failure> {
    const NONE: Failure = Failure::text("ERR No functions registered");
    const TWICE: Failure = Failure::text("ERR Function already exists in the library");
    const BAD_NAME: Failure = Failure::text(
        "ERR Function names can only contain letters, numbers, or underscores(_) and must be at least one character long",
    );
    let (name, body) = library::parse(code)?;
    machine.enter(true);
    let mut run = Run::new(server, ctx.op, ctx.session.clone(), &mut *ctx.host, args);
    let ticks = &server.stats.ticks;
    run.registered = Some(Vec::new()).into();
    run.ends_at = Some(ticks.now() + ticks.from_us(FUNCTION_LOAD_US_MAX));
    let worlds = &machine.worlds;
    let outcome = machine.state.with_run(&run, |stack| {
        stack.push_kept(&worlds.error_handler);
        let handler = stack.top();
        if compile(stack, &code[body..], b"@user_function").is_err() {
            return Err(Failure::new(format!("ERR Error compiling function: {}", message(stack))));
        }
        worlds.set_loading(stack, true);
        let called = stack.call(0, 0, handler);
        let outcome = called
            .map_err(|_| Failure::new(format!("ERR Error registering functions: {}", plain_error(stack))));
        worlds.set_loading(stack, false);
        outcome
    });
    let registered = run.registered.take().unwrap_or_default();
    drop(run);
    let mut functions: Vec<Function> = Vec::with_capacity(registered.len());
    let mut callbacks = HashMap::with_capacity(registered.len());
    let mut checked = outcome.and(if registered.is_empty() { Err(NONE) } else { Ok(()) });
    let is_global = is_global(code);
    for Registered { name, callback, description, flags } in registered {
        if checked.is_ok() && !library::is_name(&name) {
            checked = Err(BAD_NAME);
        }
        if checked.is_ok() && callbacks.contains_key(&name) {
            checked = Err(TWICE);
        }
        if checked.is_err() {
            machine.state.with(|stack| stack.forget(callback));
            continue;
        }
        callbacks.insert(name.clone(), callback);
        functions.push(Function {
            name,
            description,
            flags,
            pace: AtomicU8::new(pace::UNKNOWN),
            is_global: AtomicBool::new(is_global),
        });
    }
    if let Err(failure) = checked {
        forget(machine, callbacks);
        return Err(failure);
    }
    functions.sort_by(|one, other| one.name.cmp(&other.name));
    Ok((Library { name, code: code.clone(), functions }, callbacks))
}

/// Gives up a library's functions.
pub fn forget(machine: &mut Machine, callbacks: HashMap<String, Reference>) {
    machine.state.with(|stack| callbacks.into_values().for_each(|callback| stack.forget(callback)));
}

/// `redis.register_function(name, callback)`, or with a table of named arguments.
pub fn register(stack: Stack) -> Result<c_int, Raise> {
    let run = stack.run().filter(|run| run.registered.borrow().is_some()).ok_or_else(|| {
        Raise::reply("ERR server.register_function can only be called on FUNCTION LOAD command")
    })?;
    let registered = match stack.top() {
        1 if stack.kind(1) == Kind::Table => by_table(stack)?,
        1 => {
            return Err(Raise::reply(
                "ERR calling server.register_function with a single argument is only applicable to Lua table (representing named arguments).",
            ));
        }
        2 => {
            let name = text(stack, 1).ok_or_else(|| {
                Raise::reply("ERR first argument to server.register_function must be a string")
            })?;
            if stack.kind(2) != Kind::Function {
                return Err(Raise::reply(
                    "ERR second argument to server.register_function must be a function",
                ));
            }
            Registered { name, callback: stack.keep(), description: None, flags: Flags::default() }
        }
        _ => return Err(Raise::reply("ERR wrong number of arguments to server.register_function")),
    };
    if let Some(all) = run.registered.borrow_mut().as_mut() {
        all.push(registered);
    }
    Ok(0)
}

fn text(stack: Stack, at: c_int) -> Option<String> {
    let is_text = matches!(stack.kind(at), Kind::String | Kind::Number);
    // A copy: reading a number as text changes it, and the key of a walk must not change.
    is_text.then(|| {
        stack.push_value(at);
        let text = String::from_utf8_lossy(stack.bytes(-1).unwrap_or_default()).into_owned();
        stack.pop(1);
        text
    })
}

fn by_table(stack: Stack) -> Result<Registered, Raise> {
    let (mut name, mut description, mut flags, mut has_callback) = (None, None, Flags::default(), false);
    let callback_at = 2;
    stack.push_nil();
    stack.push_nil();
    while stack.next(1) {
        if stack.kind(-2) != Kind::String {
            return Err(if stack.kind(-2) == Kind::Number {
                Raise::reply("ERR unknown argument given to server.register_function")
            } else {
                Raise::reply("ERR named argument key given to server.register_function is not a string")
            });
        }
        match stack.bytes(-2).unwrap_or_default() {
            b"function_name" => {
                name = Some(text(stack, -1).ok_or_else(|| {
                    Raise::reply(
                        "ERR function_name argument given to server.register_function must be a string",
                    )
                })?);
            }
            b"description" => {
                description = Some(text(stack, -1).ok_or_else(|| {
                    Raise::reply(
                        "ERR description argument given to server.register_function must be a string",
                    )
                })?);
            }
            b"callback" => {
                if stack.kind(-1) != Kind::Function {
                    return Err(Raise::reply(
                        "ERR callback argument given to server.register_function must be a function",
                    ));
                }
                stack.push_value(-1);
                stack.replace(callback_at);
                has_callback = true;
            }
            b"flags" => flags = read_flags(stack)?,
            _ => return Err(Raise::reply("ERR unknown argument given to server.register_function")),
        }
        stack.pop(1);
    }
    let name =
        name.ok_or_else(|| Raise::reply("ERR server.register_function must get a function name argument"))?;
    if !has_callback {
        return Err(Raise::reply("ERR server.register_function must get a callback argument"));
    }
    stack.push_value(callback_at);
    Ok(Registered { name, callback: stack.keep(), description, flags })
}

/// The flags in the table on top.
fn read_flags(stack: Stack) -> Result<Flags, Raise> {
    if stack.kind(-1) != Kind::Table {
        return Err(Raise::reply(
            "ERR flags argument to server.register_function must be a table representing function flags",
        ));
    }
    let mut flags = Flags::default();
    for index in 1.. {
        stack.get_index(-1, index);
        let flag = match stack.kind(-1) {
            Kind::Nil => None,
            Kind::String => Some(Flags::named(stack.bytes(-1).unwrap_or_default())),
            _ => Some(None),
        };
        stack.pop(1);
        match flag {
            None => break,
            Some(Some(flag)) => flags = flags.with(flag),
            Some(None) => return Err(Raise::reply("ERR unknown flag given")),
        }
    }
    Ok(flags)
}
