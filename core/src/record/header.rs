//! The layout of a record: one allocation, the same in memory and in a snapshot file.
//!
//! # Format
//!
//! ```text
//! offset  size  field
//!      0     8  version << 8 | kind                         (version: 56 bits, unique per write)
//!      8     8  access:24 | value_len:24 | key_len:8 | traits:8   (lowest bits first)
//!     16     8  expiry, Unix milliseconds                   if EXPIRES
//!      +     8  client flags:32 | long key length:30 | leased:1 | stale:1   if EXTENDED
//!      +     8  CAS number                            if PINNED
//!      +     8  pointer to a `Rope`                         if ROPE (then value_len is 0)
//!      +     k  key
//!      +     v  value: a string's bytes; a container's packed sequence, or with TREES its roots of 24 bytes and the rest
//! ```
//!
//! All integers little-endian. A record begins at a multiple of 16, its length is padded to one. `access` and FETCHED
//! are all that ever changes: the eviction clock or counter (see `eviction.rs`), and whether anybody has read it.

// Not through `crate::sync`: the field carries no synchronisation, and its size must not depend on the model checker.
use std::sync::atomic::AtomicU64;

/// Records and overflow buckets begin at multiples of this: the low bits of a pointer are free for slot state.
pub const ALIGN: usize = 16;
/// The part that every record has.
pub const HEADER_BYTES: usize = 16;

/// `traits` bit: an expiry follows the header.
pub const EXPIRES: u64 = 1;
/// `traits` bit: memcached client flags and a long key length follow.
pub const EXTENDED: u64 = 1 << 1;
/// `traits` bit: the value is a rope.
pub const ROPE: u64 = 1 << 2;
/// `traits` bit: a string made by a partial write; a packed set of other members than integers.
pub const RAW: u64 = 1 << 3;
/// `traits` bit: the value is the roots of trees and what the kind keeps beside them.
pub const TREES: u64 = 1 << 4;
/// `traits` bit: no value yet, somebody makes one (see `lease`): only who asks for places sees the record.
pub const PLACE: u64 = 1 << 5;
/// `traits` bit: somebody has read the record.
pub const FETCHED: u64 = 1 << 6;
/// `traits` bit: the CAS number is not the version; it stands in a field of its own.
pub const PINNED: u64 = 1 << 7;

/// Bits of the extended field's second word: the key's length where it is long, and the lease (see `lease.rs`).
pub const LONG_KEY_MASK: u32 = (1 << 30) - 1;
pub const LEASED: u32 = 1 << 30;
pub const STALE: u32 = 1 << 31;

/// `key_len` of a key whose length stands in the extended field.
pub const LONG_KEY: usize = 255;

pub const ACCESS_BITS: u32 = 24;
pub const ACCESS_MASK: u64 = (1 << ACCESS_BITS) - 1;
pub const VALUE_LEN_SHIFT: u32 = 24;
pub const VALUE_LEN_MAX: usize = (1 << 24) - 1;
pub const KEY_LEN_SHIFT: u32 = 48;
pub const TRAITS_SHIFT: u32 = 56;

/// Versions have this many bits.
pub const VERSION_BITS: u32 = 56;

const _: () = assert!(crate::limits::INLINE_BYTES_MAX <= VALUE_LEN_MAX);
const _: () = assert!(crate::limits::STRING_BYTES_MAX <= LONG_KEY_MASK as usize);

/// The first bytes of a record.
#[repr(C, align(16))]
pub struct Header {
    pub version_kind: u64,
    pub meta: AtomicU64,
}

/// `meta` taken apart.
#[derive(Clone, Copy)]
pub struct Meta(pub u64);

impl Meta {
    #[inline]
    pub fn new(access: u32, value_len: usize, key_len: usize, traits: u64) -> Meta {
        let key_len = key_len.min(LONG_KEY) as u64;
        Meta(
            u64::from(access) & ACCESS_MASK
                | (value_len as u64) << VALUE_LEN_SHIFT
                | key_len << KEY_LEN_SHIFT
                | traits << TRAITS_SHIFT,
        )
    }
    #[inline]
    pub fn access(self) -> u32 {
        (self.0 & ACCESS_MASK) as u32
    }
    #[inline]
    pub fn with_access(self, access: u32) -> Meta {
        Meta(self.0 & !ACCESS_MASK | u64::from(access) & ACCESS_MASK)
    }
    #[inline]
    pub fn value_len(self) -> usize {
        (self.0 >> VALUE_LEN_SHIFT) as usize & VALUE_LEN_MAX
    }
    /// The short key length; [`LONG_KEY`] means: look in the extended field.
    #[inline]
    pub fn short_key_len(self) -> usize {
        (self.0 >> KEY_LEN_SHIFT) as usize & 0xff
    }
    #[inline]
    pub fn traits(self) -> u64 {
        self.0 >> TRAITS_SHIFT
    }
    #[inline]
    pub fn has(self, bit: u64) -> bool {
        self.traits() & bit != 0
    }
    /// Where the optional fields put the extended field.
    #[inline]
    pub fn extended_offset(self) -> usize {
        HEADER_BYTES + if self.has(EXPIRES) { 8 } else { 0 }
    }
    /// Where the optional fields put the CAS number.
    #[inline]
    pub fn cas_offset(self) -> usize {
        self.extended_offset() + if self.has(EXTENDED) { 8 } else { 0 }
    }
    /// Where the rope pointer stands.
    #[inline]
    pub fn rope_offset(self) -> usize {
        self.cas_offset() + if self.has(PINNED) { 8 } else { 0 }
    }
    /// Where the key begins: most records have no optional fields.
    #[inline]
    pub fn key_offset(self) -> usize {
        if self.traits() & (EXPIRES | EXTENDED | PINNED | ROPE) == 0 {
            return HEADER_BYTES;
        }
        self.rope_offset() + if self.has(ROPE) { 8 } else { 0 }
    }
}
