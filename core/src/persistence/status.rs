//! What INFO persistence tells.

use std::time::Instant;

use crate::log::{Choice, Figures, State};

/// How background work stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    Save,
    Rewrite,
}

/// The outcome of the last run of one kind of work.
#[derive(Clone, Debug)]
pub struct History {
    pub ok: bool,
    /// Seconds that it took; `None` before the first.
    pub last_seconds: Option<u64>,
    pub runs: u64,
    pub consecutive_failures: u64,
    pub(super) tried: Option<Instant>,
}

impl Default for History {
    fn default() -> Self {
        History { ok: true, last_seconds: None, runs: 0, consecutive_failures: 0, tried: None }
    }
}

impl History {
    pub(super) fn note(&mut self, began: Instant, ok: bool) {
        self.ok = ok;
        self.last_seconds = Some(began.elapsed().as_secs());
        self.runs += 1;
        self.consecutive_failures = if ok { 0 } else { self.consecutive_failures + 1 };
        self.tried = Some(Instant::now());
    }
}

/// The state of persistence, read at one moment.
#[derive(Clone, Debug)]
pub struct Status {
    pub changes_since_last_save: u64,
    pub save_in_progress: bool,
    pub save_scheduled: bool,
    /// Seconds since the epoch, of the last successful save, or of the start.
    pub last_save_time: u64,
    pub saves: History,
    /// Seconds that the save or rewrite under way has taken so far.
    pub current_job_seconds: Option<u64>,
    pub aof_enabled: bool,
    pub rewrite_in_progress: bool,
    pub rewrite_scheduled: bool,
    pub rewrites: History,
    /// `Ok`, or why writing fails.
    pub last_write: State,
    /// Bytes of all files, and how many that were after the last rewrite or at the start.
    pub aof_current_size: u64,
    pub aof_base_size: u64,
    pub log: Figures,
}

impl Status {
    /// Bytes appended but not yet written: `aof_buffer_length`.
    pub fn aof_buffer_length(&self) -> u64 {
        self.log.buffered_bytes
    }

    /// `io_uring` or `thread`, and why not io_uring.
    pub fn backend(&self) -> &Choice {
        &self.log.backend
    }

    /// `ok` or `err`, as INFO's `aof_last_write_status` says.
    pub fn last_write_status(&self) -> &'static str {
        if self.last_write == State::Well { "ok" } else { "err" }
    }
}
