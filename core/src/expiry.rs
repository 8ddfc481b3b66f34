//! The sweep: removes keys, and fields of hashes, whose time is over though nobody asks for them.
//!
//! It walks all chains in turn, looking only at slots whose TTL bit is set, in slices. A hash tells in O(log n) when the
//! first of its fields expires; those that have are removed some at a time, until none is left or the run's time is over.
//! So a field lingers for at most one full walk, unless removal cannot keep up. A slice in which many of the keys
//! with an expiry are over is followed by the next at once, so the share of expired keys that linger stays below
//! [`LINGERING_PERCENT_MAX`] unless removal cannot keep up within its share of time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::container::hash::next_expiry;
use crate::container::sweep_fields;
use crate::delays::Delay;
use crate::engine::{DbIndex, Engine, Operation};
use crate::event::EXPIRING_FIELDS;
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

/// What the sweep has found out, for INFO. The sweeping thread writes, anybody reads: lone figures.
#[derive(Default)]
pub struct Swept {
    time_ns: AtomicU64,
    runs_cut_short: AtomicU64,
    /// Moving means: the part of the keys with an expiry that were over, times 10,000; and by database the time that
    /// those which were not have left.
    stale: AtomicU64,
    ttl_ms: [AtomicU64; DATABASES],
}

/// What an old mean weighs against a new value, of 100.
const MEAN_WEIGHT: u64 = 95;

fn blend(mean: &AtomicU64, value: u64) {
    // ORDERING: figures, here and below.
    let old = mean.load(Ordering::Relaxed);
    let new = if old == 0 { value } else { (old * MEAN_WEIGHT + value * (100 - MEAN_WEIGHT)) / 100 };
    mean.store(new, Ordering::Relaxed); // ORDERING: as above.
}

impl Swept {
    /// Time spent in runs, in milliseconds.
    pub fn time_ms(&self) -> u64 {
        self.time_ns.load(Ordering::Relaxed) / 1_000_000 // ORDERING: see `blend`.
    }

    /// Runs that ended because their time was over.
    pub fn runs_cut_short(&self) -> u64 {
        self.runs_cut_short.load(Ordering::Relaxed) // ORDERING: see `blend`.
    }

    /// The percentage of keys that are over and still there, about.
    pub fn stale_percent(&self) -> f64 {
        self.stale.load(Ordering::Relaxed) as f64 / 100.0 // ORDERING: see `blend`.
    }

    /// The mean time that the keys of a database with an expiry have left, about; 0: there are none.
    pub fn mean_ttl_ms(&self, db: DbIndex) -> u64 {
        self.ttl_ms[usize::from(db)].load(Ordering::Relaxed) // ORDERING: see `blend`.
    }
}

impl Sweep {
    /// One run over all databases; returns how many keys it removed.
    pub fn run(&mut self, engine: &Engine) -> u64 {
        let began = Instant::now();
        let deadline = began + RUN_MAX;
        let removed = (0..DATABASES).map(|db| self.run_db(engine, db as DbIndex, deadline)).sum();
        let (spent, swept) = (began.elapsed(), engine.swept());
        engine.delays().note(Delay::ExpireCycle, spent);
        // ORDERING: see `blend`.
        swept.time_ns.fetch_add(spent.as_nanos() as u64, Ordering::Relaxed);
        swept.runs_cut_short.fetch_add(u64::from(spent >= RUN_MAX), Ordering::Relaxed); // ORDERING: as above.
        removed
    }

    fn run_db(&mut self, engine: &Engine, db: DbIndex, deadline: Instant) -> u64 {
        let (mut removed, mut seen, mut walked) = (0, 0, 0);
        // Of the keys that stay.
        let (mut ttl_sum_ms, mut ttls) = (0u64, 0u64);
        let swept = engine.swept();
        loop {
            let op = engine.begin();
            op.see_places();
            let index = op.index(db);
            if index.is_lasting() {
                swept.ttl_ms[usize::from(db)].store(0, Ordering::Relaxed); // ORDERING: see `blend`.
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
                        continue;
                    }
                    if let Some(at) = record.expire_at() {
                        ttl_sum_ms = ttl_sum_ms.saturating_add(at.0.saturating_sub(op.now().0));
                        ttls += 1;
                    }
                    if record.has_volatile_fields() {
                        removed += u64::from(sweep_hash(&op, db, record, deadline));
                    }
                }
            }
            let lingering = removed * 100 > seen * LINGERING_PERCENT_MAX;
            if seen > 0 && (walked >= chains || walked >= slice) {
                blend(&swept.stale, removed.min(seen) * 10_000 / seen);
                if let Some(mean) = ttl_sum_ms.checked_div(ttls) {
                    blend(&swept.ttl_ms[usize::from(db)], mean);
                }
            }
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
        op.act_as(EXPIRING_FIELDS);
        let Ok(fields) = sweep_fields(op.engine(), &mut entry, FIELDS_PER_LATCH) else { break };
        if fields < FIELDS_PER_LATCH || Instant::now() >= deadline {
            break;
        }
    }
    true
}
