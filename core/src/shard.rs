//! Shards: every thread counts in a place of its own.
//!
//! A shard below [`SHARED`] belongs to one thread, which writes it with a load and a store instead of a locked
//! instruction. Threads beyond that many, and threads that are ending, share the last shard and count there with
//! atomic additions.
//!
//! # Concurrency
//! A shard passes from an ending thread to a new one through [`TAKEN`]: the new owner acquires what the old one wrote.

use std::cell::Cell;
use std::marker::PhantomData;
// Statics outlive the executions of a model test, so they are std's; no test hangs on their interleaving.
use std::sync::atomic::AtomicU64 as TakenBits;

use crate::sync::atomic::{AtomicI64, Ordering};

/// Shards of every sharded structure.
pub const SHARDS: usize = if cfg!(shuttle) { 8 } else { 64 };

/// The shard of all threads that own none.
const SHARED: usize = SHARDS - 1;

/// One bit for each shard that has an owner.
static TAKEN: TakenBits = TakenBits::new(0);

const _: () = assert!(SHARDS <= u64::BITS as usize);

/// No shard was assigned yet.
const NONE: usize = usize::MAX;

thread_local! {
    static SHARD: Cell<usize> = const { Cell::new(NONE) };
    /// Apart from the number, which needs no destructor and so is read without asking whether it has run.
    static OWNED: Owned = const { Owned };
}

/// The calling thread's shard.
#[derive(Clone, Copy, Debug)]
pub struct Shard {
    number: usize,
    /// It is the thread's, and not another's.
    _of_this_thread: PhantomData<*const ()>,
}

impl Shard {
    /// Below [`SHARDS`].
    #[inline]
    pub fn number(self) -> usize {
        self.number
    }

    /// Whether no other thread writes this shard.
    #[inline]
    pub fn is_own(self) -> bool {
        self.number != SHARED
    }

    /// Adds to a counter of this shard; its new value.
    #[inline]
    pub fn add(self, counter: &AtomicI64, amount: i64) -> i64 {
        // ORDERING: counters; nothing is published through them.
        if self.is_own() {
            let sum = counter.load(Ordering::Relaxed).wrapping_add(amount);
            counter.store(sum, Ordering::Relaxed);
            sum
        } else {
            counter.fetch_add(amount, Ordering::Relaxed).wrapping_add(amount)
        }
    }
}

/// This thread's shard.
#[inline]
pub fn current() -> Shard {
    let number = if cfg!(shuttle) { of_task() } else { SHARD.get() };
    let number = if number != NONE { number } else { assign() };
    Shard { number, _of_this_thread: PhantomData }
}

/// The model checker's threads share one thread of the operating system, and its locals.
#[cfg(shuttle)]
fn of_task() -> usize {
    shuttle::current::get_current_task().map_or(SHARED, |task| usize::from(task).min(SHARED))
}

#[cfg(not(shuttle))]
fn of_task() -> usize {
    NONE
}

#[cold]
fn assign() -> usize {
    // Arranges for the shard to be given back. A thread that is past that has none of its own any more.
    let number = if OWNED.try_with(|_| ()).is_ok() { take() } else { SHARED };
    SHARD.set(number);
    number
}

/// Takes a free shard, or the shared one.
fn take() -> usize {
    // ORDERING: a first guess.
    let mut taken = TAKEN.load(std::sync::atomic::Ordering::Relaxed);
    loop {
        let number = taken.trailing_ones() as usize;
        if number >= SHARED {
            return SHARED;
        }
        // ORDERING: acquire pairs with the release of the last owner.
        match TAKEN.compare_exchange_weak(
            taken,
            taken | 1 << number,
            std::sync::atomic::Ordering::Acquire,
            std::sync::atomic::Ordering::Relaxed,
        ) {
            Ok(_) => return number,
            Err(now) => taken = now,
        }
    }
}

/// Gives the thread's shard back when the thread ends.
struct Owned;

impl Drop for Owned {
    fn drop(&mut self) {
        let number = SHARD.replace(SHARED);
        if number < SHARED {
            // ORDERING: release: the next owner goes on from our values.
            TAKEN.fetch_and(!(1 << number), std::sync::atomic::Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::{Barrier, Mutex};

    use super::*;

    #[test]
    fn threads_own_different_shards_and_share_the_last() {
        const THREADS: usize = SHARDS + 4;
        let numbers = Mutex::new(Vec::new());
        let (all_have_one, counter) = (Barrier::new(THREADS), AtomicI64::new(0));
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    let shard = current();
                    numbers.lock().unwrap().push(shard.number());
                    all_have_one.wait();
                    if !shard.is_own() {
                        (0..1000).for_each(|_| {
                            shard.add(&counter, 1);
                        });
                    }
                });
            }
        });
        let numbers = numbers.into_inner().unwrap();
        let sharers = numbers.iter().filter(|&&number| number == SHARED).count();
        let owned: HashSet<_> = numbers.iter().filter(|&&number| number != SHARED).collect();
        assert_eq!(owned.len() + sharers, THREADS, "a shard has two owners");
        assert!(sharers > THREADS - SHARDS);
        assert_eq!(counter.into_inner(), 1000 * sharers as i64);
    }
}
