//! RDB, the exchange format of Redis and Valkey: files and the payloads of DUMP and RESTORE, read and written.
//!
//! The module knows nothing of the engine: values go through [`visitor`] as events, element by element, in both
//! directions. [`read_file`] and [`read_payload`] call a visitor; [`Writer`] and [`PayloadWriter`] are visitors.
//!
//! Limits: a string of 512 MiB, a packed value of 1 GiB ([`crate::limits`]); memory is taken as data arrives, whatever a
//! length claims. Damage is an error with the offset of the part that it is in.

pub mod crc64;
mod double;
pub mod error;
pub mod format;
mod functions;
mod fuzz;
pub mod gathered;
pub mod lzf;
pub mod packed;
mod payload;
mod read;
pub mod visitor;
mod write;

pub use error::{Damage, Fault, RdbError, Stop};
pub use format::{Dialect, Version};
pub use functions::{FunctionsError, read_functions, write_functions};
pub use fuzz::fuzz;
pub use payload::{PayloadError, read_payload};
pub use read::{Checksum, Summary, read_file};
pub use visitor::{FileVisitor, Kind, Shape, ValueVisitor, Visit};
pub use write::{Options, PayloadWriter, Writer, seal};
