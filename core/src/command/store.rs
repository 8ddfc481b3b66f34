//! Storing a set or sorted set that was computed from other keys.

use smallvec::{SmallVec, smallvec};

use super::sorted_set::Added;
use super::{Ctx, Failure};
use crate::container::Finished;
use crate::container::gathered::set_of;
use crate::container::sorted_set::Combined;
use crate::engine::{DbIndex, Engine};
use crate::index::Damaged;
use crate::record::{Draft, Effect, Record, Str};
use crate::transaction::Latches;
use crate::transaction::block::Block;

/// Times that a result is computed without latches before writers are kept waiting.
const ATTEMPTS: usize = 3;
/// Elements that one command in the log adds.
const ELEMENTS_PER_COMMAND: usize = 256;

/// What was computed from some keys.
pub(super) trait Computed {
    /// How many elements there are; with none, the key goes.
    fn count(&self) -> usize;
    /// The value, and what [`Draft::raw`] says of it.
    fn finish(&self, engine: &Engine) -> Result<(Finished, bool), Damaged>;
    /// Gives `emit` the commands that add all elements to `key`.
    fn tell(&self, key: &[u8], emit: &mut dyn FnMut(&[Str<'_>]));
}

impl Computed for Combined<'_> {
    fn count(&self) -> usize {
        self.members().len()
    }

    fn finish(&self, engine: &Engine) -> Result<(Finished, bool), Damaged> {
        Ok((Combined::finish(self, engine), false))
    }

    fn tell(&self, key: &[u8], emit: &mut dyn FnMut(&[Str<'_>])) {
        for part in self.members().chunks(ELEMENTS_PER_COMMAND) {
            emit(&Added::new(part.iter().copied()).words(key));
        }
    }
}

/// The members of a set, none of them twice.
impl Computed for Vec<&[u8]> {
    fn count(&self) -> usize {
        self.len()
    }

    fn finish(&self, engine: &Engine) -> Result<(Finished, bool), Damaged> {
        Ok(set_of(engine, self)?.expect("members of a set differ"))
    }

    fn tell(&self, key: &[u8], emit: &mut dyn FnMut(&[Str<'_>])) {
        for part in self.chunks(ELEMENTS_PER_COMMAND) {
            let mut words: SmallVec<[Str<'_>; 8]> = smallvec![b"SADD".into(), key.into()];
            words.extend(part.iter().map(|member| Str::Inline(member)));
            emit(&words);
        }
    }
}

/// Puts what `compute` makes of the `sources` at `destination`, or removes the key if that is nothing; returns how many
/// elements were stored. Observers see source and result as at one instant.
///
/// The log gets the elements, not the command: a source may have expired by the time of a replay.
pub(super) fn store<F>(
    ctx: &Ctx<'_>,
    destination: &[u8],
    sources: &[&[u8]],
    compute: F,
) -> Result<usize, Failure>
where
    F: for<'r> Fn(&'r Engine, &[Option<Record<'r>>]) -> Result<Box<dyn Computed + 'r>, Failure>,
{
    let db = ctx.session.db;
    let keys: SmallVec<[(DbIndex, &[u8]); 8]> =
        [destination].iter().chain(sources).map(|&key| (db, key)).collect();
    for _ in 0..ATTEMPTS {
        let records = ctx.read_many(sources)?;
        let result = compute(ctx.engine, &records)?;
        let value = result.finish(ctx.engine)?;
        let mut latches = ctx.latch_many(&keys)?;
        let is_unchanged = (1..keys.len()).zip(&records).all(|(position, old)| {
            let now = latches.entry(position).record();
            now.map(|record| record.as_ptr()) == old.map(|record| record.as_ptr())
        });
        if is_unchanged {
            put(ctx.engine, &mut latches, &*result, value);
            return Ok(result.count());
        }
    }
    let mut latches = ctx.latch_many(&keys)?;
    let records: SmallVec<[Option<Record<'_>>; 8]> =
        (1..keys.len()).map(|position| latches.entry(position).record()).collect();
    let result = compute(ctx.engine, &records)?;
    let value = result.finish(ctx.engine)?;
    put(ctx.engine, &mut latches, &*result, value);
    Ok(result.count())
}

/// Puts the result at the first of the latched keys.
fn put(engine: &Engine, latches: &mut Latches<'_>, result: &dyn Computed, value: (Finished, bool)) {
    let entry = latches.entry(0);
    if result.count() == 0 {
        entry.remove(Effect::Del);
        return;
    }
    let key = entry.key();
    let mut effects = Block::default();
    if entry.record().is_some() {
        entry.gather(&mut effects, &[b"DEL".into(), key.into()]);
    }
    if engine.log().is_on() {
        result.tell(key, &mut |command| entry.gather(&mut effects, command));
    } else {
        effects.count();
    }
    let (mut finished, raw) = value;
    let draft = Draft { value: finished.value(), expire_at: None, flags: 0, raw };
    entry.put(draft, Effect::Commands(&effects));
}
