//! stats without a subcommand.

use polycache_core::stats::Counter as EngineCounter;

use super::{OF_LISTS, Sink};
use crate::memcached::shared::MEMCACHED_VERSION;
use crate::memcached::work::Work;
use crate::stats::Counter;

/// The first bucket of a chain of the index.
const CHAIN_BYTES: u64 = 64;

pub fn emit(work: &mut Work<'_>, sink: Sink<'_>) {
    let server = work.server;
    let total = |counter| server.stats.total(counter);
    let engine = |counter| server.engine.stats().get(counter);
    let (user, system) = processor_time();
    let (now, db, connections) =
        (work.ctx.op.now().seconds(), work.ctx.session.db, server.clients.connected());
    let max_connections = work.settings.maxclients;
    let chains = work.ctx.op.index(db).chains();
    let out = &mut *work.out;
    let mut put = |name: &str, value: &dyn std::fmt::Display| sink(out, name, value);
    put("pid", &std::process::id());
    put("uptime", &server.started.elapsed().as_secs());
    put("time", &now);
    put("version", &MEMCACHED_VERSION);
    put("polycache_version", &crate::VERSION);
    put("pointer_size", &usize::BITS);
    put("rusage_user", &user);
    put("rusage_system", &system);
    put("max_connections", &max_connections);
    put("curr_connections", &connections);
    put("total_connections", &total(Counter::ConnectionsReceived));
    put("rejected_connections", &total(Counter::ConnectionsRejected));
    put("connection_structures", &connections);
    let hits = total(Counter::MemcachedGetHits);
    let misses = total(Counter::MemcachedGetMisses);
    let touch_hits = total(Counter::MemcachedTouchHits);
    let touch_misses = total(Counter::MemcachedTouchMisses);
    put("cmd_get", &(hits + misses));
    put("cmd_set", &total(Counter::MemcachedSets));
    put("cmd_flush", &total(Counter::MemcachedFlushes));
    put("cmd_touch", &(touch_hits + touch_misses));
    put("cmd_meta", &total(Counter::MemcachedMeta));
    put("get_hits", &hits);
    put("get_misses", &misses);
    // Items that were flushed are gone at once: nobody meets them.
    put("get_flushed", &0);
    for (name, counter) in [
        ("delete_misses", Counter::MemcachedDeleteMisses),
        ("delete_hits", Counter::MemcachedDeleteHits),
        ("incr_misses", Counter::MemcachedIncrementMisses),
        ("incr_hits", Counter::MemcachedIncrementHits),
        ("decr_misses", Counter::MemcachedDecrementMisses),
        ("decr_hits", Counter::MemcachedDecrementHits),
        ("cas_misses", Counter::MemcachedCasMisses),
        ("cas_hits", Counter::MemcachedCasHits),
        ("cas_badval", Counter::MemcachedCasMismatches),
    ] {
        put(name, &total(counter));
    }
    put("touch_hits", &touch_hits);
    put("touch_misses", &touch_misses);
    put("store_too_large", &total(Counter::MemcachedTooLarge));
    put("store_no_memory", &total(Counter::MemcachedNoMemory));
    put("auth_cmds", &total(Counter::MemcachedAuthCommands));
    put("auth_errors", &total(Counter::MemcachedAuthErrors));
    put("bytes_read", &total(Counter::NetInputBytes));
    put("bytes_written", &total(Counter::NetOutputBytes));
    put("limit_maxbytes", &server.engine.tuning().maxmemory());
    put("accepting_conns", &1);
    put("listen_disabled_num", &0);
    put("threads", &server.workers);
    put("log_watchers", &server.memcached.watchers.len());
    put("bytes", &server.engine.memory().used());
    put("curr_items", &server.engine.len(db));
    put("total_items", &total(Counter::MemcachedStored));
    put("evictions", &engine(EngineCounter::EvictedKeys));
    put("reclaimed", &engine(EngineCounter::ExpiredKeys));
    put("libevent", &"none");
    put("hash_power_level", &chains.ilog2());
    put("hash_bytes", &(chains * CHAIN_BYTES));
    NEVER.iter().chain(&OF_LISTS).for_each(|name| put(name, &0));
}

/// What memcached counts of its buffers, slabs and threads, none of which are here: it has not happened. Tools ask for
/// them by name.
const NEVER: &[&str] = &[
    "response_obj_oom",
    "response_obj_count",
    "response_obj_bytes",
    "read_buf_count",
    "read_buf_bytes",
    "read_buf_bytes_free",
    "read_buf_oom",
    "reserved_fds",
    "get_expired",
    "time_in_listen_disabled_us",
    "conn_yields",
    "hash_is_expanding",
    "slab_reassign_rescues",
    "slab_reassign_chunk_rescues",
    "slab_reassign_evictions_nomem",
    "slab_reassign_inline_reclaim",
    "slab_reassign_busy_items",
    "slab_reassign_busy_deletes",
    "slab_reassign_running",
    "slab_global_page_pool",
    "slabs_moved",
    "lru_crawler_running",
    "lru_crawler_starts",
    "lru_maintainer_juggles",
    "lru_bumps_dropped",
    "malloc_fails",
    "log_worker_dropped",
    "log_worker_written",
    "log_watcher_skipped",
    "log_watcher_sent",
    "unexpected_napi_ids",
    "round_robin_fallback",
];

/// Seconds of user and system time of this process, with microseconds.
fn processor_time() -> (String, String) {
    // SAFETY: a `rusage` is plain numbers, for which all zeroes is a valid value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is a valid place to write a `rusage` to.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut usage) };
    let show = |time: libc::timeval| format!("{}.{:06}", time.tv_sec, time.tv_usec);
    (show(usage.ru_utime), show(usage.ru_stime))
}
