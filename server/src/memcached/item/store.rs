//! set, add, replace, append, prepend, and their forms with a CAS number.

use polycache_core::command::Failure;
use polycache_core::lease;
use polycache_core::record::{Draft, Effect, Marks, NewValue, Record, Str};
use polycache_core::transaction::Entry;
use smallvec::SmallVec;

use super::size::is_too_large;
use crate::memcached::expiry::Expiry;
use crate::memcached::watch::Outcome;
use crate::memcached::work::Work;
use crate::stats::Counter;

/// The storage commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Set,
    Add,
    Replace,
    Append,
    Prepend,
    /// Set where the CAS number is the item's.
    Cas,
}

impl Verb {
    /// As watchers see it.
    pub fn name(self) -> &'static str {
        match self {
            Verb::Set => "set",
            Verb::Add => "add",
            Verb::Replace => "replace",
            Verb::Append => "append",
            Verb::Prepend => "prepend",
            Verb::Cas => "cas",
        }
    }
}

/// What to store where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Storage<'a> {
    pub verb: Verb,
    pub key: &'a [u8],
    pub flags: u32,
    pub exptime: i64,
    /// Bytes of the data block without its `\r\n`.
    pub len: usize,
    /// The CAS number that [`Verb::Cas`] expects, and the others where it is not 0.
    pub unique: u64,
    pub extras: Extras,
}

/// What only meta commands can ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// E: the CAS number to give the item.
    pub cas: Option<u64>,
    /// I: a value with an older CAS number than the item's is stored, and counts as out of date.
    pub takes_older: bool,
    /// N in append mode: make the item with this exptime if it is missing.
    pub vivify: Option<i64>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Stored, with this CAS number.
    Done(u64),
    /// There is an item, or none, where the verb wants it otherwise.
    Refused,
    /// The CAS number is another one.
    Exists,
    NotFound,
}

/// A block that is too large is swallowed by the caller; its item goes, so that a reader never gets the value that
/// the writer wanted to replace.
#[cold]
pub fn refuse_too_large(work: &mut Work<'_>, key: &[u8], forgets: bool) {
    work.stats.add(Counter::MemcachedTooLarge, 1);
    if forgets && work.permit_store(key).is_ok() {
        forget(work, key);
    }
}

/// Carries out a storage command whose whole block is there.
#[inline]
pub fn store(work: &mut Work<'_>, storage: &Storage<'_>, data: &[u8]) -> Result<Stored, Failure> {
    match storage.verb {
        Verb::Append | Verb::Prepend => work.permit_append(storage.key)?,
        _ => work.permit_store(storage.key)?,
    }
    work.stats.add(Counter::MemcachedSets, 1);
    let result = match work.admit_growth() {
        Ok(()) => apply(work, storage, data),
        Err(failure) => Err(failure),
    };
    match &result {
        Ok(Stored::Done(_)) => work.stats.add(Counter::MemcachedStored, 1),
        Err(failure) if *failure == Failure::OUT_OF_MEMORY => {
            work.stats.add(Counter::MemcachedNoMemory, 1);
            if storage.verb == Verb::Set {
                forget(work, storage.key);
            }
        }
        _ => {}
    }
    if work.is_observed {
        work.observe_store(storage, Outcome::of(&result));
    }
    result
}

#[cold]
fn forget(work: &mut Work<'_>, key: &[u8]) {
    if work.admit_change().is_ok()
        && let Ok(mut entry) = work.ctx.latch(key)
    {
        entry.remove(Effect::Del);
    }
}

