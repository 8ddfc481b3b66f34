//! The longest of each kind of work that may make somebody wait, since somebody last asked: for LATENCY.
//!
//! *Concurrency:* any thread notes, one takes. Lone figures.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Kinds of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Delay {
    ExpireCycle,
    EvictionCycle,
    /// The instant of a snapshot or a rewrite, while nobody else may work.
    SnapshotCut,
    AofWrite,
    AofSync,
    /// A sync that replies waited for.
    AofSyncAlways,
}

/// All of them.
const ALL: [Delay; 6] = [
    Delay::ExpireCycle,
    Delay::EvictionCycle,
    Delay::SnapshotCut,
    Delay::AofWrite,
    Delay::AofSync,
    Delay::AofSyncAlways,
];

impl Delay {
    /// The name of the event of the latency monitor; Valkey's where it has one.
    pub const fn name(self) -> &'static str {
        match self {
            Delay::ExpireCycle => "expire-cycle",
            Delay::EvictionCycle => "eviction-cycle",
            Delay::SnapshotCut => "snapshot-cut",
            Delay::AofWrite => "aof-write",
            Delay::AofSync => "aof-fsync",
            Delay::AofSyncAlways => "aof-fsync-always",
        }
    }
}

/// See the module's documentation.
#[derive(Default)]
pub struct Delays {
    worst_us: [AtomicU64; ALL.len()],
}

impl Delays {
    pub fn note(&self, delay: Delay, took: Duration) {
        // ORDERING: a figure.
        self.worst_us[delay as usize].fetch_max(took.as_micros() as u64, Ordering::Relaxed);
    }

    /// The longest of each kind, in microseconds, of those that were noted since the last call.
    pub fn take(&self) -> impl Iterator<Item = (Delay, u64)> {
        // ORDERING: a figure.
        ALL.into_iter()
            .map(|delay| (delay, self.worst_us[delay as usize].swap(0, Ordering::Relaxed))) // ORDERING: as above.
            .filter(|(_, us)| *us > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_is_taken_once() {
        let delays = Delays::default();
        delays.note(Delay::AofWrite, Duration::from_micros(5));
        delays.note(Delay::AofWrite, Duration::from_micros(3));
        assert_eq!(delays.take().collect::<Vec<_>>(), [(Delay::AofWrite, 5)]);
        assert_eq!(delays.take().count(), 0);
        assert!(ALL.iter().enumerate().all(|(place, delay)| *delay as usize == place));
    }
}
