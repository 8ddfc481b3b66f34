//! How an engine is opened, and which of it may change while it runs.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering};

use crate::limits::DATABASES;
use crate::rdb::{Options, Version};

/// When the log's bytes are forced to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum FsyncPolicy {
    /// Whenever the operating system likes.
    No = 0,
    /// Every second: a crash of the machine loses at most about one second.
    #[default]
    EverySec = 1,
    /// Before a write is acknowledged.
    Always = 2,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AofIo {
    /// io_uring where the kernel allows it.
    #[default]
    Auto,
    Uring,
    /// pwritev and fdatasync on the writer's thread.
    Thread,
}

/// The format of an AOF's base file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum BaseFormat {
    #[default]
    Snapshot,
    /// Plain commands, which Redis loads too.
    Resp,
    /// RDB, as Redis and Valkey write it.
    Rdb,
}

/// What is removed when memory is full: Redis' eight words for `maxmemory-policy`, and two of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum EvictionPolicy {
    #[default]
    NoEviction = 0,
    AllKeysLru = 1,
    AllKeysLfu = 2,
    AllKeysRandom = 3,
    VolatileLru = 4,
    VolatileLfu = 5,
    VolatileRandom = 6,
    VolatileTtl = 7,
    VolatileS3Fifo = 8,
    AllKeysS3Fifo = 9,
}

impl EvictionPolicy {
    /// All policies with the names that the configuration uses.
    pub const NAMES: &[(EvictionPolicy, &str)] = &[
        (EvictionPolicy::VolatileLru, "volatile-lru"),
        (EvictionPolicy::VolatileLfu, "volatile-lfu"),
        (EvictionPolicy::VolatileRandom, "volatile-random"),
        (EvictionPolicy::VolatileTtl, "volatile-ttl"),
        (EvictionPolicy::AllKeysLru, "allkeys-lru"),
        (EvictionPolicy::AllKeysLfu, "allkeys-lfu"),
        (EvictionPolicy::AllKeysRandom, "allkeys-random"),
        (EvictionPolicy::VolatileS3Fifo, "volatile-s3fifo"),
        (EvictionPolicy::AllKeysS3Fifo, "allkeys-s3fifo"),
        (EvictionPolicy::NoEviction, "noeviction"),
    ];

    /// The policy called `name`.
    pub fn from_name(name: &str) -> Option<EvictionPolicy> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(policy, _)| *policy)
    }

    /// The policy's name.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(policy, _)| *policy == self).map_or("noeviction", |(_, name)| name)
    }

    /// Whether only keys with an expiry may be removed.
    pub fn is_volatile(self) -> bool {
        use EvictionPolicy::{VolatileLfu, VolatileLru, VolatileRandom, VolatileS3Fifo, VolatileTtl};
        matches!(self, VolatileLru | VolatileLfu | VolatileRandom | VolatileTtl | VolatileS3Fifo)
    }

    /// Whether access bits hold a frequency instead of a time.
    pub fn counts_frequency(self) -> bool {
        matches!(self, EvictionPolicy::AllKeysLfu | EvictionPolicy::VolatileLfu)
    }

    /// Whether access bits hold a place in the queues of S3-FIFO.
    #[inline]
    pub fn is_queued(self) -> bool {
        matches!(self, EvictionPolicy::AllKeysS3Fifo | EvictionPolicy::VolatileS3Fifo)
    }

    /// Whether access bits hold the time of the last access.
    pub fn tracks_time(self) -> bool {
        !self.counts_frequency() && !self.is_queued()
    }

    /// The policy with this number: every read of a key asks.
    #[inline]
    fn from_number(number: u8) -> EvictionPolicy {
        const BY_NUMBER: [EvictionPolicy; 10] = {
            let mut table = [EvictionPolicy::NoEviction; 10];
            let mut at = 0;
            while at < EvictionPolicy::NAMES.len() {
                table[EvictionPolicy::NAMES[at].0 as usize] = EvictionPolicy::NAMES[at].0;
                at += 1;
            }
            table
        };
        BY_NUMBER.get(usize::from(number)).copied().unwrap_or_default()
    }
}

/// Who sweeps expired keys away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Maintenance {
    /// A thread of the engine, started when the first key gets an expiry.
    #[default]
    Thread,
    /// The caller, by `Engine::maintain`.
    Caller,
}

/// Up to where values keep their small forms: Redis' settings of these names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormLimits {
    pub list_max_listpack_size: i64,
    pub set_max_intset_entries: u64,
    pub set_max_listpack_entries: u64,
    pub set_max_listpack_value: u64,
    pub hash_max_listpack_entries: u64,
    pub hash_max_listpack_value: u64,
    pub zset_max_listpack_entries: u64,
    pub zset_max_listpack_value: u64,
    pub hll_sparse_max_bytes: u64,
    pub stream_node_max_bytes: u64,
    pub stream_node_max_entries: u64,
}

