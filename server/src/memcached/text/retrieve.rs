//! get, gets, gat, gats: any number of keys, taken one by one from the line.
//!
//! A line is normally handled whole. One that is longer than the buffer, or whose reply is, is handled in
//! stretches: keys that were answered are consumed, and the next turn goes on behind them. So neither the number
//! of keys nor the size of the reply has to fit memory.

use polycache_core::command::Failure;
use polycache_core::record::Record;

use super::ahead;
use super::emit;
use super::parse::{KEY_BYTES_MAX, Retrieval, word_len};
use crate::memcached::discovery;
use crate::memcached::expiry::Expiry;
use crate::memcached::item::retime;
use crate::memcached::work::Work;
use crate::stats::Counter;

/// Where a retrieval stands after some of its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The line is done: answered or refused. So many bytes of it, with its end, were handled.
    Finished(usize),
    /// Refused, or ended by a NUL, before the line's end was seen.
    Abandoned(usize),
    /// So many bytes were handled; go on behind them.
    Suspended(usize),
}

/// Handles keys at the start of `input`, up to the line's end, the end of the input, or a full turn.
pub fn retrieve(work: &mut Work<'_>, retrieval: Retrieval, input: &[u8]) -> Outcome {
    let start = work.out.len();
    let mut at = 0;
    let mut ahead = 1;
    loop {
        // Not before the first key: mostly it is alone.
        if at >= ahead {
            ahead = at + ahead::keys(work, &input[at..]).max(1);
        }
        while input.get(at) == Some(&b' ') {
            at += 1;
        }
        let rest = &input[at..];
        let window = &rest[..rest.len().min(KEY_BYTES_MAX + 2)];
        let len = word_len(window);
        if len == window.len() {
            if len > KEY_BYTES_MAX + 1 {
                return refuse_long_key(work, start, rest, at);
            }
            return Outcome::Suspended(at);
        }
        let end = rest[len];
        let mut key = &rest[..len];
        if end == b'\n'
            && let [shorter @ .., b'\r'] = key
        {
            key = shorter;
        }
        if key.len() > KEY_BYTES_MAX {
            return refuse_long_key(work, start, rest, at);
        }
        if !key.is_empty()
            && let Err(failure) = one(work, retrieval, key)
        {
            // As memcached does for a bad key: nothing that was found before is sent.
            work.out.truncate(start);
            emit::failure(work.out, &failure, emit::OUT_OF_MEMORY);
            return abandon(rest, at);
        }
        at += len;
        match end {
            b'\n' => {
                work.out.extend_from_slice(emit::END);
                return Outcome::Finished(at + 1);
            }
            0 => {
                work.out.extend_from_slice(emit::END);
                return abandon(&input[at..], at);
            }
            _ if work.is_spent() => return Outcome::Suspended(at),
            _ => {}
        }
    }
}

#[cold]
fn refuse_long_key(work: &mut Work<'_>, start: usize, rest: &[u8], at: usize) -> Outcome {
    work.out.truncate(start);
    work.out.extend_from_slice(emit::BAD_FORMAT);
    abandon(rest, at)
}

/// Skips the rest of the line as far as it is there; `rest` begins at offset `at`.
#[cold]
fn abandon(rest: &[u8], at: usize) -> Outcome {
    match memchr::memchr(b'\n', rest) {
        Some(newline) => Outcome::Finished(at + newline + 1),
        None => Outcome::Abandoned(at + rest.len()),
    }
}

/// Answers one key: its `VALUE`, or nothing.
#[inline]
fn one(work: &mut Work<'_>, retrieval: Retrieval, key: &[u8]) -> Result<(), Failure> {
    work.keys += 1;
    let Some(exptime) = retrieval.touch else {
        work.permit_read(key)?;
        let found = work.ctx.read(key)?;
        if let Some(record) = found {
            value(work, retrieval, key, record)?;
            work.stats.add(Counter::MemcachedGetHits, 1);
        } else if !discovery::answer_key(work, key, retrieval.cas) {
            work.stats.add(Counter::MemcachedGetMisses, 1);
        }
        if work.is_observed {
            observe(work, key, found)?;
        }
        return Ok(());
    };
    work.permit_read_and_touch(key)?;
    work.admit_change()?;
    let mut entry = work.ctx.latch(key)?;
    let found = entry.record();
    if let Some(record) = found {
        record.mark_fetched();
        retime::expire(&mut entry, record, Expiry::resolve(exptime, work.ctx.now()))?;
        value(work, retrieval, key, record)?;
        work.stats.add(Counter::MemcachedTouchHits, 1);
    } else {
        work.stats.add(Counter::MemcachedTouchMisses, 1);
    }
    drop(entry);
    if work.is_observed {
        observe(work, key, found)?;
    }
    Ok(())
}

#[cold]
fn observe(work: &mut Work<'_>, key: &[u8], found: Option<Record<'_>>) -> Result<(), Failure> {
    let size = found.map(|record| record.string()).transpose()?.map(|value| value.len());
    work.observe_get(key, size);
    Ok(())
}

#[inline]
fn value(work: &mut Work<'_>, retrieval: Retrieval, key: &[u8], record: Record<'_>) -> Result<(), Failure> {
    let cas = retrieval.cas.then(|| record.cas());
    emit::value(work.out, key, record.flags(), record.string()?, cas);
    Ok(())
}
