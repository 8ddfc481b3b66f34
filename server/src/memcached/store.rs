//! set, add, replace, append, prepend, cas.

use polycache_core::command::Failure;
use polycache_core::record::{Draft, Effect, NewValue, Record, Str};
use polycache_core::transaction::Entry;
use smallvec::SmallVec;

use super::detail::Event;
use super::emit::{self, Line};
use super::expiry::Expiry;
use super::text::{Storage, Verb};
use super::work::Work;
use crate::stats::Counter;

/// What memcached adds to an item's key and data: its header (48 bytes), the CAS number (8), the NUL behind the
/// key, and the line end behind the data. Counted so that the same items are too large.
const ITEM_OVERHEAD_BYTES: u64 = 48 + 8 + 1 + 2;

/// What memcached adds for flags other than 0.
const ITEM_FLAGS_BYTES: u64 = 4;

/// Whether an item is over `limit` (memcached's `-I`).
pub fn is_too_large(key: &[u8], flags: u32, len: usize, limit: u64) -> bool {
    let flags = if flags == 0 { 0 } else { ITEM_FLAGS_BYTES };
    ITEM_OVERHEAD_BYTES + flags + key.len() as u64 + len as u64 > limit
}

/// A block that is too large is swallowed by the caller; its item goes, so that a reader never gets the value that
/// the writer wanted to replace. memcached does the same, for `set` only.
#[cold]
pub fn refuse_too_large(work: &mut Work<'_>, storage: &Storage<'_>, noreply: bool) {
    work.stats.add(Counter::MemcachedTooLarge, 1);
    forget(work, storage);
    work.reply(noreply, emit::TOO_LARGE);
}

/// Carries out a storage command whose whole block is there.
#[inline]
pub fn store(work: &mut Work<'_>, storage: &Storage<'_>, data: &[u8], noreply: bool) {
    work.stats.add(Counter::MemcachedSets, 1);
    if work.collects_detail {
        work.server.memcached.detail.count(storage.key, Event::Set);
    }
    let result = match work.admit_growth() {
        Ok(()) => apply(work, storage, data),
        Err(failure) => Err(failure),
    };
    match &result {
        Ok(emit::STORED) => work.stats.add(Counter::MemcachedStored, 1),
        Err(failure) if *failure == Failure::OUT_OF_MEMORY => forget(work, storage),
        _ => {}
    }
    work.answer(noreply, result, emit::OUT_OF_MEMORY_STORING);
}

/// A block that does not end where it should. memcached has read as many bytes as were announced, and takes what
/// follows as the next line.
#[cold]
pub fn refuse_block(work: &mut Work<'_>, noreply: bool) {
    work.stats.add(Counter::MemcachedSets, 1);
    work.reply(noreply, emit::BAD_DATA_CHUNK);
}

#[cold]
fn forget(work: &mut Work<'_>, storage: &Storage<'_>) {
    if storage.verb == Verb::Set
        && work.admit_change().is_ok()
        && let Ok(mut entry) = work.ctx.latch(storage.key)
    {
        entry.remove(Effect::Del);
    }
}

#[inline]
fn apply(work: &mut Work<'_>, storage: &Storage<'_>, data: &[u8]) -> Result<Line, Failure> {
    let expiry = Expiry::resolve(storage.exptime, work.ctx.now());
    let mut entry = work.ctx.latch(storage.key)?;
    match storage.verb {
        Verb::Set => {}
        Verb::Add => {
            if entry.record().is_some() {
                return Ok(emit::NOT_STORED);
            }
        }
        Verb::Replace => {
            if entry.record().is_none() {
                return Ok(emit::NOT_STORED);
            }
        }
        Verb::Cas => match entry.record() {
            None => {
                work.stats.add(Counter::MemcachedCasMisses, 1);
                return Ok(emit::NOT_FOUND);
            }
            Some(record) if record.version() != storage.unique => {
                work.stats.add(Counter::MemcachedCasMismatches, 1);
                return Ok(emit::EXISTS);
            }
            Some(_) => work.stats.add(Counter::MemcachedCasHits, 1),
        },
        Verb::Append | Verb::Prepend => {
            let Some(record) = entry.record() else { return Ok(emit::NOT_STORED) };
            return extend(work, storage, &mut entry, record, data);
        }
    }
    if expiry == Expiry::Past {
        entry.remove(Effect::Del);
    } else {
        let value = NewValue::Bytes(data);
        let draft = Draft { value, expire_at: expiry.deadline(), flags: storage.flags, raw: false };
        entry.put(draft, Effect::Set);
    }
    Ok(emit::STORED)
}

/// append and prepend: flags and expiry stay as they are.
fn extend(
    work: &mut Work<'_>,
    storage: &Storage<'_>,
    entry: &mut Entry<'_>,
    record: Record<'_>,
    data: &[u8],
) -> Result<Line, Failure> {
    let old = record.string()?;
    let limit = work.settings.memcached_max_item_size;
    if is_too_large(storage.key, record.flags(), old.len() + data.len(), limit) {
        return Ok(emit::NOT_STORED);
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
    if storage.verb == Verb::Append {
        // Shorter in the log than the whole value, and the flags of the record stay at replay, too.
        let command = [Str::from(b"APPEND"), Str::from(storage.key), Str::from(data)];
        entry.put(draft, Effect::Command(&command));
    } else {
        entry.put(draft, Effect::Set);
    }
    Ok(emit::STORED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_limit_is_the_one_of_memcached() {
        // Measured with memcached 1.6.18 and its default of 1 MB.
        let limit = 1 << 20;
        for (key, flags, longest) in [
            ("a", 0, 1_048_516),
            ("abcdefghij", 0, 1_048_507),
            ("a", 5, 1_048_512),
            ("abcdefghij", 5, 1_048_503),
        ] {
            assert!(!is_too_large(key.as_bytes(), flags, longest, limit));
            assert!(is_too_large(key.as_bytes(), flags, longest + 1, limit));
        }
    }
}
