//! Getting a value or loading it: of all who miss a key, one loads.

use std::ffi::c_void;
use std::ptr;
use std::time::Duration;

use polycache_core::record::Str;
use polycache_server::embedded::{Asked, Cache, Error, ErrorKind, Found, Lease, Load};

use crate::handle::{cache_t, open, versioned};
use crate::status::{cache_status, call, null};
use crate::value::{allocated, bytes, expire};

/// Do not wait for somebody else who loads: CACHE_BUSY.
pub const CACHE_NO_WAIT: u32 = 1;
/// A value that was invalidated is not good enough while somebody else loads a new one.
pub const CACHE_NO_STALE: u32 = 2;

/// How to get or load. Set every member that is not mentioned to zero: CACHE_LOAD_OPTIONS_INIT.
#[repr(C)]
pub struct cache_load_options {
    /// sizeof(cache_load_options), as this program knows it.
    pub struct_size: usize,
    /// Load anew where less than so many milliseconds are left of the value's time to live; the others use it meanwhile.
    pub early_ms: i64,
    /// Milliseconds that somebody else who loads is waited for before the lease is taken over; 0 is 10 seconds.
    pub wait_ms: i64,
    /// CACHE_NO_WAIT, CACHE_NO_STALE, joined by |.
    pub flags: u32,
}

/// The lease of a key: its holder loads the value. It belongs to no thread.
pub struct cache_lease {
    lease: Lease,
}

/// Reads a value, or takes the lease to load it.
///
/// CACHE_OK: `*value` has `*len` bytes and one NUL byte after them, and is to be freed by cache_free().
/// CACHE_LEASED: there is no value (or one that is out of date), and everybody else who asks waits for this caller. It is
/// to load the value and pass `*lease` to cache_lease_store(), or to cache_lease_give_back() where that fails.
/// CACHE_BUSY: with CACHE_NO_WAIT, somebody else loads.
///
/// The call waits while somebody else loads: another thread, or a client of memcached that won by mg. A lease that is
/// kept longer than `options->wait_ms` is taken over; whoever of the two is first stores. A thread that asks for a key
/// whose lease it holds itself waits that long, too. `options` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_get_or_lease(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
    options: *const cache_load_options,
    value: *mut *mut c_void,
    len: *mut usize,
    lease: *mut *mut cache_lease,
) -> cache_status {
    call(|| {
        if value.is_null() || len.is_null() || lease.is_null() {
            return Err(null("the place for the value or the lease"));
        }
        // SAFETY: not NULL, and writable by the caller's word.
        unsafe {
            value.write(ptr::null_mut());
            len.write(0);
            lease.write(ptr::null_mut());
        }
        // SAFETY: a handle of this library or NULL; `key_len` bytes, and NULL or a structure with its size, by the
        // caller's word.
        let (cache, key, options) =
            unsafe { (open(cache)?, bytes("key", key, key_len)?, versioned("cache_load_options", options)?) };
        let (load, waits) = load(options)?;
        let Some(found) = get_or_lease(cache, key, &load, waits)? else {
            return Ok(cache_status::CACHE_BUSY);
        };
        match found {
            Found::Value(found) => {
                let (copied, total) = allocated(Str::from(&found[..]))?;
                // SAFETY: not NULL, and writable by the caller's word.
                unsafe {
                    value.write(copied);
                    len.write(total);
                }
                Ok(cache_status::CACHE_OK)
            }
            Found::Lease(taken) => {
                // SAFETY: not NULL, and writable by the caller's word.
                unsafe { lease.write(Box::into_raw(Box::new(cache_lease { lease: taken }))) };
                Ok(cache_status::CACHE_LEASED)
            }
        }
    })
}

fn get_or_lease(cache: &Cache, key: &[u8], load: &Load, waits: bool) -> Result<Option<Found>, Error> {
    if waits {
        return cache.wait_or_lease(key, load, &mut || true);
    }
    match cache.get_or_lease(key, load)? {
        Asked::Found(found) => Ok(Some(found)),
        Asked::Waiting(_) => Ok(None),
    }
}

