//! What the engine counts: sharded, so that counting shares no cache line between threads.

use crossbeam_utils::CachePadded;

use crate::shard::{self, SHARDS};
use crate::sync::atomic::{AtomicU64, Ordering};

/// What is counted.
#[derive(Clone, Copy, Debug)]
#[repr(usize)]
pub enum Counter {
    KeyspaceHits,
    KeyspaceMisses,
    /// Keys removed because their time was over.
    ExpiredKeys,
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
    shards: Box<[CachePadded<[AtomicU64; COUNTERS]>]>,
}

impl Default for Stats {
    fn default() -> Self {
        let shard = || CachePadded::new(std::array::from_fn(|_| AtomicU64::new(0)));
        Stats { shards: (0..SHARDS).map(|_| shard()).collect() }
    }
}

impl Stats {
    #[inline]
    pub fn add(&self, counter: Counter, amount: u64) {
        // ORDERING: statistics.
        self.shards[shard::current()][counter as usize].fetch_add(amount, Ordering::Relaxed);
    }

    pub fn get(&self, counter: Counter) -> u64 {
        // ORDERING: statistics.
        self.shards.iter().map(|shard| shard[counter as usize].load(Ordering::Relaxed)).sum()
    }

    /// Sets a counter back to zero (CONFIG RESETSTAT).
    pub fn reset(&self, counter: Counter) {
        for shard in &self.shards {
            // ORDERING: statistics.
            shard[counter as usize].store(0, Ordering::Relaxed);
        }
    }
}
