//! EVAL, EVALSHA and their read-only forms.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use polycache_core::command::args::canonical_integer;
use polycache_core::command::{Args, Ctx, Failure, Outcome, Protocol, Reply};
use polycache_core::sha1::Sum;

use super::answer::answer;
use super::isolation::{self, Ended, Isolation};
use super::lua::{Kind, Reference, Stack};
use super::machine::{Compiled, Machine};
use super::offload;
use super::run::{FAST_US_MAX, INLINE_US_MAX, PREEMPTED, Run};
use super::script::{Flags, Script, pace};
use crate::client::{Client, Face};
use crate::server::Server;

/// `EVAL script numkeys key... arg...`
pub fn eval(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    evaluate(ctx, args, false, find_source)
}

/// `EVAL_RO script numkeys key... arg...`
pub fn eval_ro(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    evaluate(ctx, args, true, find_source)
}

/// `EVALSHA sha1 numkeys key... arg...`
pub fn evalsha(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    evaluate(ctx, args, false, find_sum)
}

/// `EVALSHA_RO sha1 numkeys key... arg...`
pub fn evalsha_ro(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    evaluate(ctx, args, true, find_sum)
}

pub const NO_SCRIPT: Failure = Failure::text("NOSCRIPT No matching script.");
pub const NO_MACHINE: Failure = Failure::text("ERR no memory for a script's state");
const READ_ONLY: Failure = Failure::text("ERR Can not execute a script with write flag using *_ro command.");

type Find = fn(&Server, &mut Machine, &[u8]) -> Result<Arc<Compiled>, Failure>;

fn evaluate(ctx: &mut Ctx<'_>, args: Args<'_>, read_only: bool, find: Find) -> Outcome {
    let server = Client::of(ctx.host).server.clone();
    let keys = key_count(args, Failure::NOT_INTEGER)?;
    let mut machine = server.scripting.take()?;
    let outcome = find(&server, &mut machine, args[1]).and_then(|compiled| {
        let script = &compiled.script;
        if !script.is_used.load(Ordering::Relaxed) {
            script.is_used.store(true, Ordering::Relaxed); // ORDERING: a hint.
        }
        let call = Call {
            function: &compiled.function,
            name: None,
            flags: script.flags,
            pace: &script.pace,
            is_global: &script.is_global,
            read_only,
            keys,
        };
        call.carry_out(ctx, &server, &mut machine, args)
    });
    server.scripting.give_back(machine);
    outcome
}

/// The number of keys in argument 2, and that there are as many.
pub fn key_count(args: Args<'_>, not_integer: Failure) -> Result<usize, Failure> {
    const NEGATIVE: Failure = Failure::text("ERR Number of keys can't be negative");
    const TOO_MANY: Failure = Failure::text("ERR Number of keys can't be greater than number of args");
    let count = canonical_integer(args[2]).ok_or(not_integer)?;
    if count > (args.len() - 3) as i64 {
        return Err(TOO_MANY);
    }
    usize::try_from(count).map_err(|_| NEGATIVE)
}

fn find_source(server: &Server, machine: &mut Machine, source: &[u8]) -> Result<Arc<Compiled>, Failure> {
    match machine.find_source(source) {
        Some(compiled) => Ok(compiled),
        None => add(server, machine, source, false),
    }
}

/// Compiles a script and makes it known.
pub fn add(
    server: &Server,
    machine: &mut Machine,
    source: &[u8],
    is_loaded: bool,
) -> Result<Arc<Compiled>, Failure> {
    let scripts = &server.scripting.scripts;
    let script = Script::parse(source)?;
    let script = scripts.find(&script.sum).unwrap_or_else(|| Arc::new(script));
    let compiled = compile(machine, &script)?;
    scripts.insert(script, is_loaded);
    Ok(compiled)
}

fn compile(machine: &mut Machine, script: &Arc<Script>) -> Result<Arc<Compiled>, Failure> {
    machine
        .compile(script)
        .map_err(|message| Failure::new(format!("ERR Error compiling script (new function): {message}")))
}

fn find_sum(server: &Server, machine: &mut Machine, hex: &[u8]) -> Result<Arc<Compiled>, Failure> {
    let sum = parse_sum(hex).ok_or(NO_SCRIPT)?;
    if let Some(compiled) = machine.find_sum(&sum) {
        return Ok(compiled);
    }
    let script = server.scripting.scripts.find(&sum).ok_or(NO_SCRIPT)?;
    compile(machine, &script)
}

/// A digest in hexadecimal digits of any case.
pub fn parse_sum(hex: &[u8]) -> Option<Sum> {
    let mut sum = Sum::default();
    if hex.len() != 2 * sum.len() {
        return None;
    }
    for (byte, digits) in sum.iter_mut().zip(hex.chunks_exact(2)) {
        let high = char::from(digits[0]).to_digit(16)?;
        let low = char::from(digits[1]).to_digit(16)?;
        *byte = (high << 4 | low) as u8;
    }
    Some(sum)
}

/// A script or function that is to be called.
pub struct Call<'a> {
    pub function: &'a Reference,
    /// Of a function.
    pub name: Option<&'a str>,
    pub flags: Flags,
    pub pace: &'a AtomicU8,
    pub is_global: &'a AtomicBool,
    pub read_only: bool,
    /// Number of keys; they follow argument 2.
    pub keys: usize,
}

