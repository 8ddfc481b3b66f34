//! stats settings.

use polycache_core::config::EvictionPolicy;

use super::{Sink, yes_or_no};
use crate::memcached::work::Work;

pub fn emit(work: &mut Work<'_>, sink: Sink<'_>) {
    let settings = work.settings;
    let tuning = work.server.engine.tuning();
    let bind = if settings.memcached_bind.is_empty() { &settings.bind } else { &settings.memcached_bind };
    let evicts = tuning.policy() != EvictionPolicy::NoEviction;
    let has_password = !settings.requirepass.is_empty();
    let detail = work.server.memcached.detail.is_on();
    let out = &mut *work.out;
    let mut put = |name: &str, value: &dyn std::fmt::Display| sink(out, name, value);
    put("maxbytes", &tuning.maxmemory());
    put("maxconns", &settings.maxclients);
    put("tcpport", &settings.memcached_port);
    put("udpport", &settings.memcached_udp_port);
    put("inter", &bind.join(","));
    put("verbosity", &0);
    put("oldest", &0);
    put("evictions", &if evicts { "on" } else { "off" });
    put("domain_socket", &settings.memcached_unixsocket.as_deref().unwrap_or("NULL"));
    put("umask", &format_args!("{:o}", settings.memcached_unixsocketperm));
    put("shutdown_command", &yes_or_no(settings.memcached_shutdown));
    put("num_threads", &work.server.workers);
    put("stat_key_prefix", &':');
    put("detail_enabled", &yes_or_no(detail));
    put("cas_enabled", &"yes");
    put("tcp_backlog", &settings.tcp_backlog);
    put("binding_protocol", &"auto-negotiate");
    put("auth_enabled_sasl", &yes_or_no(has_password));
    put("auth_enabled_ascii", &yes_or_no(has_password || !settings.memcached_auth_file.is_empty()));
    put("item_size_max", &settings.memcached_max_item_size);
    put("flush_enabled", &"yes");
    put("dump_enabled", &"yes");
    put("idle_timeout", &settings.memcached_idle_timeout);
    put("track_sizes", &"no");
    put("ssl_enabled", &"no");
    for (name, value) in NOT_HERE {
        put(name, value);
    }
}

/// Settings of what memcached has and we have not, set as where it is off: tools ask for them by name.
const NOT_HERE: &[(&str, &str)] = &[
    ("growth_factor", "1.00"),
    ("chunk_size", "0"),
    ("num_threads_per_udp", "1"),
    ("reqs_per_event", "0"),
    ("maxconns_fast", "yes"),
    ("hashpower_init", "0"),
    ("slab_reassign", "no"),
    ("slab_automove", "0"),
    ("slab_automove_ratio", "0.00"),
    ("slab_automove_window", "0"),
    ("slab_automove_freeratio", "0.000"),
    ("slab_chunk_max", "0"),
    // Expired items are swept.
    ("lru_crawler", "yes"),
    ("lru_crawler_sleep", "0"),
    ("lru_crawler_tocrawl", "0"),
    ("lru_maintainer_thread", "no"),
    ("lru_segmented", "no"),
    ("hot_lru_pct", "0"),
    ("warm_lru_pct", "0"),
    ("hot_max_factor", "0.00"),
    ("warm_max_factor", "0.00"),
    ("temp_lru", "no"),
    ("temporary_ttl", "0"),
    ("tail_repair_time", "0"),
    ("hash_algorithm", "rapidhash"),
    ("watcher_logbuf_size", "0"),
    ("worker_logbuf_size", "0"),
    ("read_buf_mem_limit", "0"),
    ("inline_ascii_response", "no"),
    ("ext_item_size", "0"),
    ("ext_item_age", "0"),
    ("ext_low_ttl", "0"),
    ("ext_recache_rate", "0"),
    ("ext_wbuf_size", "0"),
    ("ext_compact_under", "0"),
    ("ext_drop_under", "0"),
    ("ext_max_sleep", "0"),
    ("ext_max_frag", "0.00"),
    ("ext_drop_unread", "no"),
    ("ssl_chain_cert", "(null)"),
    ("ssl_key", "(null)"),
    ("ssl_verify_mode", "0"),
    ("ssl_keyformat", "0"),
    ("ssl_ciphers", "NULL"),
    ("ssl_ca_cert", "NULL"),
    ("ssl_wbuf_size", "0"),
    ("ssl_session_cache", "no"),
    ("ssl_kernel_tls", "no"),
    ("ssl_min_version", "(null)"),
    ("num_napi_ids", "(null)"),
    ("memory_file", "(null)"),
];
