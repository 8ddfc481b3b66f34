//! Finding an element by key or by rank.

use std::cmp::Ordering;

use super::TreeRef;
use super::node::{Child, Node, SHORTENED};
use super::packed::Item;
use crate::index::Damaged;

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
        unsafe { Node::at(self.root) }.map(Some)
    }

    /// The element with exactly this key.
    pub fn get(self, key: &[u8]) -> Result<Option<Item<'a>>, Damaged> {
        let Some(mut node) = self.root()? else { return Ok(None) };
        while !node.is_leaf() {
            node = node.child_node(node.child_for(key)?)?;
        }
        let (index, is_there) = node.lower_bound(key)?;
        if is_there { node.item(index).map(Some) } else { Ok(None) }
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
        let index = usize::try_from(rank).ok().filter(|&index| index < node.packed().count());
        node.item(index.ok_or(Damaged)?).map(Some)
    }
}

impl<'a> Node<'a> {
    /// The child at `index`, as a node.
    #[inline]
    pub(super) fn child_node(self, index: usize) -> Result<Node<'a>, Damaged> {
        // SAFETY: this node holds a reference to its child, and is alive for 'a.
        unsafe { Node::at(self.child(index).word) }
    }

    /// A child of this node, as a node.
    #[inline]
    pub(super) fn below(self, child: &Child<'a>) -> Result<Node<'a>, Damaged> {
        // SAFETY: as in `child_node`.
        unsafe { Node::at(child.word) }
    }

    /// Which child `key` belongs to.
    pub(super) fn child_for(self, key: &[u8]) -> Result<usize, Damaged> {
        // The first child whose separator is above the key, counted from the second.
        let (mut low, mut high) = (1, self.packed().count());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.separator_order(middle, key)? == Ordering::Greater {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(low - 1)
    }

    /// How the separator of a child compares to `key`.
    fn separator_order(self, index: usize, key: &[u8]) -> Result<Ordering, Damaged> {
        let child = self.child(index);
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
            let mut rank = rank;
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

    /// The first entry of this leaf whose key is not below `key`, and whether it is `key`.
    pub(super) fn lower_bound(self, key: &[u8]) -> Result<(usize, bool), Damaged> {
        let (mut low, mut high) = (0, self.packed().count());
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.item(middle)?.key.cmp(key) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Ok((middle, true)),
                Ordering::Greater => high = middle,
            }
        }
        Ok((low, false))
    }
}
