//! Putting an open cache on the network.

use std::ffi::{CString, c_char};
use std::ptr;

use polycache_server::embedded::{Serve, Served};

use crate::handle::{cache_t, open, text};
use crate::status::{c_string, cache_status, call, null};

/// A cache that is being served.
pub struct cache_server {
    served: Served,
    resp: Option<CString>,
    memcached: Option<CString>,
}

/// Serves an open cache to other programs, on the same data, until cache_server_stop() or until the cache is closed.
///
/// `resp` is where Redis clients connect and `memcached` where memcached clients do: "127.0.0.1:6379", with port 0 for
/// a free one, or "unix:/path/of/socket". NULL serves no such clients; one of both must be given. `password` may be
/// NULL; an address that is not of this machine needs one. On success `*server` is the server.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_serve(
    cache: *mut cache_t,
    resp: *const c_char,
    memcached: *const c_char,
    password: *const c_char,
    server: *mut *mut cache_server,
) -> cache_status {
    call(|| {
        if server.is_null() {
            return Err(null("the place for the server"));
        }
        // SAFETY: not NULL, and writable by the caller's word.
        unsafe { server.write(ptr::null_mut()) };
        // SAFETY: a handle of this library or NULL; strings or NULL.
        let (cache, resp, memcached, password) = unsafe {
            (open(cache)?, text("resp", resp)?, text("memcached", memcached)?, text("password", password)?)
        };
        let serve = Serve {
            resp: resp.map(str::to_owned),
            memcached: memcached.map(str::to_owned),
            password: password.map(str::to_owned),
        };
        let served = cache.serve(&serve)?;
        let resp = served.resp().map(c_string);
        let memcached = served.memcached().map(c_string);
        let made = Box::into_raw(Box::new(cache_server { served, resp, memcached }));
        // SAFETY: not NULL, and writable by the caller's word.
        unsafe { server.write(made) };
        Ok(cache_status::CACHE_OK)
    })
}

/// Where Redis clients connect, with the port that was chosen: "127.0.0.1:40123" or "unix:/path". NULL where there is no
/// such listener. Valid until cache_server_stop().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_server_resp(server: *const cache_server) -> *const c_char {
    // SAFETY: NULL, or from cache_serve() and not stopped yet, by the caller's word.
    unsafe { server.as_ref() }
        .and_then(|server| server.resp.as_deref())
        .map_or(ptr::null(), |text| text.as_ptr())
}

/// Where memcached clients connect. NULL where there is no such listener. Valid until cache_server_stop().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_server_memcached(server: *const cache_server) -> *const c_char {
    // SAFETY: NULL, or from cache_serve() and not stopped yet, by the caller's word.
    unsafe { server.as_ref() }
        .and_then(|server| server.memcached.as_deref())
        .map_or(ptr::null(), |text| text.as_ptr())
}

/// Closes the listeners and their connections, and frees `server`. The cache stays open. Call it once for every server,
/// also after the cache was closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_server_stop(server: *mut cache_server) -> cache_status {
    call(|| {
        if server.is_null() {
            return Err(null("server"));
        }
        // SAFETY: from cache_serve(), and stopped once, by the caller's word.
        unsafe { Box::from_raw(server) }.served.stop();
        Ok(cache_status::CACHE_OK)
    })
}
