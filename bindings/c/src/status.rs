//! Status codes, and the message that goes with the last error of a thread.

use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use polycache_server::embedded::{Error, ErrorKind};

/// What a call answers. Zero and positive values are answers, negative values are errors.
///
/// The numbers are part of the library's interface and never change their meaning.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum cache_status {
    /// Done.
    CACHE_OK = 0,
    /// There is no such key.
    CACHE_NOT_FOUND = 1,
    /// The condition of a cache_set_with() did not hold; nothing was written.
    CACHE_NOT_STORED = 2,
    /// The value is longer than the buffer; as much as fits was copied.
    CACHE_TRUNCATED = 3,
    /// The callback asked to stop.
    CACHE_STOPPED = 4,
    /// The caller has the lease of the key: it is to load the value.
    CACHE_LEASED = 5,
    /// Somebody else loads the value.
    CACHE_BUSY = 6,
    /// An argument that no call accepts, such as a NULL where something must be.
    CACHE_ERR_MISUSE = -1,
    /// A setting of cache_open() or cache_serve() that is unknown or cannot be satisfied.
    CACHE_ERR_CONFIG = -2,
    /// The cache was closed.
    CACHE_ERR_CLOSED = -3,
    /// The cache was opened before fork() and is used in the child.
    CACHE_ERR_FORKED = -4,
    /// The command was refused; cache_errcode() says why, as Redis does (WRONGTYPE, ERR, ...).
    CACHE_ERR_COMMAND = -5,
    /// The memory limit is reached and nothing may be evicted.
    CACHE_ERR_MEMORY = -6,
    /// Another process has the directory open.
    CACHE_ERR_LOCKED = -7,
    /// A file in the directory is damaged.
    CACHE_ERR_CORRUPT = -8,
    /// The operating system refused.
    CACHE_ERR_IO = -9,
    /// The log cannot be written: what was not acknowledged may be lost, and writes are refused.
    CACHE_ERR_DURABILITY = -10,
    /// A defect of the library.
    CACHE_ERR_INTERNAL = -11,
}

thread_local! {
    /// Message and code of the thread's last error.
    static LAST: RefCell<(CString, CString)> = RefCell::default();
}

/// Carries out the body of an exported function: an error is kept for cache_errmsg(), a panic becomes an error.
pub(crate) fn call(body: impl FnOnce() -> Result<cache_status, Error>) -> cache_status {
    // Nothing of ours is left half-changed by a panic: the engine's own locks are released by unwinding.
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(status)) => status,
        Ok(Err(error)) => {
            remember(error.text(), error.code());
            status_of(error.kind())
        }
        Err(_) => {
            remember("internal error: the library panicked", "INTERNAL");
            cache_status::CACHE_ERR_INTERNAL
        }
    }
}

/// The error of a NULL where something must be.
pub(crate) fn null(what: &str) -> Error {
    Error::new(ErrorKind::Misuse, format!("{what} is NULL"))
}

fn status_of(kind: ErrorKind) -> cache_status {
    match kind {
        ErrorKind::Misuse => cache_status::CACHE_ERR_MISUSE,
        ErrorKind::Config => cache_status::CACHE_ERR_CONFIG,
        ErrorKind::Closed => cache_status::CACHE_ERR_CLOSED,
        ErrorKind::Forked => cache_status::CACHE_ERR_FORKED,
        ErrorKind::Command => cache_status::CACHE_ERR_COMMAND,
        ErrorKind::Memory => cache_status::CACHE_ERR_MEMORY,
        ErrorKind::Locked => cache_status::CACHE_ERR_LOCKED,
        ErrorKind::Corrupt => cache_status::CACHE_ERR_CORRUPT,
        ErrorKind::Io => cache_status::CACHE_ERR_IO,
        ErrorKind::Durability => cache_status::CACHE_ERR_DURABILITY,
    }
}

fn remember(text: &str, code: &str) {
    // A thread that is ending has no place for a message any more; then there is nobody to read it either.
    let _ = LAST.try_with(|last| *last.borrow_mut() = (c_string(text), c_string(code)));
}

/// `text` as C reads it; it ends at a NUL byte, where one is inside.
pub(crate) fn c_string(text: &str) -> CString {
    let bytes: Vec<u8> = text.bytes().take_while(|&byte| byte != 0).collect();
    CString::new(bytes).unwrap_or_default()
}

/// The message of the calling thread's last error, for people. Empty before the first error; valid until the thread's
/// next call that fails.
#[unsafe(no_mangle)]
pub extern "C" fn cache_errmsg() -> *const c_char {
    LAST.try_with(|last| last.borrow().0.as_ptr()).unwrap_or(c"".as_ptr())
}

/// The code of the calling thread's last error, for programs: the first word of a command's error (`WRONGTYPE`, `ERR`,
/// `OOM`), else `MISUSE`, `CONFIG`, `CLOSED`, `FORKED`, `LOCKED`, `CORRUPT`, `IO`, `MISCONF` or `INTERNAL`. Valid until
/// the thread's next call that fails.
#[unsafe(no_mangle)]
pub extern "C" fn cache_errcode() -> *const c_char {
    LAST.try_with(|last| last.borrow().1.as_ptr()).unwrap_or(c"".as_ptr())
}

/// The library's version, such as `0.1.0`. Never freed.
#[unsafe(no_mangle)]
pub extern "C" fn cache_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}
