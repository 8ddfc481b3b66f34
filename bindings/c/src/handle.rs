//! Opening and closing.

use std::ffi::{CStr, c_char};
use std::ptr;
use std::sync::Mutex;

use polycache_server::embedded::{Cache, Error, ErrorKind, Options};

use crate::status::{cache_status, call, null};

/// An open cache.
pub struct cache_t {
    pub(crate) cache: Cache,
}

/// How to open a cache. Set every member that is not mentioned to zero: CACHE_CONFIG_INIT.
#[repr(C)]
pub struct cache_config {
    /// sizeof(cache_config), as this program knows it: so the structure can grow without breaking programs.
    pub struct_size: usize,
    /// The bytes of memory that the data may take; 0 is no limit.
    pub max_bytes: u64,
    /// What to do at the limit: "allkeys-s3fifo" (the default with a limit; keeps what is used through scans), or
    /// another maxmemory-policy word such as "allkeys-lru", "volatile-ttl" or "noeviction".
    pub eviction: *const c_char,
    /// How durable a directory is: "always" (a write returns when it is on the disk), "everysec" (the default),
    /// "no" (synced when the operating system pleases) or "snapshot" (saved by cache_save() and cache_close()).
    pub persist: *const c_char,
    /// In memory only: opening one name again in one process gives the same data. (A directory's name is its path.)
    pub name: *const c_char,
    /// Who expires and evicts behind the scenes: "thread" (the default) or "caller".
    pub maintenance: *const c_char,
}

/// Handles that were handed out, closed ones too. They stay reachable so that leak checkers see that it is meant.
static HANDLES: Mutex<Vec<usize>> = Mutex::new(Vec::new());

pub(crate) fn hand_out(cache: Cache) -> *mut cache_t {
    let handle = Box::into_raw(Box::new(cache_t { cache }));
    HANDLES.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(handle.expose_provenance());
    handle
}

/// The cache behind a handle.
///
/// # Safety
/// `handle` is NULL or came from this library.
pub(crate) unsafe fn open<'a>(handle: *mut cache_t) -> Result<&'a Cache, Error> {
    // SAFETY: a handle from this library is never freed, and is only ever shared.
    unsafe { handle.as_ref() }.map(|handle| &handle.cache).ok_or_else(|| null("cache"))
}

/// The text of a C string; `None` for NULL.
///
/// # Safety
/// `text` is NULL or ends with a NUL and stays as it is during the call.
pub(crate) unsafe fn text<'a>(what: &str, text: *const c_char) -> Result<Option<&'a str>, Error> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: not NULL, so it is a string by the caller's word.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map(Some).map_err(|_| Error::new(ErrorKind::Misuse, format!("{what} is not UTF-8")))
}

/// Reads a structure that begins with its size: what the program does not know of is zero.
///
/// # Safety
/// `given` is NULL or points to a structure whose first member is its size. All-zero bytes are a valid `T`, and `T` is
/// `repr(C)` with a `usize` first.
pub(crate) unsafe fn versioned<T>(what: &str, given: *const T) -> Result<Option<T>, Error> {
    if given.is_null() {
        return Ok(None);
    }
    // SAFETY: the size is the first member.
    let size = unsafe { given.cast::<usize>().read() };
    if size < size_of::<usize>() || size > STRUCT_BYTES_MAX {
        return Err(Error::new(ErrorKind::Misuse, format!("{what}.struct_size is not sizeof({what})")));
    }
    // SAFETY: all-zero bytes are a valid T by the caller's word.
    let mut value: T = unsafe { std::mem::zeroed() };
    let known = size.min(size_of::<T>());
    // SAFETY: `given` has `size` bytes, `value` has size_of::<T>(), and `known` is the smaller.
    unsafe { ptr::copy_nonoverlapping(given.cast::<u8>(), (&raw mut value).cast::<u8>(), known) };
    Ok(Some(value))
}

/// A structure of a later version is larger, but no structure is larger than this: so a forgotten size is noticed.
pub(crate) const STRUCT_BYTES_MAX: usize = 4096;

/// Opens a cache: in memory with `path` NULL, else with its data in that directory, which is made if it is missing.
/// `config` may be NULL for the defaults. On success `*cache` is the handle, to be closed by cache_close().
///
/// A directory that is open in this process already gives another handle on the same data; one that another process
/// has open gives CACHE_ERR_LOCKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_open(
    path: *const c_char,
    config: *const cache_config,
    cache: *mut *mut cache_t,
) -> cache_status {
    call(|| {
        if cache.is_null() {
            return Err(null("the place for the handle"));
        }
        // SAFETY: not NULL, and writable by the caller's word.
        unsafe { cache.write(ptr::null_mut()) };
        let mut options = Options::default();
        // SAFETY: a string or NULL by the caller's word.
        if let Some(path) = unsafe { text("path", path) }? {
            options.set("path", path)?;
        }
        // SAFETY: the structure begins with its size, and consists of integers and pointers, which may be zero.
        if let Some(config) = unsafe { versioned("cache_config", config) }? {
            options.max_bytes = config.max_bytes;
            let texts = [
                ("eviction", config.eviction),
                ("persist", config.persist),
                ("name", config.name),
                ("maintenance", config.maintenance),
            ];
            for (name, value) in texts {
                // SAFETY: a string or NULL by the caller's word.
                if let Some(value) = unsafe { text(name, value) }? {
                    options.set(name, value)?;
                }
            }
        }
        let opened = hand_out(Cache::open(&options)?);
        // SAFETY: not NULL, and writable by the caller's word.
        unsafe { cache.write(opened) };
        Ok(cache_status::CACHE_OK)
    })
}

/// Another handle, on database `index` (0 to 15) of the same data; to be closed by cache_close() too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_database(
    cache: *mut cache_t,
    index: u32,
    database: *mut *mut cache_t,
) -> cache_status {
    call(|| {
        if database.is_null() {
            return Err(null("the place for the handle"));
        }
        // SAFETY: a handle of this library or NULL.
        let opened = unsafe { open(cache) }?.database(index)?;
        // SAFETY: not NULL, and writable by the caller's word.
        unsafe { database.write(hand_out(opened)) };
        Ok(cache_status::CACHE_OK)
    })
}

/// Closes a handle. The last handle on a cache stops its servers, completes its log or saves its snapshot, and frees its
/// memory. Calls under way in other threads are completed first; later calls return CACHE_ERR_CLOSED, as does closing
/// again. Not to be called from a callback of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_close(cache: *mut cache_t) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        unsafe { open(cache) }?.close()?;
        Ok(cache_status::CACHE_OK)
    })
}

/// Writes a snapshot of all data to the directory and returns when it is complete.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_save(cache: *mut cache_t) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        unsafe { open(cache) }?.save()?;
        Ok(cache_status::CACHE_OK)
    })
}

/// Waits until everything written so far is on the disk. Without a log there is nothing to wait for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_flush(cache: *mut cache_t) -> cache_status {
    call(|| {
        // SAFETY: a handle of this library or NULL.
        unsafe { open(cache) }?.flush()?;
        Ok(cache_status::CACHE_OK)
    })
}
