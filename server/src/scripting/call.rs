//! `redis.call` and `redis.pcall`: a command of a script.

use std::ffi::c_int;

use polycache_core::command::spec::flag;
use polycache_core::command::{Args, Ctx, Failure, Host, Spec, execute};
use polycache_core::double;
use smallvec::SmallVec;

use super::lua::{Kind, Raise, Stack};
use super::reply::LuaReply;
use super::run::{PREEMPTED, Run};
use crate::acl;
use crate::client::Client;
use crate::net::with_stats;
use crate::resp::lookup;

/// Room for a reply's nesting beside the arguments.
const REPLY_PLACES: c_int = 40;

/// `redis.call(name, ...)`: errors are raised.
pub fn call(stack: Stack) -> Result<c_int, Raise> {
    match command(stack) {
        Ok(false) => Ok(1),
        Ok(true) => Err(Raise::Top),
        Err(raise) => Err(raise),
    }
}

/// `redis.pcall(name, ...)`: errors are values.
pub fn protected_call(stack: Stack) -> Result<c_int, Raise> {
    match command(stack) {
        Err(Raise::Reply(text)) => {
            stack.new_table(0, 2);
            stack.push_bytes(text.as_bytes());
            stack.set_field(-2, "err");
            stack.push_boolean(true);
            stack.set_field(-2, "ignore_error_stats_update");
            Ok(1)
        }
        other => other.map(|_| 1),
    }
}

/// Carries the command out and pushes its reply; whether that is an error.
fn command(stack: Stack) -> Result<bool, Raise> {
    let run = stack.run().ok_or_else(|| Raise::reply("ERR commands can only be called by a script"))?;
    if run.registered.borrow().is_some() {
        return Err(Raise::reply("ERR server.call can only be called from a script invocation"));
    }
    if run.moved.get() || run.needs_to_be_alone.get() {
        // It has caught the error that it was to be left by.
        stack.push_light(PREEMPTED);
        return Err(Raise::Top);
    }
    let count = stack.top();
    if count == 0 {
        return Err(Raise::reply("ERR Please specify at least one argument for this call"));
    }
    if !stack.reserve(REPLY_PLACES) {
        return Err(Raise::reply("ERR Too many arguments for this call"));
    }
    let mut args: SmallVec<[&[u8]; 8]> = SmallVec::with_capacity(count as usize);
    for at in 1..=count {
        if stack.kind(at) == Kind::Number {
            // Lua's own way would lose digits.
            let value = stack.number(at);
            stack.push_bytes(&number_text(value));
            stack.replace(at);
        }
        match stack.kind(at) {
            Kind::String => args.push(stack.bytes(at).unwrap_or_default()),
            _ => return Err(Raise::reply("ERR Command arguments must be strings or integers")),
        }
    }
    let (spec, index) = lookup::lookup(run.server, &args).map_err(|failure| {
        if failure.0.contains("wrong number") {
            Raise::reply("ERR Wrong number of args calling command from script")
        } else if failure.0.starts_with("ERR unknown command") {
            Raise::reply("ERR Unknown command called from script")
        } else {
            Raise::Reply(failure.0)
        }
    })?;
    admit(run, spec)?;
    if is_global(spec) && !run.is_alone.get() {
        if run.has_written.get() {
            return Err(Raise::reply(ALONE_TOO_LATE));
        }
        // Left, whatever catches errors, and begun anew.
        run.needs_to_be_alone.set(true);
        stack.push_light(PREEMPTED);
        return Err(Raise::Top);
    }
    let mut host = run.host.borrow_mut();
    let client = Client::of(&mut **host);
    if client.is_guarded()
        && let Some(failure) = acl::refusal(client, run.session.borrow().db, spec, &args, acl::Context::Lua)
    {
        let reason = failure.0.strip_prefix("NOPERM ").unwrap_or(&failure.0);
        return Err(Raise::reply(format!("ERR ACL failure in script: {reason}")));
    }
    let mut reply = LuaReply::new(stack, run.protocol.get());
    let mut session = run.session.borrow_mut();
    let mut ctx = Ctx {
        engine: &run.server.engine,
        op: run.op,
        session: &mut session,
        reply: &mut reply,
        host: &mut Unblocking(&mut **host),
        registry: run.server.registry,
    };
    let ticks = &run.server.stats.ticks;
    let started = ticks.now();
    execute(spec, &mut ctx, &args);
    if run.server.monitors.any() {
        run.server.monitors.tell(run.server, spec, ctx.session.db, "lua", &args);
    }
    reply.finish();
    let is_error = reply.is_error();
    let spent = ticks.now().wrapping_sub(started);
    with_stats(run.server, |stats| stats.called(index, spent, is_error));
    Ok(is_error)
}

const ALONE_TOO_LATE: &str =
    "ERR a script that names a command on the whole keyspace only at run time must call it before it writes";

/// Whether the command sees more keys than a scope could hold.
fn is_global(spec: &Spec) -> bool {
    matches!(spec.name, "flushall" | "flushdb" | "swapdb" | "keys" | "scan" | "randomkey" | "dbsize")
}

/// Whether the run may call the command; a write is noted.
fn admit(run: &Run<'_>, spec: &'static Spec) -> Result<(), Raise> {
    if spec.flags & flag::NOSCRIPT != 0 {
        return Err(Raise::reply("ERR This Valkey command is not allowed from script"));
    }
    // COMMAND INFO does not show it, but messages are effects, too.
    let is_effect =
        spec.flags & (flag::WRITE | flag::MAY_REPLICATE) != 0 || matches!(spec.name, "publish" | "spublish");
    if run.read_only && is_effect {
        return Err(Raise::reply("ERR Write commands are not allowed from read-only scripts."));
    }
    if spec.flags & flag::WRITE != 0 && (run.is_alone.get() || !is_global(spec)) {
        let is_first = !run.has_written.get();
        if is_first && run.is_out_of_memory && spec.flags & flag::DENYOOM != 0 {
            return Err(Raise::Reply(Failure::OUT_OF_MEMORY.0));
        }
        run.begin_write().map_err(Raise::reply)?;
    }
    Ok(())
}

/// The number as Redis passes it to a command.
fn number_text(value: f64) -> SmallVec<[u8; 32]> {
    if value == value.trunc() && value.abs() < 2f64.powi(63) {
        let mut buffer = itoa::Buffer::new();
        return SmallVec::from_slice(buffer.format(value as i64).as_bytes());
    }
    if value.is_nan() {
        return SmallVec::from_slice(if value.is_sign_negative() { b"-nan" } else { b"nan" });
    }
    double::shortest(value)
}

/// A host whose commands do not wait.
struct Unblocking<'a>(&'a mut dyn Host);

impl Host for Unblocking<'_> {
    fn as_any(&mut self) -> &mut dyn std::any::Any {
        self.0.as_any()
    }

    fn will_run(&mut self, spec: &Spec, args: Args<'_>) {
        self.0.will_run(spec, args);
    }
}
