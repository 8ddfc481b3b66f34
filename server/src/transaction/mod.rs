//! Transactions of a connection: MULTI, EXEC, DISCARD, WATCH, UNWATCH.
//!
//! Between MULTI and EXEC commands are checked and queued (`queue.rs`); EXEC runs them in one scope of the engine
//! (`exec.rs`), so that nobody sees half of them, on any face. WATCH remembers the versions of keys; EXEC compares them
//! while it holds the keys. A client that goes away takes its queue along: nothing is left behind.

mod exec;
mod queue;
mod table;
mod watch;

pub use exec::{Ran, run};
pub use queue::{Queue, Transaction, is_queued, needs_memory};
pub use table::TABLE;
