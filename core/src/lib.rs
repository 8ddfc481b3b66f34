//! The storage engine of Polycache: no sockets, no async. See ARCHITECTURE.md for the picture.

pub mod clock;
pub mod command;
pub mod engine;
pub mod limits;
pub mod log;
pub mod record;
pub mod sync;
pub mod transaction;
