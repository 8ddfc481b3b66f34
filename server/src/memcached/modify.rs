//! incr, decr, delete, touch: changes of items that are there.

use polycache_core::command::Failure;
use polycache_core::record::{Draft, Effect, NewValue, Record, Str};
use polycache_core::transaction::Entry;

use super::detail::Event;
use super::emit::{self, Line};
use super::expiry::Expiry;
use super::number;
use super::text::Direction;
use super::work::Work;
use crate::stats::Counter;

/// Digits of the largest counter.
const COUNTER_BYTES_MAX: usize = 20;

/// Longer values are not searched for a number; memcached draws the line where its items become chunked.
const NUMERIC_BYTES_MAX: usize = 512 * 1024;

/// incr and decr: 64 bits, incr wraps around, decr stops at 0. The value keeps its length, padded with spaces,
/// unless the number needs more: so memcached can overwrite in place, and clients know it.
pub fn arithmetic(work: &mut Work<'_>, direction: Direction, key: &[u8], delta: u64, noreply: bool) {
    match add(work, direction, key, delta) {
        Ok(Counted::Number(value)) => {
            if !noreply {
                emit::number(work.out, value);
                work.out.extend_from_slice(b"\r\n");
            }
        }
        Ok(Counted::Refused(line)) => work.reply(noreply, line),
        Err(failure) => work.answer(noreply, Err(failure), emit::OUT_OF_MEMORY),
    }
}

enum Counted {
    Number(u64),
    Refused(Line),
}

fn add(work: &mut Work<'_>, direction: Direction, key: &[u8], delta: u64) -> Result<Counted, Failure> {
    // A counter grows by a byte now and then: it counts on when memory is full, as in memcached.
    work.admit_change()?;
    let mut entry = work.ctx.latch(key)?;
    let (hits, misses) = match direction {
        Direction::Increment => (Counter::MemcachedIncrementHits, Counter::MemcachedIncrementMisses),
        Direction::Decrement => (Counter::MemcachedDecrementHits, Counter::MemcachedDecrementMisses),
    };
    let Some(record) = entry.record() else {
        work.stats.add(misses, 1);
        return Ok(Counted::Refused(emit::NOT_FOUND));
    };
    let old = record.string()?;
    if old.len() > NUMERIC_BYTES_MAX {
        return Ok(Counted::Refused(emit::NOT_NUMERIC));
    }
    let Some(value) = number::unsigned(&old.to_cow()) else {
        return Ok(Counted::Refused(emit::NOT_NUMERIC));
    };
    let value = match direction {
        Direction::Increment => value.wrapping_add(delta),
        Direction::Decrement => value.saturating_sub(delta),
    };
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(value).as_bytes();
    let draft =
        |value| Draft { value, expire_at: record.expire_at(), flags: record.flags(), raw: record.is_raw() };
    if old.len() <= digits.len() {
        entry.put(draft(NewValue::Bytes(digits)), Effect::Set);
    } else if old.len() <= COUNTER_BYTES_MAX {
        let mut padded = [b' '; COUNTER_BYTES_MAX];
        padded[..digits.len()].copy_from_slice(digits);
        entry.put(draft(NewValue::Bytes(&padded[..old.len()])), Effect::Set);
    } else {
        let padding = vec![b' '; old.len() - digits.len()];
        entry.put(draft(NewValue::Pieces(&[digits, &padding])), Effect::Set);
    }
    work.stats.add(hits, 1);
    Ok(Counted::Number(value))
}

/// delete.
pub fn delete(work: &mut Work<'_>, key: &[u8], noreply: bool) {
    let result = remove(work, key);
    work.answer(noreply, result, emit::OUT_OF_MEMORY);
}

fn remove(work: &mut Work<'_>, key: &[u8]) -> Result<Line, Failure> {
    work.admit_change()?;
    if work.collects_detail {
        work.server.memcached.detail.count(key, Event::Delete);
    }
    if work.ctx.latch(key)?.remove(Effect::Del) {
        work.stats.add(Counter::MemcachedDeleteHits, 1);
        Ok(emit::DELETED)
    } else {
        work.stats.add(Counter::MemcachedDeleteMisses, 1);
        Ok(emit::NOT_FOUND)
    }
}

/// touch.
pub fn touch(work: &mut Work<'_>, key: &[u8], exptime: i64, noreply: bool) {
    let result = retime(work, key, exptime);
    work.answer(noreply, result, emit::OUT_OF_MEMORY);
}

fn retime(work: &mut Work<'_>, key: &[u8], exptime: i64) -> Result<Line, Failure> {
    work.admit_change()?;
    let mut entry = work.ctx.latch(key)?;
    let Some(record) = entry.record() else {
        work.stats.add(Counter::MemcachedTouchMisses, 1);
        return Ok(emit::NOT_FOUND);
    };
    expire(&mut entry, record, Expiry::resolve(exptime, work.ctx.now()))?;
    work.stats.add(Counter::MemcachedTouchHits, 1);
    Ok(emit::TOUCHED)
}

/// Gives the record of `entry` another expiry, logged as PEXPIREAT or PERSIST.
pub fn expire(entry: &mut Entry<'_>, record: Record<'_>, expiry: Expiry) -> Result<(), Failure> {
    if expiry == Expiry::Past {
        entry.remove(Effect::Del);
        return Ok(());
    }
    let expire_at = expiry.deadline();
    if expire_at == record.expire_at() {
        return Ok(());
    }
    let value = NewValue::Str(record.string()?);
    let draft = Draft { value, expire_at, flags: record.flags(), raw: record.is_raw() };
    let key = Str::from(record.key());
    match expire_at {
        Some(at) => {
            let mut buffer = itoa::Buffer::new();
            let at = Str::from(buffer.format(at.0).as_bytes());
            entry.put(draft, Effect::Command(&[Str::from(b"PEXPIREAT"), key, at]));
        }
        None => entry.put(draft, Effect::Command(&[Str::from(b"PERSIST"), key])),
    }
    Ok(())
}
