//! The storage engine of Polycache: no sockets, no async. See ARCHITECTURE.md for the picture.

mod barrier;
pub mod blocking;
pub mod clock;
pub mod command;
pub mod config;
pub mod container;
pub mod delays;
pub mod double;
pub mod engine;
pub mod event;
pub mod eviction;
pub mod exchange;
pub mod expiry;
pub mod hyperloglog;
pub mod index;
pub mod lease;
pub mod libraries;
pub mod limits;
pub mod log;
pub mod memory;
#[cfg(all(test, shuttle))]
mod model;
pub mod operation;
pub mod patience;
pub mod persistence;
pub mod rdb;
pub mod record;
pub mod sha1;
mod shard;
pub mod snapshot;
pub mod stats;
pub mod sync;
pub mod transaction;
pub mod tree;
mod version;
