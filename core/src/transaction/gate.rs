//! The gate: every write passes it, work on the whole keyspace closes it.
//!
//! A big-reader lock. Passing costs a plain store to the thread's own counter, and another to leave; closing it waits
//! until all counters are zero.
//!
//! # Concurrency
//! A passer counts itself and then looks whether the gate is closed; the closer closes it and then looks at the
//! counters. Between the two steps lies an asymmetric barrier (`barrier.rs`), so at least one of them sees the other.
//! A passer that leaves releases its counter, and the closer acquires it. Threads without a counter of their own count
//! with locked instructions in a shared one. Readers of single keys do not count themselves;
//! they wait at a closed gate ([`Gate::wait_open`]) so that nobody who has seen part of exclusive work can read a
//! state from before it. The thread that closed the gate passes, reads and closes it again as it likes: commands of an
//! exclusive scope need not know that they are in one.

use std::convert::Infallible;

use crossbeam_utils::CachePadded;

use crate::barrier::Light;
use crate::patience::{Overdue, Patience};
use crate::shard::{self, SHARDS, Shard};
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::sync::{Backoff, Mutex, MutexGuard, lock, thread_number, try_lock};

/// See the module's documentation.
pub struct Gate {
    closed: CachePadded<AtomicBool>,
    passing: Box<[CachePadded<AtomicUsize>]>,
    /// Held by the one who closed the gate.
    closer: Mutex<()>,
    /// [`thread_number`] of the one who is alone; 0 while nobody is. Only that thread writes its own number here, so
    /// only it can find it here.
    owner: AtomicUsize,
    barrier: Light,
}

impl Default for Gate {
    fn default() -> Self {
        Gate {
            closed: CachePadded::new(AtomicBool::new(false)),
            passing: (0..SHARDS).map(|_| CachePadded::new(AtomicUsize::new(0))).collect(),
            closer: Mutex::new(()),
            owner: AtomicUsize::new(0),
            barrier: Light::new(),
        }
    }
}

impl Gate {
    /// Passes the gate, waiting while it is closed. A thread that is inside must not pass again.
    #[inline]
    pub fn pass(&self) -> Result<Passage<'_>, Overdue> {
        let shard = shard::current();
        loop {
            let passage = Passage::enter(&self.passing[shard.number()], shard);
            self.barrier.pass();
            if !self.closed.load(Ordering::SeqCst) || self.is_ours() {
                return Ok(passage);
            }
            drop(passage);
            self.wait_open()?;
        }
    }

    /// Whether nobody has closed it.
    #[inline]
    pub fn is_open(&self) -> bool {
        !self.closed.load(Ordering::SeqCst)
    }

    /// Waits while the gate is closed.
    #[inline]
    pub fn wait_open(&self) -> Result<(), Overdue> {
        if self.closed.load(Ordering::SeqCst) { self.wait() } else { Ok(()) }
    }

    /// Whether the calling thread closed the gate.
    #[cold]
    fn is_ours(&self) -> bool {
        self.owner.load(Ordering::SeqCst) == thread_number()
    }

    #[cold]
    fn wait(&self) -> Result<(), Overdue> {
        if self.is_ours() {
            return Ok(());
        }
        let mut patience = Patience::new();
        while self.closed.load(Ordering::SeqCst) {
            patience.wait()?;
        }
        Ok(())
    }

    /// Closes the gate and waits until everybody inside has left: the caller is alone with the keyspace. For work that
    /// nobody waits for.
    pub fn close(&self) -> Closed<'_> {
        if self.closed.load(Ordering::SeqCst) && self.is_ours() {
            return Closed { gate: self, held: None };
        }
        let mut backoff = Backoff::new();
        let closed: Result<_, Infallible> = self.close_with(lock(&self.closer), || {
            backoff.wait();
            Ok(())
        });
        let Ok(closed) = closed;
        closed
    }

    /// As [`Gate::close`], on behalf of a client: gives up, and opens it again, as the thread's patience has it.
    pub fn close_for_client(&self) -> Result<Closed<'_>, Overdue> {
        if self.closed.load(Ordering::SeqCst) && self.is_ours() {
            return Ok(Closed { gate: self, held: None });
        }
        let mut patience = Patience::new();
        let held = loop {
            match try_lock(&self.closer) {
                Some(held) => break held,
                None => patience.wait()?,
            }
        };
        self.close_with(held, || patience.wait())
    }

    /// Closes the gate; `wait` is called while somebody is inside.
    fn close_with<'a, E>(
        &'a self,
        held: MutexGuard<'a, ()>,
        mut wait: impl FnMut() -> Result<(), E>,
    ) -> Result<Closed<'a>, E> {
        // Open again if the wait is given up.
        let closed = Closed { gate: self, held: Some(held) };
        self.closed.store(true, Ordering::SeqCst);
        self.barrier.heavy();
        for counter in &self.passing {
            while counter.load(Ordering::SeqCst) != 0 {
                wait()?;
            }
        }
        self.owner.store(thread_number(), Ordering::SeqCst);
        Ok(closed)
    }
}

/// The right to write; ends on drop. It stays on the thread that passed.
pub struct Passage<'a> {
    counter: &'a AtomicUsize,
    shard: Shard,
}

impl<'a> Passage<'a> {
    #[inline]
    fn enter(counter: &'a AtomicUsize, shard: Shard) -> Passage<'a> {
        if shard.is_own() {
            // ORDERING: only we write it; the barrier that follows orders it before the look at the gate.
            counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        } else {
            counter.fetch_add(1, Ordering::SeqCst);
        }
        Passage { counter, shard }
    }
}

impl Drop for Passage<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.shard.is_own() {
            // ORDERING: only we write it; release: the closer that sees us gone sees what we wrote.
            self.counter.store(self.counter.load(Ordering::Relaxed) - 1, Ordering::Release);
        } else {
            self.counter.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// The right to be alone; ends on drop.
pub struct Closed<'a> {
    gate: &'a Gate,
    /// `None` where the thread has closed it before.
    held: Option<MutexGuard<'a, ()>>,
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        if self.held.is_none() {
            return;
        }
        self.gate.owner.store(0, Ordering::SeqCst);
        self.gate.closed.store(false, Ordering::SeqCst);
    }
}
