//! A batch: commands that are parsed before the first of them is carried out, so that their keys can be fetched together.

use polycache_core::command::Spec;
use polycache_core::command::spec::Keys;
use polycache_core::engine::Operation;
use smallvec::SmallVec;

use super::error::ProtocolError;
use super::lookup;
use super::parse::{Arguments, Limits, Parsed, Parser};
use crate::net::codec::Turn;
use crate::stats::CommandIndex;

/// Commands in a batch: about as many cache misses as a core has under way.
const BATCH_COMMANDS: usize = polycache_core::index::AHEAD_KEYS;

/// See the module's documentation.
pub(super) struct Batch<'a> {
    pub args: Arguments<'a>,
    pub commands: SmallVec<[Command; BATCH_COMMANDS]>,
    /// Bytes without a command behind the last one.
    pub empty_bytes: usize,
    pub end: End,
}

/// One parsed command; its arguments are `first..end` of the batch's.
#[derive(Clone, Copy)]
pub(super) struct Command {
    pub first: usize,
    pub end: usize,
    /// With the empty ones before it.
    pub bytes: usize,
    /// What it means, unless that is an error.
    pub row: Option<Row>,
}

/// A row of the table, and the place of its counters.
pub(super) type Row = (&'static Spec, CommandIndex);

/// Why a batch ended.
pub(super) enum End {
    /// More commands may follow.
    Full,
    Incomplete {
        wanted: usize,
    },
    /// A command on a line follows; it goes alone.
    Inline {
        bytes: usize,
    },
    Broken(ProtocolError),
}

impl<'a> Batch<'a> {
    #[inline]
    pub fn empty() -> Batch<'a> {
        Batch { args: Arguments::new(), commands: SmallVec::new(), empty_bytes: 0, end: End::Full }
    }

    /// Parses commands from the start of `input`, in the place of those before.
    #[inline]
    pub fn parse(&mut self, parser: &mut Parser, turn: &Turn<'_>, input: &'a [u8]) {
        let bulk_bytes_max = usize::try_from(turn.settings.proto_max_bulk_len).unwrap_or(usize::MAX);
        let authenticated = turn.client.authenticated;
        let limits = Limits { bulk_bytes_max, authenticated };
        // What may be sent changes with AUTH.
        let commands_max = if authenticated { BATCH_COMMANDS } else { 1 };
        self.args.clear();
        self.commands.clear();
        self.empty_bytes = 0;
        self.end = End::Full;
        let mut at = 0;
        while self.commands.len() < commands_max {
            let first = self.args.len();
            match parser.parse(&input[at..], &limits, &mut self.args) {
                Ok(Parsed::Command { bytes }) => {
                    at += bytes;
                    let end = self.args.len();
                    let row = lookup::lookup(turn.server, &self.args[first..]).ok();
                    let bytes = bytes + std::mem::take(&mut self.empty_bytes);
                    self.commands.push(Command { first, end, bytes, row });
                }
                Ok(Parsed::Empty { bytes }) => {
                    at += bytes;
                    self.empty_bytes += bytes;
                }
                Ok(Parsed::Incomplete { wanted }) => {
                    self.end = End::Incomplete { wanted };
                    break;
                }
                Ok(Parsed::Inline { bytes }) => {
                    self.end = End::Inline { bytes };
                    break;
                }
                Err(error) => {
                    self.end = End::Broken(error);
                    break;
                }
            }
        }
    }

    /// Has the records fetched that the commands will touch.
    #[inline]
    pub fn look_ahead(&self, operation: &Operation<'_>, turn: &Turn<'_>) {
        if self.commands.len() < 2 {
            return;
        }
        let (mut keys, mut count) = ([&[][..]; BATCH_COMMANDS], 0);
        for command in &self.commands {
            // Of keys that are counted the first one, or what stands in its place where there are none.
            if let Some((spec, _)) = command.row
                && let Keys::Range { first, .. } | Keys::Counted { first, .. } = spec.keys
                && command.first + first < command.end
            {
                keys[count] = self.args[command.first + first];
                count += 1;
            }
        }
        if count > 1 {
            operation.look_ahead(turn.session.db, &keys[..count]);
        }
    }
}
