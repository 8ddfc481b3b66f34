//! Changing one element by amendments of the nodes on its path: no copy of a path, and most often no allocation.
//!
//! Only nodes that this tree alone has are amended, from the root down; a tree that somebody else must keep is not. What
//! does not fit goes the long way, as if nothing had been tried: nothing is changed before all is known to fit.

use smallvec::SmallVec;

use super::super::amend::{Change, INNER_BYTES, Kind};
use super::super::node::{self, Child, FRESH, HEAD_BYTES, MAPPED, Node};
use super::super::packed::{Piece, measure};
use super::super::{ENTRY_BYTES_MAX, NODE_BYTES_MAX, NODE_BYTES_MIN, Waste};
use super::pack::{Fill, room_for};
use super::{Edit, node_of};

/// The way from the root to a leaf, all of it amendable.
struct Way {
    /// Inner nodes, and which child the way goes on with.
    inner: SmallVec<[(Node<'static>, usize, Child<'static>); 4]>,
    leaf: Node<'static>,
    /// Elements of the leaf.
    elements: u64,
    /// Whether the leaf is the first or the last one of the tree.
    is_first: bool,
    is_last: bool,
}

impl Edit<'_> {
    /// Puts an element; whether one with its key was there, which without `replaces` stays. `None` if the path must be
    /// copied.
    pub(super) fn put_in_place(&mut self, key: &[u8], value: &[u8], replaces: bool) -> Option<bool> {
        if key.len() + value.len() > ENTRY_BYTES_MAX {
            return None;
        }
        let mut way = self.way(|node| node.child_for(key).ok())?;
        let (index, is_there) = way.leaf.lower_bound(key).ok()?;
        if is_there && !replaces {
            return Some(true);
        }
        let kind = if is_there { Kind::Replaced } else { Kind::Inserted };
        self.amend(&mut way, &[Change::new(kind, index, key, value)]).then_some(is_there)
    }

    /// Puts an element behind all others; `false` if its key belongs elsewhere, or the path must be copied.
    pub(super) fn append_in_place(&mut self, key: &[u8], value: &[u8]) -> bool {
        if key.len() + value.len() > ENTRY_BYTES_MAX {
            return false;
        }
        let Some(mut way) = self.way(|node| node.packed().count().checked_sub(1)) else { return false };
        let index = way.elements as usize;
        let last = index.checked_sub(1).map(|last| way.leaf.item(last));
        if !last.is_some_and(|last| last.is_ok_and(|last| last.key < key)) {
            return false;
        }
        self.amend(&mut way, &[Change::new(Kind::Inserted, index, key, value)])
    }

    /// [`Edit::put_in_place`], and whether its neighbours' keys are known to begin with other `bytes` bytes.
    pub(super) fn put_apart_in_place(&mut self, key: &[u8], value: &[u8], bytes: usize) -> Option<bool> {
        let mut way = self.way(|node| node.child_for(key).ok())?;
        let (index, is_there) = way.leaf.lower_bound(key).ok()?;
        if is_there || key.len() + value.len() > ENTRY_BYTES_MAX {
            return None;
        }
        let is_apart = is_apart(&way, index, index, &key[..bytes]);
        self.amend(&mut way, &[Change::new(Kind::Inserted, index, key, value)]).then_some(is_apart)
    }

    /// [`Edit::remove_in_place`] for an element that is there, and whether its neighbours' keys are known to begin with
    /// other `bytes` bytes.
    pub(super) fn remove_apart_in_place(&mut self, key: &[u8], bytes: usize) -> Option<bool> {
        let mut way = self.way(|node| node.child_for(key).ok())?;
        let (index, is_there) = way.leaf.lower_bound(key).ok()?;
        if !is_there {
            return None;
        }
        let is_apart = is_apart(&way, index, index + 1, &key[..bytes]);
        self.amend(&mut way, &[Change::new(Kind::Removed, index, key, b"")]).then_some(is_apart)
    }

    /// Gives an element another key, and no value, where that is between two elements of the same leaf; `false` if nothing
    /// was done.
    pub fn rekey(&mut self, from: &[u8], to: &[u8]) -> bool {
        if to.len() > ENTRY_BYTES_MAX {
            return false;
        }
        let Some(mut way) = self.way(|node| node.child_for(from).ok()) else { return false };
        let (Ok((old, true)), Ok((new, false))) = (way.leaf.lower_bound(from), way.leaf.lower_bound(to))
        else {
            return false;
        };
        // At an end it might belong into the leaf beside this one.
        if new == 0 || new as u64 == way.elements {
            return false;
        }
        let changes = [
            Change::new(Kind::Removed, old, from, b""),
            Change::new(Kind::Inserted, new - usize::from(old < new), to, b""),
        ];
        self.amend(&mut way, &changes)
    }

    /// Removes the element with this key; whether there was one. `None` if the path must be copied.
    pub(super) fn remove_in_place(&mut self, key: &[u8]) -> Option<bool> {
        let mut way = self.way(|node| node.child_for(key).ok())?;
        let (index, is_there) = way.leaf.lower_bound(key).ok()?;
        if !is_there {
            return Some(false);
        }
        self.amend(&mut way, &[Change::new(Kind::Removed, index, key, b"")]).then_some(true)
    }

    /// Removes the element at `rank`; `false` if the path must be copied.
    pub(super) fn remove_at_in_place(&mut self, rank: u64) -> bool {
        let Some((mut way, index)) = self.way_to(rank) else { return false };
        if index as u64 >= way.elements || way.leaf.has_blobs() {
            return false;
        }
        let Ok(item) = way.leaf.item(index) else { return false };
        self.amend(&mut way, &[Change::new(Kind::Removed, index, item.key, b"")])
    }

    /// Inserts an element without key in front of the one at `rank`; `false` if the path must be copied.
    pub(super) fn insert_in_place(&mut self, rank: u64, value: &[u8]) -> bool {
        if value.len() > ENTRY_BYTES_MAX {
            return false;
        }
        let Some((mut way, index)) = self.way_to(rank) else { return false };
        index as u64 <= way.elements
            && self.amend(&mut way, &[Change::new(Kind::Inserted, index, b"", value)])
    }

    /// The way to the element at a rank, and its index in the leaf.
    fn way_to(&self, rank: u64) -> Option<(Way, usize)> {
        let (mut rank, mut elements) = (rank.min(self.elements), self.elements);
        let way = self.way(|node| {
            let (index, child, within) = node.child_at(rank, elements).ok()?;
            (rank, elements) = (within, child.elements);
            Some(index)
        })?;
        Some((way, usize::try_from(rank).ok()?))
    }

    fn way(&self, mut choose: impl FnMut(Node<'static>) -> Option<usize>) -> Option<Way> {
        // A root of this very edit may have children that are its too: the long way takes care of them.
        if self.keeps_old || self.root == 0 || self.root & (MAPPED | FRESH) != 0 {
            return None;
        }
        let leaf = node_of(self.root);
        let mut way =
            Way { inner: SmallVec::new(), leaf, elements: self.elements, is_first: true, is_last: true };
        loop {
            if !way.leaf.is_alone() {
                return None;
            }
            if way.leaf.is_leaf() {
                return Some(way);
            }
            let index = choose(way.leaf)?;
            way.is_first &= index == 0;
            way.is_last &= index + 1 == way.leaf.packed().count();
            let child = way.leaf.child(index);
            if child.word & MAPPED != 0 {
                return None;
            }
            way.leaf.look_ahead(&child);
            way.inner.push((way.leaf, index, child));
            way.leaf = node_of(child.word);
            way.elements = child.elements;
        }
    }

    /// Notes changes of entries of the leaf, or writes the leaf anew; `false` if neither can be.
    fn amend(&mut self, way: &mut Way, changes: &[Change<'_>]) -> bool {
        let leaf = way.leaf;
        let added: i64 = changes.iter().map(|change| change.kind.added()).sum();
        if leaf.has_blobs() || added < 0 && !stays_large(leaf, way.elements) {
            return false;
        }
        let has_room = changes.iter().map(Change::len).sum::<usize>() <= leaf.room_left();
        if !way.inner.iter().all(|(node, ..)| node.may_note_children()) {
            return false;
        }
        if has_room {
            // SAFETY: the latch of the tree's key is held for as long as an edit lives, the leaf is the tree's alone, and
            // the edit's number is above the old tree's.
            changes.iter().for_each(|change| unsafe { leaf.note_entry(self.number, change) });
        } else {
            let Some(fresh) = rewritten(way, changes) else { return false };
            self.replace_on(way, way.inner.len(), leaf, fresh);
        }
        if added != 0 || !has_room {
            self.make_room(way);
            self.note_children(way, added);
        }
        true
    }

    /// Writes the inner nodes anew that have no room left for another child's change.
    fn make_room(&mut self, way: &mut Way) {
        for depth in 0..way.inner.len() {
            let (node, ..) = way.inner[depth];
            if node.room_left() < INNER_BYTES {
                let all = Piece::Old(node.packed(), 0..node.packed().count());
                let fresh = node::build(node.level(), &[all], false, room_for(node.level(), Fill::Evenly));
                // SAFETY: made just now, with the children of `node`, which is no mapped one as it is on the way.
                unsafe { node.amend_copy(fresh) };
                self.replace_on(way, depth, node, fresh);
                way.inner[depth].0 = fresh;
            }
        }
    }

    /// Lets `fresh` take the place of a node on the way, in what [`Edit::note_children`] is about to note.
    fn replace_on(&mut self, way: &mut Way, depth: usize, node: Node<'static>, fresh: Node<'static>) {
        let bytes = fresh.memory_bytes() as i64 - node.memory_bytes() as i64;
        let is_claimed = node.claim();
        debug_assert!(is_claimed, "alone under the latch");
        // The old record still has the old root, and frees it when it dies.
        if depth > 0 || !self.has_old_root() {
            self.garbage.waste.push(Waste::shell(node.word()));
        }
        match depth.checked_sub(1) {
            None => self.root = fresh.word(),
            Some(above) => {
                let child = &mut way.inner[above].2;
                child.word = fresh.word() | child.word & node::SHORTENED;
            }
        }
        way.inner[..depth].iter_mut().for_each(|(_, _, child)| {
            child.bytes = child.bytes.wrapping_add_signed(bytes);
        });
        self.bytes = self.bytes.wrapping_add_signed(bytes);
    }

    /// Notes in all inner nodes on the way what has become of their child, and how much changed below them.
    fn note_children(&mut self, way: &mut Way, elements: i64) {
        for (node, index, child) in &mut way.inner {
            child.elements = child.elements.wrapping_add_signed(elements);
            // SAFETY: as in `amend`, which has looked whether the node may; `make_room` made room.
            unsafe { node.note_child(self.number, *index, child) };
        }
        self.elements = self.elements.wrapping_add_signed(elements);
    }
}

/// Whether the entries in front of `begin` and at `end`, both of this leaf, have keys with another begin.
fn is_apart(way: &Way, begin: usize, end: usize, prefix: &[u8]) -> bool {
    let leaf = way.leaf.leaf();
    let differs = |index: usize| leaf.item(index).is_ok_and(|item| !item.key.starts_with(prefix));
    begin > 0 && end < leaf.count() && differs(begin - 1) && differs(end)
}

/// Whether a leaf without one of its entries needs no merging with a neighbour.
fn stays_large(leaf: Node<'_>, elements: u64) -> bool {
    let before = leaf.packed().count() as u64;
    elements > 2 && leaf.len() as u64 * (elements - 1) > NODE_BYTES_MIN as u64 * before
}

/// The leaf written anew with the changes, unless it would be too large.
fn rewritten(way: &Way, changes: &[Change<'_>]) -> Option<Node<'static>> {
    // An entry that came to an end, or has changed there, is likely to be followed by others.
    let end_of = |change: &Change<'_>| change.position + usize::from(change.kind == Kind::Replaced);
    let fill = match changes {
        [change] if change.kind == Kind::Removed => Fill::Evenly,
        [change] if way.is_first && change.position == 0 => Fill::Back,
        [change] if way.is_last && end_of(change) as u64 == way.elements => Fill::Front,
        _ => Fill::Evenly,
    };
    way.leaf.leaf().with_pieces(changes, |pieces| {
        let fits = HEAD_BYTES + measure(pieces).1 <= NODE_BYTES_MAX;
        fits.then(|| node::build(0, pieces, false, room_for(0, fill)))
    })
}
