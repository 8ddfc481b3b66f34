//! The table of settings: one row each, from which the parser of files and command line, CONFIG GET, SET and
//! REWRITE, `--print-config` and the [`Settings`] struct are made.
//!
//! Rows with an effect are in this file. Names that Redis' and Valkey's configuration files carry and that mean
//! nothing here (yet) are in [`super::inert`].

use std::sync::LazyLock;

use polycache_core::config::{AofIo, BaseFormat, EvictionPolicy, FsyncPolicy};
use polycache_core::event::class;
use polycache_core::rdb::Version;

use super::choice::{Access, Choice, Field, LogLevel, NewUsers};
use super::inert;
use super::value::{Kind, OutputLimits, Rename, SavePoint, Value};
use crate::limits;

/// CONFIG SET may change it.
pub const MUTABLE: u8 = 0;
/// Fixed once the server runs.
pub const IMMUTABLE: u8 = 1;
/// Fixed unless `enable-protected-configs` allows it: a client that could change it could write any file.
pub const PROTECTED: u8 = 2;
/// Never shown in logs.
pub const SENSITIVE: u8 = 4;
/// Only in files and on the command line; CONFIG GET does not show it.
pub const FILE_ONLY: u8 = 8;

/// One setting.
pub struct Setting {
    pub name: &'static str,
    /// Older or other names; all work everywhere.
    pub aliases: &'static [&'static str],
    pub kind: Kind,
    /// The default as it would stand in a file.
    pub default: &'static str,
    pub flags: u8,
    /// What it does, for `--print-config`.
    pub about: &'static str,
    pub place: Place,
}

/// Where a setting's value is kept.
pub enum Place {
    /// In a field of [`Settings`].
    Field { get: fn(&Settings) -> Value, set: fn(&mut Settings, Value) },
    /// Nowhere that matters: accepted, shown, without effect.
    Inert,
    /// As `Inert`, but only the default is accepted; anything else is refused for this reason.
    Pinned(&'static str),
}

impl Setting {
    pub fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether `name` is one of this setting's names, in any case.
    pub fn is_called(&self, name: &str) -> bool {
        self.names().any(|own| own.eq_ignore_ascii_case(name))
    }

    /// The name, then the aliases.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    /// The default value.
    pub fn default_value(&self) -> Value {
        let words: Vec<&str> = match self.kind {
            Kind::Renames => return Value::Renames(Vec::new()),
            Kind::Users => return Value::Words(Vec::new()),
            _ => vec![self.default],
        };
        self.kind.parse(&words, None).expect("defaults are valid, as a test checks")
    }

