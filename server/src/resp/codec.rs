//! The Redis protocol on a connection: parses requests and carries them out.

use polycache_core::command::spec::flag;
use polycache_core::command::{Args, Ctx, Failure, Spec, execute};
use polycache_core::engine::Operation;

use super::emit::{self, Emitter};
use super::lookup;
use super::parse::{Arguments, Limits, Parsed, Parser};
use crate::client::ReplyMode;
use crate::limits::TURN_TIME_US;
use crate::net::codec::{self, Progress, Turn};
use crate::stats::{CommandIndex, Counter};

/// The state of one connection.
#[derive(Default)]
pub struct Codec {
    parser: Parser,
}

impl codec::Codec for Codec {
    fn process(&mut self, turn: &mut Turn<'_>) -> Progress {
        let (server, input) = (turn.server, turn.input);
        let ticks = &server.stats.ticks;
        let operation = server.engine.begin();
        let mut executor = Executor {
            operation: &operation,
            last_tick: ticks.now(),
            slow_ticks: slow_ticks(turn),
            commands: 0,
        };
        let turn_ends = executor.last_tick + ticks.from_us(TURN_TIME_US);
        let bulk_bytes_max = usize::try_from(turn.settings.proto_max_bulk_len).unwrap_or(usize::MAX);
        let mut progress = Progress::default();
        loop {
            if turn.spent(executor.commands) || executor.last_tick >= turn_ends {
                progress.unfinished = progress.consumed < input.len();
                break;
            }
            let limits = Limits { bulk_bytes_max, authenticated: turn.client.authenticated };
            let mut args = Arguments::new();
            match self.parser.parse(&input[progress.consumed..], &limits, &mut args) {
                Ok(Parsed::Command { bytes }) => {
                    if executor.run(turn, &args) == Ran::Held {
                        progress.paused = true;
                        progress.unfinished = true;
                        break;
                    }
                    progress.consumed += bytes;
                    if turn.client.closing {
                        progress.close = true;
                        break;
                    }
                }
                Ok(Parsed::Empty { bytes }) => progress.consumed += bytes,
                Ok(Parsed::Incomplete { wanted }) => {
                    progress.wanted = wanted;
                    break;
                }
                Err(error) => {
                    let text = error.text();
                    emit::error(turn.out, &text);
                    turn.stats.add(Counter::ProtocolErrors, 1);
                    server.stats.error(turn.stats, &text);
                    progress.consumed = input.len();
                    progress.close = true;
                    break;
                }
            }
        }
        turn.stats.add(Counter::Commands, executor.commands as u64);
        progress.lsn = operation.last_lsn();
        progress
    }
}

/// The bound of the slow log in ticks.
fn slow_ticks(turn: &Turn<'_>) -> u64 {
    match u64::try_from(turn.settings.slowlog_log_slower_than) {
        Ok(us) => turn.server.stats.ticks.from_us(us),
        Err(_) => u64::MAX,
    }
}

/// What became of a command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ran {
    Done,
    /// It must wait until the pause is over.
    Held,
}

/// Carries out the commands of one turn.
struct Executor<'a> {
    operation: &'a Operation<'a>,
    /// The clock when the last command ended: the next one's time counts from here.
    last_tick: u64,
    slow_ticks: u64,
    commands: usize,
}

impl Executor<'_> {
    #[inline]
    fn run(&mut self, turn: &mut Turn<'_>, args: Args<'_>) -> Ran {
        let server = turn.server;
        let (spec, index) = match lookup::lookup(server, args) {
            Ok(found) => found,
            Err(failure) => {
                self.refuse(turn, None, &failure);
                return Ran::Done;
            }
        };
        if !turn.client.authenticated && spec.flags & flag::NO_AUTH == 0 {
            self.refuse(turn, Some(index), &Failure::text("NOAUTH Authentication required."));
            return Ran::Done;
        }
        if server.clients.pause.holds(spec) {
            return Ran::Held;
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
        let failed = reply.errors() > 0;
        self.finish(turn, spec, index, args, failed, reply_start);
        Ran::Done
    }

    #[inline]
    fn finish(
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
        if failed {
            count_error(turn, reply_start);
        }
        if spent >= self.slow_ticks {
            self.slow(turn, spec, args, spent);
        }
        if turn.client.reply_mode != ReplyMode::On {
            hold_back(turn, reply_start);
        }
    }

    #[cold]
    fn slow(&mut self, turn: &mut Turn<'_>, spec: &'static Spec, args: Args<'_>, spent: u64) {
        // The rest of the batch must not live in the past.
        self.operation.forget_time();
        if spec.flags & flag::SKIP_SLOWLOG == 0 {
            let us = turn.server.stats.ticks.to_us(spent);
            turn.server.slowlog.record(turn.client, args, us);
        }
    }

    /// An error for a command that was not carried out.
    #[cold]
    fn refuse(&mut self, turn: &mut Turn<'_>, command: Option<CommandIndex>, failure: &Failure) {
        let reply_start = turn.out.len();
        emit::error(turn.out, failure.0.as_bytes());
        if let Some(command) = command {
            turn.stats.rejected(command);
        }
        self.commands += 1;
        count_error(turn, reply_start);
        if turn.client.reply_mode != ReplyMode::On {
            hold_back(turn, reply_start);
        }
    }
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
