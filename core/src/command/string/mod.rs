//! The string commands.

mod big;
mod common_subsequence;
mod compare;
mod counter;
mod extended;
mod get;
mod many;
mod options;
mod range;
mod set;
mod table;

pub(crate) use extended::Extended;
pub use table::TABLES;

use crate::command::Failure;
use crate::limits::STRING_BYTES_MAX;
use crate::record::{Effect, NewValue, Record, Str, Written};

/// Refuses a string that would become longer than any may be.
pub(in crate::command) fn check_length(bytes: usize) -> Result<(), Failure> {
    if bytes > STRING_BYTES_MAX { Err(Failure::STRING_TOO_LONG) } else { Ok(()) }
}

/// The string value of a record that may be missing: missing is empty.
pub(in crate::command) fn value_or_empty<'a>(record: Option<Record<'a>>) -> Result<Str<'a>, Failure> {
    match record {
        Some(record) => record.string(),
        None => Ok(Str::Inline(b"")),
    }
}

/// What a partial write logs: itself, or the whole value where it made a short new one.
///
/// The latter keeps the log free of assumptions on what a replay finds in an expired key's place.
pub(in crate::command) fn partial<'a>(
    old: Option<Record<'_>>,
    new: Str<'_>,
    command: &'a [Str<'a>],
) -> Effect<'a> {
    if old.is_none() && new.as_slice().is_some() { Effect::Set } else { Effect::Command(command) }
}

/// A value that was just made, as a draft takes it.
pub(in crate::command) fn new_value(written: &Written) -> NewValue<'_> {
    match written {
        Written::Inline(bytes) => NewValue::Bytes(bytes),
        Written::Rope(rope) => NewValue::Rope(rope.clone()),
    }
}
