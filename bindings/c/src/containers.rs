//! The common calls on lists, sets, hashes, sorted sets and streams. Everything else is a cache_command().

use std::ffi::{c_double, c_int, c_void};
use std::ptr;

use polycache_core::command::Value;
use polycache_core::double;
use polycache_server::embedded::{Cache, Error, ErrorKind};

use crate::handle::{cache_t, open};
use crate::many::strings;
use crate::status::{cache_status, call, null};
use crate::value::bytes;

/// Carries out a command and waits for the disk where that was promised.
fn run(cache: &Cache, words: &[&[u8]]) -> Result<Value, Error> {
    let (value, durable) = cache.execute(words)?;
    durable.wait()?;
    Ok(value)
}

/// The integer of a reply.
fn integer(value: &Value) -> Result<i64, Error> {
    if let Value::Integer(integer) = value { Ok(*integer) } else { Err(unexpected()) }
}

fn unexpected() -> Error {
    Error::new(ErrorKind::Command, "ERR the command's reply has another shape than expected")
}

/// CACHE_OK for a reply other than 0, CACHE_NOT_FOUND for 0.
fn found(value: &Value) -> Result<cache_status, Error> {
    Ok(if integer(value)? == 0 { cache_status::CACHE_NOT_FOUND } else { cache_status::CACHE_OK })
}

/// Stores a result where the caller wants it.
///
/// # Safety
/// `place` is NULL or writable.
unsafe fn store<T>(place: *mut T, value: T) {
    if !place.is_null() {
        // SAFETY: writable by the caller's word.
        unsafe { place.write(value) };
    }
}

/// Gives a bulk string as cache_get_copy() does: in memory of malloc, with one NUL behind it.
///
/// # Safety
/// `value` and `len` are NULL or writable.
unsafe fn give(found: Value, value: *mut *mut c_void, len: *mut usize) -> Result<cache_status, Error> {
    if value.is_null() || len.is_null() {
        return Err(null("the place for the value"));
    }
    // SAFETY: not NULL, and writable by the caller's word.
    unsafe { value.write(ptr::null_mut()) };
    let text = match found {
        Value::Bulk(text) => text,
        Value::Null => return Ok(cache_status::CACHE_NOT_FOUND),
        _ => return Err(unexpected()),
    };
    // SAFETY: malloc has no precondition; the result is checked.
    let copied = unsafe { libc::malloc(text.len() + 1) }.cast::<u8>();
    if copied.is_null() {
        return Err(Error::new(ErrorKind::Memory, "no memory for the value"));
    }
    // SAFETY: `copied` has one byte more than the value, and both places are writable by the caller's word.
    unsafe {
        ptr::copy_nonoverlapping(text.as_ptr(), copied, text.len());
        copied.add(text.len()).write(0);
        value.write(copied.cast());
        len.write(text.len());
    }
    Ok(cache_status::CACHE_OK)
}

/// Adds a value at the left end of a list, and stores the new length in `*length` (which may be NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_lpush(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    value: *const c_void,
    value_len: usize,
    length: *mut i64,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let key = unsafe { bytes("key", key, key_len) }?;
        // SAFETY: `value_len` bytes by the caller's word.
        let value = unsafe { bytes("value", value, value_len) }?;
        let reply = run(cache, &[b"LPUSH", key, value])?;
        // SAFETY: NULL or writable by the caller's word.
        unsafe { store(length, integer(&reply)?) };
        Ok(cache_status::CACHE_OK)
    })
}

/// Takes the first element of a list: `*value` has `*len` bytes and one NUL byte after them, and is to be freed by
/// cache_free(). CACHE_NOT_FOUND where the list is empty.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_lpop(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    value: *mut *mut c_void,
    len: *mut usize,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let key = unsafe { bytes("key", key, key_len) }?;
        let reply = run(cache, &[b"LPOP", key])?;
        // SAFETY: NULL or writable by the caller's word.
        unsafe { give(reply, value, len) }
    })
}

