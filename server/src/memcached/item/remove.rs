//! delete, and marking as out of date.

use polycache_core::command::Failure;
use polycache_core::lease;
use polycache_core::record::{Draft, Effect, Marks};

use crate::memcached::expiry::Expiry;
use crate::memcached::statistics::detail::Event;
use crate::memcached::work::Work;
use crate::stats::Counter;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    Done,
    NotFound,
    /// The CAS number is another one.
    Exists,
}

/// delete; `unique` is the CAS number that the item must have, where one is wanted.
pub fn remove(work: &mut Work<'_>, key: &[u8], unique: Option<u64>) -> Result<Removed, Failure> {
    work.permit_remove(key)?;
    work.admit_change()?;
    if work.is_observed {
        work.count_detail(key, Event::Delete);
    }
    let mut entry = work.ctx.latch(key)?;
    let removed = match (unique, entry.record()) {
        (_, None) => Removed::NotFound,
        (Some(unique), Some(record)) if record.cas() != unique => Removed::Exists,
        _ => {
            entry.remove(Effect::Del);
            Removed::Done
        }
    };
    drop(entry);
    let counter = match removed {
        Removed::Done => Counter::MemcachedDeleteHits,
        _ => Counter::MemcachedDeleteMisses,
    };
    work.stats.add(counter, 1);
    if work.is_observed {
        work.observe_delete(key, removed);
    }
    Ok(removed)
}

/// How `md` changes an item instead of deleting it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change {
    /// I: the value is out of date.
    pub stale: bool,
    /// x: value and flags go, the item stays.
    pub clears: bool,
    pub exptime: Option<i64>,
    pub cas: Option<u64>,
}

/// Changes an item as `md` with I or x does.
pub fn change(
    work: &mut Work<'_>,
    key: &[u8],
    unique: Option<u64>,
    change: Change,
) -> Result<Removed, Failure> {
    work.permit_remove(key)?;
    work.admit_change()?;
    let now = work.ctx.now();
    let mut entry = work.ctx.latch(key)?;
    let Some(record) = entry.record() else {
        work.stats.add(Counter::MemcachedDeleteMisses, 1);
        return Ok(Removed::NotFound);
    };
    if unique.is_some_and(|unique| unique != record.cas()) {
        work.stats.add(Counter::MemcachedDeleteMisses, 1);
        return Ok(Removed::Exists);
    }
    let expiry = match change.exptime {
        // Its T counts only together with I, as in memcached.
        Some(exptime) if change.stale => Expiry::resolve(exptime, now),
        _ => record.expire_at().map_or(Expiry::Never, Expiry::At),
    };
    if expiry == Expiry::Past {
        entry.remove(Effect::Del);
        return Ok(Removed::Done);
    }
    let expire_at = expiry.deadline();
    if change.clears {
        let marks = Marks { stale: change.stale, cas: change.cas, ..Marks::default() };
        entry.put_marked(Draft { expire_at, ..Draft::string(b"") }, marks, Effect::Set);
    } else {
        lease::invalidate(&mut entry, record, expire_at, change.cas)?;
    }
    Ok(Removed::Done)
}
