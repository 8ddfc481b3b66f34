//! The sweep: removes keys, and fields of hashes, whose time is over though nobody asks for them.
//!
//! It walks all chains in turn, looking only at slots whose TTL bit is set, in slices. A hash tells in O(log n) when the
//! first of its fields expires; those that have are removed some at a time, until none is left or the run's time is over.
//! So a field lingers for at most one full walk, unless removal cannot keep up. A slice in which many of the keys
//! with an expiry are over is followed by the next at once, so the share of expired keys that linger stays below
//! [`LINGERING_PERCENT_MAX`] unless removal cannot keep up within its share of time.

use std::time::{Duration, Instant};

use crate::container::hash::next_expiry;
use crate::container::sweep_fields;
use crate::engine::{DbIndex, Engine, Operation};
use crate::index::slot::TTL;
use crate::limits::DATABASES;
use crate::record::Record;
use crate::transaction::Entry;

/// How often the sweep runs.
pub const SWEEP_EVERY: Duration = Duration::from_millis(100);
/// The longest that one run goes on: a quarter of the time.
const RUN_MAX: Duration = Duration::from_millis(25);
/// A full walk takes at most this many runs.
const RUNS_PER_WALK: u64 = 50;
/// Chains under one epoch pin.
const CHAINS_PER_PIN: u64 = 64;
/// Fields of a hash that are removed under one latch.
const FIELDS_PER_LATCH: usize = 128;
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
            if index.is_lasting() {
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
                    let Ok(Some(record)) = index.visited(slot, word, op.pin()) else { continue };
                    if record.is_expired(op.now()) {
                        // Taking and dropping the entry of an expired key removes it.
                        removed += u64::from(Entry::latch(&op, db, record.key()).is_ok());
                    } else if record.has_volatile_fields() {
                        removed += u64::from(sweep_hash(&op, db, record, deadline));
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

/// Removes the fields of a hash whose time is over; whether there were any.
fn sweep_hash(op: &Operation<'_>, db: DbIndex, record: Record<'_>, deadline: Instant) -> bool {
    if !matches!(next_expiry(record), Ok(Some(at)) if at <= op.now()) {
        return false;
    }
    let key = record.key();
    loop {
        // A damaged hash is told of by whoever asks for it.
        let Ok(mut entry) = Entry::latch(op, db, key) else { break };
        let Ok(fields) = sweep_fields(op.engine(), &mut entry, FIELDS_PER_LATCH) else { break };
        if fields < FIELDS_PER_LATCH || Instant::now() >= deadline {
            break;
        }
    }
    true
}
