//! Making nodes of what an edit carries over and adds.

use std::ops::Range;

use smallvec::SmallVec;

use super::super::node::{self, CHILD_BYTES, Child, FRESH, HEAD_BYTES, Node, SHORTENED};
use super::super::packed::{Fresh, Packed, Piece, measure};
use super::super::{ENTRY_BYTES_MAX, NODE_BYTES_MAX, NODE_BYTES_MIN, SEPARATOR_BYTES_MAX};
use super::node_of;
use crate::memory::size_class;

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
        let node = node::build(level, pieces, has_blobs);
        children.push(match known {
            Some((elements, below)) => Owned::counted(node, elements, below + size_class(node.len()) as u64),
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
                finish_part(level, &part, has_blobs, &mut children);
                part.clear();
                (begin, taken, aim) = (index, 0, others);
            }
            taken += len;
        }
        part.push(piece.part(begin..piece.count()));
    }
    finish_part(level, &part, has_blobs, &mut children);
    children
}

pub fn finish_part(level: u8, part: &[Piece<'_>], has_blobs: bool, children: &mut Children) {
    let mut next = Owned::new(node::build(level, part, has_blobs));
    if let Some(last) = children.last() {
        let (left, right) = (node_of(last.word), node_of(next.word));
        if level > 0 {
            let first = right.child(0);
            next.separator = SmallVec::from_slice(first.separator);
            next.word |= first.word & SHORTENED;
        } else {
            let left = left.item(left.packed().count() - 1).map_or(&b""[..], |item| item.key);
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

/// A stretch of a node's entries to be carried over; a mapped node's words are made absolute.
pub enum Carried {
    AsIs(Packed<'static>, Range<usize>),
    Absolute(Vec<Fresh<'static>>),
}

impl Carried {
    pub fn new(node: Node<'static>, range: Range<usize>) -> Carried {
        let packed = node.packed();
        if !node.is_mapped() || node.is_leaf() && !node.has_blobs() {
            return Carried::AsIs(packed, range);
        }
        let entry =
            |index: usize| match (node.is_leaf(), node.is_leaf().then(|| node.blob_at(index)).flatten()) {
                (false, _) => node.child(index).entry(),
                (true, Some(word)) => Fresh::big(word),
                (true, None) => Fresh::with_head(&[], [packed.raw(index), &[]]),
            };
        Carried::Absolute(range.map(entry).collect())
    }

    pub fn piece(&self) -> Piece<'_> {
        match self {
            Carried::AsIs(packed, range) => Piece::Old(*packed, range.clone()),
            Carried::Absolute(entries) => Piece::New(entries),
        }
    }
}

/// Elements under a node, and bytes that it and all below it take.
fn totals(node: Node<'_>) -> (u64, u64) {
    let own = size_class(node.len()) as u64;
    let count = node.packed().count();
    if !node.is_leaf() {
        return (0..count)
            .map(|index| node.child(index))
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
        let count = if node.is_leaf() { 0 } else { node.packed().count() };
        for index in 0..count {
            let mut child = node.child(index);
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
