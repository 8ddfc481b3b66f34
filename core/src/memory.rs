//! Memory accounting: exact counts of what the engine allocated, rounded as the allocator rounds.
//!
//! Every thread adds to its own shard; a shard that has drifted far enough moves its sum to the total, so that
//! `maxmemory` costs one load to check and is off by at most `SHARDS * DRIFT_BYTES_MAX`.

use crossbeam_utils::CachePadded;

use crate::shard::{self, SHARDS};
use crate::sync::atomic::{AtomicI64, Ordering};

/// How far one shard may drift before its sum shows in the total.
const DRIFT_BYTES_MAX: i64 = 16 * 1024;

/// Bytes in use, of one engine.
pub struct Memory {
    total: CachePadded<AtomicI64>,
    shards: Box<[CachePadded<AtomicI64>]>,
    peak: AtomicI64,
}

impl Default for Memory {
    fn default() -> Self {
        Memory {
            total: CachePadded::new(AtomicI64::new(0)),
            shards: (0..SHARDS).map(|_| CachePadded::new(AtomicI64::new(0))).collect(),
            peak: AtomicI64::new(0),
        }
    }
}

impl Memory {
    /// Counts `bytes` as allocated, or as freed where negative.
    #[inline]
    pub fn add(&self, bytes: i64) {
        let shard = shard::current();
        let drift = &self.shards[shard.number()];
        let sum = shard.add(drift, bytes);
        if sum.abs() > DRIFT_BYTES_MAX {
            self.settle(drift);
        }
    }

    /// Moves a drift to the total. Only those who may add to it do so.
    #[cold]
    fn settle(&self, drift: &AtomicI64) {
        // ORDERING: counters; nothing is published through them.
        let sum = drift.swap(0, Ordering::Relaxed);
        let total = self.total.fetch_add(sum, Ordering::Relaxed) + sum;
        self.peak.fetch_max(total, Ordering::Relaxed);
    }

    /// Bytes in use, off by at most the drift of all shards: one load.
    #[inline]
    pub fn used_roughly(&self) -> u64 {
        // ORDERING: as in `settle`.
        self.total.load(Ordering::Relaxed).max(0) as u64
    }

    /// Whether more than `limit` bytes are in use: one load, and off as [`Memory::used_roughly`] is, unless so small a
    /// limit would mean nothing then.
    #[inline]
    pub fn exceeds(&self, limit: u64) -> bool {
        const EXACT_BELOW: u64 = 4 * SHARDS as u64 * DRIFT_BYTES_MAX as u64;
        let used = if limit < EXACT_BELOW { self.used() } else { self.used_roughly() };
        used > limit
    }

    /// Bytes in use.
    pub fn used(&self) -> u64 {
        // ORDERING: as in `settle`.
        let drift: i64 = self.shards.iter().map(|shard| shard.load(Ordering::Relaxed)).sum();
        let used = (self.total.load(Ordering::Relaxed) + drift).max(0);
        self.peak.fetch_max(used, Ordering::Relaxed);
        used as u64
    }

    /// The most bytes that were ever in use.
    pub fn peak(&self) -> u64 {
        // ORDERING: as in `settle`.
        self.peak.load(Ordering::Relaxed).max(self.used() as i64) as u64
    }

    /// Forgets the peak (CONFIG RESETSTAT).
    pub fn reset_peak(&self) {
        // ORDERING: as in `settle`.
        self.peak.store(self.used() as i64, Ordering::Relaxed);
    }
}

/// What the allocator takes for `bytes`: steps of 16 up to 128, then four steps to each doubling (mimalloc's size
/// classes; glibc's differ by less than its own header).
#[inline]
pub const fn size_class(bytes: usize) -> usize {
    if bytes <= 128 {
        return bytes.next_multiple_of(16);
    }
    let step = 1 << ((bytes - 1).ilog2() - 2);
    bytes.next_multiple_of(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_classes_waste_at_most_a_fifth() {
        for bytes in 1..100_000 {
            let class = size_class(bytes);
            assert!(class >= bytes);
            assert_eq!(size_class(class), class);
            assert!(bytes < 64 || class * 4 <= bytes * 5 + 4, "{bytes} -> {class}");
        }
    }

    #[test]
    fn counts_are_exact() {
        let memory = Memory::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for i in 0..1000 {
                        memory.add(i);
                        memory.add(-i / 2);
                    }
                });
            }
        });
        let each: i64 = (0..1000).map(|i| i - i / 2).sum();
        assert_eq!(memory.used(), 4 * each as u64);
        assert!(memory.peak() >= memory.used());
    }
}
