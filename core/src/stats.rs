//! What the engine counts: sharded, so that counting shares no cache line between threads.

use crossbeam_utils::CachePadded;

use crate::shard::{self, SHARDS};
use crate::sync::atomic::{AtomicI64, Ordering};

/// What is counted.
#[derive(Clone, Copy, Debug)]
#[repr(usize)]
pub enum Counter {
    KeyspaceHits,
    KeyspaceMisses,
    /// Keys removed because their time was over.
    ExpiredKeys,
    /// Fields of hashes removed because their time was over.
    ExpiredFields,
    /// Keys removed because memory was full.
    EvictedKeys,
    /// Changes of data since the start.
    Changes,
    /// Records of a snapshot that failed their check.
    DamagedRecords,
}

const COUNTERS: usize = Counter::DamagedRecords as usize + 1;

/// See the module's documentation.
pub struct Stats {
    shards: Box<[CachePadded<[AtomicI64; COUNTERS]>]>,
    /// The sums at the last reset: a shard has one writer, so nobody else sets it back.
    baseline: [AtomicI64; COUNTERS],
}

impl Default for Stats {
    fn default() -> Self {
        let zeroes = || std::array::from_fn(|_| AtomicI64::new(0));
        Stats { shards: (0..SHARDS).map(|_| CachePadded::new(zeroes())).collect(), baseline: zeroes() }
    }
}

impl Stats {
    #[inline]
    pub fn add(&self, counter: Counter, amount: u64) {
        let shard = shard::current();
        shard.add(&self.shards[shard.number()][counter as usize], amount as i64);
    }

    pub fn get(&self, counter: Counter) -> u64 {
        // ORDERING: statistics.
        let before = self.baseline[counter as usize].load(Ordering::Relaxed);
        self.sum(counter).wrapping_sub(before) as u64
    }

    /// Sets a counter back to zero (CONFIG RESETSTAT).
    pub fn reset(&self, counter: Counter) {
        // ORDERING: statistics.
        self.baseline[counter as usize].store(self.sum(counter), Ordering::Relaxed);
    }

    fn sum(&self, counter: Counter) -> i64 {
        // ORDERING: statistics.
        let parts = self.shards.iter().map(|shard| shard[counter as usize].load(Ordering::Relaxed));
        parts.fold(0, i64::wrapping_add)
    }
}
