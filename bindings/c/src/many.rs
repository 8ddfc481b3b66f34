//! Many keys at once.

use std::ffi::{c_char, c_int, c_void};
use std::slice;

use polycache_server::embedded::Error;

use crate::handle::{cache_t, open};
use crate::status::{cache_status, call, null};
use crate::value::{bytes, cache_value_fn, expire, show};

/// Receives a key. The bytes are valid during the call only. Return 0 to go on, anything else to stop.
pub type cache_key_fn =
    Option<unsafe extern "C" fn(context: *mut c_void, key: *const c_void, key_len: usize) -> c_int>;

/// An array of `count` byte strings.
///
/// # Safety
/// `data` and `lens` have `count` elements, and each `data[i]` has `lens[i]` readable bytes, or `count` is 0.
pub(crate) unsafe fn strings<'a>(
    what: &str,
    count: usize,
    data: *const *const c_void,
    lens: *const usize,
) -> Result<Vec<&'a [u8]>, Error> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if data.is_null() || lens.is_null() {
        return Err(null(what));
    }
    // SAFETY: `count` elements by the caller's word.
    let (data, lens) = unsafe { (slice::from_raw_parts(data, count), slice::from_raw_parts(lens, count)) };
    // SAFETY: each has its length in readable bytes by the caller's word.
    data.iter().zip(lens).map(|(&data, &len)| unsafe { bytes(what, data, len) }).collect()
}

/// Reads `count` keys as they stand at one instant and hands every value to `callback`, in the order of the keys; a
/// missing key with `bytes` NULL. CACHE_STOPPED where the callback stopped.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_get_many(
    cache: *mut cache_t,
    count: usize,
    keys: *const *const c_void,
    key_lens: *const usize,
    callback: cache_value_fn,
    context: *mut c_void,
) -> cache_status {
    call(|| {
        let callback = callback.ok_or_else(|| null("callback"))?;
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: arrays of `count` elements by the caller's word.
        let keys = unsafe { strings("keys", count, keys, key_lens) }?;
        let mut stopped = false;
        cache.get_many(&keys, |index, value| {
            if stopped {
                return;
            }
            // SAFETY (both calls): the callback keeps to its type's contract by the caller's word.
            let went_on = match value {
                Some(value) => show(value, |piece, offset, total| {
                    // SAFETY: as above.
                    unsafe { callback(context, index, piece.as_ptr().cast(), piece.len(), offset, total) }
                }),
                // SAFETY: as above.
                None => unsafe { callback(context, index, std::ptr::null(), 0, 0, 0) == 0 },
            };
            stopped = !went_on;
        })?;
        Ok(if stopped { cache_status::CACHE_STOPPED } else { cache_status::CACHE_OK })
    })
}

/// Sets `count` keys at one instant: nobody sees some of them without the others. Each expires after `ttl_ms`
/// milliseconds (0: never).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_set_many(
    cache: *mut cache_t,
    count: usize,
    keys: *const *const c_void,
    key_lens: *const usize,
    values: *const *const c_void,
    value_lens: *const usize,
    ttl_ms: i64,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: arrays of `count` elements by the caller's word.
        let keys = unsafe { strings("keys", count, keys, key_lens) }?;
        // SAFETY: as above.
        let values = unsafe { strings("values", count, values, value_lens) }?;
        let pairs: Vec<(&[u8], &[u8])> = keys.into_iter().zip(values).collect();
        cache.set_many(&pairs, expire(ttl_ms)?)?.wait()?;
        Ok(cache_status::CACHE_OK)
    })
}

/// Deletes `count` keys at one instant and stores how many there were in `*deleted` (which may be NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_delete_many(
    cache: *mut cache_t,
    count: usize,
    keys: *const *const c_void,
    key_lens: *const usize,
    deleted: *mut usize,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: arrays of `count` elements by the caller's word.
        let keys = unsafe { strings("keys", count, keys, key_lens) }?;
        let (there_were, durable) = cache.delete_many(&keys)?;
        durable.wait()?;
        if !deleted.is_null() {
            // SAFETY: not NULL, and writable by the caller's word.
            unsafe { deleted.write(there_were) };
        }
        Ok(cache_status::CACHE_OK)
    })
}

/// Hands the next keys to `callback` and moves `*cursor` on. Begin with a cursor of 0; the walk is complete when the
/// cursor is 0 again. A key that is there during the whole walk is shown at least once, whatever else changes.
/// `pattern` is a glob of `pattern_len` bytes, or NULL for all keys; `count` says roughly how many keys to look at in
/// this call (0: the library chooses). The callback may call the library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_scan(
    cache: *mut cache_t,
    cursor: *mut u64,
    pattern: *const c_char,
    pattern_len: usize,
    count: usize,
    callback: cache_key_fn,
    context: *mut c_void,
) -> cache_status {
    call(|| {
        let callback = callback.ok_or_else(|| null("callback"))?;
        if cursor.is_null() {
            return Err(null("cursor"));
        }
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `pattern_len` bytes by the caller's word.
        let glob = unsafe { bytes("pattern", pattern.cast(), pattern_len) }?;
        let glob = (!pattern.is_null()).then_some(glob);
        // SAFETY: not NULL, and readable by the caller's word.
        let (next, keys) = cache.scan(unsafe { cursor.read() }, glob, count)?;
        // SAFETY: not NULL, and writable by the caller's word.
        unsafe { cursor.write(next) };
        for key in keys {
            // SAFETY: the callback keeps to its type's contract by the caller's word.
            if unsafe { callback(context, key.as_ptr().cast(), key.len()) } != 0 {
                return Ok(cache_status::CACHE_STOPPED);
            }
        }
        Ok(cache_status::CACHE_OK)
    })
}

/// Stores the number of keys in `*count`, expired ones that were not removed yet included.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_count(cache: *mut cache_t, count: *mut u64) -> cache_status {
    call(|| {
        if count.is_null() {
            return Err(null("count"));
        }
        // SAFETY: a handle of this library or NULL.
        let keys = unsafe { open(cache) }?.len()?;
        // SAFETY: not NULL, and writable by the caller's word.
        unsafe { count.write(keys) };
        Ok(cache_status::CACHE_OK)
    })
}

/// Deletes every key of the handle's database.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_clear(cache: *mut cache_t) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        unsafe { open(cache) }?.clear()?.wait()?;
        Ok(cache_status::CACHE_OK)
    })
}
