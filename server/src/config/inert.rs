//! Settings without effect: names that configuration files and tools of Redis and Valkey carry.
//!
//! They are accepted, checked, shown by CONFIG GET and kept by CONFIG REWRITE, so that an existing file works. The
//! server logs which of them a file changes. *Pinned* ones guard a feature that is missing: a file that relies on it
//! is refused with the reason, as silence would mislead.

use super::table::{IMMUTABLE, MUTABLE, Place, SENSITIVE, Setting};
use super::value::Kind;

const NO_REPLICATION: &str = "replication is not supported yet";
const NO_CLUSTER: &str = "the cluster is not supported yet";
const NO_RDMA: &str = "No RDMA building support.";
const NO_TLS: &str = "TLS is not supported yet";

const COUNT: Kind = Kind::Integer { min: 0, max: i64::MAX };
const NUMBER: Kind = Kind::Integer { min: i64::MIN, max: i64::MAX };
const BYTES: Kind = Kind::Memory { min: 0, max: i64::MAX };

/// One name without effect.
pub struct Row {
    pub name: &'static str,
    aliases: &'static [&'static str],
    kind: Kind,
    default: &'static str,
    pinned: Option<&'static str>,
    flags: u8,
}

const fn between(min: i64, max: i64) -> Kind {
    Kind::Integer { min, max }
}

