//! One blocked client.

use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use super::{Demand, serve_latched};
use crate::clock::UnixMillis;
use crate::command::{Failure, Protocol, Reply, Value, ValueReply};
use crate::engine::{DbIndex, Engine};
use crate::log::Lsn;
use crate::sync::{Arc, Mutex, lock};

/// A blocked client as those who may serve or unblock it see it.
pub struct Waiter {
    /// Its place in every queue: earlier ones come first.
    pub(super) order: u64,
    pub(super) db: DbIndex,
    /// The distinct keys it waits for, with their positions in the command.
    pub(super) keys: Vec<(Box<[u8]>, usize)>,
    pub(super) demand: Box<dyn Demand>,
    pub(super) has_timeout: bool,
    protocol: Protocol,
    state: Mutex<State>,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    pub reply: Value,
    /// The log position that the service reached, if it wrote.
    pub lsn: Option<Lsn>,
}

enum State {
    Waiting(Option<Waker>),
    /// Somebody carries the command out right now.
    Serving(Option<Waker>),
    /// Its time is over: the reply is the command's null.
    GivenUp,
    Ended(Ended),
}

impl Waiter {
    pub(super) fn new(
        order: u64,
        db: DbIndex,
        keys: Vec<(Box<[u8]>, usize)>,
        demand: Box<dyn Demand>,
        protocol: Protocol,
        has_timeout: bool,
    ) -> Waiter {
        Waiter { order, db, keys, demand, has_timeout, protocol, state: Mutex::new(State::Waiting(None)) }
    }

    /// Whether it is about to read `key`, and leave it as it is.
    pub fn will_read(&self, key: &[u8]) -> bool {
        self.demand.only_reads()
            && self.keys.iter().any(|(own, _)| **own == *key)
            && matches!(*lock(&self.state), State::Waiting(_) | State::Serving(_))
    }

    /// A sink for its reply.
    pub(super) fn recorder(&self) -> ValueReply {
        ValueReply::speaking(self.protocol)
    }

    /// Takes the right to serve it; `false` if somebody else did, or its waiting has ended.
    pub(super) fn claim(&self) -> bool {
        let mut state = lock(&self.state);
        let State::Waiting(waker) = &mut *state else { return false };
        *state = State::Serving(waker.take());
        true
    }

    /// Ends the service that [`Waiter::claim`] began.
    pub(super) fn complete(&self, reply: Value, lsn: Option<Lsn>) {
        self.end(State::Ended(Ended { reply, lsn }));
    }

    fn end(&self, end: State) {
        let old = std::mem::replace(&mut *lock(&self.state), end);
        if let State::Waiting(Some(waker)) | State::Serving(Some(waker)) = old {
            waker.wake();
        }
    }

    /// Whether nobody has begun to serve it, and its time is not over.
    pub fn is_waiting(&self) -> bool {
        matches!(*lock(&self.state), State::Waiting(_))
    }

    /// Ends the waiting as its timeout would; `false` if it has ended already, or is being served.
    pub fn give_up(&self) -> bool {
        self.claim() && {
            self.end(State::GivenUp);
            true
        }
    }

    /// Ends the waiting with an error; `false` as for [`Waiter::give_up`].
    pub fn refuse(&self, failure: &Failure) -> bool {
        self.claim() && {
            self.complete(Value::Error(failure.0.to_string()), None);
            true
        }
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<Option<Ended>> {
        match &mut *lock(&self.state) {
            State::Waiting(waker) | State::Serving(waker) => {
                match waker {
                    Some(waker) => waker.clone_from(cx.waker()),
                    None => *waker = Some(cx.waker().clone()),
                }
                Poll::Pending
            }
            State::GivenUp => Poll::Ready(None),
            State::Ended(ended) => Poll::Ready(Some(ended.clone())),
        }
    }
}

/// The blocked client's own side: what its face polls. Dropping it ends the waiting without a trace.
pub struct Blocked {
    engine: Engine,
    waiter: Arc<Waiter>,
    /// When its time is over; `None` is never.
    deadline: Option<Instant>,
}

impl Blocked {
    pub(super) fn new(engine: Engine, waiter: Arc<Waiter>, deadline: Option<Instant>) -> Blocked {
        Blocked { engine, waiter, deadline }
    }

    /// For those who may unblock it.
    pub fn waiter(&self) -> &Arc<Waiter> {
        &self.waiter
    }

    /// When to call [`Blocked::on_time`] next; `None` is never.
    pub fn next_time(&self) -> Option<Instant> {
        let look = self.waiter.demand.look_again().and_then(|at| {
            let left = Duration::from_millis(at.0.saturating_sub(UnixMillis::now().0));
            Instant::now().checked_add(left.max(LOOK_PAUSE))
        });
        [self.deadline, look].into_iter().flatten().min()
    }

    /// Does what is to be done at [`Blocked::next_time`]: ends the waiting where its time is over (`false`: do not ask
    /// again), or looks whether the keys satisfy it by now.
    pub fn on_time(&self) -> bool {
        if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            // Where somebody serves it right now, that is waited for.
            self.waiter.give_up();
            return false;
        }
        let op = self.engine.begin();
        for (key, _) in &self.waiter.keys {
            if self.waiter.is_waiting() {
                serve_latched(&op, &[(self.waiter.db, key)]);
            }
        }
        true
    }

    /// Whether the waiting has ended, and how; `None` is by [`Waiter::give_up`]. Wakes the task otherwise.
    pub fn poll(&self, cx: &Context<'_>) -> Poll<Option<Ended>> {
        self.waiter.poll(cx)
    }

    /// Lets this thread wait until it has ended. `keep_waiting` is asked now and then; its `false` ends the waiting as a
    /// timeout would.
    pub fn wait(self, keep_waiting: &mut dyn FnMut() -> bool) -> Option<Ended> {
        let waker = Waker::from(std::sync::Arc::new(Unpark(std::thread::current())));
        let cx = Context::from_waker(&waker);
        let (mut is_over, mut next) = (false, self.next_time());
        loop {
            if let Poll::Ready(ended) = self.poll(&cx) {
                return ended;
            }
            let left = next.map(|time| time.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                is_over |= !self.on_time();
                next = if is_over { None } else { self.next_time() };
                continue;
            }
            if !is_over && !keep_waiting() {
                // Where somebody serves it right now, that is waited for.
                (is_over, next) = (true, None);
                self.waiter.give_up();
                continue;
            }
            std::thread::park_timeout(left.unwrap_or(ASK_EVERY).min(ASK_EVERY));
        }
    }
}

/// How often a waiting thread asks whether it shall go on.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// The least time between two looks at keys that nobody changes.
const LOOK_PAUSE: Duration = Duration::from_millis(10);

/// Wakes a thread.
struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.unpark();
    }
}

impl Ended {
    /// Says how it ended: the reply, or that of a command whose time is over.
    pub fn emit(ended: Option<&Ended>, reply: &mut dyn Reply) {
        match ended {
            Some(ended) => ended.reply.emit(reply),
            None => reply.null_array(),
        }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        self.waiter.give_up();
        self.engine.blocking().forget(&self.waiter);
    }
}
