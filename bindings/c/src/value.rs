//! One key at a time.

use std::ffi::{c_int, c_void};
use std::{ptr, slice};

use polycache_core::record::Str;
use polycache_server::embedded::{Condition, Error, ErrorKind, Expire, SetOptions, Ttl};

use crate::handle::{cache_t, open, versioned};
use crate::status::{cache_status, call, null};

/// Receives a value without a copy: `len` bytes at `bytes`, which are the bytes from `offset` of a value of `total`
/// bytes. A value up to 16 KiB comes in one call, a longer one in consecutive calls. A missing key (cache_get_many()
/// only) comes with `bytes` NULL. `index` is the position of the key. The bytes are valid during the call only.
///
/// Return 0 to go on, anything else to stop. The callback must be quick, and must not close the cache.
pub type cache_value_fn = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        index: usize,
        bytes: *const c_void,
        len: usize,
        offset: usize,
        total: usize,
    ) -> c_int,
>;

/// Write only if the key does not exist yet.
pub const CACHE_IF_ABSENT: u32 = 1;
/// Write only if the key exists.
pub const CACHE_IF_PRESENT: u32 = 2;
/// Keep the expiry that the key has.
pub const CACHE_KEEP_TTL: u32 = 4;

/// How to write. Set every member that is not mentioned to zero: CACHE_SET_OPTIONS_INIT.
#[repr(C)]
pub struct cache_set_options {
    /// sizeof(cache_set_options), as this program knows it.
    pub struct_size: usize,
    /// Milliseconds until the key expires; 0 is never.
    pub ttl_ms: i64,
    /// CACHE_IF_ABSENT, CACHE_IF_PRESENT, CACHE_KEEP_TTL, joined by |.
    pub flags: u32,
}

/// The bytes of a key or value.
///
/// # Safety
/// `data` has `len` readable bytes that stay as they are during the call, or `len` is 0.
pub(crate) unsafe fn bytes<'a>(what: &str, data: *const c_void, len: usize) -> Result<&'a [u8], Error> {
    if len == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(null(what));
    }
    if len > isize::MAX as usize {
        return Err(Error::new(ErrorKind::Misuse, format!("the length of {what} is out of range")));
    }
    // SAFETY: not NULL, and `len` readable bytes by the caller's word.
    Ok(unsafe { slice::from_raw_parts(data.cast(), len) })
}

/// The expiry that a number of milliseconds means.
pub(crate) fn expire(ttl_ms: i64) -> Result<Expire, Error> {
    match u64::try_from(ttl_ms) {
        Ok(0) => Ok(Expire::Never),
        Ok(ttl_ms) => Ok(Expire::After { ttl_ms }),
        Err(_) => Err(Error::new(ErrorKind::Misuse, "ttl_ms is negative")),
    }
}

/// Copies up to `capacity` bytes of the value into `buffer`, and stores the length of the whole value in `*len` (which
/// may be NULL). Returns CACHE_TRUNCATED where the value is longer than `capacity`, CACHE_NOT_FOUND without the key.
/// With `capacity` 0, `buffer` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_get(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    buffer: *mut c_void,
    capacity: usize,
    len: *mut usize,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let key = unsafe { bytes("key", key, key_len) }?;
        if buffer.is_null() && capacity > 0 {
            return Err(null("buffer"));
        }
        let total = cache.get(key, |value| {
            // SAFETY: `buffer` has `capacity` writable bytes by the caller's word.
            unsafe { copy(value, buffer.cast(), capacity) };
            value.len()
        })?;
        let Some(total) = total else { return Ok(cache_status::CACHE_NOT_FOUND) };
        if !len.is_null() {
            // SAFETY: not NULL, and writable by the caller's word.
            unsafe { len.write(total) };
        }
        Ok(if total > capacity { cache_status::CACHE_TRUNCATED } else { cache_status::CACHE_OK })
    })
}

