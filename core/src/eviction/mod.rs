//! Which records are worth keeping: the access bits, and room for new records when memory is full.
//!
//! A record has 24 access bits. Under the LFU policies they hold the minute of the last decay (16 bits) and a
//! logarithmic counter (8 bits), under S3-FIFO what `s3fifo.rs` says, otherwise the second of the last access: Redis'
//! clocks, so that OBJECT IDLETIME and OBJECT FREQ mean what they mean there. They are written only when they change,
//! so a hot record is written once a second (under S3-FIFO: not at all), not once a read.
//!
//! An eviction looks at the next few records on a hand's way through the index itself (`walk.rs`) and removes the best
//! candidate of the policy: no list, no lock, no memory per key.

mod ghost;
mod s3fifo;
mod walk;

// Not through `crate::sync`: counts that no test hangs on.
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use crate::clock::UnixMillis;
use crate::config::EvictionPolicy;
use crate::delays::Delay;
use crate::engine::{DbIndex, Engine};
use crate::event::EVICTING;
use crate::limits::DATABASES;
use crate::operation::Operation;
use crate::record::{Effect, Record};
use crate::stats::Counter;
use crate::transaction::Entry;
use s3fifo::Queues;
use walk::{Hand, Walk};

/// The counter of a record that was just made: not zero, or it would be the first to go.
const LFU_START: u32 = 5;
const SECONDS_BITS: u32 = 24;
const MINUTES_BITS: u32 = 16;
/// Evictions that one write performs at most: some milliseconds.
const EVICTIONS_MAX: usize = 4096;
/// A write whose evictions were not enough is admitted while memory is over its limit by less than this part of it
/// (large values in the place of small ones, or the first table of ghosts).
const OVERDRAFT: u64 = 16;

/// Notes an access.
#[inline]
pub fn touch(record: Record<'_>, op: &Operation<'_>) {
    let tuning = op.engine().tuning();
    let policy = tuning.policy();
    let access = if policy.is_queued() {
        s3fifo::touched(record.access())
    } else if policy.counts_frequency() {
        let seconds = op.access_seconds();
        let counter = decayed(record.access(), seconds, tuning.lfu_decay_time());
        lfu(seconds, grown(counter, tuning.lfu_log_factor()))
    } else {
        op.access_seconds() as u32 & ((1 << SECONDS_BITS) - 1)
    };
    if access != record.access() {
        record.set_access(access);
    }
}

/// The access bits of a record of the key with this hash that takes the place of `old`.
#[inline]
pub fn initial_access(old: Option<Record<'_>>, db: DbIndex, hash: u64, op: &Operation<'_>) -> u32 {
    let policy = op.engine().tuning().policy();
    match old {
        Some(old) if policy.is_queued() => s3fifo::touched(old.access()),
        None if policy.is_queued() => op.engine().eviction().queues[usize::from(db)].arrival(hash, op),
        Some(old) if policy.counts_frequency() => old.access(),
        None if policy.counts_frequency() => lfu(op.access_seconds(), LFU_START),
        _ => op.access_seconds() as u32 & ((1 << SECONDS_BITS) - 1),
    }
}

/// The access bits of a record that another server had, where they mean the same here: how long it was not used, or how
/// often it was.
pub(crate) fn carried_access(
    idle_seconds: Option<u64>,
    frequency: Option<u8>,
    op: &Operation<'_>,
) -> Option<u32> {
    let policy = op.engine().tuning().policy();
    if policy.is_queued() {
        return None;
    }
    if policy.counts_frequency() {
        return Some(lfu(op.access_seconds(), u32::from(frequency?)));
    }
    Some(op.access_seconds().saturating_sub(idle_seconds?) as u32 & ((1 << SECONDS_BITS) - 1))
}

fn lfu(seconds: u64, counter: u32) -> u32 {
    ((seconds / 60) as u32 & ((1 << MINUTES_BITS) - 1)) << 8 | counter
}

/// The counter after the minutes since its last decay took their share.
fn decayed(access: u32, seconds: u64, decay_minutes: u32) -> u32 {
    let counter = access & 0xff;
    if decay_minutes == 0 {
        return counter;
    }
    let minute = (seconds / 60) as u32;
    let passed = minute.wrapping_sub(access >> 8) & ((1 << MINUTES_BITS) - 1);
    counter.saturating_sub(passed / decay_minutes)
}

