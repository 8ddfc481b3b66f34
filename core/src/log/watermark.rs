//! How far the log is safe: the position that is written to the file and the one that is fsynced.
//!
//! A session that promised durability waits here for its position, by blocking (bindings) or with a waker (the
//! server). No session ever calls fsync itself.
//!
//! Concurrency: the log's writer advances and poisons; any thread reads and waits. Reading is one load. Whoever must
//! wait registers under the lock and looks once more, so no advance is missed.
//!
//! Invariants: both marks only grow, and `durable <= written`. After [`Watermark::poison`] every wait beyond the
//! durable mark fails, until [`Watermark::heal`].

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::Lsn;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Condvar, Mutex, lock};

/// Why a wait for durability ended without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogError {
    /// A write or fsync of the log failed: what came after the durable mark may be lost. Rewriting the AOF
    /// (`BGREWRITEAOF`) makes a whole new file from memory and heals the log.
    Poisoned(std::sync::Arc<str>),
    /// The time given ran out.
    TimedOut,
    /// The engine is closing.
    Closed,
}

impl fmt::Display for LogError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogError::Poisoned(reason) => write!(out, "the append only file failed: {reason}"),
            LogError::TimedOut => out.write_str("the append only file was not synced in time"),
            LogError::Closed => out.write_str("the append only file is closed"),
        }
    }
}

impl std::error::Error for LogError {}

/// The written and the durable position, and who waits for them.
#[derive(Default)]
pub struct Watermark {
    written: AtomicU64,
    durable: AtomicU64,
    failed: AtomicBool,
    waiting: Mutex<Waiting>,
    advanced: Condvar,
}

#[derive(Default)]
struct Waiting {
    error: Option<LogError>,
    wakers: Vec<(Lsn, Waker)>,
    blocked: usize,
}

impl Watermark {
    /// Everything below is in the file (but perhaps only in the page cache).
    pub fn written(&self) -> Lsn {
        Lsn(self.written.load(Ordering::SeqCst))
    }

    /// Everything below is on stable storage.
    pub fn durable(&self) -> Lsn {
        Lsn(self.durable.load(Ordering::SeqCst))
    }

    /// The failure that the log is in.
    pub fn error(&self) -> Option<LogError> {
        if !self.failed.load(Ordering::SeqCst) {
            return None;
        }
        lock(&self.waiting).error.clone()
    }

    /// Whether `lsn` is durable: at once, or never because the log failed.
    fn look(&self, lsn: Lsn, waiting: &Waiting) -> Poll<Result<(), LogError>> {
        if self.durable() >= lsn {
            return Poll::Ready(Ok(()));
        }
        match &waiting.error {
            Some(error) => Poll::Ready(Err(error.clone())),
            None => Poll::Pending,
        }
    }

    /// Blocks until `lsn` is durable; without a timeout, for as long as it takes.
    pub fn wait_blocking(&self, lsn: Lsn, timeout: Option<Duration>) -> Result<(), LogError> {
        if self.durable() >= lsn {
            return Ok(());
        }
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let mut waiting = lock(&self.waiting);
        loop {
            if let Poll::Ready(result) = self.look(lsn, &waiting) {
                return result;
            }
            waiting.blocked += 1;
            waiting = match deadline {
                None => self.advanced.wait(waiting).unwrap_or_else(|poisoned| poisoned.into_inner()),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        waiting.blocked -= 1;
                        return Err(LogError::TimedOut);
                    }
                    match self.advanced.wait_timeout(waiting, left) {
                        Ok((guard, _)) => guard,
                        Err(poisoned) => poisoned.into_inner().0,
                    }
                }
            };
            waiting.blocked -= 1;
        }
    }

    /// Tells whether `lsn` is durable or the log failed; otherwise wakes `waker` once when that may have changed.
    pub fn register(&self, lsn: Lsn, waker: &Waker) -> Poll<Result<(), LogError>> {
        if self.durable() >= lsn {
            return Poll::Ready(Ok(()));
        }
        let mut waiting = lock(&self.waiting);
        let outcome = self.look(lsn, &waiting);
        if outcome.is_pending()
            && !waiting.wakers.iter().any(|(at, other)| *at == lsn && other.will_wake(waker))
        {
            waiting.wakers.push((lsn, waker.clone()));
        }
        outcome
    }

    /// A future that ends when `lsn` is durable or the log failed.
    pub fn wait(&self, lsn: Lsn) -> Durable<'_> {
        Durable { watermark: self, lsn }
    }

    /// Sets both marks where the log begins, before anyone appends.
    pub(super) fn begin(&self, lsn: Lsn) {
        self.written.store(lsn.0, Ordering::SeqCst);
        self.durable.store(lsn.0, Ordering::SeqCst);
    }

    /// Everything below `lsn` has been written.
    pub(super) fn advance_written(&self, lsn: Lsn) {
        self.written.fetch_max(lsn.0, Ordering::SeqCst);
    }

    /// Everything below `lsn` has been fsynced; wakes whom that concerns.
    pub(super) fn advance_durable(&self, lsn: Lsn) {
        debug_assert!(lsn <= self.written());
        let mut woken = Vec::new();
        {
            let mut waiting = lock(&self.waiting);
            self.durable.fetch_max(lsn.0, Ordering::SeqCst);
            waiting.wakers.retain_mut(|(at, waker)| {
                let keep = *at > lsn;
                if !keep {
                    woken.push(waker.clone());
                }
                keep
            });
            if waiting.blocked > 0 {
                self.advanced.notify_all();
            }
        }
        // Outside the lock: a waker may run code that comes back here.
        woken.into_iter().for_each(Waker::wake);
    }

    /// The log failed: every waiter gets `error`, later ones too.
    pub(super) fn poison(&self, error: LogError) {
        let woken = {
            let mut waiting = lock(&self.waiting);
            waiting.error = Some(error);
            self.failed.store(true, Ordering::SeqCst);
            self.advanced.notify_all();
            std::mem::take(&mut waiting.wakers)
        };
        woken.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// The log works again, and everything below `lsn` is safe by other means (a new base).
    pub(super) fn heal(&self, lsn: Lsn) {
        lock(&self.waiting).error = None;
        self.failed.store(false, Ordering::SeqCst);
        self.advance_written(lsn);
        self.advance_durable(lsn);
    }
}

