//! The gate: every write passes it, work on the whole keyspace closes it.
//!
//! A big-reader lock. Passing costs one locked increment of the thread's own counter; closing it waits until all
//! counters are zero.
//!
//! # Concurrency
//! A passer counts itself and then looks whether the gate is closed; the closer closes it and then looks at the
//! counters. Both are SeqCst, so at least one of them sees the other. Readers of single keys do not count themselves;
//! they wait at a closed gate ([`Gate::wait_open`]) so that nobody who has seen part of exclusive work can read a
//! state from before it.

use crossbeam_utils::CachePadded;

use crate::shard::{self, SHARDS};
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::sync::{Backoff, Mutex, MutexGuard, lock};

/// See the module's documentation.
pub struct Gate {
    closed: CachePadded<AtomicBool>,
    passing: Box<[CachePadded<AtomicUsize>]>,
    /// Held by the one who closed the gate.
    closer: Mutex<()>,
}

impl Default for Gate {
    fn default() -> Self {
        Gate {
            closed: CachePadded::new(AtomicBool::new(false)),
            passing: (0..SHARDS).map(|_| CachePadded::new(AtomicUsize::new(0))).collect(),
            closer: Mutex::new(()),
        }
    }
}

impl Gate {
    /// Passes the gate, waiting while it is closed. A thread that is inside must not pass again.
    #[inline]
    pub fn pass(&self) -> Passage<'_> {
        let counter: &AtomicUsize = &self.passing[shard::current()];
        loop {
            counter.fetch_add(1, Ordering::SeqCst);
            if !self.closed.load(Ordering::SeqCst) {
                return Passage { counter };
            }
            counter.fetch_sub(1, Ordering::SeqCst);
            self.wait_open();
        }
    }

    /// Waits while the gate is closed.
    #[inline]
    pub fn wait_open(&self) {
        if self.closed.load(Ordering::SeqCst) {
            self.wait();
        }
    }

    #[cold]
    fn wait(&self) {
        let mut backoff = Backoff::new();
        while self.closed.load(Ordering::SeqCst) {
            backoff.wait();
        }
    }

    /// Closes the gate and waits until everybody inside has left: the caller is alone with the keyspace.
    pub fn close(&self) -> Closed<'_> {
        let held = lock(&self.closer);
        self.closed.store(true, Ordering::SeqCst);
        for counter in &self.passing {
            let mut backoff = Backoff::new();
            while counter.load(Ordering::SeqCst) != 0 {
                backoff.wait();
            }
        }
        Closed { gate: self, _held: held }
    }
}

/// The right to write; ends on drop.
pub struct Passage<'a> {
    counter: &'a AtomicUsize,
}

impl Drop for Passage<'_> {
    fn drop(&mut self) {
        self.counter.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The right to be alone; ends on drop.
pub struct Closed<'a> {
    gate: &'a Gate,
    _held: MutexGuard<'a, ()>,
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        self.gate.closed.store(false, Ordering::SeqCst);
    }
}
