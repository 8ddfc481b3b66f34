//! Which records are worth keeping: the access bits, and room for new records when memory is full.
//!
//! A record has 24 access bits. Under the LFU policies they hold the minute of the last decay (16 bits) and a
//! logarithmic counter (8 bits), otherwise the second of the last access: Redis' clocks, so that OBJECT IDLETIME and
//! OBJECT FREQ mean what they mean there. They are written only when they change, so a hot record is written once a
//! second, not once a read.
//!
//! An eviction samples chains at random positions of the index itself and removes the best candidate of the policy: no
//! list, no lock, no memory per key.

use crate::clock::UnixMillis;
use crate::config::EvictionPolicy;
use crate::engine::{DbIndex, Engine};
use crate::index::Index;
use crate::index::slot::TTL;
use crate::limits::DATABASES;
use crate::operation::Operation;
use crate::record::{Effect, Record};
use crate::stats::Counter;
use crate::transaction::Entry;

/// The counter of a record that was just made: not zero, or it would be the first to go.
const LFU_START: u32 = 5;
const SECONDS_BITS: u32 = 24;
const MINUTES_BITS: u32 = 16;
/// Chains looked at for one eviction before it gives up (a volatile policy with few keys that have an expiry).
const CHAINS_MAX: u64 = 1 << 16;
/// Evictions that one write performs at most: it pays for its own room, not for everybody's.
const EVICTIONS_MAX: usize = 64;

/// Notes an access.
#[inline]
pub fn touch(record: Record<'_>, op: &Operation<'_>) {
    let tuning = op.engine().tuning();
    let seconds = op.access_seconds();
    let access = if tuning.policy().counts_frequency() {
        let counter = decayed(record.access(), seconds, tuning.lfu_decay_time());
        lfu(seconds, grown(counter, tuning.lfu_log_factor()))
    } else {
        seconds as u32 & ((1 << SECONDS_BITS) - 1)
    };
    if access != record.access() {
        record.set_access(access);
    }
}

/// The access bits of a record that takes the place of `old`.
#[inline]
pub fn initial_access(old: Option<Record<'_>>, op: &Operation<'_>) -> u32 {
    let tuning = op.engine().tuning();
    let seconds = op.access_seconds();
    if tuning.policy().counts_frequency() {
        old.map_or_else(|| lfu(seconds, LFU_START), |old| old.access())
    } else {
        seconds as u32 & ((1 << SECONDS_BITS) - 1)
    }
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
    /// Seconds since the last access; meaningful unless an LFU policy is on.
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
            EvictionPolicy::AllKeysRandom | EvictionPolicy::VolatileRandom => 0,
            _ => self.idle_seconds(now),
        }
    }
}

impl Engine {
    /// Makes room where memory is full; whether there is room now. The caller holds no latch.
    pub fn make_room(&self) -> bool {
        let limit = self.tuning().maxmemory();
        if limit == 0 || self.memory().used_roughly() <= limit {
            return true;
        }
        let policy = self.tuning().policy();
        if policy == EvictionPolicy::NoEviction {
            return self.memory().used() <= limit;
        }
        for _ in 0..EVICTIONS_MAX {
            let op = self.begin();
            if !evict_one(self, &op, policy) {
                break;
            }
            if self.memory().used_roughly() <= limit {
                return true;
            }
        }
        self.memory().used() <= limit
    }
}

/// Removes the best candidate of a sample; `false` if there is none.
fn evict_one(engine: &Engine, op: &Operation<'_>, policy: EvictionPolicy) -> bool {
    let Some(db) = choose_db(op, policy.is_volatile()) else { return false };
    let index = op.index(db);
    let Some(victim) = sample(engine, op, index, policy) else { return false };
    let Ok(mut entry) = Entry::latch(op, db, victim.key()) else { return false };
    // Somebody may have written it since: then it is not the one we chose, but its memory is as good.
    if entry.remove(Effect::Del) {
        engine.stats().add(Counter::EvictedKeys, 1);
    }
    true
}

/// A database, chosen at random by its number of candidates.
fn choose_db(op: &Operation<'_>, volatile: bool) -> Option<DbIndex> {
    let counts: [u64; DATABASES] = std::array::from_fn(|db| {
        let index = op.index(db as DbIndex);
        if volatile { index.expires() } else { index.len() }
    });
    let total: u64 = counts.iter().sum();
    let mut pick = fastrand::u64(0..total.max(1));
    counts
        .iter()
        .position(|&count| {
            let here = pick < count;
            pick = pick.saturating_sub(count);
            here
        })
        .map(|db| db as DbIndex)
}

/// The best candidate among those of some chains in a row, from a random one on.
fn sample<'g>(
    engine: &Engine,
    op: &'g Operation<'_>,
    index: &'g Index,
    policy: EvictionPolicy,
) -> Option<Record<'g>> {
    let wanted = engine.tuning().samples().max(1);
    let decay = engine.tuning().lfu_decay_time();
    let now = op.now();
    let chains = index.chains();
    let start = fastrand::u64(0..chains);
    let mut best: Option<(u64, Record<'g>)> = None;
    let mut seen = 0;
    for step in 0..chains.min(CHAINS_MAX) {
        for (slot, word) in index.slots((start + step) % chains, op.pin()) {
            if policy.is_volatile() && !word.has(TTL) {
                continue;
            }
            let Ok(Some(record)) = index.visited(slot, word, op.pin()) else { continue };
            let badness = record.badness(policy, now, decay);
            if best.is_none_or(|(worst, _)| badness > worst) {
                best = Some((badness, record));
            }
            seen += 1;
        }
        if seen >= wanted {
            break;
        }
    }
    best.map(|(_, record)| record)
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
