//! The commands on sets.

mod combine;
mod member;
mod random;
mod scan;
mod table;

pub(in crate::command) use random::{random_count, random_ranks};
pub use table::TABLES;

use super::Failure;
use crate::container::SetEdit;
use crate::record::{Draft, Effect, Record, Str};
use crate::transaction::Entry;

/// Puts a changed set in place of `old`, or removes an emptied one; `effect` is what the log gets for the former.
fn put(entry: &mut Entry<'_>, old: Option<Record<'_>>, edit: SetEdit<'_>, effect: &[Str<'_>]) {
    let is_empty = edit.is_empty();
    let (mut finished, raw) = edit.finish();
    if is_empty {
        finished.remove(entry, Effect::Del);
    } else {
        entry.put(Draft::changed(old, finished.value(), raw), Effect::Command(effect));
    }
}

/// A command's outcome where a node of a snapshot file turned out to be damaged half-way: what was done is put and
/// logged like any change, and the command fails.
fn whole(result: Result<(), crate::index::Damaged>) -> Result<(), Failure> {
    Ok(result?)
}
