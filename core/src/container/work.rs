//! Changing the elements of a container, in whichever form they are.

use std::borrow::Cow;
use std::ops::Range;

use smallvec::SmallVec;

use super::Elements;
use crate::event::QUIET;
use crate::index::Damaged;
use crate::limits::PACKED_BYTES_MAX;
use crate::record::{Body, Draft, Effect, Kind, NewTrees, NewValue, TreesMeta};
use crate::transaction::Entry;
use crate::tree::packed::spliced;
use crate::tree::{Edit, Fresh, Garbage, Item, Packed, TreeRef};

/// The elements of a container (or of one tree of it) being changed.
pub enum Work<'a> {
    /// The record's own, until something changes.
    Packed(Cow<'a, [u8]>),
    Tree(Edit<'a>),
}

impl<'a> Work<'a> {
    /// Begins with nothing.
    pub fn empty() -> Work<'a> {
        Work::Packed(Cow::Borrowed(Packed::EMPTY.bytes()))
    }

    /// Begins with the elements that the entry's record has; `number` is the tree's, where there are several.
    pub fn of(entry: &Entry<'a>, body: Option<Body<'a>>, number: usize) -> Work<'a> {
        match body {
            None => Self::empty(),
            Some(Body::Packed(packed)) => Work::Packed(Cow::Borrowed(packed.bytes())),
            Some(Body::Trees(trees)) => Work::Tree(entry.edit(trees.root(number))),
        }
    }

    /// The elements as changed so far.
    pub fn elements(&self) -> Elements<'_> {
        match self {
            Work::Packed(bytes) => Elements::Packed(Packed::new(bytes)),
            Work::Tree(edit) => Elements::Tree(edit.tree()),
        }
    }

    pub fn len(&self) -> u64 {
        self.elements().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the packed form; `None` for trees.
    pub fn packed_bytes(&self) -> Option<usize> {
        match self {
            Work::Packed(bytes) => Some(bytes.len()),
            Work::Tree(_) => None,
        }
    }

    /// Inserts elements without keys in front of the one at `rank`; what no packed sequence may hold becomes a tree.
    pub fn insert(&mut self, rank: u64, values: &[&[u8]]) -> Result<(), Damaged> {
        let added: usize = values.iter().map(|value| value.len() + 3).sum();
        if self.packed_bytes().is_some_and(|bytes| bytes + added > PACKED_BYTES_MAX) {
            self.grow(|edit, item| edit.insert(edit.len(), &[item.value]))?;
        }
        match self {
            Work::Packed(bytes) => {
                let entries: SmallVec<[Fresh<'_>; 8]> =
                    values.iter().map(|value| Fresh::new(b"", value)).collect();
                let rank = rank as usize;
                *bytes = Cow::Owned(spliced(Packed::new(bytes), rank..rank, &entries));
                Ok(())
            }
            Work::Tree(edit) => edit.insert(rank, values),
        }
    }

    /// Removes the elements of a range of ranks.
    pub fn remove(&mut self, range: Range<u64>) -> Result<(), Damaged> {
        match self {
            Work::Packed(bytes) => {
                let packed = Packed::new(bytes);
                let count = packed.count() as u64;
                let range = range.start.min(count) as usize..range.end.min(count) as usize;
                *bytes = Cow::Owned(spliced(packed, range, &[]));
                Ok(())
            }
            Work::Tree(edit) => edit.remove_range(range),
        }
    }

    /// Replaces the value of the element at `rank`, leaving its key.
    pub fn set(&mut self, rank: u64, value: &[u8]) -> Result<(), Damaged> {
        match self {
            Work::Packed(bytes) => {
                let packed = Packed::new(bytes);
                let rank = rank as usize;
                *bytes =
                    Cow::Owned(spliced(packed, rank..rank + 1, &[Fresh::new(packed.item(rank).key, value)]));
                Ok(())
            }
            Work::Tree(edit) => edit.set(rank, value),
        }
    }

    /// Inserts a packed element with a key in front of the one at `rank`. The caller keeps to [`PACKED_BYTES_MAX`], by
    /// [`Work::grow`]. Trees order their keys themselves: use [`Edit::put`] for them.
    ///
    /// # Panics
    /// If the elements are in a tree.
    pub fn insert_packed(&mut self, rank: u64, key: &[u8], value: &[u8]) {
        let Work::Packed(bytes) = self else { unreachable!("trees order their keys themselves") };
        let rank = rank as usize;
        *bytes = Cow::Owned(spliced(Packed::new(bytes), rank..rank, &[Fresh::new(key, value)]));
    }

    /// Turns the packed form into a tree: `put` adds one element to it.
    pub fn grow(
        &mut self,
        mut put: impl FnMut(&mut Edit<'a>, Item<'_>) -> Result<(), Damaged>,
    ) -> Result<(), Damaged> {
        if let Work::Packed(bytes) = self {
            let mut edit = Edit::new(TreeRef::EMPTY, false);
            Packed::new(bytes).items().try_for_each(|item| put(&mut edit, item))?;
            *self = Work::Tree(edit);
        }
        Ok(())
    }

    /// The value to put, for a kind with one tree.
    pub fn finish(self, kind: Kind) -> Finished {
        match self {
            Work::Packed(bytes) => Finished::Packed(kind, bytes.into_owned()),
            Work::Tree(edit) => Finished::trees(kind, [edit], &[]),
        }
    }
}

/// A changed value that is to be put.
pub enum Finished {
    Packed(Kind, Vec<u8>),
    /// Taken by [`Finished::value`].
    Trees(Kind, Option<Box<NewTrees>>),
}

impl Finished {
    /// The trees of a large container, and what the kind keeps beside them.
    pub fn trees<'a>(kind: Kind, edits: impl IntoIterator<Item = Edit<'a>>, meta: &[u8]) -> Finished {
        let meta = TreesMeta::from_slice(meta);
        let mut trees = Box::new(NewTrees { roots: SmallVec::new(), meta, garbage: Garbage::default() });
        for (number, edit) in edits.into_iter().enumerate() {
            let (tree, garbage) = edit.finish();
            if !garbage.taken.is_empty() {
                trees.garbage.taken.add(number);
            }
            trees.roots.push(tree);
            trees.garbage.join(garbage);
        }
        Finished::Trees(kind, Some(trees))
    }

    /// As a draft takes it, once.
    ///
    /// # Panics
    /// If the trees were taken before.
    pub fn value(&mut self) -> NewValue<'_> {
        match self {
            Finished::Packed(kind, bytes) => NewValue::Packed(*kind, bytes),
            Finished::Trees(kind, trees) => NewValue::Trees(*kind, trees.take().expect("put once")),
        }
    }

    /// Removes the record of a container that became empty.
    ///
    /// Nodes that the edit took out of use may go only after a record without them was published, so emptied trees
    /// take the old ones' place before the key goes.
    pub fn remove(mut self, entry: &mut Entry<'_>, effect: Effect<'_>) {
        if matches!(self, Finished::Trees(..)) {
            let draft = Draft::changed(entry.record(), self.value(), false);
            let command = entry.op().act_as(QUIET);
            entry.put(draft, Effect::Silent);
            entry.op().act_as(command);
        }
        entry.remove(effect);
    }
}
