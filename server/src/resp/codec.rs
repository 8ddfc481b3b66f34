//! The Redis protocol on a connection: parses requests and carries them out.

use polycache_core::command::spec::flag;
use polycache_core::command::{Args, Ctx, Failure, Reply, Spec, execute};
use polycache_core::engine::Operation;

use super::batch::{Batch, End, Row};
use super::emit::{self, Emitter};
use super::lookup;
use super::outstanding::{self, Bounds, Spent};
use super::parse::{Arguments, Parser};
use super::special;
use crate::acl;
use crate::client::{self, ReplyMode};
use crate::limits::TURN_TIME_US;
use crate::net::codec::{self, Progress, Turn};
use crate::stats::{CommandIndex, Counter};
use crate::transaction;

/// The state of one connection.
#[derive(Default)]
pub struct Codec {
    parser: Parser,
}

impl codec::Codec for Codec {
    fn process(&mut self, turn: &mut Turn<'_>) -> Progress {
        let (server, input) = (turn.server, turn.input);
        turn.client.refresh_access();
        if turn.client.closing {
            // Its user is gone.
            return Progress { consumed: input.len(), close: true, ..Progress::default() };
        }
        let ticks = &server.stats.ticks;
        let operation = server.engine.begin();
        operation.set_client(turn.client.id);
        operation.tell_reads(turn.client.tracking.is_some());
        let mut executor = Executor {
            operation: &operation,
            last_tick: ticks.now(),
            bounds: Bounds::of(turn),
            request_bytes: 0,
            keeps_times: turn.settings.latency_tracking,
            commands: 0,
        };
        let turn_ends = executor.last_tick + ticks.from_us(TURN_TIME_US);
        let mut progress = Progress::default();
        let mut batch = Batch::empty();
        'turn: loop {
            batch.parse(&mut self.parser, turn, &input[progress.consumed..]);
            batch.look_ahead(&operation, turn);
            for place in 0..batch.commands.len() {
                if turn.spent(executor.commands) || executor.last_tick >= turn_ends {
                    progress.unfinished = true;
                    break 'turn;
                }
                let command = batch.commands[place];
                executor.request_bytes = command.bytes;
                let ran = executor.run(turn, command.row, &batch.args[command.first..command.end]);
                if ran == Ran::Held {
                    progress.paused = true;
                    progress.unfinished = true;
                    break 'turn;
                }
                progress.consumed += command.bytes;
                if ran == Ran::Waits {
                    progress.unfinished = true;
                    break 'turn;
                }
                if turn.client.closing {
                    progress.close = true;
                    break 'turn;
                }
            }
            progress.consumed += batch.empty_bytes;
            match batch.end {
                End::Full => {}
                End::Incomplete { wanted } => {
                    progress.wanted = wanted;
                    // The beginning of a command is remembered for the next turn.
                    return executor.finish(turn, progress);
                }
                End::Inline { bytes } => {
                    let words: Arguments<'_> = self.parser.words().collect();
                    executor.request_bytes = bytes;
                    let ran = executor.run(turn, None, &words);
                    if ran == Ran::Held {
                        progress.paused = true;
                        progress.unfinished = true;
                        break;
                    }
                    progress.consumed += bytes;
                    if ran == Ran::Waits {
                        progress.unfinished = true;
                        break;
                    }
                    progress.close = turn.client.closing;
                    if progress.close {
                        break;
                    }
                }
                End::Broken(error) => {
                    let text = error.text();
                    emit::error(turn.out, &text);
                    turn.stats.add(Counter::ProtocolErrors, 1);
                    server.stats.error(turn.stats, &text);
                    progress.consumed = input.len();
                    progress.close = true;
                    break;
                }
            }
            if turn.spent(executor.commands) {
                progress.unfinished = progress.consumed < input.len();
                break;
            }
        }
        self.parser.forget();
        executor.finish(turn, progress)
    }

    fn refuse(&self, commands: usize, reason: &str, out: &mut Vec<u8>) -> bool {
        for _ in 0..commands {
            emit::error(out, format!("MISCONF Errors writing to the AOF file: {reason}").as_bytes());
        }
        true
    }
}

/// What became of a command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ran {
    Done,
    /// It must wait until the pause is over.
    Held,
    /// It ran, and its reply waits.
    Waits,
}

/// Carries out the commands of one turn.
struct Executor<'a> {
    operation: &'a Operation<'a>,
    /// The clock when the last command ended: the next one's time counts from here.
    last_tick: u64,
    bounds: Bounds,
    /// Bytes of the present command as it was sent.
    request_bytes: usize,
    /// `latency-tracking`.
    keeps_times: bool,
    commands: usize,
}

