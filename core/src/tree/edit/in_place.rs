//! Changing one element by amendments of the nodes on its path: no copy of a path, and most often no allocation.
//!
//! Only nodes that this tree alone has are amended, from the root down; a tree that somebody else must keep is not. What
//! does not fit goes the long way, as if nothing had been tried: nothing is changed before all is known to fit.

use smallvec::SmallVec;

use super::super::amend::{Kind, Plain};
use super::super::node::{self, Child, FRESH, HEAD_BYTES, MAPPED, Node};
use super::super::packed::{Fresh, Piece, measure};
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
        let way = self.way(|node| node.child_for(key).ok())?;
        let (index, is_there) = way.leaf.lower_bound(key).ok()?;
        if is_there && !replaces {
            return Some(true);
        }
        let kind = if is_there { Kind::Replaced } else { Kind::Inserted };
        self.amend(&way, kind, index, &Fresh::new(key, value)).then_some(is_there)
    }

    /// Removes the element with this key; whether there was one. `None` if the path must be copied.
    pub(super) fn remove_in_place(&mut self, key: &[u8]) -> Option<bool> {
        let way = self.way(|node| node.child_for(key).ok())?;
        let (index, is_there) = way.leaf.lower_bound(key).ok()?;
        if !is_there {
            return Some(false);
        }
        self.amend(&way, Kind::Removed, index, &Fresh::new(key, b"")).then_some(true)
    }

    /// Removes the element at `rank`; `false` if the path must be copied.
    pub(super) fn remove_at_in_place(&mut self, rank: u64) -> bool {
        let Some((way, index)) = self.way_to(rank) else { return false };
        if index as u64 >= way.elements || way.leaf.has_blobs() {
            return false;
        }
        let Ok(item) = way.leaf.item(index) else { return false };
        self.amend(&way, Kind::Removed, index, &Fresh::new(item.key, b""))
    }

    /// Inserts an element without key in front of the one at `rank`; `false` if the path must be copied.
    pub(super) fn insert_in_place(&mut self, rank: u64, value: &[u8]) -> bool {
        if value.len() > ENTRY_BYTES_MAX {
            return false;
        }
        let Some((way, index)) = self.way_to(rank) else { return false };
        index as u64 <= way.elements && self.amend(&way, Kind::Inserted, index, &Fresh::new(b"", value))
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

    /// Notes a change of an entry of the leaf, or writes the leaf anew; `false` if neither can be.
    fn amend(&mut self, way: &Way, kind: Kind, index: usize, entry: &Fresh<'_>) -> bool {
        let leaf = way.leaf;
        if leaf.has_blobs() || kind == Kind::Removed && !stays_large(leaf, way.elements) {
            return false;
        }
        let change = match kind {
            Kind::Inserted => 1,
            Kind::Replaced => 0,
            Kind::Removed => -1,
        };
        let has_inner_room = || way.inner.iter().all(|(node, ..)| node.can_note_child());
        if change != 0 && !has_inner_room() {
            return false;
        }
        // SAFETY: the latch of the tree's key is held for as long as an edit lives, the leaf is the tree's alone, and
        // the edit's number is above the old tree's.
        if unsafe { leaf.note_entry(self.number, kind, index, entry) } {
            if change != 0 {
                self.note_children(way, change, 0, None);
            }
        } else {
            if way.inner.is_empty() || !has_inner_room() {
                return false;
            }
            let Some(fresh) = rewritten(way, kind, index, entry) else { return false };
            let bytes = fresh.memory_bytes() as i64 - leaf.memory_bytes() as i64;
            let is_claimed = leaf.claim();
            debug_assert!(is_claimed, "alone under the latch");
            self.garbage.waste.push(Waste::Shell(leaf.word()));
            self.note_children(way, change, bytes, Some(fresh.word()));
        }
        true
    }

    /// Notes in all inner nodes on the way how much changed below them, and in the last one its new child.
    fn note_children(&mut self, way: &Way, elements: i64, bytes: i64, leaf: Option<u64>) {
        for (depth, (node, index, child)) in way.inner.iter().enumerate() {
            let word = leaf.filter(|_| depth + 1 == way.inner.len());
            let child = Child {
                word: word.map_or(child.word, |word| word | child.word & node::SHORTENED),
                elements: child.elements.wrapping_add_signed(elements),
                bytes: child.bytes.wrapping_add_signed(bytes),
                separator: child.separator,
            };
            // SAFETY: as in `amend`, which has looked whether there is room.
            unsafe { node.note_child(self.number, *index, &child) };
        }
        self.elements = self.elements.wrapping_add_signed(elements);
        self.bytes = self.bytes.wrapping_add_signed(bytes);
    }
}

/// Whether a leaf without one of its entries needs no merging with a neighbour.
fn stays_large(leaf: Node<'_>, elements: u64) -> bool {
    let before = leaf.packed().count() as u64;
    elements > 2 && leaf.len() as u64 * (elements - 1) > NODE_BYTES_MIN as u64 * before
}

/// The leaf written anew with the change, unless it would be too large.
fn rewritten(way: &Way, kind: Kind, index: usize, entry: &Fresh<'_>) -> Option<Node<'static>> {
    let plain = Plain::of(way.leaf);
    let count = plain.packed().count();
    let added = if kind == Kind::Removed { &[][..] } else { std::slice::from_ref(entry) };
    let end = index + usize::from(kind != Kind::Inserted);
    let pieces = [plain.piece(0..index), Piece::New(added), plain.piece(end..count)];
    if HEAD_BYTES + measure(&pieces).1 > NODE_BYTES_MAX {
        return None;
    }
    let fill = if kind == Kind::Removed {
        Fill::Evenly
    } else if way.is_first && index == 0 {
        Fill::Back
    } else if way.is_last && end == count {
        Fill::Front
    } else {
        Fill::Evenly
    };
    Some(node::build(0, &pieces, false, room_for(0, fill)))
}
