//! Finding an element by key or by rank.

use std::cmp::Ordering;
use std::hint::select_unpredictable;

use super::NODE_BYTES_MAX;
use super::TreeRef;
use super::node::{CHILD_BYTES, Child, Node, SHORTENED, STATE};
use super::packed::Item;
use crate::index::{CACHE_LINE_BYTES, Damaged, prefetch};

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Elements before it.
    pub rank: u64,
    /// Whether an element has exactly this key.
    pub is_there: bool,
}

impl<'a> TreeRef<'a> {
    pub(crate) fn root(self) -> Result<Option<Node<'a>>, Damaged> {
        if self.root == 0 {
            return Ok(None);
        }
        // SAFETY: the tree is alive for 'a.
        unsafe { Node::at(self.root, self.number) }.map(Some)
    }

    /// The element with exactly this key.
    pub fn get(self, key: &[u8]) -> Result<Option<Item<'a>>, Damaged> {
        let Some(mut node) = self.root()? else { return Ok(None) };
        while !node.is_leaf() {
            node = node.child_node(node.child_for(key)?)?;
        }
        node.find(key)
    }

    /// How many elements have a smaller key, and whether `key` itself is there.
    pub fn place(self, key: &[u8]) -> Result<Place, Damaged> {
        let Some(mut node) = self.root()? else { return Ok(Place { rank: 0, is_there: false }) };
        let mut rank = 0;
        while !node.is_leaf() {
            let index = node.child_for(key)?;
            rank += node.children().take(index).map(|before| before.elements).sum::<u64>();
            node = node.child_node(index)?;
        }
        let (index, is_there) = node.lower_bound(key)?;
        Ok(Place { rank: rank + index as u64, is_there })
    }

    /// The element at `rank`, counted from zero.
    pub fn at(self, rank: u64) -> Result<Option<Item<'a>>, Damaged> {
        if rank >= self.elements {
            return Ok(None);
        }
        let Some(mut node) = self.root()? else { return Ok(None) };
        let (mut rank, mut elements) = (rank, self.elements);
        while !node.is_leaf() {
            let (_, child, within) = node.child_at(rank, elements)?;
            (rank, elements) = (within, child.elements);
            node = node.below(&child)?;
        }
        let leaf = node.leaf();
        let index = usize::try_from(rank).ok().filter(|&index| index < leaf.count());
        leaf.item(index.ok_or(Damaged)?).map(Some)
    }
}

/// The first eight bytes of a key, filled up with zeroes. Where those of two keys differ, they tell the order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Prefix(u64);

impl Prefix {
    #[inline]
    pub(super) fn of(key: &[u8]) -> Prefix {
        match key.first_chunk() {
            Some(first) => Prefix(u64::from_be_bytes(*first)),
            None => Prefix(
                key.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)) << (64 - 8 * key.len().max(1)),
            ),
        }
    }

    /// Of the separator in an entry of an inner node, which has other bytes in front of it.
    #[inline]
    fn of_separator(raw: &[u8]) -> Prefix {
        let separator = &raw[CHILD_BYTES..];
        match (separator.first_chunk(), raw.last_chunk()) {
            (None, Some(last)) if !separator.is_empty() => {
                Prefix(u64::from_be_bytes(*last) << (64 - 8 * separator.len()))
            }
            (Some(first), _) => Prefix(u64::from_be_bytes(*first)),
            _ => Prefix(0),
        }
    }
}

impl<'a> Node<'a> {
    /// The child at `index`, as a node.
    #[inline]
    pub(super) fn child_node(self, index: usize) -> Result<Node<'a>, Damaged> {
        let child = self.child(index);
        self.look_ahead(&child);
        // SAFETY: this node holds a reference to its child, and is alive for 'a.
        unsafe { Node::at(child.word, self.number()) }
    }

    /// Asks the processor for a whole leaf: a search looks at places all over it, one after the other.
    #[inline]
    pub(super) fn look_ahead(self, child: &Child<'_>) {
        if self.level() == 1 {
            let leaf = std::ptr::without_provenance::<u8>((child.word & !STATE) as usize);
            for line in (0..(child.bytes as usize).min(NODE_BYTES_MAX)).step_by(CACHE_LINE_BYTES) {
                prefetch(leaf.wrapping_add(line));
            }
        }
    }

    /// A child of this node, as a node.
    #[inline]
    pub(super) fn below(self, child: &Child<'a>) -> Result<Node<'a>, Damaged> {
        self.look_ahead(child);
        // SAFETY: as in `child_node`.
        unsafe { Node::at(child.word, self.number()) }
    }

    /// Which child `key` belongs to.
    pub(super) fn child_for(self, key: &[u8]) -> Result<usize, Damaged> {
        // The first child whose separator is above the key, counted from the second.
        let (packed, wanted) = (self.packed(), Prefix::of(key));
        let (mut low, mut high) = (1, packed.count());
        while low < high {
            let middle = usize::midpoint(low, high);
            let order = Prefix::of_separator(packed.raw(middle)).cmp(&wanted);
            let order = if order == Ordering::Equal { self.separator_order(middle, key)? } else { order };
            // Half of the outcomes are guessed wrong where they are branched on.
            let is_greater = order == Ordering::Greater;
            high = select_unpredictable(is_greater, middle, high);
            low = select_unpredictable(is_greater, low, middle + 1);
        }
        Ok(low - 1)
    }

    /// How the separator of a child compares to `key`.
    fn separator_order(self, index: usize, key: &[u8]) -> Result<Ordering, Damaged> {
        // No amendment changes what is looked at here.
        let child = Child::read(self.packed().raw(index));
        if child.word & SHORTENED != 0 && key.starts_with(child.separator) {
            let mut node = self.child_node(index)?;
            while !node.is_leaf() {
                node = node.child_node(0)?;
            }
            return Ok(node.item(0)?.key.cmp(key));
        }
        Ok(child.separator.cmp(key))
    }

    /// The child that contains the element at `rank` of the `elements` under this node, and the rank within it; the last
    /// child for the rank behind the last element. Begins at the nearer end.
    pub(super) fn child_at(self, rank: u64, elements: u64) -> Result<(usize, Child<'a>, u64), Damaged> {
        let count = self.packed().count();
        if rank < elements / 2 {
            let (mut rank, first) = (rank, self.child(0));
            if rank < first.elements {
                return Ok((0, first, rank));
            }
            for (index, child) in self.children().enumerate() {
                if rank < child.elements {
                    return Ok((index, child, rank));
                }
                rank -= child.elements;
            }
            return Err(Damaged);
        }
        let mut end = elements;
        for index in (0..count).rev() {
            let child = self.child(index);
            end = end.checked_sub(child.elements).ok_or(Damaged)?;
            if rank >= end {
                return Ok((index, child, rank - end));
            }
        }
        Err(Damaged)
    }
}