    /// Parses `words`, which are all that follows the name, and checks what the kind alone cannot.
    pub fn parse(&self, words: &[&str], current: Option<&Value>) -> Result<Value, String> {
        let value = self.kind.parse(words, current)?;
        if let Place::Pinned(reason) = self.place
            && value != self.default_value()
        {
            return Err(reason.to_owned());
        }
        check(self.name, &value)?;
        Ok(match value {
            // As Valkey shows it, whatever the order in which it was given.
            Value::Text(text) if self.name == "notify-keyspace-events" => {
                Value::Text(class::letters(class::parse(&text).unwrap_or_default()))
            }
            value => value,
        })
    }
}

/// The rules of single settings beyond their kinds.
fn check(name: &str, value: &Value) -> Result<(), String> {
    match (name, value) {
        ("dbfilename" | "appendfilename" | "appenddirname", Value::Text(text)) => {
            if text.is_empty() {
                return Err(format!("{name} can't be empty"));
            }
            if text.contains('/') || text == "." || text == ".." {
                return Err(format!("{name} can't be a path, just a filename"));
            }
        }
        ("requirepass", Value::Text(text)) if text.len() > limits::PASSWORD_BYTES_MAX => {
            return Err(format!("requirepass is longer than {} bytes", limits::PASSWORD_BYTES_MAX));
        }
        ("bind" | "memcached-bind" | "metrics-bind", Value::Words(addresses))
            if addresses.len() > limits::BIND_ADDRESSES_MAX =>
        {
            return Err(format!("more than {} addresses to bind to", limits::BIND_ADDRESSES_MAX));
        }
        ("memcached-cluster", Value::Words(members)) => {
            if members.len() > limits::CLUSTER_MEMBERS_MAX {
                return Err(format!("more than {} members", limits::CLUSTER_MEMBERS_MAX));
            }
            if let Some(wrong) = members.iter().find(|member| !crate::memcached::is_member(member)) {
                return Err(format!("'{wrong}' is not host|ip|port"));
            }
        }
        ("latency-tracking-info-percentiles", Value::Words(words)) => {
            if !words.iter().all(|word| word.parse::<f64>().is_ok()) {
                return Err(format!("Invalid {name} parameters"));
            }
            let valid = |word: &String| word.parse().is_ok_and(|number: f64| (0.0..=100.0).contains(&number));
            if words.len() > limits::PERCENTILES_MAX || !words.iter().all(valid) {
                return Err(format!("{name} parameters should sit between [0.0,100.0]"));
            }
        }
        ("oom-score-adj-values", Value::Words(words)) if words.len() != 3 => {
            return Err("wrong number of arguments".to_owned());
        }
        ("shutdown-on-sigint" | "shutdown-on-sigterm", Value::Words(words)) => {
            // There is nobody that the last two would spare.
            let known = ["default", "save", "nosave", "now", "force", "safe", "failover"];
            if words.is_empty() || !words.iter().all(|word| known.contains(&word.as_str())) {
                return Err(format!("argument(s) must be one of the following: {}", known.join(", ")));
            }
            if words.iter().any(|word| word == "save") && words.iter().any(|word| word == "nosave") {
                return Err("save and nosave contradict each other".to_owned());
            }
        }
        ("notify-keyspace-events", Value::Text(text)) if class::parse(text).is_none() => {
            return Err("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.".to_owned());
        }
        _ => {}
    }
    Ok(())
}

macro_rules! settings {
    ($($field:ident: $type:ty = $name:literal [$($alias:literal),*], $kind:expr, $default:literal, $flags:expr,
       $about:literal;)+) => {
        /// The settings that have an effect, parsed. Read a consistent set through [`super::Live`].
        #[derive(Clone, Debug, PartialEq)]
        pub struct Settings {
            $(#[doc = $about] pub $field: $type,)+
            /// Values of the settings without effect, in the order of their table; `None` is the default.
            #[doc(hidden)]
            pub inert: Vec<Option<Value>>,
        }

        static EFFECTIVE: &[Setting] = &[$(Setting {
            name: $name,
            aliases: &[$($alias),*],
            kind: $kind,
            default: $default,
            flags: $flags,
            about: $about,
            place: Place::Field {
                get: |settings| settings.$field.to_value(),
                set: |settings, value| settings.$field = <$type>::from_value(value),
            },
        }),+];

        impl Default for Settings {
            fn default() -> Self {
                let mut rows = EFFECTIVE.iter();
                let mut next = || rows.next().expect("one row for each field").default_value();
                Settings { $($field: <$type>::from_value(next()),)+ inert: vec![None; inert::ROWS.len()] }
            }
        }
    };
}

const PORT: Kind = Kind::Integer { min: 0, max: 65535 };
const COUNT: Kind = Kind::Integer { min: 0, max: i32::MAX as i64 };
const ENTRIES: Kind = Kind::Integer { min: 0, max: i64::MAX };
const BYTES: Kind = Kind::Memory { min: 0, max: i64::MAX };

settings! {
    bind: Vec<String> = "bind" [], Kind::Words, "127.0.0.1 -::1", IMMUTABLE,
        "Addresses to listen on. '-' before one: no error where the machine does not have it. '*' and '-::*': all.";
    port: u16 = "port" [], PORT, "6379", IMMUTABLE,
        "TCP port of the Redis protocol; 0 is off.";
    memcached_port: u16 = "memcached-port" [], PORT, "11211", IMMUTABLE,
        "TCP port of the memcached protocol; 0 is off.";
    memcached_bind: Vec<String> = "memcached-bind" [], Kind::Words, "", IMMUTABLE,
        "Addresses for the memcached protocol; empty: those of bind.";
    memcached_max_item_size: u64 = "memcached-max-item-size" [],
        Kind::Memory { min: 1 << 10, max: 512 << 20 }, "1mb", MUTABLE,
        "The largest memcached item, key and overhead included (memcached's -I); larger ones are refused.";
    memcached_args: String = "memcached-args" [], Kind::Text, "", IMMUTABLE | FILE_ONLY,
        "memcached's own flags, in one word: \"-m 64 -c 1024 -t 4 -p 11211 -l 127.0.0.1 -I 2m\".";
    memcached_database: u8 = "memcached-database" [],
        Kind::Integer { min: 0, max: limits::DATABASES as i64 - 1 }, "0", IMMUTABLE,
        "The database that memcached clients see.";
    memcached_unixsocket: Option<String> = "memcached-unixsocket" [], Kind::Text, "", IMMUTABLE,
        "Path of a Unix socket for the memcached protocol (memcached's -s); empty is off.";
    memcached_unixsocketperm: u32 = "memcached-unixsocketperm" [], Kind::Octal { max: 0o777 }, "700", IMMUTABLE,
        "Permissions of that socket, octal (memcached's -a).";
    memcached_udp_port: u16 = "memcached-udp-port" [], PORT, "0", IMMUTABLE,
        "UDP port of the memcached protocol (memcached's -U); 0 is off.";
    memcached_udp_remote: bool = "memcached-udp-remote" [], Kind::Bool, "no", IMMUTABLE,
        "Serve UDP from other machines, too. Whoever forges a sender's address has replies sent there: think twice.";
    memcached_auth_file: String = "memcached-auth-file" [], Kind::Text, "", IMMUTABLE | PROTECTED,
        "File of user:password lines that text clients must know one of (memcached's -Y); empty: requirepass.";
    memcached_shutdown: bool = "memcached-shutdown" [], Kind::Bool, "no", IMMUTABLE,
        "Whether a memcached client may shut the server down (memcached's -A).";
    memcached_idle_timeout: u64 = "memcached-idle-timeout" [], COUNT, "0", MUTABLE,
        "Seconds after which an idle memcached client is disconnected (memcached's -o idle_timeout); 0 is never.";
    memcached_cluster: Vec<String> = "memcached-cluster" [], Kind::Words, "", MUTABLE,
        "Members of the cluster that auto discovery tells clients, as host|ip|port; empty: this server.";
    unixsocket: Option<String> = "unixsocket" [], Kind::Text, "", IMMUTABLE,
        "Path of a Unix socket for the Redis protocol; empty is off.";
    unixsocketperm: u32 = "unixsocketperm" [], Kind::Octal { max: 0o777 }, "0", IMMUTABLE,
        "Permissions of the Unix socket, octal; 0 leaves them to the umask.";
    protected_mode: bool = "protected-mode" [], Kind::Bool, "yes", MUTABLE,
        "Serve only loopback and Unix socket clients while no password is set.";
    requirepass: String = "requirepass" [], Kind::Text, "", MUTABLE | SENSITIVE,
        "The password that clients must give with AUTH or HELLO; empty: none.";
    acl_file: String = "aclfile" [], Kind::Text, "", IMMUTABLE,
        "File of users, one a line: user name rule rule ...; empty: users stand in the configuration.";
    users: Vec<String> = "user" [], Kind::Users, "", IMMUTABLE | FILE_ONLY | SENSITIVE,
        "A user and the rules on what they may do, as ACL SETUSER takes them; one line for each.";
    acl_pubsub_default: NewUsers = "acl-pubsub-default" [], Kind::Choice(NewUsers::NAMES), "resetchannels", MUTABLE,
        "Whether new users may use all channels (allchannels) or none (resetchannels).";
    acl_log_max_len: usize = "acllog-max-len" [], ENTRIES, "128", MUTABLE,
        "Entries of ACL LOG.";
    tcp_backlog: u32 = "tcp-backlog" [], COUNT, "511", IMMUTABLE,
        "Length of the queue of connections not yet accepted.";
    tcp_keepalive: u64 = "tcp-keepalive" [], COUNT, "300", MUTABLE,
        "Seconds between probes of idle connections; 0 is off.";
    timeout: u64 = "timeout" [], COUNT, "0", MUTABLE,
        "Seconds after which an idle client is disconnected; 0 is never.";
    maxclients: u32 = "maxclients" [], Kind::Integer { min: 1, max: u32::MAX as i64 }, "10000", MUTABLE,
        "The most clients at a time.";
    io_threads: usize = "io-threads" [], Kind::Integer { min: 0, max: limits::WORKERS_MAX as i64 }, "0", IMMUTABLE,
        "Worker threads, each serving its connections; 0 is one per core.";
    client_query_buffer_limit: u64 = "client-query-buffer-limit" [],
        Kind::Memory { min: 1 << 20, max: i64::MAX }, "1gb", MUTABLE,
        "The most bytes of unexecuted input per client.";
    client_output_buffer_limit: OutputLimits = "client-output-buffer-limit" [], Kind::OutputLimits,
        "normal 0 0 0 replica 256mb 64mb 60 pubsub 32mb 8mb 60", MUTABLE,
        "When a client that does not read its replies is disconnected: class, hard bytes, soft bytes, soft seconds.";
    busy_reply_threshold: u64 = "busy-reply-threshold" ["lua-time-limit"],
        Kind::Integer { min: 0, max: i64::MAX }, "5000", MUTABLE,
        "Milliseconds that a script may run before commands that wait for it are answered -BUSY.";
    notify_keyspace_events: String = "notify-keyspace-events" [], Kind::Text, "", MUTABLE,
        "Which keyspace events are published: K, E and the letters of classes (g$lshzxetdnm, A: all but n and m).";
    tracking_table_max_keys: u64 = "tracking-table-max-keys" [], Kind::Integer { min: 0, max: i64::MAX }, "1000000",
        MUTABLE, "Keys that are remembered for CLIENT TRACKING; 0 is no limit.";
    proto_max_bulk_len: u64 = "proto-max-bulk-len" [],
        Kind::Memory { min: 1 << 20, max: 512 << 20 }, "512mb", MUTABLE,
        "The longest single argument of a command.";
    rename_commands: Vec<Rename> = "rename-command" [], Kind::Renames, "", IMMUTABLE | FILE_ONLY,
        "Gives a command another name; \"\" takes it away.";
    databases: u8 = "databases" [], Kind::Integer { min: 1, max: limits::DATABASES as i64 }, "16", IMMUTABLE,
        "Number of databases that SELECT reaches.";

    dir: String = "dir" [], Kind::Text, ".", IMMUTABLE | PROTECTED,
        "The directory of snapshot and log.";
    db_filename: String = "dbfilename" [], Kind::Text, "dump.pcs", IMMUTABLE | PROTECTED,
        "The snapshot's file name.";
    save: Vec<SavePoint> = "save" [], Kind::SavePoints, "3600 1 300 100 60 10000", MUTABLE,
        "Save in the background after so many seconds if so many keys changed; pairs; \"\" is never.";
    stop_writes_on_bgsave_error: bool = "stop-writes-on-bgsave-error" [], Kind::Bool, "yes", MUTABLE,
        "Refuse writes while the last background save failed.";
    rdb_compression: bool = "rdbcompression" [], Kind::Bool, "yes", IMMUTABLE,
        "Compress large values in snapshots with zstd.";
    append_only: bool = "appendonly" [], Kind::Bool, "no", MUTABLE,
        "Log every write to the append-only file.";
    append_fsync: FsyncPolicy = "appendfsync" [], Kind::Choice(FsyncPolicy::NAMES), "everysec", MUTABLE,
        "When the log is forced to disk: always (before the reply), everysec, no.";
    append_filename: String = "appendfilename" [], Kind::Text, "appendonly.aof", IMMUTABLE,
        "First part of the names of the log's files.";
    append_dirname: String = "appenddirname" [], Kind::Text, "appendonlydir", IMMUTABLE,
        "The log's directory, below dir.";
    aof_io: AofIo = "aof-io" [], Kind::Choice(AofIo::NAMES), "auto", IMMUTABLE,
        "How the log is written: io_uring, a thread, or auto (io_uring where the kernel has it).";
    aof_base_format: BaseFormat = "aof-base-format" [], Kind::Choice(BaseFormat::NAMES), "snapshot", IMMUTABLE,
        "The log's base file: our snapshot (fast), or rdb or resp (plain commands), which redis-server reads.";
    rdb_version: Version = "rdb-version" [], Kind::Choice(Version::NAMES), "redis11", IMMUTABLE,
        "For whom RDB files are written: redis10 (Redis 7.0 and newer), redis11 (7.2, Valkey), redis12 (7.4), valkey80.";
    aof_load_truncated: bool = "aof-load-truncated" [], Kind::Bool, "yes", IMMUTABLE,
        "Start although the log's last entry is incomplete, cutting it off.";
    auto_aof_rewrite_percentage: u32 = "auto-aof-rewrite-percentage" [], COUNT, "100", MUTABLE,
        "Rewrite the log when it has grown by so much since the last rewrite; 0 is never.";
    auto_aof_rewrite_min_size: u64 = "auto-aof-rewrite-min-size" [], BYTES, "64mb", MUTABLE,
        "Do not rewrite a log smaller than this.";

    maxmemory: u64 = "maxmemory" [], BYTES, "0", MUTABLE,
        "The most memory; 0 is no limit.";
    maxmemory_policy: EvictionPolicy = "maxmemory-policy" [], Kind::Choice(<EvictionPolicy as Choice>::NAMES), "noeviction", MUTABLE,
        "What goes when memory is full: Redis' eight, or S3-FIFO, which keeps what is used through scans.";
    maxmemory_samples: u32 = "maxmemory-samples" [], Kind::Integer { min: 1, max: 64 }, "5", MUTABLE,
        "Keys compared for each eviction.";
    lfu_log_factor: u32 = "lfu-log-factor" [], COUNT, "10", MUTABLE,
        "How slowly the access counter of the LFU policies grows.";
    lfu_decay_time: u32 = "lfu-decay-time" [], COUNT, "1", MUTABLE,
        "Minutes in which that counter falls by one; 0 is never.";

    list_max_listpack_size: i64 = "list-max-listpack-size" ["list-max-ziplist-size"], Kind::Integer { min: -5, max: i64::MAX }, "-2", MUTABLE,
        "Lists up to so many elements are one listpack; -1 to -5: up to 4, 8, 16, 32, 64 KiB.";
    set_max_intset_entries: u64 = "set-max-intset-entries" [], ENTRIES, "512", MUTABLE,
        "Sets of at most so many integers are one array.";
    set_max_listpack_entries: u64 = "set-max-listpack-entries" [], ENTRIES, "128", MUTABLE,
        "Sets of at most so many members are one listpack,";
    set_max_listpack_value: u64 = "set-max-listpack-value" [], ENTRIES, "64", MUTABLE,
        "as long as no member is longer.";
    hash_max_listpack_entries: u64 = "hash-max-listpack-entries" ["hash-max-ziplist-entries"], ENTRIES, "512", MUTABLE,
        "Hashes of at most so many fields are one listpack,";
    hash_max_listpack_value: u64 = "hash-max-listpack-value" ["hash-max-ziplist-value"], BYTES, "64", MUTABLE,
        "as long as no field or value is longer.";
    zset_max_listpack_entries: u64 = "zset-max-listpack-entries" ["zset-max-ziplist-entries"], ENTRIES, "128", MUTABLE,
        "Sorted sets of at most so many members are one listpack,";
    zset_max_listpack_value: u64 = "zset-max-listpack-value" ["zset-max-ziplist-value"], BYTES, "64", MUTABLE,
        "as long as no member is longer.";
    hll_sparse_max_bytes: u64 = "hll-sparse-max-bytes" [], BYTES, "3000", MUTABLE,
        "The most bytes of a sparse HyperLogLog.";
    stream_node_max_bytes: u64 = "stream-node-max-bytes" [], BYTES, "4096", MUTABLE,
        "Approximate trimming of streams removes whole nodes of so many bytes,";
    stream_node_max_entries: u64 = "stream-node-max-entries" [], ENTRIES, "100", MUTABLE,
        "or so many entries.";

    slowlog_log_slower_than: i64 = "slowlog-log-slower-than" ["commandlog-execution-slower-than"],
        Kind::Integer { min: -1, max: i64::MAX }, "10000", MUTABLE,
        "Microseconds from which a command enters the slow log; -1 is never.";
    slowlog_max_len: u64 = "slowlog-max-len" ["commandlog-slow-execution-max-len"],
        Kind::Integer { min: 0, max: i64::MAX }, "128", MUTABLE,
        "The most entries of the slow log.";
    large_request_bytes: i64 = "commandlog-request-larger-than" [],
        Kind::Integer { min: -1, max: i64::MAX }, "1048576", MUTABLE,
        "Bytes from which a command, as it was sent, enters the log of large requests; -1 is never.";
    large_request_max_len: u64 = "commandlog-large-request-max-len" [],
        Kind::Integer { min: 0, max: i64::MAX }, "128", MUTABLE,
        "The most entries of the log of large requests.";
    large_reply_bytes: i64 = "commandlog-reply-larger-than" [],
        Kind::Integer { min: -1, max: i64::MAX }, "1048576", MUTABLE,
        "Bytes from which a reply has its command enter the log of large replies; -1 is never.";
    large_reply_max_len: u64 = "commandlog-large-reply-max-len" [],
        Kind::Integer { min: 0, max: i64::MAX }, "128", MUTABLE,
        "The most entries of the log of large replies.";
    latency_monitor_threshold: u64 = "latency-monitor-threshold" [],
        Kind::Integer { min: 0, max: i64::MAX }, "0", MUTABLE,
        "Milliseconds from which an event is kept for LATENCY; 0 is never.";
    latency_tracking: bool = "latency-tracking" [], Kind::Bool, "yes", MUTABLE,
        "Keep a histogram of the times of each command, for LATENCY HISTOGRAM, INFO latencystats and /metrics.";
    latency_percentiles: Vec<String> = "latency-tracking-info-percentiles" [], Kind::Words, "50 99 99.9", MUTABLE,
        "The percentiles that INFO latencystats shows.";
    metrics_port: u16 = "metrics-port" [], PORT, "0", IMMUTABLE,
        "TCP port on which HTTP serves /metrics (for Prometheus), /health and /ready; 0 is off.";
    metrics_bind: Vec<String> = "metrics-bind" [], Kind::Words, "127.0.0.1 -::1", IMMUTABLE,
        "Addresses for metrics-port. Whoever reaches it reads the figures, and needs no password.";
    log_level: LogLevel = "loglevel" [], Kind::Choice(LogLevel::NAMES), "notice", MUTABLE,
        "How much is logged.";
    log_file: String = "logfile" [], Kind::Text, "", IMMUTABLE,
        "Where the log of messages goes; empty: standard output.";
    pid_file: String = "pidfile" [], Kind::Text, "", IMMUTABLE,
        "A file for the process number while the server runs; empty: none.";
    enable_debug_command: Access = "enable-debug-command" [], Kind::Choice(Access::NAMES), "no", IMMUTABLE,
        "Who may use DEBUG.";
    enable_protected_configs: Access = "enable-protected-configs" [], Kind::Choice(Access::NAMES), "no", IMMUTABLE,
        "Who may change protected settings.";
    shutdown_on_sigint: Vec<String> = "shutdown-on-sigint" [], Kind::Words, "default", MUTABLE,
        "How SIGINT shuts down: default, save, nosave, now, force.";
    shutdown_on_sigterm: Vec<String> = "shutdown-on-sigterm" [], Kind::Words, "default", MUTABLE,
        "How SIGTERM shuts down: default, save, nosave, now, force.";
}

/// All settings: those with an effect in the order of this file, then those without.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    EFFECTIVE.iter().chain(INERT.iter())
}

static INERT: LazyLock<Vec<Setting>> =
    LazyLock::new(|| inert::ROWS.iter().map(inert::Row::setting).collect());

/// The setting called `name` (or having that alias), in any case.
pub fn lookup(name: &str) -> Option<&'static Setting> {
    all().find(|setting| setting.is_called(name))
}

