//! Lists: elements by rank, packed into the record or in one tree without keys.
//!
//! A list grows into a tree where Valkey's would leave its listpack, and becomes packed again when it has shrunk to
//! half of that ([`Limit`]). Every write makes the new value from the one that the record holds; readers of a list
//! walk the state that they found.

mod build;
mod limit;
#[cfg(test)]
mod test;

use std::ops::Range;

use smallvec::SmallVec;

pub use build::Builder;
pub use limit::Limit;

use super::{Elements, Work};
use crate::command::Failure;
use crate::config::Tuning;
use crate::index::Damaged;
use crate::limits::PACKED_BYTES_MAX;
use crate::record::{Body, Draft, Effect, Kind, Record};
use crate::transaction::Entry;
use crate::tree::packed::{Piece, spliced, to_vec};
use crate::tree::{Edit, Fresh, TreeRef};

/// Elements that are added to a tree at once.
const PART_ELEMENTS: usize = 1024;
/// A tree that loses elements one by one is looked at this often, by its length, whether it has become small.
const LOOK_EVERY: u64 = 16;
/// From this part of its elements on, a tree whose elements are removed here and there is built anew.
const REBUILD_PART: u64 = 8;

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Left,
    Right,
}

impl End {
    pub const fn name(self) -> &'static str {
        match self {
            End::Left => "LEFT",
            End::Right => "RIGHT",
        }
    }
}

/// The elements of a record that may be missing; WRONGTYPE where it is no list.
pub fn elements<'a>(record: Option<Record<'a>>) -> Result<Elements<'a>, Failure> {
    match record {
        None => Ok(Elements::EMPTY),
        Some(record) if record.kind() == Kind::List => Ok(Elements::of(record.body(), 0)),
        Some(_) => Err(Failure::WRONG_TYPE),
    }
}

/// The form of a list in Redis' words.
pub fn encoding_of(record: Record<'_>) -> &'static str {
    match record.body() {
        Body::Packed(_) => "listpack",
        Body::Trees(_) => "quicklist",
    }
}

/// The ranks of `count` elements at one end, as far as there are so many.
pub fn ranks_at(end: End, count: u64, len: u64) -> Range<u64> {
    let count = count.min(len);
    match end {
        End::Left => 0..count,
        End::Right => len - count..len,
    }
}

/// A list that is about to be changed.
pub struct List<'a> {
    old: Option<Record<'a>>,
    elements: Elements<'a>,
    limit: Limit,
}

/// A changed list that is to be saved.
#[must_use = "a changed tree must be put"]
pub struct Changed<'a> {
    old: Option<Record<'a>>,
    work: Work<'a>,
}

impl<'a> List<'a> {
    /// The list that the entry's record holds, or an empty one.
    pub fn of(entry: &Entry<'a>, tuning: &Tuning) -> Result<List<'a>, Failure> {
        let old = entry.record();
        let limit = Limit::of_setting(tuning.list_max_listpack_size());
        Ok(List { old, elements: elements(old)?, limit })
    }

    pub fn elements(&self) -> Elements<'a> {
        self.elements
    }

