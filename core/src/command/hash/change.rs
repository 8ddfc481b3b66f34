//! Changing fields that are there: arguments, and the effect in the log.

use smallvec::{SmallVec, smallvec};

use crate::clock::UnixMillis;
use crate::command::args::{integer, is_word};
use crate::command::{Args, Ctx, Failure};
use crate::container::{Hash, HashEdit};
use crate::event::EXPIRING_FIELDS;
use crate::index::Damaged;
use crate::record::Str;
use crate::stats::Counter;

pub(super) const BAD_COUNT: Failure =
    Failure::text("ERR numfields should be greater than 0 and match the provided number of fields");

/// Splits `... FIELDS numfields word ...`: what stands between argument `first` and FIELDS, and the words, which must be
/// `per_field` for each of `numfields`. The former is checked by `check` before the latter are counted, as in Valkey.
/// FIELDS is the first of that name from argument `from` on, which may be the key's.
pub(super) fn split<'a, T>(
    args: Args<'a>,
    from: usize,
    first: usize,
    per_field: usize,
    check: impl FnOnce(&'a [&'a [u8]]) -> Result<T, Failure>,
) -> Result<(T, &'a [&'a [u8]]), Failure> {
    let found = (from..args.len() - 1).find(|&at| is_word(args[at], "FIELDS"));
    let at = found.ok_or(BAD_COUNT)?;
    let checked = check(args.get(first..at).unwrap_or_default())?;
    let count = integer(args[at + 1])?;
    Ok((checked, counted(count, &args[at + 2..], per_field).ok_or(BAD_COUNT)?))
}

/// The words of `count` fields, if they are as many.
pub(super) fn counted<'w, 'a>(count: i64, words: &'w [&'a [u8]], per_field: usize) -> Option<&'w [&'a [u8]]> {
    let count = usize::try_from(count).ok().filter(|&count| count > 0)?;
    (count.checked_mul(per_field) == Some(words.len())).then_some(words)
}

/// What happens to fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Remove,
    /// As if their time had just come.
    Expire,
    ExpireAt(UnixMillis),
    Persist,
}

impl Change {
    /// Setting an expiry that may lie in the past.
    pub(super) fn expire_at(at: UnixMillis, now: UnixMillis) -> Change {
        if at <= now { Change::Expire } else { Change::ExpireAt(at) }
    }

    fn apply(self, edit: &mut HashEdit<'_>, name: &[u8]) -> Result<(), Damaged> {
        match self {
            Change::Remove | Change::Expire => edit.remove(name).map(|_| ()),
            Change::ExpireAt(at) => edit.set_expiry(name, Some(at)),
            Change::Persist => edit.set_expiry(name, None),
        }
    }
}

/// Applies `change` to those fields that `wanted` says, which sees the edit and the hash before it, and gives the reply
/// for each. Without a hash all replies are `missing`.
pub(super) fn change_fields<'a: 'k, 'k, T: Clone>(
    ctx: &Ctx<'a>,
    key: &'k [u8],
    names: &[&'k [u8]],
    change: Change,
    missing: T,
    mut wanted: impl FnMut(&HashEdit<'k>, Hash<'k>, &[u8]) -> Result<(T, bool), Damaged>,
) -> Result<Vec<T>, Failure> {
    let mut entry = ctx.latch(key)?;
    let Some(record) = entry.record() else { return Ok(vec![missing; names.len()]) };
    let hash = Hash::of(ctx.engine, record, ctx.now())?;
    let mut edit = HashEdit::of(ctx.engine, &entry, record, ctx.now())?;
    let mut changed: SmallVec<[Str<'_>; 8]> = SmallVec::new();
    let mut replies = Vec::with_capacity(names.len());
    let done = names.iter().try_for_each(|&name| {
        let (reply, is_wanted) = wanted(&edit, hash, name)?;
        if is_wanted {
            change.apply(&mut edit, name)?;
            changed.push(name.into());
        }
        replies.push(reply);
        Ok(())
    });
    if !changed.is_empty() {
        if change == Change::Expire {
            ctx.engine.stats().add(Counter::ExpiredFields, changed.len() as u64);
            ctx.op.act_as(EXPIRING_FIELDS);
        }
        // What was done before a damaged node was met is put and logged like any change.
        let (mut time, mut count) = (itoa::Buffer::new(), itoa::Buffer::new());
        let count = [b"FIELDS".into(), count.format(changed.len()).as_bytes().into()];
        let mut effect: SmallVec<[Str<'_>; 8]> = match change {
            Change::Remove | Change::Expire => smallvec![b"HDEL".into(), key.into()],
            Change::ExpireAt(at) => {
                let at = time.format(at.0).as_bytes().into();
                smallvec![b"HPEXPIREAT".into(), key.into(), at, count[0], count[1]]
            }
            Change::Persist => smallvec![b"HPERSIST".into(), key.into(), count[0], count[1]],
        };
        effect.extend(changed);
        edit.put(&mut entry, Some(record), &effect)?;
    }
    done.map_err(|damaged: Damaged| Failure::from(damaged))?;
    Ok(replies)
}
