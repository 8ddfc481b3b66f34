//! The memcached protocol: the classic text commands, on the same keys as RESP's database 0.
//!
//! | file | what |
//! |---|---|
//! | `text.rs`, `number.rs` | request lines to commands |
//! | `retrieve.rs` | get, gets, gat, gats |
//! | `store.rs` | set, add, replace, append, prepend, cas |
//! | `modify.rs`, `expiry.rs` | incr, decr, delete, touch; what an exptime means |
//! | `control.rs` | flush_all, cache_memlimit |
//! | `statistics.rs`, `detail.rs` | stats and its subcommands |
//! | `ahead.rs` | which records buffered commands will need |
//! | `auth.rs` | `requirepass` on this protocol |
//! | `emit.rs` | replies |
//! | `work.rs` | what a turn works with |
//! | `fuzz.rs` | the protocol without a socket |
//! | `meta.rs`, `binary.rs` | places of what comes later |
//!
//! The reference is memcached 1.6.18; where we differ on purpose is listed in `tests/differences.md`.
//! A key's client flags live in its record, and its CAS number is the record's version, so a write over RESP or
//! in-process makes a `cas` fail as it must, and drops the flags as a new value has none.
//!
//! # Limits
//! - an unfinished line: [`LINE_BYTES_MAX`], except for retrievals, whose keys are answered as they come;
//! - a data block: `memcached-max-item-size` (memcached's `-I`), key and item overhead included; longer ones
//!   are read and dropped without being buffered;
//! - replies: a turn ends after [`crate::limits::TURN_OUTPUT_BYTES`], in the middle of a retrieval if need be.

mod ahead;
mod auth;
mod binary;
mod control;
mod detail;
mod emit;
mod expiry;
mod fuzz;
mod meta;
mod modify;
mod number;
mod retrieve;
mod statistics;
mod store;
mod text;
mod work;

use polycache_core::command::{Ctx, NoReply};

pub use control::Shared;
pub use fuzz::{converse, fuzz};

use crate::client::Held;
use crate::net::codec::{self, Progress, Turn};
use crate::stats::Counter;
use retrieve::Outcome;
use text::{Command, LINE_BYTES_MAX, Retrieval};
use work::Work;

/// A long retrieval may begin with so many spaces, as in memcached.
const LEADING_SPACES_MAX: usize = 100;

/// The state of one memcached connection.
#[derive(Default)]
pub struct Codec {
    state: State,
    /// Anything was handled: the protocol is chosen.
    started: bool,
}

/// What the next byte of the input is part of.
#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// A request line. A storage command stays unconsumed until its data block is whole, and is parsed again then.
    #[default]
    Line,
    /// The keys of a retrieval whose line is handled in stretches.
    Keys { retrieval: Retrieval },
    /// A data block that was too large: so many bytes are left of it.
    Swallow { left: usize },
    /// The rest of a line that was answered already.
    Skip,
}

/// What came of the start of the input.
enum Step {
    /// So many bytes are done with.
    Done(usize),
    /// More input is needed: at least so many bytes, 0 is unknown.
    Wait(usize),
    /// CLIENT PAUSE holds the command at the start of the input.
    Held,
    /// Close the connection.
    Close,
}

impl codec::Codec for Codec {
    fn process(&mut self, turn: &mut Turn<'_>) -> Progress {
        let server = turn.server;
        let input = turn.input;
        let operation = server.engine.begin();
        let mut no_reply = NoReply;
        let authenticated = turn.client.authenticated;
        let ctx = Ctx {
            engine: &server.engine,
            op: &operation,
            session: turn.session,
            reply: &mut no_reply,
            host: turn.client,
            registry: server.registry,
        };
        let mut work = Work {
            ctx,
            server,
            settings: turn.settings,
            stats: turn.stats,
            out: turn.out,
            authenticated,
            collects_detail: server.memcached.detail.is_on(),
            commands: 0,
            keys: 0,
        };
        let mut progress = Progress::default();
        let mut ahead = 1;
        while progress.consumed < input.len() {
            if work.is_spent() {
                progress.unfinished = true;
                break;
            }
            // Not before the first command: mostly it is alone.
            if progress.consumed >= ahead {
                ahead = progress.consumed + ahead::commands(&work, &input[progress.consumed..]).max(1);
            }
            match self.step(&mut work, &input[progress.consumed..]) {
                Step::Done(len) => progress.consumed += len,
                Step::Wait(wanted) => {
                    progress.wanted = wanted;
                    break;
                }
                Step::Held => {
                    progress.paused = true;
                    progress.unfinished = true;
                    break;
                }
                Step::Close => {
                    progress.close = true;
                    break;
                }
            }
        }
        let commands = work.commands as u64;
        work.stats.add(Counter::Commands, commands);
        work.client().commands += commands;
        progress.lsn = operation.last_lsn();
        progress.commands = commands as usize;
        progress
    }

    /// Of several commands nobody knows here which had a reply.
    fn refuse(&self, commands: usize, reason: &str, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(format!("SERVER_ERROR the log cannot be written: {reason}\r\n").as_bytes());
        commands == 1
    }
}

