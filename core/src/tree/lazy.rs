//! Freeing large trees off the threads that serve.
//!
//! One thread for the process, started when there is something to free and gone when there is not. Freed is in the
//! order of arrival, node by node.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::node::release;

/// Trees from this size on are freed by the thread: some tens of microseconds of work.
pub const LAZY_BYTES_MIN: u64 = 64 << 10;

/// Trees that were freed so.
static FREED: AtomicU64 = AtomicU64::new(0);

static QUEUE: Mutex<Queue> = Mutex::new(Queue { roots: VecDeque::new(), process: 0 });

struct Queue {
    roots: VecDeque<u64>,
    /// The process whose thread is at work; zero: none. A forked child has no thread.
    process: u32,
}

/// How many large trees wait to be freed, and how many have been.
pub fn lazily_freed() -> (usize, u64) {
    let waiting = QUEUE.lock().unwrap_or_else(PoisonError::into_inner).roots.len();
    (waiting, FREED.load(Ordering::Relaxed)) // ORDERING: a figure.
}

/// Gives up the reference to a large tree's root, soon.
///
/// # Safety
/// As for [`release`].
pub unsafe fn release_later(root: u64) {
    let process = std::process::id();
    let mut queue = QUEUE.lock().unwrap_or_else(PoisonError::into_inner);
    queue.roots.push_back(root);
    if queue.process == process {
        return;
    }
    queue.process = process;
    drop(queue);
    let thread = std::thread::Builder::new().name("polycache-free".into());
    if thread.spawn(release_all).is_err() {
        release_all();
    }
}

fn release_all() {
    loop {
        let root = {
            let mut queue = QUEUE.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(root) = queue.roots.pop_front() else {
                queue.process = 0;
                return;
            };
            root
        };
        // SAFETY: `release_later`'s caller gave this reference away.
        unsafe { release(root) };
        FREED.fetch_add(1, Ordering::Relaxed); // ORDERING: a figure.
    }
}
