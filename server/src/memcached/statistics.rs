//! stats and its subcommands, with memcached's names where we have what they mean; what only its slabs and
//! segments could tell is left out rather than made up.

use std::sync::atomic::Ordering;

use polycache_core::config::EvictionPolicy;
use polycache_core::stats::Counter as EngineCounter;

use super::control::{DATABASE, MEMCACHED_VERSION};
use super::emit::{self, statistic};
use super::text::Words;
use super::work::Work;
use crate::client::Face;
use crate::stats::Counter;

/// stats [subcommand].
#[cold]
pub fn stats(work: &mut Work<'_>, mut words: Words<'_>) {
    match words.next() {
        None => general(work),
        Some(b"settings") => settings(work),
        Some(b"items") => items(work),
        Some(b"slabs") => slabs(work),
        Some(b"conns") => connections(work),
        Some(b"sizes") => {
            statistic(work.out, "sizes_status", "disabled");
            work.out.extend_from_slice(emit::END);
        }
        // Sizes are not tracked, and cannot be.
        Some(b"sizes_enable" | b"sizes_disable") => statistic(work.out, "sizes_status", "disabled"),
        Some(b"extstore") => work.out.extend_from_slice(emit::END),
        Some(b"reset") => {
            work.server.stats.reset();
            work.server.memcached.detail.reset();
            work.out.extend_from_slice(emit::RESET);
        }
        Some(b"detail") => detail(work, words),
        // As a memcached that runs with `-X`.
        Some(b"cachedump") => work.out.extend_from_slice(b"CLIENT_ERROR stats cachedump not allowed\r\n"),
        Some(_) => work.out.extend_from_slice(emit::ERROR),
    }
}

fn detail(work: &mut Work<'_>, mut words: Words<'_>) {
    let detail = &work.server.memcached.detail;
    match words.next() {
        Some(b"on") => {
            detail.switch(true);
            work.collects_detail = true;
            work.out.extend_from_slice(emit::OK);
        }
        Some(b"off") => {
            detail.switch(false);
            work.collects_detail = false;
            work.out.extend_from_slice(emit::OK);
        }
        Some(b"dump") => {
            detail.dump(work.out);
            work.out.extend_from_slice(emit::END);
        }
        _ => work.out.extend_from_slice(emit::DETAIL_USAGE),
    }
}

fn general(work: &mut Work<'_>) {
    let server = work.server;
    let total = |counter| server.stats.total(counter);
    let (user, system) = processor_time();
    let out = &mut *work.out;
    statistic(out, "pid", std::process::id());
    statistic(out, "uptime", server.started.elapsed().as_secs());
    statistic(out, "time", work.ctx.op.now().seconds());
    statistic(out, "version", MEMCACHED_VERSION);
    statistic(out, "polycache_version", crate::VERSION);
    statistic(out, "pointer_size", usize::BITS);
    statistic(out, "rusage_user", user);
    statistic(out, "rusage_system", system);
    statistic(out, "max_connections", work.settings.maxclients);
    statistic(out, "curr_connections", server.clients.connected());
    statistic(out, "total_connections", total(Counter::ConnectionsReceived));
    statistic(out, "rejected_connections", total(Counter::ConnectionsRejected));
    let hits = total(Counter::MemcachedGetHits);
    let misses = total(Counter::MemcachedGetMisses);
    let touch_hits = total(Counter::MemcachedTouchHits);
    let touch_misses = total(Counter::MemcachedTouchMisses);
    statistic(out, "cmd_get", hits + misses);
    statistic(out, "cmd_set", total(Counter::MemcachedSets));
    statistic(out, "cmd_flush", total(Counter::MemcachedFlushes));
    statistic(out, "cmd_touch", touch_hits + touch_misses);
    statistic(out, "get_hits", hits);
    statistic(out, "get_misses", misses);
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
        statistic(out, name, total(counter));
    }
    statistic(out, "touch_hits", touch_hits);
    statistic(out, "touch_misses", touch_misses);
    statistic(out, "store_too_large", total(Counter::MemcachedTooLarge));
    statistic(out, "store_no_memory", total(Counter::MemcachedNoMemory));
    statistic(out, "auth_cmds", total(Counter::MemcachedAuthCommands));
    statistic(out, "auth_errors", total(Counter::MemcachedAuthErrors));
    statistic(out, "bytes_read", total(Counter::NetInputBytes));
    statistic(out, "bytes_written", total(Counter::NetOutputBytes));
    statistic(out, "limit_maxbytes", server.engine.tuning().maxmemory());
    statistic(out, "accepting_conns", 1);
    statistic(out, "threads", server.workers);
    statistic(out, "bytes", server.engine.memory().used());
    statistic(out, "curr_items", server.engine.len(DATABASE));
    statistic(out, "total_items", total(Counter::MemcachedStored));
    statistic(out, "evictions", server.engine.stats().get(EngineCounter::EvictedKeys));
    statistic(out, "reclaimed", server.engine.stats().get(EngineCounter::ExpiredKeys));
    out.extend_from_slice(emit::END);
}

