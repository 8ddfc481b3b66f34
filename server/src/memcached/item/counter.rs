//! incr and decr.

use polycache_core::command::Failure;
use polycache_core::record::{Draft, Effect, Marks, NewValue};

use crate::memcached::expiry::Expiry;
use crate::memcached::number;
use crate::memcached::work::Work;
use crate::stats::Counter;

/// Digits of the largest counter.
const COUNTER_BYTES_MAX: usize = 20;

/// Longer values are not searched for a number; memcached draws the line where its items become chunked.
const NUMERIC_BYTES_MAX: usize = 512 * 1024;

/// The direction of an arithmetic command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Increment,
    Decrement,
}

/// What to count.
#[derive(Clone, Copy, Debug)]
pub struct Counting<'a> {
    pub key: &'a [u8],
    pub direction: Direction,
    pub delta: u64,
    /// The CAS number that the item must have; 0 is any.
    pub unique: u64,
    /// The value and exptime of an item that is missing.
    pub vivify: Option<(u64, i64)>,
    /// A new exptime of an item that is there.
    pub exptime: Option<i64>,
    /// The CAS number to give the item.
    pub cas: Option<u64>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// The item has this value.
    Number {
        value: u64,
        cas: u64,
        /// There was no item before.
        is_new: bool,
        /// When it expires, before and after; `None` is never.
        expire_at: [Option<polycache_core::clock::UnixMillis>; 2],
    },
    NotFound,
    NotNumeric,
    /// The CAS number is another one.
    Exists,
}

/// incr and decr: 64 bits, incr wraps around, decr stops at 0. The value keeps its length, padded with spaces,
/// unless the number needs more: so memcached can overwrite in place, and clients know it.
pub fn count(work: &mut Work<'_>, counting: &Counting<'_>) -> Result<Counted, Failure> {
    work.permit_count(counting.key)?;
    // A counter grows by a byte now and then: it counts on when memory is full, as in memcached.
    work.admit_change()?;
    let now = work.ctx.now();
    let mut entry = work.ctx.latch(counting.key)?;
    let (hits, misses) = match counting.direction {
        Direction::Increment => (Counter::MemcachedIncrementHits, Counter::MemcachedIncrementMisses),
        Direction::Decrement => (Counter::MemcachedDecrementHits, Counter::MemcachedDecrementMisses),
    };
    let mut buffer = itoa::Buffer::new();
    let Some(record) = entry.record() else {
        let Some((value, exptime)) = counting.vivify else {
            work.stats.add(misses, 1);
            return Ok(Counted::NotFound);
        };
        let expiry = Expiry::resolve(exptime, now);
        if expiry == Expiry::Past {
            return Ok(Counted::Number { value, cas: 0, is_new: true, expire_at: [None, Some(now)] });
        }
        let expire_at = expiry.deadline();
        let draft = Draft { expire_at, ..Draft::string(buffer.format(value).as_bytes()) };
        entry.put_marked(draft, Marks { cas: counting.cas, ..Marks::default() }, Effect::Set);
        let cas = entry.record().map_or(0, |record| record.cas());
        return Ok(Counted::Number { value, cas, is_new: true, expire_at: [None, expire_at] });
    };
    let old = record.string()?;
    if old.is_empty() || old.len() > NUMERIC_BYTES_MAX {
        return Ok(Counted::NotNumeric);
    }
    if counting.unique != 0 && counting.unique != record.cas() {
        return Ok(Counted::Exists);
    }
    let Some(value) = number::unsigned(&old.to_cow()) else {
        return Ok(Counted::NotNumeric);
    };
    let value = match counting.direction {
        Direction::Increment => value.wrapping_add(counting.delta),
        Direction::Decrement => value.saturating_sub(counting.delta),
    };
    work.stats.add(hits, 1);
    let before = record.expire_at();
    let expiry = counting.exptime.map(|exptime| Expiry::resolve(exptime, now));
    if expiry == Some(Expiry::Past) {
        entry.remove(Effect::Del);
        return Ok(Counted::Number { value, cas: 0, is_new: false, expire_at: [before, Some(now)] });
    }
    let expire_at = expiry.map_or(before, Expiry::deadline);
    let digits = buffer.format(value).as_bytes();
    // As in memcached, where a number that grows out of its item gets a new one.
    let kept = if digits.len() > old.len() { Marks::default() } else { record.marks() };
    let marks = Marks { cas: counting.cas, ..kept };
    let (flags, raw) = (record.flags(), record.is_raw());
    let mut put = |value| entry.put_marked(Draft { value, expire_at, flags, raw }, marks, Effect::Set);
    if old.len() <= digits.len() {
        put(NewValue::Bytes(digits));
    } else if old.len() <= COUNTER_BYTES_MAX {
        let mut padded = [b' '; COUNTER_BYTES_MAX];
        padded[..digits.len()].copy_from_slice(digits);
        put(NewValue::Bytes(&padded[..old.len()]));
    } else {
        let padding = vec![b' '; old.len() - digits.len()];
        put(NewValue::Pieces(&[digits, &padding]));
    }
    let cas = entry.record().map_or(0, |record| record.cas());
    Ok(Counted::Number { value, cas, is_new: false, expire_at: [before, expire_at] })
}
