//! The commands on HyperLogLogs, which are strings.

mod count;
mod debug;
mod table;
mod write;

pub use table::TABLE;

use crate::command::Failure;
use crate::hyperloglog::{BYTES_MAX, Invalid, Sketch};
use crate::record::Record;

/// The sketch in a record.
fn sketch(record: Record<'_>) -> Result<Sketch, Failure> {
    let value = record.string()?;
    // What is longer is none, or a corrupt one: its beginning tells.
    let mut bytes = Vec::new();
    value.copy_range(0, value.len().min(BYTES_MAX + 1), &mut bytes);
    Ok(Sketch::parse(bytes)?)
}

/// The sketch in a record, or an empty one without a record.
fn sketch_or_empty(record: Option<Record<'_>>) -> Result<Sketch, Failure> {
    record.map_or(Ok(Sketch::default()), sketch)
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Failure {
        Failure::text(match invalid {
            Invalid::Foreign => "WRONGTYPE Key is not a valid HyperLogLog string value.",
            Invalid::Corrupt => "INVALIDOBJ Corrupted HLL object detected",
        })
    }
}