/// Copies as much of `value` as fits.
///
/// # Safety
/// `buffer` has `capacity` writable bytes.
unsafe fn copy(value: Str<'_>, buffer: *mut u8, capacity: usize) {
    let mut done = 0;
    for piece in value.range(0, capacity) {
        // SAFETY: the pieces of a range of at most `capacity` bytes are together not longer than `capacity`.
        unsafe { ptr::copy_nonoverlapping(piece.as_ptr(), buffer.add(done), piece.len()) };
        done += piece.len();
    }
}

/// Like cache_get(), with a buffer that the library allocates: `*value` has `*len` bytes and one NUL byte after them,
/// and is to be freed by cache_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_get_copy(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    value: *mut *mut c_void,
    len: *mut usize,
) -> cache_status {
    call(|| {
        if value.is_null() || len.is_null() {
            return Err(null("the place for the value"));
        }
        // SAFETY: not NULL, and writable by the caller's word.
        unsafe { value.write(ptr::null_mut()) };
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let key = unsafe { bytes("key", key, key_len) }?;
        let Some(found) = cache.get(key, allocated)? else { return Ok(cache_status::CACHE_NOT_FOUND) };
        let (copied, total) = found?;
        // SAFETY: not NULL, and writable by the caller's word.
        unsafe {
            value.write(copied);
            len.write(total);
        }
        Ok(cache_status::CACHE_OK)
    })
}

/// A copy for cache_free() with one NUL byte after it, and its length without that.
pub(crate) fn allocated(value: Str<'_>) -> Result<(*mut c_void, usize), Error> {
    let total = value.len();
    // SAFETY: malloc has no precondition; the result is checked.
    let copied = unsafe { libc::malloc(total + 1) }.cast::<u8>();
    if copied.is_null() {
        return Err(Error::new(ErrorKind::Io, "malloc failed"));
    }
    // SAFETY: `copied` has one byte more than the value.
    unsafe {
        copy(value, copied, total);
        copied.add(total).write(0);
    }
    Ok((copied.cast(), total))
}

/// Frees what cache_get_copy() allocated. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_free(value: *mut c_void) {
    // SAFETY: from malloc or NULL, by the caller's word.
    unsafe { libc::free(value) };
}

/// Hands the value to `callback` without copying it. CACHE_NOT_FOUND without the key; CACHE_STOPPED where the callback
/// stopped before the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_read(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    callback: cache_value_fn,
    context: *mut c_void,
) -> cache_status {
    call(|| {
        let callback = callback.ok_or_else(|| null("callback"))?;
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let key = unsafe { bytes("key", key, key_len) }?;
        let went_on = cache.get(key, |value| {
            show(value, |piece, offset, total| {
                // SAFETY: the callback keeps to its type's contract by the caller's word.
                unsafe { callback(context, 0, piece.as_ptr().cast(), piece.len(), offset, total) }
            })
        })?;
        Ok(match went_on {
            None => cache_status::CACHE_NOT_FOUND,
            Some(true) => cache_status::CACHE_OK,
            Some(false) => cache_status::CACHE_STOPPED,
        })
    })
}

/// Shows a value piece by piece (an empty one as one empty piece) until `visit` returns other than 0; whether it went
/// to the end.
pub(crate) fn show(value: Str<'_>, mut visit: impl FnMut(&[u8], usize, usize) -> c_int) -> bool {
    let total = value.len();
    if total == 0 {
        return visit(b"", 0, 0) == 0;
    }
    let mut offset = 0;
    for piece in value.pieces() {
        if visit(piece, offset, total) != 0 {
            return false;
        }
        offset += piece.len();
    }
    true
}

/// Sets a key, which expires after `ttl_ms` milliseconds (0: never).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_set(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    value: *const c_void,
    value_len: usize,
    ttl_ms: i64,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` and `value_len` bytes by the caller's word.
        let (key, value) = unsafe { (bytes("key", key, key_len)?, bytes("value", value, value_len)?) };
        let options = SetOptions { expire: expire(ttl_ms)?, condition: Condition::Always };
        let (_, durable) = cache.set(key, value, &options)?;
        durable.wait()?;
        Ok(cache_status::CACHE_OK)
    })
}

/// Sets a key with options. CACHE_NOT_STORED where the condition does not hold.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_set_with(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    value: *const c_void,
    value_len: usize,
    options: *const cache_set_options,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` and `value_len` bytes by the caller's word.
        let (key, value) = unsafe { (bytes("key", key, key_len)?, bytes("value", value, value_len)?) };
        // SAFETY: the structure begins with its size, and consists of integers.
        let options = match unsafe { versioned("cache_set_options", options) }? {
            Some(options) => set_options(&options)?,
            None => SetOptions::default(),
        };
        let (stored, durable) = cache.set(key, value, &options)?;
        durable.wait()?;
        Ok(if stored { cache_status::CACHE_OK } else { cache_status::CACHE_NOT_STORED })
    })
}

