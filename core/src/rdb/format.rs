//! The numbers of the format: versions, types, opcodes. They are facts of Redis' and Valkey's files and never change.
//!
//! Format of a file: magic and version (9 bytes), opcodes and keys, `EOF`, CRC-64 of all before (8 bytes little-endian,
//! zero where checksums are off). A key is `[expiry] [idle | frequency] type key value`.
//!
//! `REDIS0012` (Redis 7.4 and 8) and `VALKEY080` (Valkey 9) give the types from 22 on different meanings, so the
//! [`Dialect`] comes from the magic, or in a DUMP payload from its version.

/// Versions of files that are read, by dialect.
pub const REDIS_VERSIONS: std::ops::RangeInclusive<u32> = 6..=12;
pub const VALKEY_VERSIONS: std::ops::RangeInclusive<u32> = 80..=81;
/// The first version whose files begin with `VALKEY`.
pub const VALKEY_MAGIC_FROM: u32 = 80;
/// The last version that both projects share.
pub const SHARED_VERSION_MAX: u32 = 11;

/// Bytes of magic and version.
pub const MAGIC_BYTES: usize = 9;

/// Whose table of types applies from 22 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Redis,
    Valkey,
}

impl Dialect {
    /// By the version of a payload; `None` for one that is not read.
    pub fn of_version(version: u32) -> Option<Dialect> {
        match version {
            _ if VALKEY_VERSIONS.contains(&version) => Some(Dialect::Valkey),
            _ if version >= 1 && version <= *REDIS_VERSIONS.end() => Some(Dialect::Redis),
            _ => None,
        }
    }
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// Redis 7.0, and everything newer: no listpacks of sets, no active times of stream consumers.
    Redis10 = 10,
    /// Redis 7.2, and everything newer including every Valkey.
    Redis11 = 11,
    /// Redis 7.4 and 8: hash fields with an expiry. Valkey refuses it.
    Redis12 = 12,
    /// Valkey 9: hash fields with an expiry. Redis refuses it.
    Valkey80 = 80,
}

impl Version {
    pub fn number(self) -> u16 {
        self as u16
    }

    /// How a file of this version begins.
    pub fn magic(self) -> &'static [u8; MAGIC_BYTES] {
        match self {
            Version::Redis10 => b"REDIS0010",
            Version::Redis11 => b"REDIS0011",
            Version::Redis12 => b"REDIS0012",
            Version::Valkey80 => b"VALKEY080",
        }
    }

    /// Whether hash fields may have an expiry of their own.
    pub fn has_field_expiry(self) -> bool {
        self >= Version::Redis12
    }
}

/// Types of values.
pub mod kind {
    pub const STRING: u8 = 0;
    pub const LIST: u8 = 1;
    pub const SET: u8 = 2;
    pub const ZSET: u8 = 3;
    pub const HASH: u8 = 4;
    pub const ZSET_2: u8 = 5;
    pub const MODULE_PRE_GA: u8 = 6;
    pub const MODULE_2: u8 = 7;
    pub const HASH_ZIPMAP: u8 = 9;
    pub const LIST_ZIPLIST: u8 = 10;
    pub const SET_INTSET: u8 = 11;
    pub const ZSET_ZIPLIST: u8 = 12;
    pub const HASH_ZIPLIST: u8 = 13;
    pub const LIST_QUICKLIST: u8 = 14;
    pub const STREAM_LISTPACKS: u8 = 15;
    pub const HASH_LISTPACK: u8 = 16;
    pub const ZSET_LISTPACK: u8 = 17;
    pub const LIST_QUICKLIST_2: u8 = 18;
    pub const STREAM_LISTPACKS_2: u8 = 19;
    pub const SET_LISTPACK: u8 = 20;
    pub const STREAM_LISTPACKS_3: u8 = 21;
    /// Valkey 9: field, value, expiry.
    pub const VALKEY_HASH_2: u8 = 22;
    /// Redis 7.4 before its release: absolute expiry, field, value.
    pub const REDIS_HASH_METADATA_PRE_GA: u8 = 22;
    pub const REDIS_HASH_LISTPACK_EX_PRE_GA: u8 = 23;
    /// Redis 7.4: the least expiry, then expiry relative to it, field, value.
    pub const REDIS_HASH_METADATA: u8 = 24;
    pub const REDIS_HASH_LISTPACK_EX: u8 = 25;
}

/// Opcodes: types that are no values.
pub mod opcode {
    /// Valkey 9: the state of a slot that is being imported.
    pub const VALKEY_SLOT_IMPORT: u8 = 243;
    pub const SLOT_INFO: u8 = 244;
    pub const FUNCTION2: u8 = 245;
    pub const FUNCTION_PRE_GA: u8 = 246;
    pub const MODULE_AUX: u8 = 247;
    pub const IDLE: u8 = 248;
    pub const FREQ: u8 = 249;
    pub const AUX: u8 = 250;
    pub const RESIZEDB: u8 = 251;
    pub const EXPIRETIME_MS: u8 = 252;
    pub const EXPIRETIME: u8 = 253;
    pub const SELECTDB: u8 = 254;
    pub const EOF: u8 = 255;
}

/// Parts of a module's value.
pub mod module {
    pub const EOF: u64 = 0;
    pub const SIGNED: u64 = 1;
    pub const UNSIGNED: u64 = 2;
    pub const FLOAT: u64 = 3;
    pub const DOUBLE: u64 = 4;
    pub const STRING: u64 = 5;
}

/// Special encodings of strings.
pub mod encoding {
    pub const INT8: u8 = 0;
    pub const INT16: u8 = 1;
    pub const INT32: u8 = 2;
    pub const LZF: u8 = 3;
}

/// Kinds of quicklist nodes.
pub mod node {
    pub const PLAIN: u64 = 1;
    pub const PACKED: u64 = 2;
}

/// Flags of a stream's entry inside of its listpack.
pub mod entry {
    pub const DELETED: i64 = 1;
    pub const SAME_FIELDS: i64 = 2;
}
