//! Are histories of several threads linearizable: could the operations have happened one after the other, each at one
//! moment between its call and its return, with the answers that were given?
//!
//! A [`Recorder`] stamps what threads do, [`check`] searches for an order of it that a [`Model`] agrees with. Keys that
//! no operation connects are histories of their own, and much shorter ones.

mod check;
mod model;
mod record;

pub use check::{Verdict, check};
pub use model::{Answer, Model, Object, Register, Request};
pub use record::{Lane, Recorder, by_key};

/// One operation: who saw what, and when.
#[derive(Clone, Debug)]
pub struct Event {
    pub request: Request,
    pub answer: Answer,
    /// Ticks of one clock that all threads share.
    pub called: u64,
    pub returned: u64,
}