/// Adds a value at the right end of a list, and stores the new length in `*length` (which may be NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_rpush(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    value: *const c_void,
    value_len: usize,
    length: *mut i64,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let key = unsafe { bytes("key", key, key_len) }?;
        // SAFETY: `value_len` bytes by the caller's word.
        let value = unsafe { bytes("value", value, value_len) }?;
        let reply = run(cache, &[b"RPUSH", key, value])?;
        // SAFETY: NULL or writable by the caller's word.
        unsafe { store(length, integer(&reply)?) };
        Ok(cache_status::CACHE_OK)
    })
}

/// Takes the last element of a list: `*value` has `*len` bytes and one NUL byte after them, and is to be freed by
/// cache_free(). CACHE_NOT_FOUND where the list is empty.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_rpop(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    value: *mut *mut c_void,
    len: *mut usize,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let key = unsafe { bytes("key", key, key_len) }?;
        let reply = run(cache, &[b"RPOP", key])?;
        // SAFETY: NULL or writable by the caller's word.
        unsafe { give(reply, value, len) }
    })
}

/// Stores the number of elements of a list in `*length`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_llen(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    length: *mut i64,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let key = unsafe { bytes("key", key, key_len) }?;
        let reply = run(cache, &[b"LLEN", key])?;
        // SAFETY: NULL or writable by the caller's word.
        unsafe { store(length, integer(&reply)?) };
        Ok(cache_status::CACHE_OK)
    })
}

/// Sets a field of a hash, and stores in `*is_new` (which may be NULL) whether there was none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_hset(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    field: *const c_void,
    field_len: usize,
    value: *const c_void,
    value_len: usize,
    is_new: *mut c_int,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let key = unsafe { bytes("key", key, key_len) }?;
        // SAFETY: `field_len` bytes by the caller's word.
        let field = unsafe { bytes("field", field, field_len) }?;
        // SAFETY: `value_len` bytes by the caller's word.
        let value = unsafe { bytes("value", value, value_len) }?;
        let reply = run(cache, &[b"HSET", key, field, value])?;
        // SAFETY: NULL or writable by the caller's word.
        unsafe { store(is_new, integer(&reply)? as c_int) };
        Ok(cache_status::CACHE_OK)
    })
}

/// The value of a field of a hash: `*value` has `*len` bytes and one NUL byte after them, and is to be freed by
/// cache_free(). CACHE_NOT_FOUND without the field.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_hget(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    field: *const c_void,
    field_len: usize,
    value: *mut *mut c_void,
    len: *mut usize,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let key = unsafe { bytes("key", key, key_len) }?;
        // SAFETY: `field_len` bytes by the caller's word.
        let field = unsafe { bytes("field", field, field_len) }?;
        let reply = run(cache, &[b"HGET", key, field])?;
        // SAFETY: NULL or writable by the caller's word.
        unsafe { give(reply, value, len) }
    })
}

/// Removes a field of a hash. CACHE_NOT_FOUND where there was none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_hdel(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    field: *const c_void,
    field_len: usize,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let key = unsafe { bytes("key", key, key_len) }?;
        // SAFETY: `field_len` bytes by the caller's word.
        let field = unsafe { bytes("field", field, field_len) }?;
        found(&run(cache, &[b"HDEL", key, field])?)
    })
}

/// Sets `count` fields of a hash at one instant.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_hset_many(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    count: usize,
    fields: *const *const c_void,
    field_lens: *const usize,
    values: *const *const c_void,
    value_lens: *const usize,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let key = unsafe { bytes("key", key, key_len) }?;
        // SAFETY: arrays of `count` elements by the caller's word.
        let fields = unsafe { strings("fields", count, fields, field_lens) }?;
        // SAFETY: as above.
        let values = unsafe { strings("values", count, values, value_lens) }?;
        if count > 0 {
            let mut words: Vec<&[u8]> = vec![b"HSET", key];
            words.extend(fields.into_iter().zip(values).flat_map(|(field, value)| [field, value]));
            run(cache, &words)?;
        }
        Ok(cache_status::CACHE_OK)
    })
}

