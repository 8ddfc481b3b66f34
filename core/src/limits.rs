//! Every bound of the engine, in one place, with its reason.

/// Number of logical databases (`SELECT 0` to `SELECT 15`), Redis' default.
pub const DATABASES: usize = 16;

/// Strings up to this many bytes lie inside their record; longer ones are ropes. A write copies at most this much.
pub const INLINE_BYTES_MAX: usize = 16 * 1024;

/// Bytes of one rope chunk: with the two counters of its `Arc` it fills a 16 KiB allocation exactly.
pub const CHUNK_BYTES: usize = 16 * 1024 - 16;

/// Chunks under one node of a rope: bounds what a write to a huge string copies besides the chunk itself.
pub const NODE_CHUNKS: usize = 128;

/// The longest key and the longest string, Redis' `proto-max-bulk-len`.
pub const STRING_BYTES_MAX: usize = 512 * 1024 * 1024;

/// Bytes of a packed container, whatever the `*-max-listpack-*` settings say: a write copies at most this much.
pub const PACKED_BYTES_MAX: usize = 48 * 1024;

/// Steps after which a glob pattern counts as not matching: far beyond honest patterns, some ten milliseconds.
pub const GLOB_STEPS_MAX: usize = 1 << 24;

/// A packed value (listpack, ziplist ...) in an RDB file: Redis itself stops at 1 GiB.
pub const RDB_PACKED_BYTES_MAX: u64 = 1 << 30;

/// Elements that SRANDMEMBER and its kin return where they may repeat: the count alone decides about the reply's size.
pub const RANDOM_ELEMENTS_MAX: u64 = 1 << 24;