/// The counter after one more access: it grows the less likely, the larger it is.
fn grown(counter: u32, log_factor: u32) -> u32 {
    if counter >= 255 {
        return counter;
    }
    let base = counter.saturating_sub(LFU_START);
    let chance = 1.0 / (f64::from(base) * f64::from(log_factor) + 1.0);
    if fastrand::f64() < chance { counter + 1 } else { counter }
}

impl Record<'_> {
    /// Seconds since the last access; meaningful where [`EvictionPolicy::tracks_time`].
    pub fn idle_seconds(&self, now: UnixMillis) -> u64 {
        let passed = (now.seconds() as u32).wrapping_sub(self.access()) & ((1 << SECONDS_BITS) - 1);
        // A clock that stepped back, or a touch a moment ahead of `now`, is no idle time of half a year.
        if passed > (1 << SECONDS_BITS) - 60 { 0 } else { u64::from(passed) }
    }

    /// The logarithmic access counter, decayed to `now`; meaningful under an LFU policy.
    pub fn frequency(&self, now: UnixMillis, decay_minutes: u32) -> u8 {
        decayed(self.access(), now.seconds(), decay_minutes) as u8
    }

    /// How much sooner than others this record should go; the highest goes first.
    fn badness(&self, policy: EvictionPolicy, now: UnixMillis, decay_minutes: u32) -> u64 {
        match policy {
            EvictionPolicy::AllKeysLfu | EvictionPolicy::VolatileLfu => {
                255 - u64::from(self.frequency(now, decay_minutes))
            }
            EvictionPolicy::VolatileTtl => u64::MAX - self.expire_at().map_or(u64::MAX, |at| at.0),
            EvictionPolicy::AllKeysRandom | EvictionPolicy::VolatileRandom => fastrand::u64(..),
            _ => self.idle_seconds(now),
        }
    }
}

/// What evictions remember between two of them.
#[derive(Default)]
pub(crate) struct Eviction {
    hands: [Hand; DATABASES],
    queues: [Queues; DATABASES],
    weights: Weights,
    observer: OnceLock<Observer>,
}

/// Whoever is told of records that were evicted, while their keys are latched.
pub type Observer = Box<dyn Fn(DbIndex, Record<'_>, UnixMillis) + Send + Sync>;

/// Candidates of each database, counted now and then.
#[derive(Default)]
struct Weights {
    counts: [AtomicU64; DATABASES],
    uses: AtomicU32,
}

impl Engine {
    /// Has `observer` told of every eviction from now on; the first one stays.
    pub fn observe_evictions(&self, observer: Observer) {
        let _ = self.eviction().observer.set(observer);
    }
}

impl Weights {
    /// Counting sums all shards of all databases: too much for every eviction.
    const COUNT_EVERY: u32 = 64;

    /// A database, chosen at random by its number of candidates, and that number.
    fn choose(&self, op: &Operation<'_>, is_volatile: bool) -> Option<(DbIndex, u64)> {
        // ORDERING: statistics, here and below.
        if self.uses.fetch_add(1, Ordering::Relaxed).is_multiple_of(Self::COUNT_EVERY) {
            self.count(op, is_volatile);
        }
        let total: u64 = self.counts.iter().map(|count| count.load(Ordering::Relaxed)).sum();
        let mut pick = fastrand::u64(0..total.max(1));
        for (db, count) in self.counts.iter().enumerate() {
            // ORDERING: as above.
            let count = count.load(Ordering::Relaxed);
            if pick < count {
                return Some((db as DbIndex, count));
            }
            pick -= count;
        }
        None
    }

    fn count(&self, op: &Operation<'_>, is_volatile: bool) {
        for (db, count) in self.counts.iter().enumerate() {
            let index = op.index(db as DbIndex);
            let candidates = if is_volatile { index.expires() } else { index.len() };
            // ORDERING: as in `choose`.
            count.store(candidates, Ordering::Relaxed);
        }
    }
}

impl Engine {
    /// Makes room where memory is full; whether there is room now. The caller holds no latch.
    pub fn make_room(&self, op: &Operation<'_>) -> bool {
        let limit = self.tuning().maxmemory();
        if limit == 0 || !self.memory().exceeds(limit) {
            return true;
        }
        let policy = self.tuning().policy();
        if policy == EvictionPolicy::NoEviction {
            return self.memory().used() <= limit;
        }
        // What is in use exactly costs a look at every shard, hence not at each step.
        const LOOK_EVERY: usize = 8;
        let _timed = Timed { engine: self, began: Instant::now() };
        for round in 0..EVICTIONS_MAX {
            let may_be_enough = round % LOOK_EVERY == 0 || self.memory().used_roughly() <= limit;
            if may_be_enough && self.memory().used() <= limit {
                return true;
            }
            if !evict_one(op, policy) {
                return self.memory().used() <= limit;
            }
        }
        // A single write does not pay for everything that came before it, as long as the limit means something.
        self.memory().used() <= limit + limit / OVERDRAFT
    }
}

/// Notes how long making room took.
struct Timed<'a> {
    engine: &'a Engine,
    began: Instant,
}

