//! Streams: entries, consumer groups, consumers and what they have not acknowledged, in four trees.
//!
//! # Format
//!
//! ```text
//! tree 0, entries     id16                              -> fields and values, each with its length (LEB128) in front
//! tree 1, groups      name                              -> number:4 last id:16 entries read:8 next consumer:4
//! tree 2, consumers   group:4 name                      -> number:4 seen:8 active:8
//! tree 3, pending     group:4 0 id16                    -> consumer:4 delivered:8 deliveries:8
//!                     group:4 1 consumer:4 id16         -> (nothing)
//! meta                last id:16 highest deleted id:16 entries ever added:8 next group:4
//! ```
//!
//! Numbers are big-endian, so that keys stand in the order of what they mean: everything of a group, or of a consumer,
//! is a range of a tree, and its length the difference of two ranks. Times are Unix milliseconds; a time of zero and
//! all ones in `entries read` mean none.

mod build;
mod edit;
mod group;
mod id;
#[cfg(test)]
mod test;

pub use build::{Builder, Misfit};
pub use edit::StreamEdit;
pub use group::{Consumer, Group, Pending};
pub use id::Id;

use smallvec::SmallVec;

use crate::command::Failure;
use crate::index::Damaged;
use crate::record::{Body, Kind, Record};
use crate::tree::{Cursor, Item, TreeRef};

pub(super) const ENTRIES: usize = 0;
pub(super) const GROUPS: usize = 1;
pub(super) const CONSUMERS: usize = 2;
pub(super) const PENDING: usize = 3;
const META_BYTES: usize = 44;

/// What a stream knows beside its trees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// The highest ID ever given.
    pub last: Id,
    /// The highest ID that XDEL took away.
    pub max_deleted: Id,
    /// Entries ever added.
    pub added: u64,
    /// The number of the next group.
    pub next_group: u32,
}

impl Meta {
    fn decode(bytes: &[u8]) -> Meta {
        let Some(bytes) = bytes.first_chunk::<META_BYTES>() else { return Meta::default() };
        Meta {
            last: Id::decode(&bytes[..16]),
            max_deleted: Id::decode(&bytes[16..32]),
            added: number(&bytes[32..40]),
            next_group: number(&bytes[40..]) as u32,
        }
    }

    fn encode(&self) -> [u8; META_BYTES] {
        let mut bytes = [0; META_BYTES];
        bytes[..16].copy_from_slice(&self.last.encode());
        bytes[16..32].copy_from_slice(&self.max_deleted.encode());
        bytes[32..40].copy_from_slice(&self.added.to_be_bytes());
        bytes[40..].copy_from_slice(&self.next_group.to_be_bytes());
        bytes
    }
}

/// A big-endian number of up to eight bytes; what is missing of them counts as nothing.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// A stream being read.
#[derive(Clone, Copy)]
pub struct Stream<'a> {
    pub meta: Meta,
    trees: [TreeRef<'a>; 4],
}

impl<'a> Stream<'a> {
    /// The stream in a record, or `WRONGTYPE`.
    pub fn of(record: Record<'a>) -> Result<Stream<'a>, Failure> {
        if record.kind() != Kind::Stream {
            return Err(Failure::WRONG_TYPE);
        }
        let Body::Trees(trees) = record.body() else { return Err(Failure::DAMAGED) };
        let roots = std::array::from_fn(|number| trees.root(number));
        Ok(Stream { meta: Meta::decode(trees.meta), trees: roots })
    }

    /// The stream of these trees and what is kept beside them.
    pub fn of_trees(trees: [TreeRef<'a>; 4], meta: &[u8]) -> Stream<'a> {
        Stream { meta: Meta::decode(meta), trees }
    }

    /// About how many bytes the entries take.
    pub fn entry_bytes(&self) -> u64 {
        self.trees[ENTRIES].bytes()
    }

    /// Number of entries.
    pub fn len(&self) -> u64 {
        self.trees[ENTRIES].len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries, in the order of their IDs.
    pub fn entries(&self) -> Entries<'a> {
        Entries(self.trees[ENTRIES])
    }

    fn tree(&self, number: usize) -> TreeRef<'a> {
        self.trees[number]
    }
}

/// The entries of a stream.
#[derive(Clone, Copy)]
pub struct Entries<'a>(TreeRef<'a>);

/// One entry.
#[derive(Clone, Copy)]
pub struct StreamEntry<'a> {
    pub id: Id,
    pub fields: Fields<'a>,
}

impl<'a> StreamEntry<'a> {
    fn of(item: Item<'a>) -> StreamEntry<'a> {
        StreamEntry { id: Id::decode(item.key), fields: Fields(item.value) }
    }
}

impl<'a> Entries<'a> {
    pub fn len(self) -> u64 {
        self.0.len()
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    pub fn get(self, id: Id) -> Result<Option<StreamEntry<'a>>, Damaged> {
        Ok(self.0.get(&id.encode())?.map(StreamEntry::of))
    }

    pub fn first(self) -> Result<Option<StreamEntry<'a>>, Damaged> {
        Ok(self.0.at(0)?.map(StreamEntry::of))
    }

    pub fn last(self) -> Result<Option<StreamEntry<'a>>, Damaged> {
        Ok(self.0.at(self.len().wrapping_sub(1))?.map(StreamEntry::of))
    }

    /// Entries with a lower ID than `id`.
    pub fn before(self, id: Id) -> Result<u64, Damaged> {
        Ok(self.0.place(&id.encode())?.rank)
    }

    /// Entries with an ID of at most `id`.
    pub fn through(self, id: Id) -> Result<u64, Damaged> {
        let place = self.0.place(&id.encode())?;
        Ok(place.rank + u64::from(place.is_there))
    }

    /// The entry at `rank`.
    pub fn at(self, rank: u64) -> Result<Option<StreamEntry<'a>>, Damaged> {
        Ok(self.0.at(rank)?.map(StreamEntry::of))
    }

    /// A walk from the place in front of the entry at `rank`.
    pub fn walk(self, rank: u64) -> Result<EntryWalk<'a>, Damaged> {
        Ok(EntryWalk(self.0.cursor(rank)?))
    }
}

/// A place between two entries.
pub struct EntryWalk<'a>(Cursor<'a>);

impl<'a> EntryWalk<'a> {
    #[allow(clippy::should_implement_trait, reason = "an entry may turn out to be damaged")]
    pub fn next(&mut self) -> Result<Option<StreamEntry<'a>>, Damaged> {
        Ok(self.0.next()?.map(StreamEntry::of))
    }

    pub fn previous(&mut self) -> Result<Option<StreamEntry<'a>>, Damaged> {
        Ok(self.0.previous()?.map(StreamEntry::of))
    }
}

/// Fields and values of an entry, one after the other.
#[derive(Clone, Copy)]
pub struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Fields and values together.
    pub fn len(self) -> usize {
        self.count()
    }

    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (mut len, mut shift) = (0usize, 0);
        loop {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            len |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 || shift > 28 {
                break;
            }
        }
        let (string, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        Some(string)
    }
}

/// The stored form of fields and values.
pub fn encode_fields(strings: &[&[u8]]) -> SmallVec<[u8; 128]> {
    let mut bytes = SmallVec::with_capacity(strings.iter().map(|string| string.len() + 2).sum());
    for string in strings {
        let mut len = string.len();
        while len > 0x7f {
            bytes.push(len as u8 | 0x80);
            len >>= 7;
        }
        bytes.push(len as u8);
        bytes.extend_from_slice(string);
    }
    bytes
}
