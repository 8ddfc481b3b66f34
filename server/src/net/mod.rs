//! Sockets: listeners, worker threads, and the loop that every connection runs, whatever protocol it speaks.
//!
//! *Concurrency:* each worker thread runs a current-thread runtime. One more thread accepts; a connection lives on the
//! worker that had the fewest when it came, and its commands run inline there. While a script keeps the keyspace for
//! too long, commands that would have to wait for it are refused (`polycache_core::patience`), and newcomers whose
//! worker runs it are served by spare workers (`dispatch.rs`).

mod accept;
mod blocked;
pub mod codec;
mod connection;
pub mod converse;
mod dispatch;
mod durability;
mod housekeeping;
pub mod listen;
mod refuse;
mod socket;
mod stream;
mod turn;
mod turns;
mod udp;
mod worker;

pub use durability::wait_blocking;
pub use turns::Turns;
pub use worker::{Workers, with_stats};
