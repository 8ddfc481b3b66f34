//! INFO server, TLS, replication, cpu, modules, cluster and scripting engines.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{Text, process};
use crate::server::Server;

pub(super) fn write(text: &mut Text, server: &Server) {
    let settings = server.settings.load();
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let uptime = server.started.elapsed().as_secs();
    text.section("Server");
    text.line("redis_version", crate::REDIS_VERSION);
    text.line("server_name", "polycache");
    text.line("polycache_version", crate::VERSION);
    text.line("redis_git_sha1", "00000000");
    text.line("redis_git_dirty", 0);
    text.line("redis_build_id", 0);
    text.line("redis_mode", "standalone");
    text.line("server_mode", "standalone");
    text.line("os", process::system_name());
    text.line("arch_bits", usize::BITS);
    text.line("monotonic_clock", server.stats.ticks.describe());
    text.line("multiplexing_api", "epoll");
    text.line("process_id", std::process::id());
    text.line("process_supervised", "no");
    text.line("run_id", &server.run_id);
    text.line("tcp_port", settings.port);
    text.line("memcached_port", settings.memcached_port);
    text.line("server_time_usec", since.as_micros());
    text.line("uptime_in_seconds", uptime);
    text.line("uptime_in_days", uptime / 86_400);
    text.line("hz", 10);
    text.line("configured_hz", 10);
    text.line("clients_hz", 10);
    text.line("lru_clock", since.as_secs() & 0xff_ffff);
    let executable = std::env::current_exe().map(|path| path.display().to_string()).unwrap_or_default();
    text.line("executable", executable);
    let file = server.settings.file().map(|path| path.display().to_string()).unwrap_or_default();
    text.line("config_file", file);
    text.line("io_threads_active", u8::from(server.workers > 1));
    text.line("worker_threads", server.workers);
    text.line("availability_zone", settings.text_of("availability-zone"));
    let listeners = [
        ("tcp", &settings.bind, settings.port),
        ("memcached", &settings.memcached_bind, settings.memcached_port),
        ("metrics", &settings.metrics_bind, settings.metrics_port),
    ];
    for (number, (name, hosts, port)) in listeners.into_iter().filter(|(.., port)| *port != 0).enumerate() {
        let hosts = if hosts.is_empty() { &settings.bind } else { hosts };
        let binds: Vec<String> = hosts.iter().map(|host| format!("bind={host}")).collect();
        text.line(&format!("listener{number}"), format_args!("name={name},{},port={port}", binds.join(",")));
    }
}

/// There is no TLS yet, and so there are no certificates.
pub(super) fn write_tls(text: &mut Text, _: &Server) {
    text.section("TLS");
    for kind in ["server", "client", "ca"] {
        text.line(&format!("tls_{kind}_cert_serial"), "none");
        text.line(&format!("tls_{kind}_cert_expires_in_seconds"), 0);
    }
}

pub(super) fn write_replication(text: &mut Text, server: &Server) {
    text.section("Replication");
    text.line("role", "master");
    text.line("connected_slaves", 0);
    text.line("replicas_waiting_psync", 0);
    text.line("master_failover_state", "no-failover");
    text.line("master_replid", &server.run_id);
    text.line("master_replid2", "0".repeat(40));
    text.line("master_repl_offset", super::super::persistence::log_offset(&server.engine));
    text.line("second_repl_offset", -1);
    text.line("repl_backlog_active", 0);
    text.line("repl_backlog_size", server.settings.load().text_of("repl-backlog-size"));
    text.line("repl_backlog_first_byte_offset", 0);
    text.line("repl_backlog_histlen", 0);
}

pub(super) fn write_cpu(text: &mut Text, _: &Server) {
    let (own, children) = (process::cpu(), process::cpu_of_children());
    text.section("CPU");
    text.line("used_cpu_sys", format_args!("{:.6}", own.system));
    text.line("used_cpu_user", format_args!("{:.6}", own.user));
    text.line("used_cpu_sys_children", format_args!("{:.6}", children.system));
    text.line("used_cpu_user_children", format_args!("{:.6}", children.user));
    let main = process::cpu_of_main_thread();
    text.line("used_cpu_sys_main_thread", format_args!("{:.6}", main.system));
    text.line("used_cpu_user_main_thread", format_args!("{:.6}", main.user));
    text.line("used_active_time_main_thread", format_args!("{:.6}", main.system + main.user));
}

/// What CLUSTER INFO says of a cluster; there is none.
pub(super) fn write_cluster_info(text: &mut Text, _: &Server) {
    text.section("Cluster Info");
}

pub(super) fn write_engines(text: &mut Text, _: &Server) {
    text.section("Scripting Engines");
    text.line("engines_count", 1);
    text.line("engines_total_used_memory", 0);
    text.line("engines_total_memory_overhead", 0);
    text.line("engine_0", "name=LUA,module=built-in,abi_version=4,used_memory=0,memory_overhead=0");
}

pub(super) fn write_cluster(text: &mut Text, _: &Server) {
    text.section("Cluster");
    text.line("cluster_enabled", 0);
}