impl Call<'_> {
    /// Runs it here, or has it run on a thread for scripts.
    pub fn carry_out(
        &self,
        ctx: &mut Ctx<'_>,
        server: &Arc<Server>,
        machine: &mut Machine,
        args: Args<'_>,
    ) -> Outcome {
        let is_plain = self.flags.has(Flags::PLAIN);
        let writes = !self.flags.has(Flags::NO_WRITES);
        if !is_plain && writes {
            if self.read_only {
                return Err(READ_ONLY);
            }
            if !self.flags.has(Flags::ALLOW_OOM) && ctx.engine.tuning().maxmemory() != 0 {
                ctx.engine.admit_write(ctx.op, true)?;
            }
        }
        let may_move = ctx.host.may_block() && Client::of(ctx.host).entry.face == Face::Resp;
        // ORDERING: a hint.
        if may_move && self.pace.load(Ordering::Relaxed) != pace::FAST {
            return offload::submit(ctx, server, args);
        }
        let ticks = &server.stats.ticks;
        let started = ticks.now();
        let mut run = Run::new(server, ctx.op, ctx.session.clone(), &mut *ctx.host, args);
        run.function = self.name;
        run.read_only = self.read_only || !writes;
        run.is_out_of_memory = writes && !self.flags.has(Flags::ALLOW_OOM) && !ctx.engine.has_room(ctx.op);
        run.moves_at = may_move.then(|| started + ticks.from_us(INLINE_US_MAX));
        let keys = &args[3..3 + self.keys];
        // ORDERING: a hint.
        let alone = self.is_global.load(Ordering::Relaxed);
        isolation::within(ctx.op, ctx.session.db, keys, alone, |isolation| {
            run.begin(isolation.is_alone);
            let ended = self.invoke(machine, &run, args, isolation, ctx.reply);
            if isolation.has_conflict() || run.needs_to_be_alone.get() {
                self.is_global.store(true, Ordering::Relaxed); // ORDERING: as above.
            }
            ended
        })?;
        let moved = run.moved.get();
        drop(run);
        if moved {
            self.pace.store(pace::SLOW, Ordering::Relaxed); // ORDERING: a hint.
            return offload::submit(ctx, server, args);
        }
        let spent = ticks.now().wrapping_sub(started);
        let now = if spent > ticks.from_us(FAST_US_MAX) { pace::SLOW } else { pace::FAST };
        // ORDERING: a hint; most often unchanged, and then not written.
        if self.pace.load(Ordering::Relaxed) != now {
            self.pace.store(now, Ordering::Relaxed); // ORDERING: a hint.
        }
        Ok(())
    }

    fn invoke(
        &self,
        machine: &mut Machine,
        run: &Run<'_>,
        args: Args<'_>,
        isolation: &Isolation<'_>,
        reply: &mut dyn Reply,
    ) -> Ended {
        let (keys, values) = args[3..].split_at(self.keys);
        let is_function = self.name.is_some();
        machine.enter(is_function);
        let worlds = &machine.worlds;
        machine.state.with_run(run, |stack| {
            stack.push_kept(&worlds.error_handler);
            let handler = stack.top();
            let arguments = if is_function {
                stack.push_kept(self.function);
                push_strings(stack, keys);
                push_strings(stack, values);
                2
            } else {
                stack.push_kept(&worlds.eval.content);
                push_strings(stack, keys);
                stack.set_field(-2, "KEYS");
                push_strings(stack, values);
                stack.set_field(-2, "ARGV");
                stack.pop(1);
                stack.push_kept(self.function);
                0
            };
            let outcome = stack.call(arguments, 1, handler);
            if isolation.is_void() || run.needs_to_be_alone.get() {
                return Ended::NeedsToBeAlone;
            }
            match outcome {
                Ok(()) => answer(stack, reply, run.protocol.get() == Protocol::Resp3),
                Err(_) if run.moved.get() && is_preempted(stack) => return Ended::Done,
                Err(_) => reply.error(&error_text(stack)),
            }
            run.moved.set(false);
            Ended::Done
        })
    }
}

fn push_strings(stack: Stack, strings: &[&[u8]]) {
    stack.new_table(strings.len(), 0);
    for (index, string) in strings.iter().enumerate() {
        stack.push_bytes(string);
        stack.set_index(-2, index as i32 + 1);
    }
}

/// Whether the script was left because it must move; the value is no address that a script could have.
fn is_preempted(stack: Stack) -> bool {
    stack.kind(-1) == Kind::LightUserdata && stack.pointer(-1).addr() == PREEMPTED
}

/// The reply to a script that ended with the error on top.
fn error_text(stack: Stack) -> String {
    if stack.kind(-1) != Kind::Table {
        return format!("ERR {}", super::machine::message(stack));
    }
    let text = |name: &str| {
        stack.get_field(-1, name);
        let text = stack.bytes(-1).map(|text| String::from_utf8_lossy(text).into_owned());
        stack.pop(1);
        text
    };
    let error = text("err").unwrap_or_else(|| "ERR unknown error".into());
    match (text("source"), text("line")) {
        (Some(source), Some(line)) => format!("{error} script: on {source}:{line}."),
        _ => error,
    }
}

/// The text of the error on top, without its place.
pub fn plain_error(stack: Stack) -> String {
    if stack.kind(-1) == Kind::Table {
        stack.get_field(-1, "err");
        let text = stack.bytes(-1).map(|text| String::from_utf8_lossy(text).into_owned());
        stack.pop(1);
        return text.unwrap_or_else(|| "ERR unknown error".into());
    }
    super::machine::message(stack)
}
