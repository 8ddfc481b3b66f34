//! mg: a value, and what is known of it; making or renewing it by one client at a time.

use polycache_core::clock::UnixMillis;
use polycache_core::command::Failure;
use polycache_core::eviction;
use polycache_core::lease::{self, Lease};
use polycache_core::record::Record;

use super::flags::{self, Flags, Key};
use super::{echo, echo_one, fail, key_word, numbered, time_left};
use crate::memcached::expiry::Expiry;
use crate::memcached::item::retime;
use crate::memcached::text::emit::{self, Line};
use crate::memcached::text::parse::Words;
use crate::memcached::work::Work;
use crate::stats::Counter;

/// An item as it was found.
struct Found<'a> {
    record: Record<'a>,
    /// Before N or T, after N where it made the item, and after T.
    expire_at: [Option<UnixMillis>; 3],
    /// What was known of it before this command.
    was_fetched: bool,
    idle_seconds: u64,
    stale: bool,
    lease: Lease,
}

/// mg key flags*
#[inline]
pub fn get(work: &mut Work<'_>, mut words: Words<'_>) -> Result<(), Line> {
    let sent = key_word(&mut words)?;
    if words.rest().len() > 2 * (flags::WORDS_MAX - 3) - 1 && Flags::count(words) > flags::WORDS_MAX - 3 {
        return Err(flags::TOO_MANY_IN_GET);
    }
    let (flags, key) = Flags::parse(sent, words)?;
    work.keys += 1;
    match find(work, &flags, key.bytes()) {
        Ok(Some(found)) => reply(work, &flags, &key, &found),
        Ok(None) => {
            if !flags.has(b'q') {
                work.out.extend_from_slice(b"EN");
                echo(work.out, &flags, &key);
            }
        }
        Err(failure) => fail(work, &failure, emit::OUT_OF_MEMORY),
    }
    Ok(())
}

/// Looks the item up and does to it what the flags ask for.
#[inline]
fn find<'k, 'a: 'k>(
    work: &mut Work<'a>,
    flags: &Flags<'_>,
    key: &'k [u8],
) -> Result<Option<Found<'k>>, Failure> {
    let op = work.ctx.op;
    let changes = flags.vivify.is_some() || flags.exptime.is_some();
    work.permit_read(key)?;
    if flags.vivify.is_some() {
        work.permit_store(key)?;
    }
    if flags.exptime.is_some() {
        work.permit_touch(key)?;
    }
    if !changes {
        // What is told of before must be seen before it changes.
        let looks_before = flags.has(b'h') || flags.has(b'l') || flags.has(b'u');
        let found = if looks_before { work.ctx.look(key)? } else { work.ctx.read(key)? };
        work.count_get(found.is_some());
        if work.is_observed {
            let size = found.and_then(|record| record.string().ok()).map(|value| value.len());
            work.observe_get(key, size);
        }
        let Some(record) = found else { return Ok(None) };
        record.string()?;
        let marks = record.marks();
        let recache = recache(flags);
        // The clock is read only where it matters.
        let now = if recache.is_some() { op.now() } else { UnixMillis(0) };
        let lease = lease::look(record, recache, now);
        if lease != Lease::Taken {
            let idle_seconds = if flags.has(b'l') { work.idle_seconds(record) } else { 0 };
            let expire_at = [record.expire_at(); 3];
            if looks_before && !flags.has(b'u') {
                eviction::touch(record, op);
                record.mark_fetched();
            }
            let was_fetched = marks.fetched;
            return Ok(Some(Found {
                record,
                expire_at,
                was_fetched,
                idle_seconds,
                stale: marks.stale,
                lease,
            }));
        }
        // Counted already.
        return take(work, flags, key, false);
    }
    take(work, flags, key, true)
}

fn recache(flags: &Flags<'_>) -> Option<u64> {
    flags.recache.filter(|seconds| *seconds > 0).map(|seconds| (seconds as u64).saturating_mul(1000))
}

