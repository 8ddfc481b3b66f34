//! The memcached protocols: classic text, meta, and binary, on the same keys as RESP's.
//!
//! | folder or file | what |
//! |---|---|
//! | `text/` | the classic text protocol: lines, retrievals, administration |
//! | `meta/` | mg, ms, md, ma, mn, me |
//! | `binary/` | the binary protocol, with SASL |
//! | `item/` | what all of them do to items |
//! | `statistics/` | stats and its subcommands |
//! | `control.rs` | flush_all, cache_memlimit, shutdown |
//! | `crawl.rs`, `watch.rs` | lru_crawler, stats sizes and cachedump; watch |
//! | `discovery.rs` | the cluster's members, as clients of ElastiCache ask for them |
//! | `arguments.rs` | `--memcached-args`: memcached's own flags |
//! | `number.rs`, `expiry.rs` | numbers and exptimes as memcached reads them |
//! | `users.rs` | who may come in |
//! | `shared.rs`, `work.rs` | what connections share; what a turn works with |
//! | `fuzz.rs` | the protocols without a socket |
//!
//! The first byte of a connection tells whether it speaks binary (`0x80`); text and meta are mixed at will. The
//! reference is memcached 1.6.18; where we differ on purpose is listed in `tests/differences.md`.
//!
//! A key's client flags live in its record, and its CAS number is the record's version unless a client chose one, or
//! the write left the value alone. A write over RESP or in-process makes a `cas` fail as it must; one that replaces the
//! value drops the flags, one that changes it keeps them.
//!
//! # Limits
//! Replies: a turn ends after [`crate::limits::TURN_OUTPUT_BYTES`], in the middle of a retrieval if need be. Those of
//! input stand with the protocols.

pub mod arguments;
mod binary;
mod control;
mod crawl;
mod discovery;
mod expiry;
mod fuzz;
mod item;
mod meta;
mod number;
mod permit;
mod shared;
mod statistics;
mod text;
pub mod users;
mod watch;
mod work;

use polycache_core::command::{Ctx, NoReply};

pub use discovery::is_member;
pub use fuzz::{converse, fuzz};
pub use shared::Shared;

use crate::net::codec::{self, Progress, Turn};
use crate::stats::Counter;
use work::Work;

/// The state of one memcached connection.
#[derive(Default)]
pub struct Codec {
    dialect: Dialect,
}

/// What a connection speaks.
#[derive(Default)]
enum Dialect {
    /// Nothing has come yet.
    #[default]
    Undecided,
    Text(text::Text),
    Binary(binary::Binary),
}

/// What came of the start of the input.
enum Step {
    /// So many bytes are done with.
    Done(usize),
    /// More input is needed: at least so many bytes, 0 is unknown.
    Wait(usize),
    /// Nothing was consumed, and there is more to do for what comes next.
    Again,
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
        operation.see_places();
        let mut no_reply = NoReply;
        turn.client.refresh_access();
        if turn.client.closing {
            // Its user is gone.
            return Progress { consumed: input.len(), close: true, ..Progress::default() };
        }
        let authenticated = turn.client.authenticated;
        let is_guarded = turn.client.is_guarded();
        turn.session.db = turn.settings.memcached_database;
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
            is_guarded,
            is_monitored: turn.server.monitors.any(),
            is_observed: server.memcached.is_observed(),
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
                ahead = progress.consumed + self.look_ahead(&work, &input[progress.consumed..]).max(1);
            }
            match self.step(&mut work, &input[progress.consumed..]) {
                Step::Done(len) => progress.consumed += len,
                Step::Wait(wanted) => {
                    progress.wanted = wanted;
                    break;
                }
                Step::Again => {
                    progress.unfinished = true;
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

    /// Of several commands nobody knows here which had a reply, and binary replies must name their request.
    fn refuse(&self, commands: usize, reason: &str, out: &mut Vec<u8>) -> bool {
        if matches!(self.dialect, Dialect::Binary(_)) {
            return false;
        }
        out.extend_from_slice(format!("SERVER_ERROR the log cannot be written: {reason}\r\n").as_bytes());
        commands == 1
    }

    #[inline]
    fn take_news(&mut self, out: &mut Vec<u8>) {
        if let Dialect::Text(text) = &self.dialect {
            text.take_news(out);
        }
    }
}

/// The longest data block that any item can have.
fn size_limit(work: &Work<'_>) -> usize {
    usize::try_from(work.settings.memcached_max_item_size).unwrap_or(usize::MAX)
}

impl Codec {
    /// Handles the start of `input`, which is not empty.
    #[inline]
    fn step(&mut self, work: &mut Work<'_>, input: &[u8]) -> Step {
        match &mut self.dialect {
            Dialect::Text(text) => text.step(work, input),
            Dialect::Binary(binary) => binary.step(work, input),
            Dialect::Undecided => self.decide(work, input),
        }
    }

    /// Chooses the protocol by the first byte of a connection.
    #[cold]
    fn decide(&mut self, work: &mut Work<'_>, input: &[u8]) -> Step {
        if !work.settings.memcached_auth_file.is_empty() {
            // Only these protocols know the file.
            work.authenticated = false;
            work.client().forget_who();
            work.is_guarded = true;
        }
        let shared = &work.server.memcached;
        shared.watchers.connection("conn_new", &crate::client::Client::of(work.ctx.host).entry);
        self.dialect = if input[0] == binary::REQUEST_MAGIC {
            Dialect::Binary(binary::Binary::default())
        } else {
            Dialect::Text(text::Text::default())
        };
        self.step(work, input)
    }

    /// Has the records fetched that the next commands will need; returns how many bytes it looked at.
    #[inline]
    fn look_ahead(&self, work: &Work<'_>, input: &[u8]) -> usize {
        match self.dialect {
            Dialect::Binary(_) => binary::ahead::commands(work, input),
            _ => text::ahead::commands(work, input),
        }
    }
}