fn set_options(options: &cache_set_options) -> Result<SetOptions, Error> {
    let condition = match options.flags & (CACHE_IF_ABSENT | CACHE_IF_PRESENT) {
        0 => Condition::Always,
        CACHE_IF_ABSENT => Condition::IfAbsent,
        CACHE_IF_PRESENT => Condition::IfPresent,
        _ => {
            return Err(Error::new(
                ErrorKind::Misuse,
                "CACHE_IF_ABSENT and CACHE_IF_PRESENT exclude each other",
            ));
        }
    };
    if options.flags & !(CACHE_IF_ABSENT | CACHE_IF_PRESENT | CACHE_KEEP_TTL) != 0 {
        return Err(Error::new(ErrorKind::Misuse, "unknown flags in cache_set_options"));
    }
    let expire = match (options.flags & CACHE_KEEP_TTL != 0, options.ttl_ms) {
        (true, 0) => Expire::Keep,
        (true, _) => {
            return Err(Error::new(ErrorKind::Misuse, "CACHE_KEEP_TTL and ttl_ms exclude each other"));
        }
        (false, ttl_ms) => expire(ttl_ms)?,
    };
    Ok(SetOptions { expire, condition })
}

/// Deletes a key. CACHE_NOT_FOUND where there was none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_delete(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let (deleted, durable) = cache.delete(unsafe { bytes("key", key, key_len) }?)?;
        durable.wait()?;
        Ok(found(deleted))
    })
}

/// Whether a key exists: CACHE_OK or CACHE_NOT_FOUND.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_exists(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        Ok(found(cache.exists(unsafe { bytes("key", key, key_len) }?)?))
    })
}

/// Adds `by` to the integer that the key holds (0 where there is none), and stores the result in `*result` (which may
/// be NULL). CACHE_ERR_COMMAND where the value is no integer or would overflow.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_incr(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    by: i64,
    result: *mut i64,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let (sum, durable) = cache.increment(unsafe { bytes("key", key, key_len) }?, by)?;
        durable.wait()?;
        if !result.is_null() {
            // SAFETY: not NULL, and writable by the caller's word.
            unsafe { result.write(sum) };
        }
        Ok(cache_status::CACHE_OK)
    })
}

/// Lets a key expire after `ttl_ms` milliseconds; with 0 it never does. CACHE_NOT_FOUND without the key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_expire(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    ttl_ms: i64,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let key = unsafe { bytes("key", key, key_len) }?;
        let (exists, durable) = cache.expire(key, expire(ttl_ms)?)?;
        durable.wait()?;
        Ok(found(exists))
    })
}

/// Stores the milliseconds that a key has left in `*ttl_ms`, -1 where it never expires. CACHE_NOT_FOUND without the key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_ttl(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    ttl_ms: *mut i64,
) -> cache_status {
    call(|| {
        if ttl_ms.is_null() {
            return Err(null("ttl_ms"));
        }
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: `key_len` bytes by the caller's word.
        let left = match cache.ttl(unsafe { bytes("key", key, key_len) }?)? {
            Ttl::Missing => return Ok(cache_status::CACHE_NOT_FOUND),
            Ttl::Forever => -1,
            Ttl::Left { ms } => i64::try_from(ms).unwrap_or(i64::MAX),
        };
        // SAFETY: not NULL, and writable by the caller's word.
        unsafe { ttl_ms.write(left) };
        Ok(cache_status::CACHE_OK)
    })
}

fn found(found: bool) -> cache_status {
    if found { cache_status::CACHE_OK } else { cache_status::CACHE_NOT_FOUND }
}