impl Drop for Timed<'_> {
    fn drop(&mut self) {
        self.engine.delays().note(Delay::EvictionCycle, self.began.elapsed());
    }
}

/// Removes the best candidate of a sample; `false` if there is none.
fn evict_one(op: &Operation<'_>, policy: EvictionPolicy) -> bool {
    let eviction = op.engine().eviction();
    let is_volatile = policy.is_volatile();
    let try_one = || {
        let Some((db, keys)) = eviction.weights.choose(op, is_volatile) else { return false };
        if policy.is_queued() {
            return eviction.queues[usize::from(db)].evict(op, db, keys, is_volatile);
        }
        sample(op, db, policy).is_some_and(|victim| remove(op, db, victim))
    };
    if try_one() {
        return true;
    }
    // The counts may be old: a database that was full is empty by now, or the policy is another.
    eviction.weights.count(op, is_volatile);
    try_one()
}

/// Removes a record that was chosen to go; `false` if it cannot be.
fn remove(op: &Operation<'_>, db: DbIndex, victim: Record<'_>) -> bool {
    let Ok(mut entry) = Entry::latch(op, db, victim.key()) else { return false };
    // Somebody may have written it since: then it is not the one we chose, but its memory is as good.
    let evicted = entry.record();
    let command = op.act_as(EVICTING);
    let is_removed = entry.remove(Effect::Del);
    op.act_as(command);
    if is_removed {
        op.engine().stats().add(Counter::EvictedKeys, 1);
        if let (Some(observer), Some(record)) = (op.engine().eviction().observer.get(), evicted) {
            observer(db, record, op.now());
        }
    }
    true
}

/// The best candidate among the next few that the database's hand comes by.
fn sample<'g>(op: &'g Operation<'_>, db: DbIndex, policy: EvictionPolicy) -> Option<Record<'g>> {
    let tuning = op.engine().tuning();
    let hand = &op.engine().eviction().hands[usize::from(db)];
    let mut walk = Walk::new(op, db, hand, policy.is_volatile());
    let mut best: Option<(u64, Record<'g>)> = None;
    for _ in 0..tuning.samples().max(1) {
        let Some(record) = walk.next() else { break };
        let badness = record.badness(policy, op.now(), tuning.lfu_decay_time());
        if best.is_none_or(|(worst, _)| badness > worst) {
            best = Some((badness, record));
        }
    }
    let (_, record) = best?;
    walk.forget(record);
    Some(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_decay_by_the_minute() {
        let access = lfu(600, 100);
        assert_eq!(decayed(access, 600, 1), 100);
        assert_eq!(decayed(access, 600 + 59, 1), 100);
        assert_eq!(decayed(access, 600 + 180, 1), 97);
        assert_eq!(decayed(access, 600 + 180, 3), 99);
        assert_eq!(decayed(access, 600 + 180, 0), 100);
    }

    #[test]
    fn counters_grow_ever_slower() {
        let mut counter = LFU_START;
        for _ in 0..100_000 {
            counter = grown(counter, 10);
        }
        assert!((60..250).contains(&counter), "{counter}");
    }
}
