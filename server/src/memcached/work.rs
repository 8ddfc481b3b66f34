//! What carrying out commands needs, for the length of one turn.

use polycache_core::command::{Ctx, Failure};
use polycache_core::record::Record;

use super::item::{Removed, Storage};
use super::statistics::detail::Event;
use super::text::emit::{self, Line};
use super::watch::{self, Outcome};
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
    /// What commands may do must be checked.
    pub is_guarded: bool,
    /// Somebody listens to all commands (MONITOR).
    pub is_monitored: bool,
    /// `stats detail on`, or somebody watches.
    pub is_observed: bool,
    /// Commands carried out so far.
    pub commands: usize,
    /// Keys looked up by retrievals so far.
    pub keys: usize,
}

impl Work<'_> {
    /// Whether the turn should end.
    #[inline]
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

    /// Counts a look-up.
    #[inline]
    pub fn count_get(&mut self, is_hit: bool) {
        let counter = if is_hit { Counter::MemcachedGetHits } else { Counter::MemcachedGetMisses };
        self.stats.add(counter, 1);
    }

    /// Seconds since the last access to a record; 0 where the eviction policy keeps something else in its place.
    pub fn idle_seconds(&self, record: Record<'_>) -> u64 {
        if self.server.engine.tuning().policy().tracks_time() {
            record.idle_seconds(self.ctx.now())
        } else {
            0
        }
    }

    /// The connection.
    pub fn client(&mut self) -> &mut Client {
        Client::of(self.ctx.host)
    }

    /// Counts an event for `stats detail`.
    #[cold]
    pub fn count_detail(&self, key: &[u8], event: Event) {
        let detail = &self.server.memcached.detail;
        if detail.is_on() {
            detail.count(key, event);
        }
    }

    /// Tells those who watch, and `stats detail`, of a look-up; `size` is that of the value found.
    #[cold]
    pub fn observe_get(&mut self, key: &[u8], size: Option<usize>) {
        self.count_detail(key, Event::Get { hit: size.is_some() });
        let id = self.client().id;
        self.server.memcached.watchers.fetched(id, key, size);
    }

    #[cold]
    pub fn observe_store(&mut self, storage: &Storage<'_>, outcome: Outcome) {
        self.count_detail(storage.key, Event::Set);
        let id = self.client().id;
        self.server.memcached.watchers.stored(id, storage, outcome);
    }

    #[cold]
    pub fn observe_delete(&mut self, key: &[u8], removed: Removed) {
        let id = self.client().id;
        let status = match removed {
            Removed::Done => watch::DELETED,
            Removed::NotFound => watch::NOT_FOUND,
            Removed::Exists => watch::EXISTS,
        };
        self.server.memcached.watchers.deleted(id, key, status);
    }
}
