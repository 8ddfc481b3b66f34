//! What a write puts in place of a record, and what it leaves in the log.

use super::{Kind, Record, Rope, Str};
use crate::clock::UnixMillis;
use crate::transaction::block::Block;
use crate::tree::{Garbage, ROOT_BYTES, Tree, root_parts};
use smallvec::SmallVec;

/// What a write puts in place of a record.
pub struct Draft<'a> {
    pub value: NewValue<'a>,
    pub expire_at: Option<UnixMillis>,
    /// memcached's client flags.
    pub flags: u32,
    /// A string: the value was made by a partial write, OBJECT ENCODING says `raw`. A packed set: not all members are
    /// integers, or there were too many, and OBJECT ENCODING says `listpack`.
    pub raw: bool,
}

impl<'a> Draft<'a> {
    /// A string without expiry or flags.
    #[inline]
    pub fn string(bytes: &'a [u8]) -> Draft<'a> {
        Draft { value: NewValue::Bytes(bytes), expire_at: None, flags: 0, raw: false }
    }

    /// Everything of a record but its key: value (large ones shared), expiry, memcached's flags. The caller holds the
    /// latch of the record's key.
    pub fn like(record: Record<'a>) -> Draft<'a> {
        Draft {
            value: NewValue::Same(record),
            expire_at: record.expire_at(),
            flags: record.flags(),
            raw: record.is_raw(),
        }
    }

    /// Another value for a key that keeps its expiry and memcached flags.
    pub fn changed(old: Option<Record<'_>>, value: NewValue<'a>, raw: bool) -> Draft<'a> {
        Draft {
            value,
            expire_at: old.and_then(|record| record.expire_at()),
            flags: old.map_or(0, |record| record.flags()),
            raw,
        }
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
    /// A small container: a packed sequence ([`crate::tree::packed`]).
    Packed(Kind, &'a [u8]),
    /// A large container.
    Trees(Kind, Box<NewTrees>),
    /// The value of another record, whose latch the caller holds.
    Same(Record<'a>),
}

/// What a kind keeps beside its trees: a stream's fits without an allocation.
pub type TreesMeta = SmallVec<[u8; 48]>;

/// A large container about to be published.
pub struct NewTrees {
    /// As many as [`Kind::roots`] says.
    pub roots: SmallVec<[Tree; 4]>,
    /// What the kind keeps beside its trees.
    pub meta: TreesMeta,
    /// What the edit took out of use.
    pub garbage: Garbage,
}

impl NewTrees {
    /// The trees whose roots `value` begins with, as a record carries them.
    ///
    /// # Safety
    /// The roots are the caller's to give away.
    pub(crate) unsafe fn from_value(kind: Kind, value: &[u8]) -> NewTrees {
        let meta = &value[kind.roots() * ROOT_BYTES..];
        // SAFETY: the caller's promise.
        let tree = |number| unsafe { Tree::from_parts(root_parts(value, number)) };
        let roots = (0..kind.roots()).map(tree).collect();
        NewTrees { roots, meta: TreesMeta::from_slice(meta), garbage: Garbage::default() }
    }
}

impl NewValue<'_> {
    /// Takes what is to be retired once the value is published.
    #[inline]
    pub(crate) fn take_garbage(&mut self) -> Option<Garbage> {
        match self {
            NewValue::Trees(_, trees) => Some(std::mem::take(&mut trees.garbage)),
            _ => None,
        }
    }

    /// The type of the value.
    pub fn kind(&self) -> Kind {
        match self {
            NewValue::Bytes(_) | NewValue::Pieces(_) | NewValue::Str(_) | NewValue::Rope(_) => Kind::String,
            NewValue::Packed(kind, _) | NewValue::Trees(kind, _) => *kind,
            NewValue::Same(record) => record.kind(),
        }
    }

    /// Length of a string, in bytes; zero for containers.
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            NewValue::Packed(..) | NewValue::Trees(..) => 0,
            NewValue::Same(record) => record.string().map_or(0, |value| value.len()),
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
    /// These commands as one, in the order that they were gathered in; all are about the key's database.
    Commands(&'a Block),
    /// Nothing: the change is not a change of data, or another effect covers it.
    Silent,
}
