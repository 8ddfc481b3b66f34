//! The tables `redis` and `server` of scripts.

use std::ffi::c_int;

use polycache_core::command::{Protocol, Registry};
use polycache_core::sha1::{self, Sha1};

use super::call;
use super::function::register;
use super::lua::{Body, Kind, Raise, Stack};
use crate::client::Client;
use crate::{REDIS_VERSION, VALKEY_VERSION};

/// Who sees the table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Eval,
    Functions,
    /// A library while it is loaded.
    Loading,
}

const LEVELS: [&str; 4] = ["LOG_DEBUG", "LOG_VERBOSE", "LOG_NOTICE", "LOG_WARNING"];
const REPLICATION: [(&str, u8); 5] =
    [("REPL_NONE", 0), ("REPL_AOF", 1), ("REPL_SLAVE", 2), ("REPL_REPLICA", 2), ("REPL_ALL", 3)];

/// Pushes the table.
pub fn open(stack: Stack, part: Part) {
    stack.new_table(0, 32);
    let set = |name: &str, body: Body| {
        stack.push_function(body);
        stack.set_field(-2, name);
    };
    set("log", log);
    for (number, name) in LEVELS.iter().enumerate() {
        stack.push_number(number as f64);
        stack.set_field(-2, name);
    }
    for (name, version) in [("REDIS_VERSION", REDIS_VERSION), ("VALKEY_VERSION", VALKEY_VERSION)] {
        stack.push_bytes(version.as_bytes());
        stack.set_field(-2, name);
        stack.push_number(f64::from(version_number(version)));
        stack.set_field(-2, &format!("{name}_NUM"));
    }
    stack.push_bytes(b"valkey");
    stack.set_field(-2, "SERVER_NAME");
    if part == Part::Loading {
        set("register_function", register);
        return;
    }
    for (name, number) in REPLICATION {
        stack.push_number(f64::from(number));
        stack.set_field(-2, name);
    }
    let functions: [(&str, Body); 8] = [
        ("call", call::call),
        ("pcall", call::protected_call),
        ("sha1hex", sha1hex),
        ("status_reply", status_reply),
        ("error_reply", error_reply),
        ("setresp", setresp),
        ("set_repl", set_repl),
        ("acl_check_cmd", acl_check_cmd),
    ];
    for (name, body) in functions {
        set(name, body);
    }
    if part == Part::Eval {
        set("replicate_commands", replicate_commands);
        set("breakpoint", breakpoint);
        set("debug", debug);
    }
}

fn version_number(version: &str) -> u32 {
    version.split('.').fold(0, |number, part| number << 8 | part.parse::<u32>().unwrap_or(0))
}

/// `redis.log(level, text...)`
fn log(stack: Stack) -> Result<c_int, Raise> {
    let count = stack.top();
    if count < 2 {
        return Err(Raise::reply("ERR server.log() requires two arguments or more."));
    }
    if !stack.is_number(1) {
        return Err(Raise::reply("ERR First argument must be a number (log level)."));
    }
    let level = stack.number(1);
    if !(0.0..=3.0).contains(&level) {
        return Err(Raise::reply("ERR Invalid log level."));
    }
    let words: Vec<_> = (2..=count).filter_map(|at| stack.bytes(at)).map(String::from_utf8_lossy).collect();
    let text = words.join(" ");
    match level as u8 {
        0 => tracing::debug!(target: "polycache::script", "{text}"),
        1 | 2 => tracing::info!(target: "polycache::script", "{text}"),
        _ => tracing::warn!(target: "polycache::script", "{text}"),
    }
    Ok(0)
}

/// `redis.sha1hex(text)`
fn sha1hex(stack: Stack) -> Result<c_int, Raise> {
    if stack.top() != 1 {
        return Err(Raise::reply("ERR wrong number of arguments"));
    }
    let sum = Sha1::of(stack.bytes(1).unwrap_or_default());
    stack.push_bytes(sha1::hex(&sum).as_bytes());
    Ok(1)
}

