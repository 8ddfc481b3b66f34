//! Write access: the gate, latches on keys, fences around several.
//!
//! # Concurrency
//! Order of what a writer takes: the gate (shared), then latches. A writer of one key holds one latch (or the latch of
//! one chain) and waits for nothing else but room in the log. A writer of several keys takes their latches in the order
//! of database, hash and key. Nobody reads other keys or passes the gate again while holding a latch. So there is no
//! cycle of waiting. Scopes, which run many commands, keep to the order too, but for strays (`scope.rs`).

pub mod block;
mod entry;
mod entry_events;
pub mod gate;
mod latches;
pub(crate) mod scope;
pub(crate) mod strays;

pub use entry::Entry;
pub use latches::Latches;
pub use scope::Scope;