fn settings(work: &mut Work<'_>) {
    let settings = work.settings;
    let tuning = work.server.engine.tuning();
    let out = &mut *work.out;
    statistic(out, "maxbytes", tuning.maxmemory());
    statistic(out, "maxconns", settings.maxclients);
    statistic(out, "tcpport", settings.memcached_port);
    statistic(out, "udpport", 0);
    let bind = if settings.memcached_bind.is_empty() { &settings.bind } else { &settings.memcached_bind };
    statistic(out, "inter", bind.join(","));
    statistic(out, "verbosity", 0);
    statistic(out, "evictions", if tuning.policy() == EvictionPolicy::NoEviction { "off" } else { "on" });
    statistic(out, "domain_socket", "NULL");
    statistic(out, "num_threads", work.server.workers);
    statistic(out, "stat_key_prefix", ':');
    statistic(out, "detail_enabled", yes_or_no(work.collects_detail));
    statistic(out, "cas_enabled", "yes");
    statistic(out, "tcp_backlog", settings.tcp_backlog);
    statistic(out, "binding_protocol", "ascii");
    statistic(out, "auth_enabled_sasl", "no");
    statistic(out, "auth_enabled_ascii", yes_or_no(!settings.requirepass.is_empty()));
    statistic(out, "item_size_max", settings.memcached_max_item_size);
    statistic(out, "flush_enabled", "yes");
    statistic(out, "dump_enabled", "no");
    statistic(out, "idle_timeout", settings.timeout);
    out.extend_from_slice(emit::END);
}

/// Items are shown by slab class in memcached. We have no classes: all items are shown as class 1.
fn items(work: &mut Work<'_>) {
    let engine = &work.server.engine;
    let number = engine.len(DATABASE);
    if number > 0 {
        statistic(work.out, "items:1:number", number);
        statistic(work.out, "items:1:evicted", engine.stats().get(EngineCounter::EvictedKeys));
        statistic(work.out, "items:1:reclaimed", engine.stats().get(EngineCounter::ExpiredKeys));
    }
    work.out.extend_from_slice(emit::END);
}

fn slabs(work: &mut Work<'_>) {
    statistic(work.out, "active_slabs", 0);
    statistic(work.out, "total_malloced", work.server.engine.memory().used());
    work.out.extend_from_slice(emit::END);
}

/// Connections of this protocol, numbered as in CLIENT LIST.
fn connections(work: &mut Work<'_>) {
    let ticks = &work.server.stats.ticks;
    for entry in work.server.clients.list() {
        if entry.face != Face::Memcached {
            continue;
        }
        let id = entry.id;
        // ORDERING: a figure.
        let idle = ticks.now().saturating_sub(entry.figures.last_active.load(Ordering::Relaxed));
        statistic(work.out, &format!("{id}:addr"), format_args!("tcp:{}", entry.addr));
        statistic(work.out, &format!("{id}:listen_addr"), format_args!("tcp:{}", entry.laddr));
        statistic(work.out, &format!("{id}:secs_since_last_cmd"), ticks.to_us(idle) / 1_000_000);
    }
    work.out.extend_from_slice(emit::END);
}

fn yes_or_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

/// Seconds of user and system time of this process, with microseconds.
fn processor_time() -> (String, String) {
    // SAFETY: a `rusage` is plain numbers, for which all zeroes is a valid value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is a valid place to write a `rusage` to.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut usage) };
    let show = |time: libc::timeval| format!("{}.{:06}", time.tv_sec, time.tv_usec);
    (show(usage.ru_utime), show(usage.ru_stime))
}
