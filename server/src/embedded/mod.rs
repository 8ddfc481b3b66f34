//! The engine in-process: the one face below the C, Python and Node bindings.
//!
//! A [`Cache`] is a handle on an open engine. Reads and writes of one key go straight to the core, on the calling
//! thread; every other command goes through the same table that the network uses ([`Cache::execute`]); and
//! [`Cache::serve`] puts the open engine on the network.
//!
//! # Concurrency
//! Every method may be called by any number of threads. [`Cache::close`] may race with them: calls under way are
//! completed, later ones get [`Error::CLOSED`]. A handle is good in the process that opened it (`fork.rs`).

mod direct;
mod error;
mod execute;
mod files;
mod fork;
mod handle;
mod lease;
mod open;
mod options;
mod serve;
mod shared;
mod stats;
mod subscribe;
mod transaction;

pub use direct::{Condition, Expire, SetOptions, Ttl};
pub use error::{Error, ErrorKind, Result};
pub use handle::{Cache, Durable};
pub use lease::{Asked, Found, Lease, Load, Waiting};
pub use options::{Background, Options, Persist, parse_bytes};
pub use serve::{Serve, Served};
pub use stats::Stats;
pub use subscribe::Subscription;
