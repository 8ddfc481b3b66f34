//! The server's settings: typed values, read cheaply by every thread, replaced as a whole by CONFIG SET.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

/// The limits on what a client may leave unread: a hard bound, and a soft one that it may exceed for some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputLimit {
    /// Bytes; 0 is no limit.
    pub hard_bytes: u64,
    /// Bytes; 0 is no limit.
    pub soft_bytes: u64,
    pub soft_seconds: u64,
}

/// Every setting of the server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Addresses as in redis.conf; a leading `-` makes a missing address no error; `*` and `::*` are any.
    pub bind: Vec<String>,
    /// RESP port; 0 is off.
    pub port: u16,
    /// memcached port; 0 is off.
    pub memcached_port: u16,
    /// The largest memcached item, key and overhead included (memcached's `-I`); larger ones are refused.
    pub memcached_max_item_size: u64,
    pub unixsocket: Option<String>,
    /// Octal mode as a number; 0 leaves the umask's.
    pub unixsocketperm: u32,
    pub tcp_backlog: u32,
    /// Seconds; 0 is off.
    pub tcp_keepalive: u64,
    /// Seconds a client may idle; 0 is off.
    pub timeout: u64,
    /// Worker threads; 0 is one per core.
    pub io_threads: usize,
    pub maxclients: u32,
    /// Empty: no password.
    pub requirepass: String,
    pub protected_mode: bool,
    pub proto_max_bulk_len: u64,
    pub client_query_buffer_limit: u64,
    pub client_output_buffer_limit_normal: OutputLimit,
    pub databases: u8,
    /// Microseconds; negative is off.
    pub slowlog_log_slower_than: i64,
    pub slowlog_max_len: u64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            bind: vec!["127.0.0.1".into(), "-::1".into()],
            port: 6379,
            memcached_port: 11211,
            memcached_max_item_size: 1 << 20,
            unixsocket: None,
            unixsocketperm: 0,
            tcp_backlog: 511,
            tcp_keepalive: 300,
            timeout: 0,
            io_threads: 0,
            maxclients: 10_000,
            requirepass: String::new(),
            protected_mode: true,
            proto_max_bulk_len: 512 << 20,
            client_query_buffer_limit: 1 << 30,
            client_output_buffer_limit_normal: OutputLimit::default(),
            databases: 16,
            slowlog_log_slower_than: 10_000,
            slowlog_max_len: 128,
        }
    }
}

/// The settings in force.
pub struct Live {
    generation: AtomicU64,
    current: RwLock<Arc<Settings>>,
}

impl Live {
    pub fn new(settings: Settings) -> Live {
        Live { generation: AtomicU64::new(1), current: RwLock::new(Arc::new(settings)) }
    }

    /// Changes with every replacement: one load tells a thread that its copy is still good.
    pub fn generation(&self) -> u64 {
        // ORDERING: pairs with the release in `replace`; whoever sees the new number takes the new settings.
        self.generation.load(Ordering::Acquire)
    }

    pub fn load(&self) -> Arc<Settings> {
        self.current.read().unwrap_or_else(|poison| poison.into_inner()).clone()
    }

    pub fn replace(&self, settings: Settings) {
        *self.current.write().unwrap_or_else(|poison| poison.into_inner()) = Arc::new(settings);
        // ORDERING: see `generation`.
        self.generation.fetch_add(1, Ordering::Release);
    }
}