impl Default for FormLimits {
    fn default() -> Self {
        FormLimits {
            list_max_listpack_size: -2,
            set_max_intset_entries: 512,
            set_max_listpack_entries: 128,
            set_max_listpack_value: 64,
            hash_max_listpack_entries: 512,
            hash_max_listpack_value: 64,
            zset_max_listpack_entries: 128,
            zset_max_listpack_value: 64,
            hll_sparse_max_bytes: 3000,
            stream_node_max_bytes: 4096,
            stream_node_max_entries: 100,
        }
    }
}

/// How an engine is opened.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Where data lies; `None`: in memory only.
    pub dir: Option<PathBuf>,
    /// Take the directory's lock at once, even where nothing is written but by request.
    pub exclusive: bool,
    /// Number of logical databases, at most [`DATABASES`].
    pub databases: usize,
    pub append_only: bool,
    pub fsync: FsyncPolicy,
    pub aof_io: AofIo,
    pub aof_base_format: BaseFormat,
    pub append_filename: String,
    pub append_dirname: String,
    /// Cut a torn tail of the log instead of refusing to start.
    pub aof_load_truncated: bool,
    /// Refuse writes while there are save points and the last save failed.
    pub stop_writes_on_save_error: bool,
    /// Rewrite the log when it has grown by this many percent since the last rewrite; zero: never.
    pub aof_rewrite_percentage: u32,
    /// ... and has at least this many bytes.
    pub aof_rewrite_min_bytes: u64,
    /// Load an RDB file of a Redis or Valkey that lies where a snapshot is looked for.
    pub load_foreign_snapshot: bool,
    /// The version of RDB files that are written.
    pub rdb_version: Version,
    pub snapshot_filename: String,
    /// Compress values of at least this many bytes in snapshots; zero: none.
    pub snapshot_compress_min_bytes: usize,
    /// Save after `.0` seconds if at least `.1` keys changed.
    pub save_points: Vec<(u64, u64)>,
    /// Bytes; zero: no limit.
    pub maxmemory: u64,
    pub policy: EvictionPolicy,
    /// Candidates that an eviction compares.
    pub samples: u32,
    pub lfu_log_factor: u32,
    /// Minutes.
    pub lfu_decay_time: u32,
    pub maintenance: Maintenance,
    pub forms: FormLimits,
}

impl EngineConfig {
    /// How RDB files are written; strings are compressed where values of snapshots are.
    pub fn rdb_options(&self) -> Options {
        Options { compress: self.snapshot_compress_min_bytes > 0, ..Options::new(self.rdb_version) }
    }
}

impl Default for EngineConfig {
    fn default() -> Self {
        EngineConfig {
            dir: None,
            exclusive: false,
            databases: DATABASES,
            append_only: false,
            fsync: FsyncPolicy::default(),
            aof_io: AofIo::default(),
            aof_base_format: BaseFormat::default(),
            append_filename: "appendonly.aof".into(),
            append_dirname: "appendonlydir".into(),
            aof_load_truncated: true,
            stop_writes_on_save_error: true,
            aof_rewrite_percentage: 100,
            aof_rewrite_min_bytes: 64 << 20,
            load_foreign_snapshot: true,
            rdb_version: Version::Redis11,
            snapshot_filename: "dump.pcs".into(),
            snapshot_compress_min_bytes: 4096,
            save_points: Vec::new(),
            maxmemory: 0,
            policy: EvictionPolicy::default(),
            samples: 5,
            lfu_log_factor: 10,
            lfu_decay_time: 1,
            maintenance: Maintenance::default(),
            forms: FormLimits::default(),
        }
    }
}

/// The settings that may change while the engine runs; each is one atomic.
pub struct Tuning {
    maxmemory: AtomicU64,
    policy: AtomicU8,
    samples: AtomicU32,
    lfu_log_factor: AtomicU32,
    lfu_decay_time: AtomicU32,
    active_expire: AtomicBool,
    list_max_listpack_size: AtomicI64,
    set_max_intset_entries: AtomicU64,
    set_max_listpack_entries: AtomicU64,
    set_max_listpack_value: AtomicU64,
    hash_max_listpack_entries: AtomicU64,
    hash_max_listpack_value: AtomicU64,
    zset_max_listpack_entries: AtomicU64,
    zset_max_listpack_value: AtomicU64,
    hll_sparse_max_bytes: AtomicU64,
    stream_node_max_bytes: AtomicU64,
    stream_node_max_entries: AtomicU64,
    stop_writes_on_save_error: AtomicBool,
    saves_failing: AtomicBool,
}

