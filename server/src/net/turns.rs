//! Holding all connections between two commands, while a shutdown saves: a write that was acknowledged after the save
//! began would be lost.
//!
//! *Concurrency:* a worker marks itself busy and then looks whether it may; who holds says so and then waits for those
//! that are busy. Both orders are sequentially consistent, so one of the two sees the other.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crossbeam_utils::CachePadded;

/// How often the holder looks whether the turns under way have ended.
const LOOK_EVERY: Duration = Duration::from_micros(200);

/// The turns under way on a server's workers.
pub struct Turns {
    held: AtomicBool,
    busy: Box<[CachePadded<AtomicUsize>]>,
}

/// A turn under way.
pub struct Busy<'a>(&'a AtomicUsize);

impl Turns {
    /// For `workers` threads, and those beyond, which share a place.
    pub fn new(workers: usize) -> Turns {
        Turns { held: AtomicBool::new(false), busy: (0..=workers).map(|_| Default::default()).collect() }
    }

    /// Begins a turn of a worker; `None` while turns are held.
    #[inline]
    pub fn enter(&self, worker: Option<usize>) -> Option<Busy<'_>> {
        let place = worker.unwrap_or(self.busy.len() - 1);
        let busy = &*self.busy[place];
        busy.fetch_add(1, Ordering::SeqCst);
        let turn = Busy(busy);
        (!self.held.load(Ordering::SeqCst)).then_some(turn)
    }

    /// Lets no turn begin any more, and returns when no other than the caller's `own` are under way. `false`: somebody
    /// else holds them already.
    pub fn hold(&self, own: usize) -> bool {
        if self.held.swap(true, Ordering::SeqCst) {
            return false;
        }
        while self.busy.iter().map(|busy| busy.load(Ordering::SeqCst)).sum::<usize>() > own {
            std::thread::sleep(LOOK_EVERY);
        }
        true
    }

    /// Lets turns begin again.
    pub fn release(&self) {
        self.held.store(false, Ordering::SeqCst);
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_turn_while_held() {
        let turns = Turns::new(2);
        let own = turns.enter(Some(0)).expect("nobody holds");
        assert!(turns.hold(1));
        assert!(!turns.hold(1), "held already");
        assert!(turns.enter(Some(1)).is_none());
        assert!(turns.enter(None).is_none());
        turns.release();
        assert!(turns.enter(Some(1)).is_some());
        drop(own);
        assert!(turns.hold(0));
    }

    #[test]
    fn waits_for_the_turns_under_way() {
        let turns = Turns::new(4);
        let writes = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for worker in 0..4 {
                let (turns, writes) = (&turns, &writes);
                scope.spawn(move || {
                    while let Some(_turn) = turns.enter(Some(worker)) {
                        writes.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
            assert!(turns.hold(0));
            let then = writes.load(Ordering::SeqCst);
            std::thread::yield_now();
            assert_eq!(writes.load(Ordering::SeqCst), then);
        });
    }
}