    pub fn len(&self) -> u64 {
        self.elements.len()
    }

    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// Adds `values` at an end, one after the other.
    pub fn push(self, entry: &Entry<'a>, end: End, values: &[&[u8]]) -> Result<Changed<'a>, Damaged> {
        match end {
            End::Right => {
                let len = self.len();
                self.insert(entry, len, values)
            }
            End::Left if values.len() == 1 => self.insert(entry, 0, values),
            End::Left => {
                let reversed: SmallVec<[&[u8]; 8]> = values.iter().rev().copied().collect();
                self.insert(entry, 0, &reversed)
            }
        }
    }

    /// Inserts `values` in front of the element at `rank`.
    pub fn insert(self, entry: &Entry<'a>, rank: u64, values: &[&[u8]]) -> Result<Changed<'a>, Damaged> {
        let more_bytes = values.iter().map(|value| value.len()).sum();
        match self.elements {
            Elements::Packed(packed) if self.is_packed_with(values.len(), more_bytes) => {
                let fresh: SmallVec<[Fresh<'_>; 8]> =
                    values.iter().map(|value| Fresh::new(b"", value)).collect();
                Ok(self.packed(spliced(packed, rank as usize..rank as usize, &fresh)))
            }
            _ => {
                let mut edit = self.edit(entry)?;
                insert_in_parts(&mut edit, rank, values)?;
                Ok(self.tree(edit))
            }
        }
    }

    /// Removes the elements of a range of ranks.
    pub fn remove(self, entry: &Entry<'a>, range: Range<u64>) -> Result<Changed<'a>, Damaged> {
        let len = self.len();
        let tree = match self.elements {
            Elements::Packed(packed) => {
                let bytes = spliced(packed, range.start as usize..range.end as usize, &[]);
                return Ok(self.packed(bytes));
            }
            Elements::Tree(tree) => tree,
        };
        let removed = range.end - range.start;
        let left = len - removed;
        let looks = removed > 1 || left < LOOK_EVERY || left.is_multiple_of(LOOK_EVERY);
        if looks && let Some(bytes) = self.packed_again(tree, &[0..range.start, range.end..len])? {
            return Ok(self.packed(bytes));
        }
        let mut edit = entry.edit(tree);
        edit.remove_range(range)?;
        Ok(self.tree(edit))
    }

    /// Removes the elements outside of a range of ranks.
    pub fn keep(self, entry: &Entry<'a>, range: Range<u64>) -> Result<Changed<'a>, Damaged> {
        let len = self.len();
        if range.is_empty() || range.start == 0 || range.end == len {
            let removed = if range.is_empty() {
                0..len
            } else if range.start == 0 {
                range.end..len
            } else {
                0..range.start
            };
            return self.remove(entry, removed);
        }
        let tree = match self.elements {
            Elements::Packed(packed) => {
                let kept = Piece::Old(packed, range.start as usize..range.end as usize);
                return Ok(self.packed(to_vec(&[kept])));
            }
            Elements::Tree(tree) => tree,
        };
        if let Some(bytes) = self.packed_again(tree, std::slice::from_ref(&range))? {
            return Ok(self.packed(bytes));
        }
        // Both paths are read before something changes.
        tree.at(range.start - 1)?;
        let mut edit = entry.edit(tree);
        edit.remove_range(range.end..len)?;
        edit.remove_range(0..range.start)?;
        Ok(self.tree(edit))
    }

    /// Removes the elements at these ranks, which ascend.
    pub fn remove_ranks(self, entry: &Entry<'a>, ranks: &[u64]) -> Result<Changed<'a>, Damaged> {
        let len = self.len();
        let mut keeps: Vec<Range<u64>> = Vec::with_capacity(ranks.len() + 1);
        let mut from = 0;
        for &rank in ranks {
            keeps.push(from..rank);
            from = rank + 1;
        }
        keeps.push(from..len);
        keeps.retain(|keep| !keep.is_empty());
        let tree = match self.elements {
            Elements::Packed(packed) => {
                let pieces: Vec<Piece<'_>> = keeps
                    .iter()
                    .map(|keep| Piece::Old(packed, keep.start as usize..keep.end as usize))
                    .collect();
                return Ok(self.packed(to_vec(&pieces)));
            }
            Elements::Tree(tree) => tree,
        };
        if let Some(bytes) = self.packed_again(tree, &keeps)? {
            return Ok(self.packed(bytes));
        }
        let mut edit;
        if ranks.len() as u64 > len / REBUILD_PART {
            let mut values = Vec::with_capacity((len - ranks.len() as u64) as usize);
            for keep in keeps {
                let mut cursor = tree.cursor(keep.start)?;
                for _ in keep {
                    values.push(cursor.next()?.ok_or(Damaged)?.value);
                }
            }
            edit = Edit::new(TreeRef::EMPTY, false);
            insert_in_parts(&mut edit, 0, &values)?;
        } else {
            edit = entry.edit(tree);
            for &rank in ranks.iter().rev() {
                edit.remove_range(rank..rank + 1)?;
            }
        }
        Ok(self.tree(edit))
    }

    /// Replaces the element at `rank`.
    pub fn set(self, entry: &Entry<'a>, rank: u64, value: &[u8]) -> Result<Changed<'a>, Damaged> {
        if let Elements::Packed(packed) = self.elements {
            // As Valkey, which makes room for the new value before it looks how much the old one leaves.
            if self.is_packed_with(0, value.len()) || self.is_small_with(rank, value)? {
                let range = rank as usize..rank as usize + 1;
                return Ok(self.packed(spliced(packed, range, &[Fresh::new(b"", value)])));
            }
        } else if self.is_small_with(rank, value)? {
            let mut fresh = Vec::new();
            let mut walk = self.elements.walk(0)?;
            while let Some(item) = walk.next()? {
                let is_it = fresh.len() as u64 == rank;
                fresh.push(Fresh::new(b"", if is_it { value } else { item.value }));
            }
            return Ok(self.packed(to_vec(&[Piece::New(&fresh)])));
        }
        let mut edit = self.edit(entry)?;
        edit.set(rank, value)?;
        Ok(self.tree(edit))
    }

    /// Whether the packed list stays packed with so many more elements.
    fn is_packed_with(&self, more: usize, more_bytes: usize) -> bool {
        let Elements::Packed(packed) = self.elements else { return false };
        let count = (packed.count() + more) as u64;
        if packed.bytes().len() + 3 * more + more_bytes > PACKED_BYTES_MAX {
            return false;
        }
        // As if no element were a number, and all had the longest heads: walked only where that is not below the limit.
        let bytes_max = packed.bytes().len() + 7 * packed.count() + more_bytes;
        if !self.limit.is_exceeded(std::iter::empty(), count, bytes_max) {
            return true;
        }
        let values = packed.items().map(|item| item.value);
        !self.limit.is_exceeded(values, count, more_bytes)
    }

    /// Whether the list with `value` at `rank` is small enough to be packed again.
    fn is_small_with(&self, rank: u64, value: &[u8]) -> Result<bool, Damaged> {
        let (limit, count) = (self.limit.half(), self.len());
        if limit.is_exceeded(std::iter::empty(), count, value.len()) {
            return Ok(false);
        }
        let mut values = Vec::with_capacity(count as usize);
        self.elements.for_each(|item| values.push(item.value))?;
        values[rank as usize] = value;
        let bytes = values.iter().map(|value| 3 + value.len()).sum::<usize>();
        Ok(bytes <= PACKED_BYTES_MAX && !limit.is_exceeded(values.into_iter(), count, 0))
    }

    /// The packed form of the elements of `keeps`, if they are few enough.
    fn packed_again(&self, tree: TreeRef<'a>, keeps: &[Range<u64>]) -> Result<Option<Vec<u8>>, Damaged> {
        let limit = self.limit.half();
        let count: u64 = keeps.iter().map(|keep| keep.end - keep.start).sum();
        if limit.is_exceeded(std::iter::empty(), count, 0) {
            return Ok(None);
        }
        let (mut values, mut bytes) = (Vec::with_capacity(count as usize), 0);
        for keep in keeps {
            let mut cursor = tree.cursor(keep.start)?;
            for _ in keep.clone() {
                let value = cursor.next()?.ok_or(Damaged)?.value;
                bytes += value.len();
                // A number takes half its digits in a listpack.
                if count > 0 && limit.is_exceeded(std::iter::empty(), count, bytes / 2) {
                    return Ok(None);
                }
                values.push(value);
            }
        }
        if 3 * values.len() + bytes > PACKED_BYTES_MAX || limit.is_exceeded(values.iter().copied(), count, 0)
        {
            return Ok(None);
        }
        let fresh: Vec<Fresh<'_>> = values.iter().map(|value| Fresh::new(b"", value)).collect();
        Ok(Some(to_vec(&[Piece::New(&fresh)])))
    }

    /// The list as a tree that may be changed.
    fn edit(&self, entry: &Entry<'a>) -> Result<Edit<'a>, Damaged> {
        match self.elements {
            Elements::Tree(tree) => Ok(entry.edit(tree)),
            Elements::Packed(packed) => {
                let values: Vec<&[u8]> = packed.items().map(|item| item.value).collect();
                let mut edit = Edit::new(TreeRef::EMPTY, false);
                insert_in_parts(&mut edit, 0, &values)?;
                Ok(edit)
            }
        }
    }

    fn packed(self, bytes: Vec<u8>) -> Changed<'a> {
        Changed { old: self.old, work: Work::Packed(bytes.into()) }
    }

    fn tree(self, edit: Edit<'a>) -> Changed<'a> {
        Changed { old: self.old, work: Work::Tree(edit) }
    }
}

impl<'a> Changed<'a> {
    pub fn len(&self) -> u64 {
        self.work.len()
    }

    pub fn is_empty(&self) -> bool {
        self.work.is_empty()
    }

    /// Puts the list, or removes an emptied one.
    pub fn save(self, entry: &mut Entry<'a>, effect: Effect<'_>) {
        if self.is_empty() {
            // Emptied lists are packed: there is no tree to be put.
            entry.remove(if matches!(effect, Effect::Silent) { Effect::Silent } else { Effect::Del });
            return;
        }
        let mut finished = self.work.finish(Kind::List);
        entry.put(Draft::changed(self.old, finished.value(), false), effect);
    }
}

/// Inserts any number of values, so many at a time that what they need besides stays small.
fn insert_in_parts(edit: &mut Edit<'_>, rank: u64, values: &[&[u8]]) -> Result<(), Damaged> {
    for (part, values) in values.chunks(PART_ELEMENTS).enumerate() {
        edit.insert(rank + (part * PART_ELEMENTS) as u64, values)?;
    }
    Ok(())
}