#[inline]
fn apply(work: &mut Work<'_>, storage: &Storage<'_>, data: &[u8]) -> Result<Stored, Failure> {
    let mut entry = work.ctx.latch(storage.key)?;
    let mut is_older = false;
    match storage.verb {
        // Most of all: no look at what is there.
        Verb::Set if storage.unique == 0 => {}
        Verb::Append | Verb::Prepend => {
            let Some(record) = entry.record() else {
                return match storage.extras.vivify {
                    Some(exptime) => put(work, storage, exptime, &mut entry, data, Marks::default()),
                    None => Ok(Stored::Refused),
                };
            };
            if storage.unique != 0 && storage.unique != record.cas() {
                return Ok(Stored::Exists);
            }
            return extend(work, storage, &mut entry, record, data);
        }
        verb => match (verb, entry.record()) {
            (Verb::Add, None) => {}
            (Verb::Add, Some(_)) => return Ok(Stored::Refused),
            (Verb::Replace, None) if storage.unique == 0 => return Ok(Stored::Refused),
            (Verb::Replace, Some(_)) if storage.unique == 0 => {}
            (_, None) => {
                work.stats.add(Counter::MemcachedCasMisses, 1);
                return Ok(Stored::NotFound);
            }
            (_, Some(record)) if record.cas() == storage.unique => {
                work.stats.add(Counter::MemcachedCasHits, 1);
            }
            (_, Some(record)) if storage.extras.takes_older && lease::is_older(storage.unique, record) => {
                work.stats.add(Counter::MemcachedCasMismatches, 1);
                is_older = true;
            }
            (_, Some(_)) => {
                work.stats.add(Counter::MemcachedCasMismatches, 1);
                return Ok(Stored::Exists);
            }
        },
    }
    if is_older && let Some(record) = entry.record() {
        // The time to live and who holds the lease stay.
        let marks =
            Marks { stale: true, leased: record.marks().leased, cas: storage.extras.cas, ..Marks::default() };
        let draft = Draft {
            value: NewValue::Bytes(data),
            expire_at: record.expire_at(),
            flags: storage.flags,
            raw: false,
        };
        entry.put_marked(draft, marks, Effect::Set);
        return Ok(Stored::Done(entry.record().map_or(0, |record| record.cas())));
    }
    put(
        work,
        storage,
        storage.exptime,
        &mut entry,
        data,
        Marks { cas: storage.extras.cas, ..Marks::default() },
    )
}

#[inline]
fn put(
    work: &Work<'_>,
    storage: &Storage<'_>,
    exptime: i64,
    entry: &mut Entry<'_>,
    data: &[u8],
    marks: Marks,
) -> Result<Stored, Failure> {
    let expiry = if exptime == 0 { Expiry::Never } else { Expiry::resolve(exptime, work.ctx.now()) };
    if expiry == Expiry::Past {
        entry.remove(Effect::Del);
        return Ok(Stored::Done(0));
    }
    let value = NewValue::Bytes(data);
    let draft = Draft { value, expire_at: expiry.deadline(), flags: storage.flags, raw: false };
    entry.put_marked(draft, marks, Effect::Set);
    Ok(Stored::Done(entry.record().map_or(0, |record| record.cas())))
}

/// append and prepend: flags and expiry stay as they are.
fn extend(
    work: &mut Work<'_>,
    storage: &Storage<'_>,
    entry: &mut Entry<'_>,
    record: Record<'_>,
    data: &[u8],
) -> Result<Stored, Failure> {
    let old = record.string()?;
    let limit = work.settings.memcached_max_item_size;
    if is_too_large(storage.key, record.flags(), old.len() + data.len(), limit) {
        return Ok(Stored::Refused);
    }
    let mut pieces: SmallVec<[&[u8]; 8]> = SmallVec::new();
    let value = match (storage.verb, old) {
        (Verb::Append, Str::Rope(rope)) => NewValue::Rope(rope.append(data)),
        (Verb::Append, _) => {
            pieces.extend(old.pieces());
            pieces.push(data);
            NewValue::Pieces(&pieces)
        }
        _ => {
            pieces.push(data);
            pieces.extend(old.pieces());
            NewValue::Pieces(&pieces)
        }
    };
    let draft = Draft { value, expire_at: record.expire_at(), flags: record.flags(), raw: true };
    let was_stale = record.marks().stale || record.marks().leased;
    let marks = Marks { cas: storage.extras.cas, ..Marks::default() };
    if storage.verb == Verb::Append && marks.cas.is_none() && !was_stale {
        // Shorter in the log than the whole value, and the flags of the record stay at replay, too.
        let command = [Str::from(b"APPEND"), Str::from(storage.key), Str::from(data)];
        entry.put_marked(draft, marks, Effect::Command(&command));
    } else {
        entry.put_marked(draft, marks, Effect::Set);
    }
    Ok(Stored::Done(entry.record().map_or(0, |record| record.cas())))
}
