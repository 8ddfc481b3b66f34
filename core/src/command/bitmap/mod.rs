//! The bitmap commands: strings seen as arrays of bits, the highest bit of the first byte first.
//!
//! All of them work on a value piece by piece, so that a bitmap of 512 MiB is never flattened.

mod bit;
mod combine;
mod count;
mod field;
mod overflow;
mod position;
mod table;

pub use table::TABLE;
