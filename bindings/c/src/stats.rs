//! Numbers about an open cache.

use std::ptr;

use polycache_server::embedded::{Error, ErrorKind};

use crate::handle::{STRUCT_BYTES_MAX, cache_t, open};
use crate::status::{cache_status, call, null};

/// Numbers about a cache, over all its databases and all handles and clients. Begin with CACHE_STATS_INIT.
#[repr(C)]
pub struct cache_stats_t {
    /// sizeof(cache_stats_t), as this program knows it.
    pub struct_size: usize,
    /// Keys, expired ones that were not removed yet included.
    pub keys: u64,
    /// Reads that found their key.
    pub hits: u64,
    /// Reads that did not.
    pub misses: u64,
    /// Keys removed because they expired.
    pub expired: u64,
    /// Keys removed because memory was full.
    pub evicted: u64,
    /// Bytes that the data takes.
    pub used_bytes: u64,
    /// The limit of them; 0 is none.
    pub max_bytes: u64,
}

/// Fills `*stats`, whose struct_size the program has set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cache_stats(cache: *mut cache_t, stats: *mut cache_stats_t) -> cache_status {
    call(|| {
        if stats.is_null() {
            return Err(null("stats"));
        }
        // SAFETY: a handle of this library or NULL.
        let cache = unsafe { open(cache) }?;
        // SAFETY: the size is the first member.
        let struct_size = unsafe { stats.cast::<usize>().read() };
        if !(size_of::<usize>()..=STRUCT_BYTES_MAX).contains(&struct_size) {
            return Err(Error::new(
                ErrorKind::Misuse,
                "cache_stats_t.struct_size is not sizeof(cache_stats_t)",
            ));
        }
        let now = cache.stats()?;
        let full = cache_stats_t {
            struct_size,
            keys: now.keys,
            hits: now.hits,
            misses: now.misses,
            expired: now.expired,
            evicted: now.evicted,
            used_bytes: now.used_bytes,
            max_bytes: now.max_bytes,
        };
        let known = struct_size.min(size_of::<cache_stats_t>());
        // SAFETY: `*stats` has `struct_size` bytes by the caller's word, `full` has its own size.
        unsafe { ptr::copy_nonoverlapping((&raw const full).cast::<u8>(), stats.cast::<u8>(), known) };
        Ok(cache_status::CACHE_OK)
    })
}
