//! Walking a tree in order, forwards or backwards.

use smallvec::SmallVec;

use super::TreeRef;
use super::amend::Leaf;
use super::node::Node;
use super::packed::Item;
use crate::index::Damaged;

/// A place between two elements of a tree.
#[derive(Clone)]
pub struct Cursor<'a> {
    /// Inner nodes with the child that the walk is in, from the root down.
    path: SmallVec<[(Node<'a>, usize); 5]>,
    /// The leaf, and the element behind the place.
    leaf: Option<(Leaf<'a>, usize)>,
}

impl<'a> TreeRef<'a> {
    /// The place in front of the element at `rank`, or behind the last one.
    pub fn cursor(self, rank: u64) -> Result<Cursor<'a>, Damaged> {
        let mut cursor = Cursor { path: SmallVec::new(), leaf: None };
        let Some(mut node) = self.root()? else { return Ok(cursor) };
        let (mut rank, mut elements) = (rank.min(self.elements), self.elements);
        while !node.is_leaf() {
            let (index, child, within) = node.child_at(rank, elements)?;
            cursor.path.push((node, index));
            (rank, elements) = (within, child.elements);
            node = node.below(&child)?;
        }
        let leaf = node.leaf();
        let index = usize::try_from(rank).unwrap_or(usize::MAX).min(leaf.count());
        cursor.leaf = Some((leaf, index));
        Ok(cursor)
    }

    /// The place in front of the first element whose key is not below `key`.
    pub fn cursor_at(self, key: &[u8]) -> Result<Cursor<'a>, Damaged> {
        let mut cursor = Cursor { path: SmallVec::new(), leaf: None };
        let Some(mut node) = self.root()? else { return Ok(cursor) };
        while !node.is_leaf() {
            let index = node.child_for(key)?;
            cursor.path.push((node, index));
            node = node.child_node(index)?;
        }
        cursor.leaf = Some((node.leaf(), node.lower_bound(key)?.0));
        Ok(cursor)
    }

    /// All elements in order.
    pub fn for_each(self, mut visit: impl FnMut(Item<'a>)) -> Result<(), Damaged> {
        let mut cursor = self.cursor(0)?;
        while let Some(item) = cursor.next()? {
            visit(item);
        }
        Ok(())
    }
}

impl<'a> Cursor<'a> {
    /// The element behind the place; the place moves behind it.
    #[allow(clippy::should_implement_trait, reason = "an element may turn out to be damaged")]
    pub fn next(&mut self) -> Result<Option<Item<'a>>, Damaged> {
        loop {
            let Some((leaf, index)) = &mut self.leaf else { return Ok(None) };
            if *index < leaf.count() {
                *index += 1;
                return leaf.item(*index - 1).map(Some);
            }
            if !self.turn(true)? {
                return Ok(None);
            }
        }
    }

    /// The element in front of the place; the place moves in front of it.
    pub fn previous(&mut self) -> Result<Option<Item<'a>>, Damaged> {
        loop {
            let Some((leaf, index)) = &mut self.leaf else { return Ok(None) };
            if *index > 0 {
                *index -= 1;
                return leaf.item(*index).map(Some);
            }
            if !self.turn(false)? {
                return Ok(None);
            }
        }
    }

    /// Goes to the next leaf or the one before; `false` if there is none.
    fn turn(&mut self, forwards: bool) -> Result<bool, Damaged> {
        let step = |(node, index): (Node<'a>, usize)| {
            if forwards { Some(index + 1).filter(|&next| next < node.count()) } else { index.checked_sub(1) }
        };
        let Some(depth) = self.path.iter().rposition(|&at| step(at).is_some()) else { return Ok(false) };
        let (mut node, mut index) = (self.path[depth].0, step(self.path[depth]).unwrap_or_default());
        self.path.truncate(depth);
        loop {
            self.path.push((node, index));
            node = node.child_node(index)?;
            if node.is_leaf() {
                let leaf = node.leaf();
                let index = if forwards { 0 } else { leaf.count() };
                self.leaf = Some((leaf, index));
                return Ok(true);
            }
            index = if forwards { 0 } else { node.count() - 1 };
        }
    }
}