/// How to load, and whether to wait.
fn load(options: Option<cache_load_options>) -> Result<(Load, bool), Error> {
    let mut load = Load::default();
    let Some(options) = options else { return Ok((load, true)) };
    let millis = |name: &str, millis: i64| {
        u64::try_from(millis).map_err(|_| Error::new(ErrorKind::Misuse, format!("{name} is negative")))
    };
    if options.flags & !(CACHE_NO_WAIT | CACHE_NO_STALE) != 0 {
        return Err(Error::new(ErrorKind::Misuse, "unknown flags in cache_load_options"));
    }
    load.early_ms = Some(millis("early_ms", options.early_ms)?).filter(|early| *early > 0);
    load.takes_stale = options.flags & CACHE_NO_STALE == 0;
    match millis("wait_ms", options.wait_ms)? {
        0 => {}
        wait => load.patience = Duration::from_millis(wait),
    }
    Ok((load, options.flags & CACHE_NO_WAIT == 0))
}

/// The value that a lease is to replace, of `*len` bytes: one that was invalidated, or is to be loaded early. NULL where
/// there is none. Valid as long as the lease.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_lease_old(lease: *const cache_lease, len: *mut usize) -> *const c_void {
    // SAFETY: NULL or from cache_get_or_lease(), and not ended yet, by the caller's word.
    let old = unsafe { lease.as_ref() }.and_then(|lease| lease.lease.old());
    if !len.is_null() {
        // SAFETY: not NULL, and writable by the caller's word.
        unsafe { len.write(old.map_or(0, <[u8]>::len)) };
    }
    old.map_or(ptr::null(), |old| old.as_ptr().cast())
}

/// Stores the value that was loaded, which expires after `ttl_ms` milliseconds (0: never), for everybody who waits, and
/// frees the lease. CACHE_NOT_STORED where the key was written, deleted or invalidated meanwhile: what was loaded may be
/// older than that. After an error the lease was given back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_lease_store(
    lease: *mut cache_lease,
    value: *const c_void,
    len: usize,
    ttl_ms: i64,
) -> cache_status {
    call(|| {
        // SAFETY: from cache_get_or_lease(), and ended once, by the caller's word.
        let lease = unsafe { taken(lease) }?;
        // SAFETY: `len` bytes by the caller's word.
        let value = unsafe { bytes("value", value, len) }?;
        let (stored, durable) = lease.store(value, expire(ttl_ms)?)?;
        durable.wait()?;
        Ok(if stored { cache_status::CACHE_OK } else { cache_status::CACHE_NOT_STORED })
    })
}

/// Gives a lease back without a value, and frees it: the next who asks, or waits already, has the lease then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_lease_give_back(lease: *mut cache_lease) -> cache_status {
    call(|| {
        // SAFETY: from cache_get_or_lease(), and ended once, by the caller's word.
        unsafe { taken(lease) }?.give_back()?;
        Ok(cache_status::CACHE_OK)
    })
}

/// # Safety
/// `lease` is NULL or from cache_get_or_lease(), and is not used again.
unsafe fn taken(lease: *mut cache_lease) -> Result<Lease, Error> {
    if lease.is_null() {
        return Err(null("lease"));
    }
    // SAFETY: made by `Box::into_raw`, and used for the last time.
    Ok(unsafe { Box::from_raw(lease) }.lease)
}

/// Marks a value as out of date: the next cache_get_or_lease() gets the lease to load it anew, and others may use the old
/// value meanwhile. CACHE_NOT_FOUND without a value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_invalidate(
    cache: *mut cache_t,
    key: *const c_void,
    key_len: usize,
) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL; `key_len` bytes by the caller's word.
        let (cache, key) = unsafe { (open(cache)?, bytes("key", key, key_len)?) };
        let (found, durable) = cache.invalidate(key)?;
        durable.wait()?;
        Ok(if found { cache_status::CACHE_OK } else { cache_status::CACHE_NOT_FOUND })
    })
}
