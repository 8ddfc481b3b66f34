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
}
