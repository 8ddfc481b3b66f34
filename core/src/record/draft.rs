//! What a write puts in place of a record, and what it leaves in the log.

use super::{Rope, Str};
use crate::clock::UnixMillis;

/// What a write puts in place of a record.
pub struct Draft<'a> {
    pub value: NewValue<'a>,
    pub expire_at: Option<UnixMillis>,
    /// memcached's client flags.
    pub flags: u32,
    /// The value was made by a partial write: OBJECT ENCODING says `raw`.
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

impl NewValue<'_> {
    /// Length in bytes.
    pub fn len(&self) -> usize {
        match self {
            NewValue::Bytes(bytes) => bytes.len(),
            NewValue::Pieces(pieces) => pieces.iter().map(|piece| piece.len()).sum(),
            NewValue::Str(string) => string.len(),
            NewValue::Rope(rope) => rope.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
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
