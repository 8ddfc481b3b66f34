//! How long a thread waits for exclusive work, and for the keys of a scope.
//!
//! Most threads wait as long as it takes: what they wait for ends. A script may not, and a thread that serves many
//! clients must not wait for it with all of them. Such a thread says so ([`enter`]) and names the flag by which it is
//! told that something has been at work for too long; its waits then end with [`Overdue`], before the command that
//! waited has changed anything, and the client is answered `-BUSY`. Nobody gives up while the flag is down, nor before
//! [`ROUNDS_MIN`]: what only happens at the same time as an overdue script is waited for.
//!
//! Waits are deep in the index, whose error is [`Damaged`]. That a thread has given up is therefore noted with the
//! thread, and taken where the error becomes the command's failure.

use std::cell::{Cell, RefCell};

use crate::index::Damaged;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Arc, Backoff};

/// Rounds of a wait before it can be given up; each sleeps for 50 microseconds or more.
const ROUNDS_MIN: u32 = 400;

/// A wait was given up, as a script has been running for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overdue;

/// Where a thread gives up waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everywhere: the thread serves clients.
    Everywhere,
    /// Only outside of scopes: the thread carries out one script, which waits for other keys as long as it takes.
    OutsideScopes,
}

thread_local! {
    static WATCHED: RefCell<Option<(Arc<AtomicBool>, Reach)>> = const { RefCell::new(None) };
    static HAS_GIVEN_UP: Cell<bool> = const { Cell::new(false) };
}

/// The calling thread gives up its waits while `overdue` is set, as far as `reach` says. For the rest of its life.
pub fn enter(overdue: Arc<AtomicBool>, reach: Reach) {
    WATCHED.set(Some((overdue, reach)));
}

/// Calls `work`, whose waits last as long as it takes: what has been begun is finished.
pub(crate) fn endless<R>(work: impl FnOnce() -> R) -> R {
    let watched = WATCHED.take();
    let result = work();
    WATCHED.set(watched);
    result
}

/// Whether the calling thread has given up a wait since this was last asked.
pub(crate) fn take_given_up() -> bool {
    HAS_GIVEN_UP.take()
}

/// One wait of the calling thread.
#[derive(Default)]
pub(crate) struct Patience {
    backoff: Backoff,
    is_in_scope: bool,
}

impl Patience {
    #[inline]
    pub fn new() -> Patience {
        Patience::default()
    }

    /// A wait of a command within a scope.
    pub fn in_scope() -> Patience {
        Patience { is_in_scope: true, ..Patience::default() }
    }

    /// Waits a little, or gives up.
    #[cold]
    pub fn wait(&mut self) -> Result<(), Overdue> {
        self.backoff.wait();
        if self.backoff.rounds() > ROUNDS_MIN && self.is_overdue() {
            HAS_GIVEN_UP.set(true);
            return Err(Overdue);
        }
        Ok(())
    }

    fn is_overdue(&self) -> bool {
        WATCHED.with_borrow(|watched| {
            watched.as_ref().is_some_and(|(overdue, reach)| {
                // ORDERING: a hint; the next round sees it.
                (*reach == Reach::Everywhere || !self.is_in_scope) && overdue.load(Ordering::Relaxed)
            })
        })
    }
}

impl From<Overdue> for Damaged {
    fn from(_: Overdue) -> Damaged {
        Damaged
    }
}

#[cfg(test)]
#[cfg(not(shuttle))]
mod tests {
    use super::*;
    use crate::transaction::gate::Gate;

    #[test]
    fn a_gate_that_a_client_gave_up_to_close_is_open() {
        let gate = Gate::default();
        let _inside = gate.pass().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                enter(Arc::new(AtomicBool::new(true)), Reach::Everywhere);
                assert!(gate.close_for_client().is_err());
                assert!(gate.is_open() && gate.pass().is_ok());
            });
        });
    }

    #[test]
    fn gives_up_only_while_told_to_and_only_in_its_reach() {
        let told = Arc::new(AtomicBool::new(true));
        let tells = told.clone();
        let gives_up = |mut patience: Patience| (0..2 * ROUNDS_MIN).any(|_| patience.wait().is_err());
        std::thread::spawn(move || {
            assert!(!gives_up(Patience::new()), "nobody has told this thread");
            enter(tells.clone(), Reach::OutsideScopes);
            assert!(!gives_up(Patience::in_scope()) && !take_given_up());
            assert!(gives_up(Patience::new()) && take_given_up() && !take_given_up());
            enter(tells, Reach::Everywhere);
            assert!(gives_up(Patience::in_scope()));
            told.store(false, Ordering::Relaxed); // ORDERING: one thread.
            assert!(!gives_up(Patience::in_scope()));
        })
        .join()
        .unwrap();
    }
}
