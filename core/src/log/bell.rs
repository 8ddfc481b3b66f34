//! How the log's writer thread rests, and how it is woken.
//!
//! Two depths of sleep keep appends cheap. A *dozing* writer wakes by itself within milliseconds, so an append need not
//! wake it, only a session that waits for durability does. A writer that found nothing for a while is *asleep* and the
//! next append wakes it: one futex call per idle period.
//!
//! Concurrency: the writer stores its state and then looks at the log once more; an append moves the tail and then
//! looks at the state. Both are SeqCst, so one of them sees the other.

use std::time::Duration;

use crate::sync::atomic::{AtomicU8, Ordering, fence};
use crate::sync::{Condvar, Mutex, lock};

const AWAKE: u8 = 0;
const DOZING: u8 = 1;
const ASLEEP: u8 = 2;
/// The thread does not exist yet: whoever finds this starts it.
const UNBORN: u8 = 3;

/// How deeply to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Woken by [`Bell::hurry`] or the timeout.
    Doze(Duration),
    /// Woken by any append too; without a timeout, only by that.
    Sleep(Option<Duration>),
}

/// Whether the writer is there to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Thread {
    Running,
    /// The caller has to start it (and may be one of several that are told so).
    Missing,
}

/// Wakes one thread.
pub struct Bell {
    state: AtomicU8,
    rung: Mutex<bool>,
    changed: Condvar,
}

impl Default for Bell {
    fn default() -> Self {
        Bell { state: AtomicU8::new(UNBORN), rung: Mutex::new(false), changed: Condvar::new() }
    }
}

impl Bell {
    /// The thread does not exist (any more).
    pub fn retire(&self) {
        self.state.store(UNBORN, Ordering::SeqCst);
    }

    /// The thread begins.
    pub fn begin(&self) {
        self.state.store(AWAKE, Ordering::SeqCst);
    }

    /// After an append: wakes a sleeper, leaves a dozer alone.
    pub fn appended(&self) -> Thread {
        match self.state.load(Ordering::SeqCst) {
            ASLEEP => self.ring(),
            UNBORN => return Thread::Missing,
            _ => {}
        }
        Thread::Running
    }

    /// Wakes the writer however lightly it rests.
    pub fn hurry(&self) -> Thread {
        // The caller's entry is finished by a mere release store; the fence orders it before the look at the state.
        fence(Ordering::SeqCst);
        match self.state.load(Ordering::SeqCst) {
            DOZING | ASLEEP => self.ring(),
            UNBORN => return Thread::Missing,
            _ => {}
        }
        Thread::Running
    }

    fn ring(&self) {
        // Only one of many gets to take the lock.
        if self.state.swap(AWAKE, Ordering::SeqCst) != AWAKE {
            *lock(&self.rung) = true;
            self.changed.notify_one();
        }
    }

    /// Rests until rung or timed out; not at all where `busy` finds work after the state is published.
    pub fn rest(&self, rest: Rest, busy: impl FnOnce() -> bool) {
        let (state, timeout) = match rest {
            Rest::Doze(timeout) => (DOZING, Some(timeout)),
            Rest::Sleep(timeout) => (ASLEEP, timeout),
        };
        self.state.store(state, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        if !busy() {
            let mut rung = lock(&self.rung);
            match timeout {
                Some(timeout) if !*rung => {
                    rung = match self.changed.wait_timeout(rung, timeout) {
                        Ok((guard, _)) => guard,
                        Err(poisoned) => poisoned.into_inner().0,
                    };
                }
                Some(_) => {}
                None => {
                    while !*rung {
                        rung = self.changed.wait(rung).unwrap_or_else(|poisoned| poisoned.into_inner());
                    }
                }
            }
            *rung = false;
        }
        self.state.store(AWAKE, Ordering::SeqCst);
    }
}

#[cfg(all(test, shuttle))]
mod model {
    use super::*;
    use crate::sync::atomic::AtomicU64;
    use crate::sync::{Arc, thread};

    /// A writer that sleeps without a timeout against two appenders: every append is seen, so nobody hangs.
    #[test]
    fn model_no_append_is_slept_through() {
        shuttle::check_random(
            || {
                let (bell, tail) = (Arc::new(Bell::default()), Arc::new(AtomicU64::new(0)));
                bell.begin();
                let appenders: Vec<_> = (0..2)
                    .map(|_| {
                        let (bell, tail) = (bell.clone(), tail.clone());
                        thread::spawn(move || {
                            tail.fetch_add(1, Ordering::SeqCst);
                            assert_eq!(bell.appended(), Thread::Running);
                        })
                    })
                    .collect();
                let mut seen = 0;
                while seen < 2 {
                    bell.rest(Rest::Sleep(None), || tail.load(Ordering::SeqCst) > seen);
                    seen = tail.load(Ordering::SeqCst);
                }
                for appender in appenders {
                    appender.join().unwrap();
                }
            },
            2000,
        );
    }
}