/// The way with a latch: for what changes the item.
fn take<'k, 'a: 'k>(
    work: &mut Work<'a>,
    flags: &Flags<'_>,
    key: &'k [u8],
    counts: bool,
) -> Result<Option<Found<'k>>, Failure> {
    match flags.vivify {
        Some(_) => work.admit_growth()?,
        None => work.admit_change()?,
    }
    let op = work.ctx.op;
    let now = op.now();
    let mut entry = work.ctx.latch(key)?;
    let found = entry.record();
    if counts {
        let is_touch = flags.exptime.is_some();
        match (found.is_some() || flags.vivify.is_some(), is_touch) {
            (true, true) => work.stats.add(Counter::MemcachedTouchHits, 1),
            (false, true) => work.stats.add(Counter::MemcachedTouchMisses, 1),
            (_, false) => work.count_get(found.is_some()),
        }
    }
    let Some(record) = found else {
        let Some(exptime) = flags.vivify else { return Ok(None) };
        let expiry = Expiry::resolve(flags.last_exptime().unwrap_or(exptime), now);
        if expiry == Expiry::Past {
            return Ok(None);
        }
        lease::create(&mut entry, expiry.deadline());
        let touched = flags.exptime.and_then(|exptime| Expiry::resolve(exptime, now).deadline());
        let expire_at = [None, Expiry::resolve(exptime, now).deadline(), touched];
        let Some(record) = entry.record() else { return Ok(None) };
        if !flags.has(b'u') {
            record.mark_fetched();
        }
        return Ok(Some(Found {
            record,
            expire_at,
            was_fetched: false,
            idle_seconds: 0,
            stale: false,
            lease: Lease::Taken,
        }));
    };
    record.string()?;
    let (marks, idle_seconds) = (record.marks(), work.idle_seconds(record));
    let lease = lease::look(record, recache(flags), now);
    if lease == Lease::Taken {
        lease::take(&mut entry, record)?;
    }
    let mut expire_at = [record.expire_at(); 3];
    if let (Some(exptime), Some(current)) = (flags.exptime, entry.record()) {
        let expiry = Expiry::resolve(exptime, now);
        retime::expire(&mut entry, current, expiry)?;
        expire_at[2] = if expiry == Expiry::Past { Some(now) } else { expiry.deadline() };
    }
    if !flags.has(b'u')
        && let Some(current) = entry.record()
    {
        eviction::touch(current, op);
        current.mark_fetched();
    }
    Ok(Some(Found { record, expire_at, was_fetched: marks.fetched, idle_seconds, stale: marks.stale, lease }))
}

#[inline]
fn reply(work: &mut Work<'_>, flags: &Flags<'_>, key: &Key<'_>, found: &Found<'_>) {
    // `find` looked.
    let Ok(value) = found.record.string() else { return };
    let op = work.ctx.op;
    let out = &mut *work.out;
    let has_value = flags.has(b'v');
    if has_value {
        out.extend_from_slice(b"VA ");
        emit::number(out, value.len() as u64);
    } else {
        out.extend_from_slice(b"HD");
    }
    // N and T work for the flags behind them.
    let mut expire_at = found.expire_at[0];
    for word in flags.words() {
        match word[0] {
            b'N' => expire_at = found.expire_at[1],
            b'T' => expire_at = found.expire_at[2],
            b's' => numbered(out, b's', value.len() as u64),
            b't' => time_left(out, expire_at, op.now()),
            b'c' => numbered(out, b'c', found.record.cas()),
            b'f' => numbered(out, b'f', found.record.flags().into()),
            b'l' => numbered(out, b'l', found.idle_seconds),
            b'h' => numbered(out, b'h', found.was_fetched.into()),
            _ => echo_one(out, word, key),
        }
    }
    if found.lease == Lease::Held {
        out.extend_from_slice(b" Z");
    }
    if found.stale {
        out.extend_from_slice(b" X");
    }
    if found.lease == Lease::Taken {
        out.extend_from_slice(b" W");
    }
    out.extend_from_slice(b"\r\n");
    if has_value {
        emit::data(out, value);
    }
}
