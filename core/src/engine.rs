//! The engine: the facade of every face.

use crate::clock::UnixMillis;
use crate::command::Failure;
use crate::log::Lsn;

/// Number of a logical database, below [`crate::limits::DATABASES`].
pub type DbIndex = u8;

/// A handle on one keyspace; clones share it.
#[derive(Clone)]
pub struct Engine {}

impl Engine {
    /// Whether a write may begin now: refuses when memory is full or the log has failed.
    pub fn admit_write(&self, _needs_memory: bool) -> Result<(), Failure> {
        todo!()
    }
}

/// A stretch of work on the engine by one thread: pins the epoch and fixes the time.
pub struct Operation<'a> {
    _engine: &'a Engine,
}

impl Operation<'_> {
    pub fn now(&self) -> UnixMillis {
        todo!()
    }
    /// The log position that this operation's last write reached.
    pub fn last_lsn(&self) -> Option<Lsn> {
        todo!()
    }
}
