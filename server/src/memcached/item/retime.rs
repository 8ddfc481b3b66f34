//! touch: another expiry for an item that is there.

use polycache_core::command::Failure;
use polycache_core::record::{Draft, Effect, Marks, NewValue, Record, Str};
use polycache_core::transaction::Entry;

use crate::memcached::expiry::Expiry;
use crate::memcached::work::Work;
use crate::stats::Counter;

/// touch; whether there was an item.
pub fn touch(work: &mut Work<'_>, key: &[u8], exptime: i64) -> Result<bool, Failure> {
    work.permit_touch(key)?;
    work.admit_change()?;
    let now = work.ctx.now();
    let mut entry = work.ctx.latch(key)?;
    let Some(record) = entry.record() else {
        work.stats.add(Counter::MemcachedTouchMisses, 1);
        return Ok(false);
    };
    record.mark_fetched();
    expire(&mut entry, record, Expiry::resolve(exptime, now))?;
    work.stats.add(Counter::MemcachedTouchHits, 1);
    Ok(true)
}

/// Gives the record of `entry` another expiry, logged as PEXPIREAT or PERSIST. Its CAS number stays: the value does.
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
    let marks = Marks { cas: Some(record.cas()), ..record.marks() };
    let key = Str::from(record.key());
    match expire_at {
        Some(at) => {
            let mut buffer = itoa::Buffer::new();
            let at = Str::from(buffer.format(at.0).as_bytes());
            entry.put_marked(draft, marks, Effect::Command(&[Str::from(b"PEXPIREAT"), key, at]));
        }
        None => entry.put_marked(draft, marks, Effect::Command(&[Str::from(b"PERSIST"), key])),
    }
    Ok(())
}
