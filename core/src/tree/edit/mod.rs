//! Writing: a new tree that shares with the old one all that it does not touch.
//!
//! # Ownership
//! An edit walks down one path (two for a range). A node that only this tree holds is *claimed*: what it held moves to
//! its replacement, and its memory goes to the epoch once the new tree is published. A node that somebody else holds
//! too (a snapshot, a copied key) stays as it is, and its children get a reference more. Nodes made by this very edit
//! are seen by nobody and freed at once. So a write costs the copies of one path, and touches no siblings.
//!
//! The first edit of a tree reads the path before it claims anything: a damaged node of a file is found before
//! something has changed.

mod hold;
mod in_place;
pub(super) mod pack;

use std::marker::PhantomData;
use std::ops::Range;

use smallvec::{SmallVec, smallvec};

use super::amend::Plain;
use super::node::{self, FRESH, SHORTENED};
use super::packed::{Fresh, Piece};
use super::{Garbage, NODE_BYTES_MIN, Tree, TreeRef};
use crate::index::Damaged;
use hold::{Hold, Opened, is_readable, node_of};
use pack::{Children, Fill, Owned, entry, has_blobs, pack, pack_counted, settle};

/// An edit under way. Dropping it without [`Edit::finish`] is allowed only before its first change.
pub struct Edit<'a> {
    /// The old tree's root.
    old_root: u64,
    root: u64,
    elements: u64,
    bytes: u64,
    /// The number of the tree that is being made.
    number: u64,
    /// The old tree must stay whole: a snapshot gets it.
    keeps_old: bool,
    garbage: Garbage,
    _old: PhantomData<TreeRef<'a>>,
}

/// What to do, seen from one subtree.
#[derive(Clone, Copy)]
enum Change<'e> {
    /// Puts the entry in the place of its key.
    Put { key: &'e [u8], entry: Fresh<'e> },
    /// Replaces `remove` elements (of one leaf) at a rank.
    Splice { rank: u64, remove: usize, entries: &'e [Fresh<'e>] },
    /// Removes the elements from one rank to another.
    Remove { from: u64, to: u64 },
}

/// Where among the tree's leaves a node lies: sequential growth fills nodes to the brim.
#[derive(Clone, Copy)]
struct Edge {
    is_first: bool,
    is_last: bool,
}

impl<'a> Edit<'a> {
    /// Begins an edit of `tree`, whose record's latch the caller holds. With `keeps_old` the old tree stays whole.
    pub fn new(tree: TreeRef<'a>, keeps_old: bool) -> Edit<'a> {
        let TreeRef { root, elements, bytes, number, .. } = tree;
        let (number, garbage) = (number + 1, Garbage::default());
        Edit { old_root: root, root, elements, bytes, number, keeps_old, garbage, _old: PhantomData }
    }

    /// The tree as edited so far.
    pub fn tree(&self) -> TreeRef<'_> {
        let &Edit { root, elements, bytes, number, .. } = self;
        TreeRef { root, elements, bytes, number, _alive: PhantomData }
    }