impl Executor<'_> {
    #[inline]
    fn run(&mut self, turn: &mut Turn<'_>, row: Option<Row>, args: Args<'_>) -> Ran {
        let server = turn.server;
        let (spec, index) = match row.map_or_else(|| lookup::lookup(server, args), Ok) {
            Ok(found) => found,
            Err(failure) => {
                let known = server.registry.lookup(args[0]);
                let failure = if turn.client.authenticated
                    || known.is_some_and(|spec| spec.flags & flag::NO_AUTH != 0)
                {
                    failure
                } else {
                    acl::NOT_AUTHENTICATED
                };
                self.refuse(turn, lookup::known(server, args), &failure);
                if is_http(args[0]) {
                    tracing::warn!(
                        "client {} ({}) speaks HTTP: closing",
                        turn.client.id,
                        turn.client.entry.addr
                    );
                    turn.client.closing = true;
                }
                return Ran::Done;
            }
        };
        if turn.client.is_guarded()
            && let Some(failure) =
                acl::refusal(turn.client, turn.session.db, spec, args, acl::Context::of(turn.client))
        {
            self.refuse(turn, Some(index), &failure);
            return Ran::Done;
        }
        if turn.client.special != 0
            && let Err(failure) = special::admit(turn.client, server, spec, index)
        {
            self.refuse(turn, Some(index), &failure);
            return Ran::Done;
        }
        if server.clients.pause.holds(spec) {
            return Ran::Held;
        }
        if turn.client.special & client::special::IN_MULTI != 0 && transaction::is_queued(spec) {
            self.queue(turn, spec, index, args);
            return Ran::Done;
        }
        if self.bounds.are_monitored && spec.flags & flag::SKIP_MONITOR != 0 {
            // A script is told of before what it does.
            let who = &turn.client.entry.addr;
            server.monitors.tell_words(server, turn.session.db, who, args);
        }
        let reply_start = turn.out.len();
        if turn.client.reply_mode == ReplyMode::SkipNext {
            turn.client.reply_mode = ReplyMode::Skip;
        }
        turn.client.last_command = Some(index);
        turn.client.commands += 1;
        let mut reply = Emitter::new(turn.out, turn.client.protocol);
        let mut ctx = Ctx {
            engine: &server.engine,
            op: self.operation,
            session: turn.session,
            reply: &mut reply,
            host: turn.client,
            registry: server.registry,
        };
        execute(spec, &mut ctx, args);
        let mut failed = reply.errors() > 0;
        if let Some(wait) = &mut turn.client.wait {
            wait.is_muted = turn.client.reply_mode != ReplyMode::On;
        }
        if turn.client.special & client::special::HAS_RUN != 0 {
            failed = false;
            self.count_transaction(turn);
        }
        self.account(turn, spec, index, args, failed, reply_start);
        self.end(turn, Some(index));
        let client = &turn.client;
        let waits = client.wait.is_some() || client.blocked.is_some() || client.script.is_some();
        if waits { Ran::Waits } else { Ran::Done }
    }

    /// Keeps a command until EXEC.
    #[inline(never)]
    fn queue(&mut self, turn: &mut Turn<'_>, spec: &'static Spec, index: CommandIndex, args: Args<'_>) {
        if spec.flags & flag::NO_MULTI != 0 {
            let name = turn.server.stats.command_name(index);
            let failure = Failure::new(format!("ERR Command '{name}' not allowed inside a transaction"));
            return self.refuse(turn, Some(index), &failure);
        }
        let needs_memory = transaction::needs_memory(turn.server, spec, args);
        if (spec.is_write() || needs_memory)
            && let Err(failure) = turn.server.engine.admit_write(self.operation, needs_memory)
        {
            return self.refuse(turn, Some(index), &failure);
        }
        let reply_start = turn.out.len();
        if turn.client.reply_mode == ReplyMode::SkipNext {
            turn.client.reply_mode = ReplyMode::Skip;
        }
        turn.client.last_command = Some(index);
        turn.client.commands += 1;
        self.commands += 1;
        let queue = &mut turn.client.transaction().queue;
        queue.push(spec, index, args, needs_memory);
        if queue.bytes() as u64 > turn.settings.client_query_buffer_limit {
            tracing::warn!(
                "client {} is closed: its transaction is above client-query-buffer-limit",
                turn.client.id
            );
            turn.stats.add(Counter::QueryBufferDisconnections, 1);
            turn.client.discard();
            turn.client.closing = true;
            return;
        }
        turn.out.extend_from_slice(b"+QUEUED\r\n");
        if turn.client.reply_mode != ReplyMode::On {
            hold_back(turn, reply_start);
        }
    }

    /// Counts what EXEC ran.
    fn count_transaction(&mut self, turn: &mut Turn<'_>) {
        turn.client.special &= !client::special::HAS_RUN;
        let Some(transaction) = &mut turn.client.transaction else { return };
        for ran in transaction.ran.drain(..) {
            turn.stats.called(ran.index, ran.ticks, ran.has_failed);
            if self.keeps_times {
                turn.stats.took(ran.index, ran.ticks);
            }
            if ran.has_failed {
                turn.stats.add(Counter::ErrorReplies, 1);
            }
            turn.stats.add(Counter::Commands, 1);
            // EXEC's own time is what the others did not take.
            self.last_tick = self.last_tick.wrapping_add(ran.ticks);
        }
    }

    /// Ends the turn.
    fn finish(&self, turn: &mut Turn<'_>, mut progress: Progress) -> Progress {
        turn.stats.add(Counter::Commands, self.commands as u64);
        progress.wait = turn.client.wait.take();
        progress.lsn = self.operation.last_lsn();
        progress.commands = self.commands;
        progress
    }

    #[inline]
    fn account(
        &mut self,
        turn: &mut Turn<'_>,
        spec: &'static Spec,
        index: CommandIndex,
        args: Args<'_>,
        failed: bool,
        reply_start: usize,
    ) {
        let now = turn.server.stats.ticks.now();
        let spent = now.wrapping_sub(self.last_tick);
        self.last_tick = now;
        self.commands += 1;
        turn.stats.called(index, spent, failed);
        if self.keeps_times {
            turn.stats.took(index, spent);
        }
        if failed {
            count_error(turn, reply_start);
        }
        let spent = Spent {
            ticks: spent,
            request_bytes: self.request_bytes,
            reply_bytes: turn.out.len() - reply_start,
        };
        if self.bounds.are_reached(spent) {
            if self.bounds.is_slow(spent) {
                // The rest of the batch must not live in the past.
                self.operation.forget_time();
            }
            outstanding::note(turn, spec, args, spent);
        }
        if turn.client.reply_mode != ReplyMode::On {
            let reply_end = if special::replies_are_messages(spec) { turn.out.len() } else { reply_start };
            hold_back(turn, reply_end);
        }
    }

    /// An error for a command that was not carried out.
    #[cold]
    fn refuse(&mut self, turn: &mut Turn<'_>, command: Option<CommandIndex>, failure: &Failure) {
        let reply_start = turn.out.len();
        if command.is_some_and(|command| turn.server.stats.command_name(command) == "exec") {
            // A refused EXEC ends the transaction.
            turn.client.discard();
            let reason = failure.0.strip_prefix("ERR ").unwrap_or(&failure.0);
            let text = format!("EXECABORT Transaction discarded because of: {reason}");
            emit::error(turn.out, text.as_bytes());
        } else {
            turn.client.spoil_transaction();
            emit::error(turn.out, failure.0.as_bytes());
        }
        if let Some(command) = command {
            turn.stats.rejected(command);
        }
        self.commands += 1;
        count_error(turn, reply_start);
        if turn.client.reply_mode != ReplyMode::On {
            hold_back(turn, reply_start);
        }
        self.end(turn, command);
    }

    /// What comes behind every command.
    #[inline]
    fn end(&self, turn: &mut Turn<'_>, command: Option<CommandIndex>) {
        if turn.client.special != 0 || turn.client.tracking.is_some() {
            special::after(turn.client, turn.server, command, turn.out);
        }
    }
}

/// Whether a command's name betrays a browser that was led to our port: what follows may be commands in the disguise
/// of a request's body.
#[cold]
fn is_http(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"post") || name.eq_ignore_ascii_case(b"host:")
}

/// Counts the error reply that begins at `reply_start` by its code.
#[cold]
fn count_error(turn: &Turn<'_>, reply_start: usize) {
    match &turn.out[reply_start..] {
        [b'-', text @ ..] => turn.server.stats.error(turn.stats, &text[..text.len().min(64)]),
        // An error inside an aggregate.
        _ => turn.stats.add(Counter::ErrorReplies, 1),
    }
}

/// Drops a reply that the client does not want (CLIENT REPLY).
#[cold]
fn hold_back(turn: &mut Turn<'_>, reply_start: usize) {
    match turn.client.reply_mode {
        ReplyMode::On => {}
        ReplyMode::Off | ReplyMode::SkipNext => turn.out.truncate(reply_start),
        ReplyMode::Skip => {
            turn.out.truncate(reply_start);
            turn.client.reply_mode = ReplyMode::On;
        }
    }
}
