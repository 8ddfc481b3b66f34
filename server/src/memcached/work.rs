//! What carrying out commands needs, for the length of one turn.

use polycache_core::command::{Ctx, Failure};

use super::emit::{self, Line};
use crate::client::Client;
use crate::config::Settings;
use crate::limits::{TURN_COMMANDS_MAX, TURN_OUTPUT_BYTES};
use crate::server::Server;
use crate::stats::{Counter, Shard};

/// One turn's tools: the engine's operation, and where replies and counts go.
pub struct Work<'a> {
    pub ctx: Ctx<'a>,
    pub server: &'a Server,
    pub settings: &'a Settings,
    pub stats: &'a Shard,
    pub out: &'a mut Vec<u8>,
    pub authenticated: bool,
    /// `stats detail on`.
    pub collects_detail: bool,
    /// Commands carried out so far.
    pub commands: usize,
    /// Keys looked up by retrievals so far.
    pub keys: usize,
}

impl Work<'_> {
    /// Whether the turn should end.
    pub fn is_spent(&self) -> bool {
        self.commands + self.keys >= TURN_COMMANDS_MAX || self.out.len() >= TURN_OUTPUT_BYTES
    }

    /// Sends `line` unless the client wants no reply.
    #[inline]
    pub fn reply(&mut self, noreply: bool, line: Line) {
        if !noreply {
            self.out.extend_from_slice(line);
        }
    }

    /// Sends the reply to a command that may have failed; `out_of_memory` is the line for a full memory.
    #[inline]
    pub fn answer(&mut self, noreply: bool, result: Result<Line, Failure>, out_of_memory: Line) {
        match result {
            Ok(line) => self.reply(noreply, line),
            Err(failure) => {
                if failure == Failure::OUT_OF_MEMORY {
                    self.stats.add(Counter::MemcachedNoMemory, 1);
                }
                if !noreply {
                    emit::failure(self.out, &failure, out_of_memory);
                }
            }
        }
    }

    /// Whether a write that may need memory is allowed now.
    #[inline]
    pub fn admit_growth(&self) -> Result<(), Failure> {
        self.ctx.engine.admit_write(self.ctx.op, true)
    }

    /// Whether a write that needs next to no memory is allowed now.
    #[inline]
    pub fn admit_change(&self) -> Result<(), Failure> {
        self.ctx.engine.admit_write(self.ctx.op, false)
    }

    /// The connection.
    pub fn client(&mut self) -> &mut Client {
        Client::of(self.ctx.host)
    }
}
