//! Records: what an index slot points to.

pub mod rope;
pub mod string;

pub use rope::Rope;
pub use string::{Str, Written};

use crate::clock::UnixMillis;
use crate::command::Failure;

/// The type of a value, as TYPE names it. The numbers are stored in records and snapshots: append only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A place held by a writer for a key that does not exist (yet).
    Absent = 0,
    String = 1,
    List = 2,
    Set = 3,
    SortedSet = 4,
    Hash = 5,
    Stream = 6,
}

impl Kind {
    /// The name that TYPE replies.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Absent => "none",
            Kind::String => "string",
            Kind::List => "list",
            Kind::Set => "set",
            Kind::SortedSet => "zset",
            Kind::Hash => "hash",
            Kind::Stream => "stream",
        }
    }
}

/// A borrowed record, valid while the operation that found it is pinned.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    _stub: &'a (),
}

impl<'a> Record<'a> {
    pub fn key(&self) -> &'a [u8] {
        todo!()
    }
    pub fn kind(&self) -> Kind {
        todo!()
    }
    /// Unique per write: WATCH and memcached's CAS compare it.
    pub fn version(&self) -> u64 {
        todo!()
    }
    pub fn expire_at(&self) -> Option<UnixMillis> {
        todo!()
    }
    /// memcached's client flags.
    pub fn flags(&self) -> u32 {
        todo!()
    }
    /// The string value, or WRONGTYPE.
    pub fn string(&self) -> Result<Str<'a>, Failure> {
        todo!()
    }
    /// Whether the string was made by a partial write (APPEND, SETRANGE, SETBIT): its encoding is `raw`.
    pub fn is_raw(&self) -> bool {
        todo!()
    }
    /// Bytes of memory that the key and its value hold.
    pub fn memory_bytes(&self) -> usize {
        todo!()
    }
    /// Seconds since the last access, for LRU policies.
    pub fn idle_seconds(&self, _now: UnixMillis) -> u64 {
        todo!()
    }
    /// The logarithmic access counter of LFU policies, decayed to `now`.
    pub fn frequency(&self, _now: UnixMillis) -> u8 {
        todo!()
    }
}

/// What a write puts in place of a record.
pub struct Draft<'a> {
    pub value: NewValue<'a>,
    pub expire_at: Option<UnixMillis>,
    pub flags: u32,
    pub raw: bool,
}

impl<'a> Draft<'a> {
    /// A string without expiry or flags.
    pub fn string(bytes: &'a [u8]) -> Draft<'a> {
        Draft { value: NewValue::Bytes(bytes), expire_at: None, flags: 0, raw: false }
    }
}

/// The value of a [`Draft`].
pub enum NewValue<'a> {
    Bytes(&'a [u8]),
    /// The concatenation of pieces.
    Pieces(&'a [&'a [u8]]),
    /// A copy; ropes are shared.
    Str(Str<'a>),
    Rope(Rope),
}

/// What a write leaves in the log.
pub enum Effect<'a> {
    /// `SET key value [PXAT t]`.
    Set,
    /// `DEL key`.
    Del,
    /// This command.
    Command(&'a [Str<'a>]),
    /// Nothing: the change is not a change of data, or another effect covers it.
    Silent,
}