impl Settings {
    /// The value of `setting`.
    pub fn value(&self, setting: &Setting) -> Value {
        match &setting.place {
            Place::Field { get, .. } => get(self),
            _ => self.inert[inert_position(setting)].clone().unwrap_or_else(|| setting.default_value()),
        }
    }

    /// The value of the setting called `name`, as CONFIG GET prints it; empty where there is none.
    pub fn text_of(&self, name: &str) -> String {
        lookup(name).map_or_else(String::new, |setting| self.value(setting).to_text(&setting.kind))
    }

    /// Sets `setting` to a value that its row has parsed.
    pub fn assign(&mut self, setting: &Setting, value: Value) {
        match &setting.place {
            Place::Field { set, .. } => set(self, value),
            _ => self.inert[inert_position(setting)] = (value != setting.default_value()).then_some(value),
        }
    }

    /// Whether `setting` has its default value.
    pub fn is_default(&self, setting: &Setting) -> bool {
        self.value(setting) == setting.default_value()
    }

    /// The settings without effect that have been given a value other than their default.
    pub fn ineffective(&self) -> impl Iterator<Item = &'static str> {
        self.inert.iter().zip(inert::ROWS).filter(|(value, _)| value.is_some()).map(|(_, row)| row.name)
    }
}

fn inert_position(setting: &Setting) -> usize {
    INERT.iter().position(|row| row.name == setting.name).expect("the row is in the table")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_defaults_parse() {
        let settings = Settings::default();
        let mut seen = HashSet::new();
        for setting in all() {
            for name in setting.names() {
                assert!(seen.insert(name), "{name} appears twice");
            }
            assert_eq!(settings.value(setting), setting.default_value(), "{}", setting.name);
            let text = settings.value(setting).to_text(&setting.kind);
            if !setting.is(FILE_ONLY) {
                assert_eq!(
                    setting.parse(&[&text], None),
                    Ok(setting.default_value()),
                    "{} = {text}",
                    setting.name
                );
            }
        }
    }

    #[test]
    fn defaults_are_safe() {
        let settings = Settings::default();
        assert_eq!(settings.bind, ["127.0.0.1", "-::1"]);
        assert!(settings.protected_mode && settings.enable_debug_command == Access::No);
    }

    #[test]
    fn file_names_are_no_paths() {
        for text in ["", "a/b", "..", "."] {
            assert!(lookup("dbfilename").unwrap().parse(&[text], None).is_err(), "{text}");
        }
    }
}