/// See [`Watermark::wait`].
pub struct Durable<'a> {
    watermark: &'a Watermark,
    lsn: Lsn,
}

impl Future for Durable<'_> {
    type Output = Result<(), LogError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.watermark.register(self.lsn, context.waker())
    }
}

#[cfg(all(test, not(shuttle)))]
mod test {
    use super::*;

    #[test]
    fn waits_end_at_their_position() {
        let mark = Watermark::default();
        assert_eq!(mark.wait_blocking(Lsn(0), None), Ok(()));
        assert_eq!(mark.wait_blocking(Lsn(5), Some(Duration::ZERO)), Err(LogError::TimedOut));
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| mark.wait_blocking(Lsn(5), None));
            mark.advance_written(Lsn(9));
            mark.advance_durable(Lsn(4));
            mark.advance_durable(Lsn(7));
            assert_eq!(waiter.join().unwrap(), Ok(()));
        });
        mark.advance_durable(Lsn(3));
        assert_eq!(mark.durable(), Lsn(7), "the mark never falls");
    }

    #[test]
    fn poison_reaches_every_waiter_until_healed() {
        let mark = Watermark::default();
        assert!(mark.register(Lsn(5), Waker::noop()).is_pending());
        let error = LogError::Poisoned("disk gone".into());
        mark.poison(error.clone());
        assert_eq!(mark.register(Lsn(5), Waker::noop()), Poll::Ready(Err(error.clone())));
        assert_eq!(mark.wait_blocking(Lsn(5), None), Err(error));
        mark.heal(Lsn(6));
        assert_eq!(mark.wait_blocking(Lsn(5), None), Ok(()));
    }
}

#[cfg(all(test, shuttle))]
mod model {
    use super::*;
    use crate::sync::{Arc, thread};

    /// Two waiters, one writer that advances in steps: nobody sleeps through an advance, and the marks only grow.
    #[test]
    fn model_no_wait_is_missed() {
        shuttle::check_random(
            || {
                let mark = Arc::new(Watermark::default());
                let waiters: Vec<_> = [3, 7]
                    .map(|lsn| {
                        let mark = mark.clone();
                        thread::spawn(move || {
                            mark.wait_blocking(Lsn(lsn), None).unwrap();
                            assert!(mark.durable() >= Lsn(lsn));
                            assert!(mark.durable() <= mark.written());
                        })
                    })
                    .into();
                let mut before = Lsn(0);
                for lsn in [2, 5, 9] {
                    mark.advance_written(Lsn(lsn));
                    mark.advance_durable(Lsn(lsn));
                    assert!(mark.durable() > before);
                    before = mark.durable();
                }
                for waiter in waiters {
                    waiter.join().unwrap();
                }
            },
            2000,
        );
    }

    /// A poisoning races with a waiter: it gets the error or, if it came first, its position.
    #[test]
    fn model_poison_reaches_the_waiter() {
        shuttle::check_random(
            || {
                let mark = Arc::new(Watermark::default());
                let waiter = {
                    let mark = mark.clone();
                    thread::spawn(move || mark.wait_blocking(Lsn(5), None))
                };
                mark.advance_written(Lsn(4));
                mark.advance_durable(Lsn(4));
                mark.poison(LogError::Poisoned("x".into()));
                assert!(waiter.join().unwrap().is_err());
            },
            1000,
        );
    }
}