impl Codec {
    /// Handles the start of `input`, which is not empty.
    #[inline]
    fn step(&mut self, work: &mut Work<'_>, input: &[u8]) -> Step {
        match self.state {
            State::Line => self.line(work, input),
            State::Keys { retrieval } => {
                let outcome = retrieve::retrieve(work, retrieval, input);
                self.retrieved(work, retrieval, outcome, input)
            }
            State::Swallow { left } => {
                let dropped = left.min(input.len());
                self.state = match left - dropped {
                    0 => State::Line,
                    left => State::Swallow { left },
                };
                Step::Done(dropped)
            }
            State::Skip => match memchr::memchr(b'\n', input) {
                Some(newline) => {
                    self.state = State::Line;
                    Step::Done(newline + 1)
                }
                None => Step::Done(input.len()),
            },
        }
    }

    /// Handles a request line and what belongs to it.
    #[inline]
    fn line(&mut self, work: &mut Work<'_>, input: &[u8]) -> Step {
        if !self.started && input[0] == binary::REQUEST_MAGIC {
            return match binary::refuse(input, work.out) {
                Ok(()) => Step::Close,
                Err(binary::NeedsBytes(bytes)) => Step::Wait(bytes),
            };
        }
        self.started = true;
        if !work.authenticated {
            return auth::authenticate(work, input);
        }
        let Some((line, after)) = end_of_line(input) else { return self.unfinished_line(input) };
        let request = text::parse(line);
        let noreply = request.noreply;
        if let Some(held) = work.server.clients.pause.held()
            && (held == Held::Everything || request.command.writes())
        {
            return Step::Held;
        }
        match request.command {
            Command::Retrieve(retrieval, keys) => {
                let outcome = retrieve::retrieve(work, retrieval, &input[keys..after]);
                return match self.retrieved(work, retrieval, outcome, &input[keys..after]) {
                    Step::Done(len) => Step::Done(keys + len),
                    step => step,
                };
            }
            Command::Store(storage) => {
                let limit = work.settings.memcached_max_item_size;
                if store::is_too_large(storage.key, storage.flags, storage.len, limit) {
                    // Answered at once: the client may be waiting for it with a block of gigabytes in its hand.
                    store::refuse_too_large(work, &storage, noreply);
                    work.commands += 1;
                    self.state = State::Swallow { left: storage.len + 2 };
                    return Step::Done(after);
                }
                let whole = after + storage.len + 2;
                let Some(block) = input.get(after..whole) else { return Step::Wait(whole) };
                match block.strip_suffix(b"\r\n") {
                    Some(data) => store::store(work, &storage, data, noreply),
                    None => store::refuse_block(work, noreply),
                }
                work.commands += 1;
                return Step::Done(whole);
            }
            Command::Arithmetic { direction, key, delta } => {
                modify::arithmetic(work, direction, key, delta, noreply);
            }
            Command::Delete { key } => modify::delete(work, key, noreply),
            Command::Touch { key, exptime } => modify::touch(work, key, exptime, noreply),
            Command::FlushAll { delay } => control::flush_all(work, delay, noreply),
            Command::MemoryLimit(megabytes) => control::memory_limit(work, megabytes, noreply),
            Command::Stats(words) => statistics::stats(work, words),
            Command::Version => control::version(work),
            Command::Verbosity => work.reply(noreply, emit::OK),
            Command::Refuse(refusal) => work.reply(noreply, refusal),
            Command::Quit | Command::Hang => return Step::Close,
        }
        work.commands += 1;
        Step::Done(after)
    }

    /// Goes on after some of a retrieval's line; `input` is the part that was given to it.
    #[inline]
    fn retrieved(
        &mut self,
        work: &mut Work<'_>,
        retrieval: Retrieval,
        outcome: Outcome,
        input: &[u8],
    ) -> Step {
        self.state = match outcome {
            Outcome::Finished(_) => State::Line,
            Outcome::Abandoned(_) => State::Skip,
            Outcome::Suspended(_) => State::Keys { retrieval },
        };
        match outcome {
            Outcome::Finished(len) | Outcome::Abandoned(len) => {
                work.commands += 1;
                Step::Done(len)
            }
            // Nothing can be taken from the input before more of it is there.
            Outcome::Suspended(0) if !input.is_empty() => Step::Wait(input.len() + 1),
            Outcome::Suspended(len) => Step::Done(len),
        }
    }

    /// A line whose end has not arrived: wait for it, begin with the keys of a long retrieval, or give up.
    #[cold]
    fn unfinished_line(&mut self, input: &[u8]) -> Step {
        if input.len() <= LINE_BYTES_MAX {
            return Step::Wait(0);
        }
        let mut words = text::Words::new(&input[..LINE_BYTES_MAX]);
        if input[LEADING_SPACES_MAX] == b' ' && input[..LEADING_SPACES_MAX].trim_ascii_start().is_empty()
            || !matches!(words.next(), Some(b"get" | b"gets" | b"gat" | b"gats"))
        {
            return Step::Close;
        }
        match text::retrieval(input) {
            // Keys behind the end of the input: the word before them may go on.
            Ok((retrieval, keys)) if keys < input.len() => {
                self.state = State::Keys { retrieval };
                Step::Done(keys)
            }
            _ => Step::Close,
        }
    }
}

/// The first line of `input` without its end, and the offset behind it.
#[inline]
fn end_of_line(input: &[u8]) -> Option<(&[u8], usize)> {
    let newline = memchr::memchr(b'\n', input)?;
    let line = &input[..newline];
    // A line that is nothing but `\r` is not an empty line; so it is in memcached.
    match line {
        [_, .., b'\r'] => Some((&line[..newline - 1], newline + 1)),
        _ => Some((line, newline + 1)),
    }
}