fn push_error(stack: Stack, text: &[u8]) -> c_int {
    stack.new_table(0, 1);
    stack.push_bytes(text);
    stack.set_field(-2, "err");
    1
}

const WRONG_ARGUMENTS: &[u8] = b"ERR wrong number or type of arguments";

/// `redis.status_reply(text)`
fn status_reply(stack: Stack) -> Result<c_int, Raise> {
    if stack.top() != 1 || stack.kind(1) != Kind::String {
        return Ok(push_error(stack, WRONG_ARGUMENTS));
    }
    stack.new_table(0, 1);
    stack.push_value(1);
    stack.set_field(-2, "ok");
    Ok(1)
}

/// `redis.error_reply(text)`: a text of one word is not a code but a message.
fn error_reply(stack: Stack) -> Result<c_int, Raise> {
    if stack.top() != 1 || stack.kind(1) != Kind::String {
        return Ok(push_error(stack, WRONG_ARGUMENTS));
    }
    let text = stack.bytes(1).unwrap_or_default();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let end = text.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
    let text = &text[..end];
    let is_coded = text.contains(&b' ');
    Ok(push_error(stack, &if is_coded { text.to_vec() } else { [b"ERR ", text].concat() }))
}

/// `redis.setresp(2 or 3)`
fn setresp(stack: Stack) -> Result<c_int, Raise> {
    if stack.top() != 1 {
        return Err(Raise::reply("ERR server.setresp() requires one argument."));
    }
    let protocol = match stack.number(1) {
        2.0 => Protocol::Resp2,
        3.0 => Protocol::Resp3,
        _ => return Err(Raise::reply("ERR RESP version must be 2 or 3.")),
    };
    if let Some(run) = stack.run() {
        run.protocol.set(protocol);
    }
    Ok(0)
}

/// `redis.set_repl(what)`: there are no replicas, and the log never leaves out an effect.
fn set_repl(stack: Stack) -> Result<c_int, Raise> {
    if stack.top() != 1 {
        return Err(Raise::reply("ERR server.set_repl() requires one argument."));
    }
    let flags = stack.number(1);
    if !(0.0..4.0).contains(&flags) {
        return Err(Raise::reply(
            "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.",
        ));
    }
    Ok(0)
}

/// `redis.replicate_commands()`: always so.
fn replicate_commands(stack: Stack) -> Result<c_int, Raise> {
    stack.push_boolean(true);
    Ok(1)
}

/// `redis.breakpoint()`: there is no debugger.
fn breakpoint(stack: Stack) -> Result<c_int, Raise> {
    stack.push_boolean(false);
    Ok(1)
}

fn debug(_: Stack) -> Result<c_int, Raise> {
    Ok(0)
}

/// `redis.acl_check_cmd(name, ...)`: whether the caller may run the command.
fn acl_check_cmd(stack: Stack) -> Result<c_int, Raise> {
    let count = stack.top();
    if count == 0 {
        return Err(Raise::reply("ERR Please specify at least one argument for this call"));
    }
    let mut args = Vec::with_capacity(count as usize);
    for at in 1..=count {
        args.push(
            stack
                .bytes(at)
                .ok_or_else(|| Raise::reply("ERR Command arguments must be strings or integers"))?,
        );
    }
    let run = stack.run().ok_or_else(|| Raise::reply("ERR there is no script"))?;
    let known = run.server.registry.lookup(args[0]).and_then(|spec| match args.get(1) {
        Some(name) if !spec.subcommands.is_empty() => Registry::subcommand(spec, name),
        _ => Some(spec),
    });
    let Some(spec) = known else {
        return Err(Raise::reply("ERR Invalid command passed to server.acl_check_cmd()"));
    };
    let mut host = run.host.borrow_mut();
    let client = Client::of(&mut **host);
    let db = run.session.borrow().db;
    let is_allowed = !client.is_guarded() || client.server.acl.may(client.user(), db, spec, &args).is_ok();
    stack.push_boolean(is_allowed);
    Ok(1)
}
