//! me: what is known of an item, for people.

use std::io::Write;

use super::fail;
use super::flags::Key;
use crate::memcached::item::size;
use crate::memcached::text::emit::{self, Line};
use crate::memcached::text::parse::{KEY_BYTES_MAX, Words};
use crate::memcached::work::Work;

/// me key [b]
pub fn debug(work: &mut Work<'_>, mut words: Words<'_>) -> Result<(), Line> {
    let sent = words.next().filter(|key| key.len() <= KEY_BYTES_MAX).ok_or(emit::BAD_FORMAT)?;
    let key = match words.next() {
        Some(b"b") => Key::encoded(sent).ok_or(emit::BAD_FORMAT)?,
        _ => Key::plain(sent),
    };
    let found = match work.permit_read(key.bytes()).and_then(|()| work.ctx.peek(key.bytes())) {
        Ok(found) => found,
        Err(failure) => {
            fail(work, &failure, emit::OUT_OF_MEMORY);
            return Ok(());
        }
    };
    let Some(record) = found else { return Err(b"EN\r\n") };
    let value = match record.string() {
        Ok(value) => value,
        Err(failure) => {
            fail(work, &failure, emit::OUT_OF_MEMORY);
            return Ok(());
        }
    };
    let now = work.ctx.now();
    // As memcached has it: how long ago it expired, which is negative.
    let expires = record.expire_at().map_or(-1, |at| -((at.0.saturating_sub(now.0)).div_ceil(1000) as i64));
    let fetched = if record.marks().fetched { "yes" } else { "no" };
    let idle = work.idle_seconds(record);
    let out = &mut *work.out;
    out.extend_from_slice(b"ME ");
    out.extend_from_slice(sent);
    // Writing to a vector cannot fail.
    let _ = write!(
        out,
        " exp={expires} la={} cas={} fetch={fetched} cls=1 size={}\r\n",
        idle,
        record.cas(),
        size::of(record.key(), record.flags(), value.len())
    );
    Ok(())
}
