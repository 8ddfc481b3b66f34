//! Making nodes of what an edit carries over and adds.

use smallvec::SmallVec;

use super::super::amend::INNER_BYTES;
use super::super::node::{self, CHILD_BYTES, Child, FRESH, HEAD_BYTES, Node, SHORTENED};
use super::super::packed::{Fresh, Piece, measure};
use super::super::{ENTRY_BYTES_MAX, NODE_BYTES_MAX, NODE_BYTES_MIN, SEPARATOR_BYTES_MAX};
use super::node_of;

/// Room for amendments of a leaf, at least.
const LEAF_ROOM_BYTES: usize = 64;
/// The same at the ends of a tree, where it grows and shrinks most.
const EDGE_ROOM_BYTES: usize = 512;
/// The same of an inner node: every write below that adds or removes an element takes one.
const INNER_ROOM_BYTES: usize = 24 * INNER_BYTES;

/// A node that the edit owns a reference to (or a mapped one), with what its parent will say of it.
pub struct Owned {
    pub word: u64,
    pub elements: u64,
    pub bytes: u64,
    pub separator: SmallVec<[u8; 24]>,
}

pub type Children = SmallVec<[Owned; 3]>;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    Evenly,
    /// All but the first.
    Back,
    /// All but the last.
    Front,
}

/// New nodes of one level for `pieces`, as few as their sizes allow.
pub fn pack(level: u8, pieces: &[Piece<'_>], has_blobs: bool, fill: Fill) -> Children {
    pack_counted(level, pieces, has_blobs, fill, None)
}

/// The same where elements and bytes below the new nodes may be known already.
pub fn pack_counted(
    level: u8,
    pieces: &[Piece<'_>],
    has_blobs: bool,
    fill: Fill,
    known: Option<(u64, u64)>,
) -> Children {
    let (count, bytes) = measure(pieces);
    let mut children = Children::new();
    if count == 0 {
        return children;
    }
    if HEAD_BYTES + bytes <= NODE_BYTES_MAX || count == 1 {
        let node = node::build(level, pieces, has_blobs, room_for(level, fill));
        children.push(match known {
            Some((elements, below)) => Owned::counted(node, elements, below + node.memory_bytes()),
            None => Owned::new(node),
        });
        return children;
    }
    let room = NODE_BYTES_MAX - HEAD_BYTES - 2;
    let nodes = bytes.div_ceil(room);
    let first = match fill {
        Fill::Evenly => bytes.div_ceil(nodes),
        Fill::Front => room,
        Fill::Back => (bytes - (nodes - 1) * room).max(1),
    };
    let others = if fill == Fill::Evenly { first } else { room };
    let mut aim = first;
    let (mut part, mut taken): (SmallVec<[Piece<'_>; 3]>, usize) = (SmallVec::new(), 0);
    for piece in pieces {
        let mut begin = 0;
        for index in 0..piece.count() {
            let len = 2 + piece.entry_len(index);
            if taken > 0 && (taken + len > room || taken >= aim) {
                part.push(piece.part(begin..index));
                let is_full = fill == Fill::Front || fill == Fill::Back && !children.is_empty();
                finish_part(
                    level,
                    &part,
                    has_blobs,
                    if is_full { 0 } else { room_for(level, fill) },
                    &mut children,
                );
                part.clear();
                (begin, taken, aim) = (index, 0, others);
            }
            taken += len;
        }
        part.push(piece.part(begin..piece.count()));
    }
    let is_full = fill == Fill::Back;
    finish_part(level, &part, has_blobs, if is_full { 0 } else { room_for(level, fill) }, &mut children);
    children
}

/// Room for the amendments of a node.
pub fn room_for(level: u8, fill: Fill) -> usize {
    match (level, fill) {
        (0, Fill::Evenly) => LEAF_ROOM_BYTES,
        (0, _) => EDGE_ROOM_BYTES,
        _ => INNER_ROOM_BYTES,
    }
}

pub fn finish_part(level: u8, part: &[Piece<'_>], has_blobs: bool, room: usize, children: &mut Children) {
    let mut next = Owned::new(node::build(level, part, has_blobs, room));
    if let Some(last) = children.last() {
        let (left, right) = (node_of(last.word), node_of(next.word));
        if level > 0 {
            let first = right.child(0);
            next.separator = SmallVec::from_slice(first.separator);
            next.word |= first.word & SHORTENED;
        } else {
            let left = left.item(left.count() - 1).map_or(&b""[..], |item| item.key);
            let right = right.item(0).map_or(&b""[..], |item| item.key);
            let is_short = separator(left, right, &mut next.separator);
            next.word |= if is_short { SHORTENED } else { 0 };
        }
    }
    children.push(next);
}
impl Owned {
    pub fn new(node: Node<'_>) -> Owned {
        let (elements, bytes) = totals(node);
        Self::counted(node, elements, bytes)
    }

    fn counted(node: Node<'_>, elements: u64, bytes: u64) -> Owned {
        Owned { word: node.word() | FRESH, elements, bytes, separator: SmallVec::new() }
    }

    pub fn child(&self) -> Child<'_> {
        Child { word: self.word, elements: self.elements, bytes: self.bytes, separator: &self.separator }
    }

    pub fn entry(&self) -> Fresh<'_> {
        self.child().entry()
    }
}

/// Elements under a node, and bytes that it and all below it take.
fn totals(node: Node<'_>) -> (u64, u64) {
    let own = node.memory_bytes();
    let count = node.count();
    if !node.is_leaf() {
        return node
            .children()
            .fold((0, own), |(elements, bytes), child| (elements + child.elements, bytes + child.bytes));
    }
    let blobs = if node.has_blobs() { (0..count).map(|index| node.blob_bytes(index)).sum() } else { 0 };
    (count as u64, own + blobs)
}

/// The shortest key above `left` and not above `right`; whether it had to be cut.
fn separator(left: &[u8], right: &[u8], out: &mut SmallVec<[u8; 24]>) -> bool {
    let common = left.iter().zip(right).take_while(|(left, right)| left == right).count();
    let len = (common + 1).min(right.len());
    out.extend_from_slice(&right[..len.min(SEPARATOR_BYTES_MAX)]);
    len > SEPARATOR_BYTES_MAX
}

/// The entry for an element; a long one goes into a blob.
pub fn entry<'e>(key: &'e [u8], value: &'e [u8]) -> Fresh<'e> {
    if key.len() + value.len() > ENTRY_BYTES_MAX {
        return Fresh::big(node::blob(key, &[value]).word());
    }
    Fresh::new(key, value)
}

pub fn has_blobs(entries: &[Fresh<'_>]) -> bool {
    entries.iter().any(Fresh::is_big)
}

/// Ends the time in which the nodes under `word` may be changed; the word as it is published.
pub fn settle(word: u64) -> u64 {
    if word & FRESH != 0 {
        let node = node_of(word);
        if node.is_leaf() {
            return word & !FRESH;
        }
        // A node of this edit is in memory, and has no amendments.
        for (index, raw) in node.packed().raws().enumerate() {
            let mut child = Child::read(raw);
            if child.word & FRESH != 0 {
                child.word = settle(child.word);
                // SAFETY: fresh, so nobody else sees the node yet; the child's separator is left alone.
                unsafe { node.set_child(index, &child) };
            }
        }
    }
    word & !FRESH
}

const _: () = assert!(ENTRY_BYTES_MAX + 16 < NODE_BYTES_MAX / 2);
const _: () = assert!(SEPARATOR_BYTES_MAX + CHILD_BYTES + 2 < NODE_BYTES_MIN / 2);
