//! The commands on hashes.

mod change;
mod counter;
mod expire;
mod extended;
mod field;
mod random;
mod scan;
mod table;
mod whole;

pub use table::TABLES;

use super::{Ctx, Failure};
use crate::container::{Hash, HashEdit};
use crate::index::Damaged;
use crate::record::{Draft, Effect, Record, Str};
use crate::transaction::Entry;

/// The hash at a key, without fields where there is none.
fn read<'a>(ctx: &Ctx<'a>, key: &[u8]) -> Result<Hash<'a>, Failure> {
    Hash::of_optional(ctx.engine, ctx.read(key)?, ctx.now())
}

/// Puts a changed hash in place of `old`; one in which no field is left, or none whose time is not over, is removed.
/// `effect` is what the log gets for the former.
fn put(
    entry: &mut Entry<'_>,
    old: Option<Record<'_>>,
    edit: HashEdit<'_>,
    effect: &[Str<'_>],
) -> Result<(), Damaged> {
    // The hash of a damaged tree of expiries stays.
    let is_empty = edit.view().is_empty();
    let mut finished = edit.finish();
    if is_empty == Ok(true) {
        finished.remove(entry, Effect::Del);
    } else {
        entry.put(Draft::changed(old, finished.value(), false), Effect::Command(effect));
    }
    is_empty.map(|_| ())
}
