//! Whether the log can take writes, and the words for INFO and MISCONF.

use std::io;

use crate::sync::atomic::{AtomicU8, Ordering};
use crate::sync::{Mutex, lock};

const WELL: u8 = 0;
const FAILING: u8 = 1;
const POISONED: u8 = 2;

/// The state of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Well,
    /// Writing fails (a full disk) and is tried again; nothing is lost yet, but writes are refused meanwhile.
    Failing(String),
    /// Bytes may be lost (a failed fsync, a failed write under `always`): only a rewrite makes the AOF whole again.
    Poisoned(String),
}

/// The state, cheap to ask for before every write.
#[derive(Default)]
pub struct Health {
    state: AtomicU8,
    reason: Mutex<String>,
}

impl Health {
    /// Whether writes may be admitted.
    pub fn is_well(&self) -> bool {
        // ORDERING: Relaxed: a write that passes a moment too early is simply one of those in flight.
        self.state.load(Ordering::Relaxed) == WELL
    }

    pub fn state(&self) -> State {
        let reason = lock(&self.reason);
        match self.state.load(Ordering::SeqCst) {
            WELL => State::Well,
            FAILING => State::Failing(reason.clone()),
            _ => State::Poisoned(reason.clone()),
        }
    }

    pub(super) fn set(&self, new: State) {
        let mut reason = lock(&self.reason);
        let number = match new {
            State::Well => {
                reason.clear();
                WELL
            }
            State::Failing(text) => {
                *reason = text;
                FAILING
            }
            State::Poisoned(text) => {
                *reason = text;
                POISONED
            }
        };
        self.state.store(number, Ordering::SeqCst);
    }
}

/// An error as `strerror` words it, without Rust's `(os error 28)`: clients read this text in MISCONF replies.
pub fn error_text(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
