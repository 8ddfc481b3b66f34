//! Waking the owners of mailboxes, many at a time.
//!
//! # Concurrency
//! Waking a task of another thread costs a lock and perhaps a system call, waking one's own does not. So a worker that
//! puts messages into mailboxes gathers whom to wake until its turn ends, then hands every other worker its list with
//! one wake-up; the task that gets it, the pump, wakes the connections from within.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use super::mailbox::Mailbox;

/// Where a worker is told which of its connections have mail.
#[derive(Default)]
pub struct Post(Mutex<Due>);

#[derive(Default)]
struct Due {
    mailboxes: Vec<Arc<Mailbox>>,
    pump: Option<Waker>,
}

thread_local! {
    static HERE: RefCell<Option<Arc<Post>>> = const { RefCell::new(None) };
    static GATHERED: RefCell<Vec<Arc<Mailbox>>> = const { RefCell::new(Vec::new()) };
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Makes the thread a worker with a post of its own.
pub fn enter() {
    HERE.set(Some(Arc::default()));
}

/// The worker ends.
pub fn leave() {
    HERE.set(None);
}

/// The post of this worker.
pub fn here() -> Option<Arc<Post>> {
    HERE.with_borrow(Clone::clone)
}

/// Wakes the connections of this worker that have mail; runs as long as the thread does.
pub async fn pump() {
    let Some(post) = here() else { return };
    poll_fn(|cx| {
        let mut due = post.0.lock().unwrap_or_else(PoisonError::into_inner);
        due.pump = Some(cx.waker().clone());
        let mailboxes = std::mem::take(&mut due.mailboxes);
        drop(due);
        mailboxes.iter().for_each(|mailbox| mailbox.wake());
        Poll::Pending
    })
    .await
}

/// While it lives, this thread wakes nobody; it does so at the end.
pub struct Gathering(());

impl Gathering {
    #[inline]
    pub fn begin() -> Gathering {
        DEPTH.set(DEPTH.get() + 1);
        Gathering(())
    }
}

impl Drop for Gathering {
    #[inline]
    fn drop(&mut self) {
        let depth = DEPTH.get() - 1;
        DEPTH.set(depth);
        if depth == 0 && GATHERED.with_borrow(|gathered| !gathered.is_empty()) {
            send();
        }
    }
}

/// Has the mailbox's owner woken.
pub(super) fn note(mailbox: &Arc<Mailbox>) {
    let gathering = Gathering::begin();
    GATHERED.with_borrow_mut(|gathered| gathered.push(mailbox.clone()));
    drop(gathering);
}

#[cold]
fn send() {
    let gathered = GATHERED.take();
    let here = here();
    let mut others: Vec<(Arc<Post>, Vec<Arc<Mailbox>>)> = Vec::new();
    for mailbox in gathered {
        match mailbox.post() {
            Some(post) if here.as_ref().is_none_or(|here| !Arc::ptr_eq(here, post)) => {
                match others.iter_mut().find(|(other, _)| Arc::ptr_eq(other, post)) {
                    Some((_, mailboxes)) => mailboxes.push(mailbox),
                    None => others.push((post.clone(), vec![mailbox])),
                }
            }
            _ => mailbox.wake(),
        }
    }
    for (post, mut mailboxes) in others {
        let mut due = post.0.lock().unwrap_or_else(PoisonError::into_inner);
        let was_empty = due.mailboxes.is_empty();
        due.mailboxes.append(&mut mailboxes);
        let pump = due.pump.clone().filter(|_| was_empty);
        drop(due);
        if let Some(pump) = pump {
            pump.wake();
        }
    }
}
