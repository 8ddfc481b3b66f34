//! What was evicted lately: a table of fingerprints, so that a key that comes back is known to have been here.
//!
//! Four bytes an entry, in sets of eight (half a cache line); a new entry takes the place of the oldest of its set.
//! That keeps the newest three quarters of a turnover nearly as a queue would, without a queue.
//!
//! # Concurrency
//! ORDERING: all words are hints. Lost or doubled entries cost a hit now and then, so every access is relaxed; only the
//! pointer to the table is published (release) and read (acquire), and a table that is replaced goes to the epoch.
//!
//! # Format
//! `fingerprint:16 | stamp:16`, lowest bits last; zero is free. Stamps count the queue's clock and wrap, which makes an
//! entry of sixteen turnovers ago look new once: a set sees many newcomers until then.

// Not through `crate::sync`: no test hangs on their interleaving, and the size of a set must not depend on it.
use std::sync::atomic::{AtomicU32, Ordering};

use crossbeam_epoch::{Atomic, Guard, Owned};

use crate::memory::Memory;

const WAYS: usize = 8;
const STAMP_BITS: u32 = 16;
const STAMP_MASK: u32 = (1 << STAMP_BITS) - 1;

#[derive(Default)]
#[repr(align(32))]
struct Set([AtomicU32; WAYS]);

/// See the module's documentation.
#[derive(Default)]
pub struct Ghosts {
    /// Null until something is evicted.
    table: Atomic<Box<[Set]>>,
}

impl Ghosts {
    /// Notes that the key with this hash was evicted at `now`, of a database of so many keys.
    pub fn remember(&self, hash: u64, now: u32, keys: u64, memory: &Memory, pin: &Guard) {
        self.fit(keys, memory, pin);
        // SAFETY: loaded with acquire ordering under a pin that outlives the use; tables are retired to the epoch.
        let Some(table) = (unsafe { self.table.load(Ordering::Acquire, pin).as_ref() }) else { return };
        let age = |entry: &AtomicU32| match entry.load(Ordering::Relaxed) {
            0 => u32::MAX,
            word => now.wrapping_sub(word) & STAMP_MASK,
        };
        if let Some(oldest) = set_of(table, hash).0.iter().max_by_key(|entry| age(entry)) {
            oldest.store(fingerprint(hash) | now & STAMP_MASK, Ordering::Relaxed);
        }
    }

    /// Whether the key with this hash was evicted no longer than `age_max` before `now`; forgets it.
    pub fn take(&self, hash: u64, now: u32, age_max: u32, pin: &Guard) -> bool {
        // SAFETY: as in `remember`.
        let Some(table) = (unsafe { self.table.load(Ordering::Acquire, pin).as_ref() }) else { return false };
        for entry in &set_of(table, hash).0 {
            let word = entry.load(Ordering::Relaxed);
            if word != 0 && (word ^ fingerprint(hash)) >> STAMP_BITS == 0 {
                entry.store(0, Ordering::Relaxed);
                return now.wrapping_sub(word) & STAMP_MASK <= age_max;
            }
        }
        false
    }

    /// Replaces a table that is far from the size that so many keys want. What it remembered is lost, once.
    fn fit(&self, keys: u64, memory: &Memory, pin: &Guard) {
        let wanted = (keys as usize * 3 / 4 / WAYS).next_power_of_two();
        let old = self.table.load(Ordering::Acquire, pin);
        // SAFETY: as in `remember`.
        let has = unsafe { old.as_ref() }.map_or(0, |table| table.len());
        if wanted <= has && wanted * 8 > has {
            return;
        }
        let table: Box<[Set]> = std::iter::repeat_with(Set::default).take(wanted).collect();
        let exchanged =
            self.table.compare_exchange(old, Owned::new(table), Ordering::AcqRel, Ordering::Relaxed, pin);
        if exchanged.is_ok() {
            memory.add((wanted * size_of::<Set>()) as i64 - (has * size_of::<Set>()) as i64);
            if !old.is_null() {
                // SAFETY: just taken out, and nobody else can have: the exchange succeeded.
                unsafe { pin.defer_destroy(old) };
            }
        }
    }
}

impl Drop for Ghosts {
    fn drop(&mut self) {
        let table = std::mem::take(&mut self.table);
        // SAFETY: exclusive access; null, or made by `Owned::new` above.
        drop(unsafe { table.try_into_owned() });
    }
}

fn set_of(table: &[Set], hash: u64) -> &Set {
    // Sizes are powers of two. Not the lowest bits, which choose the chain, nor the highest, the fingerprint.
    &table[(hash >> 8) as usize & (table.len() - 1)]
}

fn fingerprint(hash: u64) -> u32 {
    ((hash >> (64 - STAMP_BITS)) as u32) << STAMP_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: u64) -> u64 {
        crate::index::hasher(1)(&number.to_le_bytes())
    }

    #[test]
    fn the_newest_are_remembered_and_the_oldest_forgotten() {
        let (ghosts, memory, pin) = (Ghosts::default(), Memory::default(), crossbeam_epoch::pin());
        const KEYS: u64 = 10_000;
        // A turnover is 4096 ticks.
        let stamp = |number: u64| (number * 4096 / KEYS) as u32;
        for number in 0..3 * KEYS {
            ghosts.remember(hash(number), stamp(number), KEYS, &memory, &pin);
        }
        let now = stamp(3 * KEYS);
        let known = |range: std::ops::Range<u64>| {
            range.filter(|&number| ghosts.take(hash(number), now, 2500, &pin)).count()
        };
        assert!(known(25_000..30_000) > 4_900);
        assert!(known(0..20_000) < 50);
        assert_eq!(known(29_000..30_000), 0, "they were taken");
        assert!((KEYS * 3..KEYS * 8).contains(&memory.used()), "{}", memory.used());
    }
}