    #[allow(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> u64 {
        self.elements
    }

    /// Puts an element in the place of its key; whether one was there.
    pub fn put(&mut self, key: &[u8], value: &[u8]) -> Result<bool, Damaged> {
        if let Some(was_there) = self.put_in_place(key, value, true) {
            return Ok(was_there);
        }
        let is_there = self.tree().get(key)?.is_some();
        self.change(Change::Put { key, entry: entry(key, value) });
        Ok(is_there)
    }

    /// [`Edit::put`] of an element that is likely to stand behind all others.
    pub fn append(&mut self, key: &[u8], value: &[u8]) -> Result<(), Damaged> {
        if self.append_in_place(key, value) { Ok(()) } else { self.put(key, value).map(drop) }
    }

    /// Puts an element unless one with its key is there; whether it was put.
    pub fn add(&mut self, key: &[u8], value: &[u8]) -> Result<bool, Damaged> {
        if let Some(was_there) = self.put_in_place(key, value, false) {
            return Ok(!was_there);
        }
        let is_new = self.tree().get(key)?.is_none();
        if is_new {
            self.change(Change::Put { key, entry: entry(key, value) });
        }
        Ok(is_new)
    }

    /// Removes the element with this key; whether there was one.
    pub fn remove(&mut self, key: &[u8]) -> Result<bool, Damaged> {
        if let Some(was_there) = self.remove_in_place(key) {
            return Ok(was_there);
        }
        let place = self.tree().place(key)?;
        if place.is_there {
            self.remove_range(place.rank..place.rank + 1)?;
        }
        Ok(place.is_there)
    }

    /// Puts an element whose key is not there; whether its neighbours' keys are known to begin with other `bytes` bytes.
    pub fn put_apart(&mut self, key: &[u8], value: &[u8], bytes: usize) -> Result<bool, Damaged> {
        if let Some(is_apart) = self.put_apart_in_place(key, value, bytes) {
            return Ok(is_apart);
        }
        self.put(key, value).map(|_| false)
    }

    /// Removes an element; whether its neighbours' keys are known to begin with other `bytes` bytes.
    pub fn remove_apart(&mut self, key: &[u8], bytes: usize) -> Result<bool, Damaged> {
        if let Some(is_apart) = self.remove_apart_in_place(key, bytes) {
            return Ok(is_apart);
        }
        self.remove(key).map(|_| false)
    }

    /// Removes the elements of a range of ranks.
    pub fn remove_range(&mut self, range: Range<u64>) -> Result<(), Damaged> {
        let range = range.start..range.end.min(self.elements);
        if range.is_empty() {
            return Ok(());
        }
        if range.end - range.start == 1 && self.remove_at_in_place(range.start) {
            return Ok(());
        }
        self.tree().at(range.start)?;
        self.tree().at(range.end - 1)?;
        self.change(Change::Remove { from: range.start, to: range.end });
        Ok(())
    }

    /// Inserts elements without keys in front of the one at `rank`.
    pub fn insert(&mut self, rank: u64, values: &[&[u8]]) -> Result<(), Damaged> {
        if let [value] = values
            && self.insert_in_place(rank, value)
        {
            return Ok(());
        }
        self.tree().at(rank.min(self.elements.saturating_sub(1)))?;
        let entries: SmallVec<[Fresh<'_>; 8]> = values.iter().map(|value| entry(b"", value)).collect();
        if !entries.is_empty() {
            self.change(Change::Splice { rank, remove: 0, entries: &entries });
        }
        Ok(())
    }

    /// Replaces the value of the element at `rank`, leaving its key.
    pub fn set(&mut self, rank: u64, value: &[u8]) -> Result<(), Damaged> {
        let Some(item) = self.tree().at(rank)? else { return Ok(()) };
        let key = item.key.to_vec();
        self.change(Change::Splice { rank, remove: 1, entries: &[entry(&key, value)] });
        Ok(())
    }

    /// The new tree, and what to retire once it is published in the old one's place. An untouched tree is taken over.
    pub fn finish(mut self) -> (Tree, Garbage) {
        let mut garbage = std::mem::take(&mut self.garbage);
        let Edit { elements, bytes, number, .. } = self;
        if self.has_old_root() {
            if self.keeps_old || self.root == 0 {
                // As it was: only roots that are replaced by others, and those that may be amended, have changed.
                return (self.tree().share(), garbage);
            }
            // The old record's share becomes the new one's: a count of two would make the next edit copy more.
            garbage.taken.add(0);
            return (Tree { root: self.root | FRESH, elements, bytes, number }, garbage);
        }
        (Tree { root: settle(self.root), elements, bytes, number }, garbage)
    }

    /// Whether the root is the old tree's: perhaps amended, but not replaced.
    fn has_old_root(&self) -> bool {
        self.root == self.old_root
    }

    fn change(&mut self, change: Change<'_>) {
        let children = match change {
            _ if self.root != 0 => {
                let opened = self.open(self.root, !self.has_old_root(), self.elements, self.bytes);
                self.apply(opened, change, Edge { is_first: true, is_last: true })
            }
            Change::Put { entry, .. } => pack(0, &[Piece::New(&[entry])], has_blobs(&[entry]), Fill::Evenly),
            Change::Splice { entries, .. } => {
                pack(0, &[Piece::New(entries)], has_blobs(entries), Fill::Front)
            }
            Change::Remove { .. } => Children::new(),
        };
        self.install(children);
    }

    /// Makes a root of the nodes of its level.
    pub(super) fn install(&mut self, mut children: Children) {
        let mut level = 1;
        if let [first, ..] = children.as_slice() {
            level += node_of(first.word).level();
        }
        while children.len() > 1 {
            let entries: SmallVec<[Fresh<'_>; 4]> = children.iter().map(Owned::entry).collect();
            let parents = pack(level, &[Piece::New(&entries)], false, Fill::Evenly);
            drop(entries);
            children = parents;
            level += 1;
        }
        let Some(root) = children.pop() else {
            (self.root, self.elements, self.bytes) = (0, 0, 0);
            return;
        };
        (self.root, self.elements, self.bytes) = (root.word & !SHORTENED, root.elements, root.bytes);
        loop {
            let node = node_of(self.root);
            if node.is_leaf() || node.count() > 1 {
                return;
            }
            let opened = self.open(self.root, true, self.elements, self.bytes);
            let child = node.child(0);
            if opened.hold == Hold::Shared {
                node_of(child.word).retain();
            }
            (self.root, self.bytes) = (child.word & !SHORTENED, child.bytes);
            self.close(opened);
        }
    }

    /// Changes an opened subtree; returns what replaces it.
    fn apply(&mut self, opened: Opened, change: Change<'_>, edge: Edge) -> Children {
        let node = opened.node;
        if node.is_leaf() {
            return self.apply_to_leaf(opened, change, edge);
        }
        let last = node.count() - 1;
        let edge_at = |index: usize| Edge {
            is_first: edge.is_first && index == 0,
            is_last: edge.is_last && index == last,
        };
        let (range, results) = match change {
            Change::Put { key, .. } => {
                let index = node.child_for(key).expect("read before");
                (index..index + 1, self.descend(&opened, index, change, edge_at(index)))
            }
            Change::Splice { rank, remove, entries } => {
                let (index, _, rank) = node.child_at(rank, opened.elements).expect("read before");
                let change = Change::Splice { rank, remove, entries };
                (index..index + 1, self.descend(&opened, index, change, edge_at(index)))
            }
            Change::Remove { from, to } => self.remove_from_inner(&opened, from, to),
        };
        let may_merge = matches!(change, Change::Remove { .. });
        self.replace_children(opened, range, results, may_merge)
    }

    /// Changes one child.
    fn descend(&mut self, parent: &Opened, index: usize, change: Change<'_>, edge: Edge) -> Children {
        let child = self.take_child(parent, index);
        let opened = self.open(child.word, true, child.elements, child.bytes);
        let mut results = self.apply(opened, change, edge);
        if let Some(first) = results.first_mut() {
            first.separator = child.separator;
            first.word |= child.word & SHORTENED;
        }
        results
    }

    /// Takes a child out of a node that is being replaced.
    fn take_child(&mut self, parent: &Opened, index: usize) -> Owned {
        let child = parent.node.child(index);
        if parent.hold == Hold::Shared {
            node_of(child.word).retain();
        }
        Owned {
            word: child.word,
            elements: child.elements,
            bytes: child.bytes,
            separator: SmallVec::from_slice(child.separator),
        }
    }

    /// Removes the ranks `from..to` under an inner node; returns the range of children that the results replace.
    fn remove_from_inner(&mut self, opened: &Opened, from: u64, to: u64) -> (Range<usize>, Children) {
        let node = opened.node;
        let edge = Edge { is_first: false, is_last: false };
        let mut results = Children::new();
        let (mut first, mut last) = (None, 0);
        let mut begin = 0;
        for (index, child) in node.children().enumerate() {
            let end = begin + child.elements;
            if begin < to && from < end {
                first = first.or(Some(index));
                last = index + 1;
                let (from, to) = (from.saturating_sub(begin), to.min(end) - begin);
                if from == 0 && to == child.elements {
                    if matches!(opened.hold, Hold::Fresh | Hold::Claimed) {
                        self.drop_reference(child.word);
                    }
                } else {
                    results.extend(self.descend(opened, index, Change::Remove { from, to }, edge));
                }
            }
            begin = end;
        }
        (first.unwrap_or(last)..last, results)
    }

    fn apply_to_leaf(&mut self, opened: Opened, change: Change<'_>, edge: Edge) -> Children {
        let node = opened.node;
        let count = node.count();
        let only;
        let (range, entries): (Range<usize>, &[Fresh<'_>]) = match change {
            Change::Put { key, entry } => {
                let (index, is_there) = node.lower_bound(key).expect("read before");
                only = [entry];
                (index..index + usize::from(is_there), &only)
            }
            Change::Splice { rank, remove, entries } => {
                let index = usize::try_from(rank).unwrap_or(count).min(count);
                (index..(index + remove).min(count), entries)
            }
            Change::Remove { from, to } => {
                (from as usize..usize::try_from(to).unwrap_or(count).min(count), &[])
            }
        };
        let fill = match (range.is_empty(), edge) {
            (true, Edge { is_last: true, .. }) if range.start == count => Fill::Front,
            (true, Edge { is_first: true, .. }) if range.start == 0 => Fill::Back,
            _ => Fill::Evenly,
        };
        if node.has_blobs() {
            for index in 0..count {
                let Some(word) = node.blob_at(index) else { continue };
                match opened.hold {
                    Hold::Fresh | Hold::Claimed if range.contains(&index) => self.drop_reference(word),
                    Hold::Shared if !range.contains(&index) => node_of(word).retain(),
                    _ => {}
                }
            }
        }
        let blobs = node.has_blobs() || has_blobs(entries);
        let plain = Plain::of(node);
        let pieces = [plain.piece(0..range.start), Piece::New(entries), plain.piece(range.end..count)];
        let results = pack(0, &pieces, blobs, fill);
        self.close(opened);
        results
    }

    /// Replaces the children of `range` by `results`; after a removal, merges what has become too small.
    fn replace_children(
        &mut self,
        opened: Opened,
        mut range: Range<usize>,
        mut results: Children,
        may_merge: bool,
    ) -> Children {
        let node = opened.node;
        let count = node.count();
        let is_small = |child: &Owned| node_of(child.word).len() < NODE_BYTES_MIN;
        while let Some(small) = results.iter().position(is_small).filter(|_| may_merge) {
            let at = if small + 1 < results.len() {
                small
            } else if small > 0 {
                small - 1
            } else if range.end < count && is_readable(node.child(range.end).word) {
                results.push(self.take_child(&opened, range.end));
                range.end += 1;
                small
            } else if range.start > 0 && is_readable(node.child(range.start - 1).word) {
                range.start -= 1;
                results.insert(0, self.take_child(&opened, range.start));
                small
            } else {
                break;
            };
            let right = results.remove(at + 1);
            let left = results.remove(at);
            let merged = self.merge(left, right);
            let is_even = merged.len() > 1;
            results.insert_many(at, merged);
            // As good as it gets: a long entry may leave one of two small.
            if is_even {
                break;
            }
        }
        if let ([only], Hold::Fresh, 1) = (results.as_slice(), opened.hold, range.len())
            && *only.separator == *node.child(range.start).separator
        {
            let replaced = node.child(range.start);
            let elements = opened.elements + only.elements - replaced.elements;
            let bytes = opened.bytes + only.bytes - replaced.bytes;
            // SAFETY: fresh, and `only` borrows nothing of it.
            unsafe { node.set_child(range.start, &only.child()) };
            return smallvec![Owned {
                word: node.word() | FRESH,
                elements,
                bytes,
                separator: SmallVec::new()
            }];
        }
        if opened.hold == Hold::Shared {
            for (_, child) in node.children().enumerate().filter(|(index, _)| !range.contains(index)) {
                node_of(child.word).retain();
            }
        }
        // Elements and bytes of what stays are those of the node but for what is replaced: no look at all children.
        let (mut elements, mut bytes) = (opened.elements, opened.bytes - node.memory_bytes());
        for child in range.clone().map(|index| node.child(index)) {
            (elements, bytes) = (elements - child.elements, bytes - child.bytes);
        }
        for child in &results {
            (elements, bytes) = (elements + child.elements, bytes + child.bytes);
        }
        let plain = Plain::of(node);
        let entries: SmallVec<[Fresh<'_>; 4]> = results.iter().map(Owned::entry).collect();
        let pieces = [plain.piece(0..range.start), Piece::New(&entries), plain.piece(range.end..count)];
        let replaced = pack_counted(node.level(), &pieces, false, Fill::Evenly, Some((elements, bytes)));
        self.close(opened);
        replaced
    }

    /// Makes one node of two neighbours, or two of about the same size.
    fn merge(&mut self, left: Owned, right: Owned) -> Children {
        let a = self.open(left.word, true, left.elements, left.bytes);
        let b = self.open(right.word, true, right.elements, right.bytes);
        for opened in [&a, &b] {
            if opened.hold == Hold::Shared {
                node::held(opened.node).for_each(|word| node_of(word).retain());
            }
        }
        let (counts, level) = ((a.node.count(), b.node.count()), a.node.level());
        let blobs = a.node.has_blobs() || b.node.has_blobs();
        let (left_plain, right_plain) = (Plain::of(a.node), Plain::of(b.node));
        let all = left_plain.piece(0..counts.0);
        let mut results = if level == 0 {
            pack(0, &[all, right_plain.piece(0..counts.1)], blobs, Fill::Evenly)
        } else {
            // What the parent said of the right node holds for its first child; its own word may be older.
            let mut first = b.node.child(0);
            first.word = first.word & !SHORTENED | right.word & SHORTENED;
            first.separator = &right.separator;
            let rest = right_plain.piece(1..counts.1);
            pack(level, &[all, Piece::New(&[first.entry()]), rest], false, Fill::Evenly)
        };
        if let Some(first) = results.first_mut() {
            first.separator = left.separator;
            first.word |= left.word & SHORTENED;
        }
        self.close(a);
        self.close(b);
        results
    }
}