const fn row(name: &'static str, aliases: &'static [&'static str], kind: Kind, default: &'static str) -> Row {
    Row { name, aliases, kind, default, pinned: None, flags: MUTABLE }
}

impl Row {
    /// Refuses any value but the default.
    const fn pinned(self, reason: &'static str) -> Row {
        Row { pinned: Some(reason), ..self }
    }

    /// CONFIG SET refuses it, as in Valkey.
    const fn immutable(self) -> Row {
        Row { flags: IMMUTABLE, ..self }
    }

    /// The row in the form of the table of all settings.
    pub fn setting(&self) -> Setting {
        let secret = self.name.ends_with("auth") || self.name.ends_with("-pass");
        Setting {
            name: self.name,
            aliases: self.aliases,
            kind: self.kind,
            default: self.default,
            flags: if secret { self.flags | SENSITIVE } else { self.flags },
            about: self.pinned.unwrap_or("Accepted for compatibility; no effect."),
            place: self.pinned.map_or(Place::Inert, Place::Pinned),
        }
    }
}

/// Directives that are refused whatever their value, with the reason.
pub const REFUSED: &[(&str, &str)] =
    &[("loadmodule", "modules are not supported"), ("module-load", "modules are not supported")];

/// The names without effect.
pub static ROWS: &[Row] = &[
    // The process and its log.
    row("shutdown-timeout", &[], between(0, i32::MAX as i64), "10"),
    row("daemonize", &[], Kind::Bool, "no").immutable(),
    row("supervised", &[], Kind::Choice(&["upstart", "systemd", "auto", "no"]), "no").immutable(),
    row("always-show-logo", &[], Kind::Bool, "no").immutable(),
    row("set-proc-title", &[], Kind::Bool, "yes").immutable(),
    row("proc-title-template", &[], Kind::Text, "{title} {listen-addr} {server-mode}"),
    row("locale-collate", &[], Kind::Text, ""),
    row("syslog-enabled", &[], Kind::Bool, "no").immutable(),
    row("syslog-ident", &[], Kind::Text, "polycache").immutable(),
    row("syslog-facility", &[], Kind::Text, "local0").immutable(),
    row("crash-log-enabled", &[], Kind::Bool, "yes"),
    row("crash-memcheck-enabled", &[], Kind::Bool, "yes"),
    row("hide-user-data-from-log", &[], Kind::Bool, "yes"),
    row("log-format", &[], Kind::Choice(&["legacy", "logfmt", "json"]), "legacy"),
    row("log-timestamp-format", &[], Kind::Choice(&["legacy", "iso8601", "milliseconds"]), "legacy"),
    row("disable-thp", &[], Kind::Bool, "yes").immutable(),
    row("oom-score-adj", &[], Kind::Choice(&["no", "yes", "relative", "absolute"]), "no"),
    row("oom-score-adj-values", &[], Kind::Words, "0 200 800"),
    row("ignore-warnings", &[], Kind::Words, ""),
    row("hz", &[], between(0, i32::MAX as i64), "10"),
    row("dynamic-hz", &[], Kind::Bool, "yes"),
    row("server-cpulist", &["server_cpulist"], Kind::Text, "").immutable(),
    row("bio-cpulist", &["bio_cpulist"], Kind::Text, "").immutable(),
    row("aof-rewrite-cpulist", &["aof_rewrite_cpulist"], Kind::Text, "").immutable(),
    row("bgsave-cpulist", &["bgsave_cpulist"], Kind::Text, "").immutable(),
    row("jemalloc-bg-thread", &[], Kind::Bool, "yes"),
    row("availability-zone", &[], Kind::Text, ""),
    row("extended-redis-compatibility", &[], Kind::Bool, "no"),
    row("import-mode", &[], Kind::Bool, "no"),
    row("hash-seed", &[], Kind::Text, "").immutable(),
    // Connections.
    row("bind-source-addr", &[], Kind::Text, ""),
    row("unixsocketgroup", &[], Kind::Text, "").immutable(),
    row("socket-mark-id", &[], NUMBER, "0").immutable(),
    row("rdma-bind", &[], Kind::Text, "").pinned(NO_RDMA),
    row("rdma-port", &[], between(0, 65535), "0").pinned(NO_RDMA),
    row("rdma-rx-size", &[], BYTES, "1048576").immutable(),
    row("rdma-completion-vector", &[], NUMBER, "-1").immutable(),
    row("mptcp", &[], Kind::Bool, "no").immutable(),
    row("max-new-connections-per-cycle", &[], between(1, 1000), "10"),
    row("max-new-tls-connections-per-cycle", &[], between(1, 1000), "1"),
    row("maxmemory-clients", &[], Kind::Text, "0"),
    row("io-threads-do-reads", &[], Kind::Bool, "no"),
    row("events-per-io-thread", &[], COUNT, "2"),
    row("prefetch-batch-max-size", &[], between(0, 128), "16"),
    // Memory and expiry: freeing never waits here, whatever these say.
    row("lazyfree-lazy-eviction", &[], Kind::Bool, "yes"),
    row("lazyfree-lazy-expire", &[], Kind::Bool, "yes"),
    row("lazyfree-lazy-server-del", &[], Kind::Bool, "yes"),
    row("lazyfree-lazy-user-del", &[], Kind::Bool, "yes"),
    row("lazyfree-lazy-user-flush", &[], Kind::Bool, "yes"),
    row("active-expire-effort", &[], between(1, 10), "1"),
    row("activerehashing", &[], Kind::Bool, "yes"),
    row("maxmemory-eviction-tenacity", &[], between(0, 100), "10"),
    row("activedefrag", &[], Kind::Bool, "no"),
    row("active-defrag-cycle-max", &[], between(1, 99), "25"),
    row("active-defrag-cycle-min", &[], between(1, 99), "1"),
    row("active-defrag-cycle-us", &[], between(0, 100000), "500"),
    row("active-defrag-ignore-bytes", &[], Kind::Memory { min: 1, max: i64::MAX }, "100mb"),
    row("active-defrag-max-scan-fields", &[], between(1, i64::MAX), "1000"),
    row("active-defrag-threshold-lower", &[], between(0, 1000), "10"),
    row("active-defrag-threshold-upper", &[], between(0, 1000), "100"),
    // Persistence: there is no fork, checksums are always on, and aof-base-format decides about the base file.
    row("aof-use-rdb-preamble", &[], Kind::Bool, "yes"),
    row("aof-rewrite-incremental-fsync", &[], Kind::Bool, "yes"),
    row("aof-timestamp-enabled", &[], Kind::Bool, "no"),
    row("no-appendfsync-on-rewrite", &[], Kind::Bool, "no"),
    row("rdbchecksum", &[], Kind::Bool, "yes").immutable(),
    row("rdb-save-incremental-fsync", &[], Kind::Bool, "yes"),
    row("rdb-del-sync-files", &[], Kind::Bool, "no"),
    row("rdb-version-check", &[], Kind::Choice(&["strict", "relaxed"]), "strict"),
    row("sanitize-dump-payload", &[], Kind::Choice(&["no", "yes", "clients"]), "no"),
    // Lists are not compressed.
    row("list-compress-depth", &[], between(0, i32::MAX as i64), "0"),
    // Replication.
    row("replicaof", &["slaveof"], Kind::Words, "").immutable().pinned(NO_REPLICATION),
    row("primaryauth", &["masterauth"], Kind::Text, ""),
    row("primaryuser", &["masteruser"], Kind::Text, ""),
    row("replica-read-only", &["slave-read-only"], Kind::Bool, "yes"),
    row("replica-serve-stale-data", &["slave-serve-stale-data"], Kind::Bool, "yes"),
    row("replica-priority", &["slave-priority"], between(0, i32::MAX as i64), "100"),
    row("replica-lazy-flush", &["slave-lazy-flush"], Kind::Bool, "yes"),
    row("replica-ignore-maxmemory", &["slave-ignore-maxmemory"], Kind::Bool, "yes"),
    row("replica-ignore-disk-write-errors", &[], Kind::Bool, "no"),
    row("replica-announce-ip", &["slave-announce-ip"], Kind::Text, ""),
    row("replica-announce-port", &["slave-announce-port"], between(0, 65535), "0"),
    row("replica-announced", &[], Kind::Bool, "yes"),
    row("min-replicas-to-write", &["min-slaves-to-write"], between(0, i32::MAX as i64), "0")
        .pinned(NO_REPLICATION),
    row("min-replicas-max-lag", &["min-slaves-max-lag"], between(0, i32::MAX as i64), "10"),
    row("repl-disable-tcp-nodelay", &[], Kind::Bool, "no"),
    row(
        "repl-diskless-load",
        &[],
        Kind::Choice(&["disabled", "on-empty-db", "swapdb", "flush-before-load"]),
        "disabled",
    ),
    row("repl-diskless-sync", &[], Kind::Bool, "yes"),
    row("repl-diskless-sync-delay", &[], between(0, i32::MAX as i64), "5"),
    row("repl-diskless-sync-max-replicas", &[], between(0, i32::MAX as i64), "0"),
    row("repl-backlog-size", &[], Kind::Memory { min: 1, max: i64::MAX }, "10mb"),
    row("repl-backlog-ttl", &[], COUNT, "3600"),
    row("repl-ping-replica-period", &["repl-ping-slave-period"], between(1, i32::MAX as i64), "10"),
    row("repl-timeout", &[], between(1, i32::MAX as i64), "60"),
    row("repl-mptcp", &[], Kind::Bool, "no").immutable(),
    row("dual-channel-replication-enabled", &[], Kind::Bool, "no"),
    row("propagation-error-behavior", &[], Kind::Choice(&["ignore", "panic", "panic-on-replicas"]), "ignore"),
    // Cluster.
    row("cluster-enabled", &[], Kind::Bool, "no").immutable().pinned(NO_CLUSTER),
    row("cluster-config-file", &[], Kind::Text, "nodes.conf").immutable(),
    row("cluster-config-save-behavior", &[], Kind::Choice(&["sync", "best-effort"]), "sync"),
    row("cluster-node-timeout", &[], COUNT, "15000"),
    row("cluster-databases", &[], COUNT, "1").immutable(),
    row("cluster-require-full-coverage", &[], Kind::Bool, "yes"),
    row("cluster-allow-reads-when-down", &[], Kind::Bool, "no"),
    row("cluster-allow-pubsubshard-when-down", &[], Kind::Bool, "yes"),
    row("cluster-allow-replica-migration", &[], Kind::Bool, "yes"),
    row("cluster-migration-barrier", &[], between(0, i32::MAX as i64), "1"),
    row(
        "cluster-replica-validity-factor",
        &["cluster-slave-validity-factor"],
        between(0, i32::MAX as i64),
        "10",
    ),
    row("cluster-replica-no-failover", &["cluster-slave-no-failover"], Kind::Bool, "no"),
    row("cluster-port", &[], COUNT, "0").immutable(),
    row("cluster-announce-port", &[], between(0, 65535), "0"),
    row("cluster-announce-bus-port", &[], between(0, 65535), "0"),
    row("cluster-announce-tls-port", &[], between(0, 65535), "0"),
    row("cluster-announce-client-port", &[], between(0, 65535), "0"),
    row("cluster-announce-client-tls-port", &[], between(0, 65535), "0"),
    row("cluster-announce-ip", &[], Kind::Text, ""),
    row("cluster-announce-client-ipv4", &[], Kind::Text, ""),
    row("cluster-announce-client-ipv6", &[], Kind::Text, ""),
    row("cluster-announce-hostname", &[], Kind::Text, ""),
    row("cluster-announce-human-nodename", &[], Kind::Text, ""),
    row("cluster-preferred-endpoint-type", &[], Kind::Choice(&["ip", "hostname", "unknown-endpoint"]), "ip"),
    row("cluster-link-sendbuf-limit", &[], BYTES, "0"),
    row("cluster-manual-failover-timeout", &[], between(1, i32::MAX as i64), "5000"),
    row("cluster-blacklist-ttl", &[], NUMBER, "60"),
    row("cluster-slot-migration-log-max-len", &[], COUNT, "1000"),
    row("cluster-slot-stats-enabled", &[], Kind::Bool, "no"),
    row("slot-migration-max-failover-repl-bytes", &[], BYTES, "0"),
    // Security.
    row("tls-port", &[], between(0, 65535), "0").pinned(NO_TLS),
    row("tls-cluster", &[], Kind::Bool, "no").pinned(NO_TLS),
    row("tls-replication", &[], Kind::Bool, "no").pinned(NO_TLS),
    row("tls-cert-file", &[], Kind::Text, ""),
    row("tls-key-file", &[], Kind::Text, ""),
    row("tls-key-file-pass", &[], Kind::Text, ""),
    row("tls-client-cert-file", &[], Kind::Text, ""),
    row("tls-client-key-file", &[], Kind::Text, ""),
    row("tls-client-key-file-pass", &[], Kind::Text, ""),
    row("tls-dh-params-file", &[], Kind::Text, ""),
    row("tls-ca-cert-file", &[], Kind::Text, ""),
    row("tls-ca-cert-dir", &[], Kind::Text, ""),
    row("tls-auth-clients", &[], Kind::Choice(&["no", "yes", "optional"]), "yes"),
    row("tls-auth-clients-user", &[], Kind::Choice(&["CN", "URI", "off"]), "off"),
    row("tls-protocols", &[], Kind::Text, ""),
    row("tls-ciphers", &[], Kind::Text, ""),
    row("tls-ciphersuites", &[], Kind::Text, ""),
    row("tls-prefer-server-ciphers", &[], Kind::Bool, "no"),
    row("tls-session-caching", &[], Kind::Bool, "yes"),
    row("tls-session-cache-size", &[], between(0, i32::MAX as i64), "20480"),
    row("tls-session-cache-timeout", &[], between(0, i32::MAX as i64), "300"),
    row("tls-auto-reload-interval", &[], between(0, i32::MAX as i64), "0"),
    row("enable-module-command", &[], Kind::Choice(&["no", "yes", "local"]), "no").immutable(),
];
