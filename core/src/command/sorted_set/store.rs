//! Storing a sorted set that was computed from other keys.

use smallvec::SmallVec;

use super::Added;
use crate::command::{Ctx, Failure};
use crate::container::sorted_set::Combined;
use crate::engine::{DbIndex, Engine};
use crate::record::{Draft, Effect, Record};
use crate::transaction::Latches;

/// Times that a result is computed without latches before writers are kept waiting.
const ATTEMPTS: usize = 3;
/// Members that one command in the log adds.
const MEMBERS_PER_COMMAND: usize = 256;

/// Puts what `compute` makes of the `sources` at `destination`, or removes the key if that is nothing; returns how many
/// members were stored. Observers see source and result as at one instant.
///
/// The log gets the members, not the command: a source may have expired by the time of a replay.
pub(in crate::command) fn store<F>(
    ctx: &Ctx<'_>,
    destination: &[u8],
    sources: &[&[u8]],
    compute: F,
) -> Result<u64, Failure>
where
    F: for<'r> Fn(&'r Engine, &[Option<Record<'r>>]) -> Result<Combined<'r>, Failure>,
{
    let db = ctx.session.db;
    let keys: SmallVec<[(DbIndex, &[u8]); 8]> =
        [destination].iter().chain(sources).map(|&key| (db, key)).collect();
    for _ in 0..ATTEMPTS {
        let records = ctx.read_many(sources)?;
        let result = compute(ctx.engine, &records)?;
        let mut latches = ctx.latch_many(&keys)?;
        let is_unchanged = (1..keys.len()).zip(&records).all(|(position, old)| {
            let now = latches.entry(position).record();
            now.map(|record| record.as_ptr()) == old.map(|record| record.as_ptr())
        });
        if is_unchanged {
            put(ctx.engine, &mut latches, &result);
            return Ok(result.members().len() as u64);
        }
    }
    let mut latches = ctx.latch_many(&keys)?;
    let records: SmallVec<[Option<Record<'_>>; 8]> =
        (1..keys.len()).map(|position| latches.entry(position).record()).collect();
    let result = compute(ctx.engine, &records)?;
    put(ctx.engine, &mut latches, &result);
    Ok(result.members().len() as u64)
}

/// Puts the result at the first of the latched keys.
fn put(engine: &Engine, latches: &mut Latches<'_>, result: &Combined<'_>) {
    let entry = latches.entry(0);
    let key = entry.key();
    if result.members().is_empty() {
        entry.remove(Effect::Del);
        return;
    }
    if entry.record().is_some() {
        entry.note(&[b"DEL".into(), key.into()]);
    }
    let mut finished = result.finish(engine);
    let draft = Draft { value: finished.value(), expire_at: None, flags: 0, raw: false };
    let mut parts = result.members().chunks(MEMBERS_PER_COMMAND);
    if let Some(first) = parts.next() {
        let added = Added::new(first.iter().copied());
        entry.put(draft, Effect::Command(&added.words(key)));
    }
    if engine.log().is_on() {
        for part in parts {
            entry.note(&Added::new(part.iter().copied()).words(key));
        }
    }
}