macro_rules! tuned {
    ($($(#[$doc:meta])* $name:ident, $set:ident: $type:ty;)*) => {
        $(
            $(#[$doc])*
            #[inline]
            pub fn $name(&self) -> $type {
                // ORDERING: a setting; takes effect soon.
                self.$name.load(Ordering::Relaxed)
            }
            /// Changes it for all threads.
            pub fn $set(&self, value: $type) {
                // ORDERING: as above.
                self.$name.store(value, Ordering::Relaxed);
            }
        )*
    };
}

impl Tuning {
    pub(crate) fn new(config: &EngineConfig) -> Tuning {
        Tuning {
            maxmemory: AtomicU64::new(config.maxmemory),
            policy: AtomicU8::new(config.policy as u8),
            samples: AtomicU32::new(config.samples),
            lfu_log_factor: AtomicU32::new(config.lfu_log_factor),
            lfu_decay_time: AtomicU32::new(config.lfu_decay_time),
            active_expire: AtomicBool::new(true),
            list_max_listpack_size: AtomicI64::new(config.forms.list_max_listpack_size),
            set_max_intset_entries: AtomicU64::new(config.forms.set_max_intset_entries),
            set_max_listpack_entries: AtomicU64::new(config.forms.set_max_listpack_entries),
            set_max_listpack_value: AtomicU64::new(config.forms.set_max_listpack_value),
            hash_max_listpack_entries: AtomicU64::new(config.forms.hash_max_listpack_entries),
            hash_max_listpack_value: AtomicU64::new(config.forms.hash_max_listpack_value),
            zset_max_listpack_entries: AtomicU64::new(config.forms.zset_max_listpack_entries),
            zset_max_listpack_value: AtomicU64::new(config.forms.zset_max_listpack_value),
            hll_sparse_max_bytes: AtomicU64::new(config.forms.hll_sparse_max_bytes),
            stream_node_max_bytes: AtomicU64::new(config.forms.stream_node_max_bytes),
            stream_node_max_entries: AtomicU64::new(config.forms.stream_node_max_entries),
            stop_writes_on_save_error: AtomicBool::new(config.stop_writes_on_save_error),
            saves_failing: AtomicBool::new(false),
        }
    }

    /// Changes all limits of forms.
    pub fn set_forms(&self, forms: &FormLimits) {
        self.set_list_max_listpack_size(forms.list_max_listpack_size);
        self.set_set_max_intset_entries(forms.set_max_intset_entries);
        self.set_set_max_listpack_entries(forms.set_max_listpack_entries);
        self.set_set_max_listpack_value(forms.set_max_listpack_value);
        self.set_hash_max_listpack_entries(forms.hash_max_listpack_entries);
        self.set_hash_max_listpack_value(forms.hash_max_listpack_value);
        self.set_zset_max_listpack_entries(forms.zset_max_listpack_entries);
        self.set_zset_max_listpack_value(forms.zset_max_listpack_value);
        self.set_hll_sparse_max_bytes(forms.hll_sparse_max_bytes);
        self.set_stream_node_max_bytes(forms.stream_node_max_bytes);
        self.set_stream_node_max_entries(forms.stream_node_max_entries);
    }

    tuned! {
        /// Bytes; zero: no limit.
        maxmemory, set_maxmemory: u64;
        /// Candidates that an eviction compares.
        samples, set_samples: u32;
        lfu_log_factor, set_lfu_log_factor: u32;
        /// Minutes.
        lfu_decay_time, set_lfu_decay_time: u32;
        /// Whether the sweep removes expired keys (DEBUG SET-ACTIVE-EXPIRE).
        active_expire, set_active_expire: bool;
        /// Redis' `list-max-listpack-size`: elements of a packed list, or where negative -1 to -5 for 4 to 64 KiB.
        list_max_listpack_size, set_list_max_listpack_size: i64;
        /// Above these, sets, hashes and sorted sets are no longer packed: entries, and bytes of one.
        set_max_intset_entries, set_set_max_intset_entries: u64;
        set_max_listpack_entries, set_set_max_listpack_entries: u64;
        set_max_listpack_value, set_set_max_listpack_value: u64;
        hash_max_listpack_entries, set_hash_max_listpack_entries: u64;
        hash_max_listpack_value, set_hash_max_listpack_value: u64;
        zset_max_listpack_entries, set_zset_max_listpack_entries: u64;
        zset_max_listpack_value, set_zset_max_listpack_value: u64;
        /// Bytes above which a sparse HyperLogLog becomes dense.
        hll_sparse_max_bytes, set_hll_sparse_max_bytes: u64;
        /// Redis' units of approximate trimming of streams.
        stream_node_max_bytes, set_stream_node_max_bytes: u64;
        stream_node_max_entries, set_stream_node_max_entries: u64;
        /// Whether writes are refused while saves fail.
        stop_writes_on_save_error, set_stop_writes_on_save_error: bool;
        /// Whether there are save points and the last save failed.
        saves_failing, set_saves_failing: bool;
    }

    #[inline]
    pub fn policy(&self) -> EvictionPolicy {
        // ORDERING: as above.
        EvictionPolicy::from_number(self.policy.load(Ordering::Relaxed))
    }

    pub fn set_policy(&self, policy: EvictionPolicy) {
        // ORDERING: as above.
        self.policy.store(policy as u8, Ordering::Relaxed);
    }
}
