//! The sweep: removes keys whose time is over though nobody asks for them.
//!
//! It walks all chains in turn, looking only at slots whose TTL bit is set, in slices. A slice in which many of the keys
//! with an expiry are over is followed by the next at once, so the share of expired keys that linger stays below
//! [`LINGERING_PERCENT_MAX`] unless removal cannot keep up within its share of time.

use std::time::{Duration, Instant};

use crate::engine::{DbIndex, Engine};
use crate::index::slot::TTL;
use crate::limits::DATABASES;
use crate::transaction::Entry;

/// How often the sweep runs.
pub const SWEEP_EVERY: Duration = Duration::from_millis(100);
/// The longest that one run goes on: a quarter of the time.
const RUN_MAX: Duration = Duration::from_millis(25);
/// A full walk takes at most this many runs.
const RUNS_PER_WALK: u64 = 50;
/// Chains under one epoch pin.
const CHAINS_PER_PIN: u64 = 64;
/// More expired keys than this among those with an expiry, and the run goes on.
pub const LINGERING_PERCENT_MAX: u64 = 5;

/// Where the sweep stands.
#[derive(Default)]
pub struct Sweep {
    next_chain: [u64; DATABASES],
}

impl Sweep {
    /// One run over all databases; returns how many keys it removed.
    pub fn run(&mut self, engine: &Engine) -> u64 {
        let deadline = Instant::now() + RUN_MAX;
        (0..DATABASES).map(|db| self.run_db(engine, db as DbIndex, deadline)).sum()
    }

    fn run_db(&mut self, engine: &Engine, db: DbIndex, deadline: Instant) -> u64 {
        let (mut removed, mut seen, mut walked) = (0, 0, 0);
        loop {
            let op = engine.begin();
            let index = op.index(db);
            if index.expires() == 0 {
                return removed;
            }
            let chains = index.chains();
            let slice = (chains / RUNS_PER_WALK).max(CHAINS_PER_PIN);
            for _ in 0..CHAINS_PER_PIN {
                let chain = self.next_chain[usize::from(db)] % chains;
                self.next_chain[usize::from(db)] = chain + 1;
                walked += 1;
                for (slot, word) in index.slots(chain, op.pin()) {
                    if !word.has(TTL) {
                        continue;
                    }
                    seen += 1;
                    if let Ok(Some(record)) = index.visited(slot, word, op.pin())
                        && record.is_expired(op.now())
                        // Taking and dropping the entry of an expired key removes it.
                        && Entry::latch(&op, db, record.key()).is_ok()
                    {
                        removed += 1;
                    }
                }
            }
            let lingering = removed * 100 > seen * LINGERING_PERCENT_MAX;
            if walked >= chains || (walked >= slice && !lingering) || Instant::now() >= deadline {
                return removed;
            }
        }
    }
}
