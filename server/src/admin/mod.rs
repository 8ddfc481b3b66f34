//! Commands on the server itself: INFO, COMMAND, MEMORY, SLOWLOG, DEBUG, SHUTDOWN, saving, FLUSHALL, SWAPDB.

use polycache_core::command::{Args, Spec};

use crate::client::Client;

/// The rows of this family.
pub static COMMANDS: &[Spec] = &[];

/// The slow log.
#[derive(Default)]
pub struct SlowLog {}

impl SlowLog {
    /// Called for a command that took longer than `slowlog-log-slower-than`.
    pub fn record(&self, _client: &Client, _args: Args<'_>, _duration_us: u64) {}
}