/// Adds a member to a set, and stores in `*is_new` (which may be NULL) whether it was not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_sadd(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    member: *const c_void,
    member_len: usize,
    is_new: *mut c_int,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let key = unsafe { bytes("key", key, key_len) }?;
        // SAFETY: `member_len` bytes by the caller's word.
        let member = unsafe { bytes("member", member, member_len) }?;
        let reply = run(cache, &[b"SADD", key, member])?;
        // SAFETY: NULL or writable by the caller's word.
        unsafe { store(is_new, integer(&reply)? as c_int) };
        Ok(cache_status::CACHE_OK)
    })
}

/// Removes a member of a set. CACHE_NOT_FOUND where it was not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_srem(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    member: *const c_void,
    member_len: usize,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let key = unsafe { bytes("key", key, key_len) }?;
        // SAFETY: `member_len` bytes by the caller's word.
        let member = unsafe { bytes("member", member, member_len) }?;
        found(&run(cache, &[b"SREM", key, member])?)
    })
}

/// CACHE_OK where the member is in the set, CACHE_NOT_FOUND where it is not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_sismember(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    member: *const c_void,
    member_len: usize,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let key = unsafe { bytes("key", key, key_len) }?;
        // SAFETY: `member_len` bytes by the caller's word.
        let member = unsafe { bytes("member", member, member_len) }?;
        found(&run(cache, &[b"SISMEMBER", key, member])?)
    })
}

/// Sets the score of a member of a sorted set, and stores in `*is_new` (which may be NULL) whether it was not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_zadd(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    score: c_double,
    member: *const c_void,
    member_len: usize,
    is_new: *mut c_int,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let key = unsafe { bytes("key", key, key_len) }?;
        // SAFETY: `member_len` bytes by the caller's word.
        let member = unsafe { bytes("member", member, member_len) }?;
        let score = double::text(score);
        let reply = run(cache, &[b"ZADD", key, &score, member])?;
        // SAFETY: NULL or writable by the caller's word.
        unsafe { store(is_new, integer(&reply)? as c_int) };
        Ok(cache_status::CACHE_OK)
    })
}

/// Stores the score of a member of a sorted set in `*score`. CACHE_NOT_FOUND where it is not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_zscore(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    member: *const c_void,
    member_len: usize,
    score: *mut c_double,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let key = unsafe { bytes("key", key, key_len) }?;
        // SAFETY: `member_len` bytes by the caller's word.
        let member = unsafe { bytes("member", member, member_len) }?;
        match run(cache, &[b"ZSCORE", key, member])? {
            Value::Double(found) => {
                // SAFETY: NULL or writable by the caller's word.
                unsafe { store(score, found) };
                Ok(cache_status::CACHE_OK)
            }
            Value::Null => Ok(cache_status::CACHE_NOT_FOUND),
            _ => Err(unexpected()),
        }
    })
}

/// Removes a member of a sorted set. CACHE_NOT_FOUND where it was not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_zrem(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    member: *const c_void,
    member_len: usize,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let key = unsafe { bytes("key", key, key_len) }?;
        // SAFETY: `member_len` bytes by the caller's word.
        let member = unsafe { bytes("member", member, member_len) }?;
        found(&run(cache, &[b"ZREM", key, member])?)
    })
}

/// Adds an entry of `count` fields to a stream. `*id` is its id, with a NUL behind it, to be freed by cache_free(); `id` may
/// be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_xadd(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    count: usize,
    fields: *const *const c_void,
    field_lens: *const usize,
    values: *const *const c_void,
    value_lens: *const usize,
    id: *mut *mut c_void,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let key = unsafe { bytes("key", key, key_len) }?;
        // SAFETY: arrays of `count` elements by the caller's word.
        let fields = unsafe { strings("fields", count, fields, field_lens) }?;
        // SAFETY: as above.
        let values = unsafe { strings("values", count, values, value_lens) }?;
        let mut words: Vec<&[u8]> = vec![b"XADD", key, b"*"];
        words.extend(fields.into_iter().zip(values).flat_map(|(field, value)| [field, value]));
        let reply = run(cache, &words)?;
        if id.is_null() {
            return Ok(cache_status::CACHE_OK);
        }
        let mut len = 0;
        // SAFETY: `id` is writable by the caller's word, and `len` is ours.
        unsafe { give(reply, id, &mut len) }
    })
}
