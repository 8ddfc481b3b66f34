//! Reading the elements of a container, in whichever form they are.

use crate::index::Damaged;
use crate::record::Body;
use crate::tree::{Cursor, Item, Packed, TreeRef};

/// The elements of a container, or of one of its trees, in order.
#[derive(Clone, Copy, Debug)]
pub enum Elements<'a> {
    Packed(Packed<'a>),
    Tree(TreeRef<'a>),
}

impl<'a> Elements<'a> {
    pub const EMPTY: Elements<'static> = Elements::Packed(Packed::EMPTY);

    /// The packed elements, or those of the tree `number`.
    pub fn of(body: Body<'a>, number: usize) -> Elements<'a> {
        match body {
            Body::Packed(packed) => Elements::Packed(packed),
            Body::Trees(trees) => Elements::Tree(trees.root(number)),
        }
    }

    pub fn len(self) -> u64 {
        match self {
            Elements::Packed(packed) => packed.count() as u64,
            Elements::Tree(tree) => tree.len(),
        }
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The element at `rank`, counted from zero.
    pub fn at(self, rank: u64) -> Result<Option<Item<'a>>, Damaged> {
        match self {
            Elements::Packed(packed) => {
                Ok((rank < packed.count() as u64).then(|| packed.item(rank as usize)))
            }
            Elements::Tree(tree) => tree.at(rank),
        }
    }

    /// A walk from the place in front of the element at `rank`, or behind the last.
    pub fn walk(self, rank: u64) -> Result<Walk<'a>, Damaged> {
        Ok(match self {
            Elements::Packed(packed) => Walk::Packed(packed, rank.min(packed.count() as u64) as usize),
            Elements::Tree(tree) => Walk::Tree(tree.cursor(rank)?),
        })
    }

    /// All elements in order.
    pub fn for_each(self, mut visit: impl FnMut(Item<'a>)) -> Result<(), Damaged> {
        match self {
            Elements::Packed(packed) => packed.items().for_each(visit),
            Elements::Tree(tree) => tree.for_each(&mut visit)?,
        }
        Ok(())
    }
}

/// A place between two elements.
#[derive(Clone)]
pub enum Walk<'a> {
    Packed(Packed<'a>, usize),
    Tree(Cursor<'a>),
}

impl<'a> Walk<'a> {
    /// The element behind the place; the place moves behind it.
    #[allow(clippy::should_implement_trait, reason = "an element may turn out to be damaged")]
    pub fn next(&mut self) -> Result<Option<Item<'a>>, Damaged> {
        match self {
            Walk::Packed(packed, index) if *index < packed.count() => {
                *index += 1;
                Ok(Some(packed.item(*index - 1)))
            }
            Walk::Packed(..) => Ok(None),
            Walk::Tree(cursor) => cursor.next(),
        }
    }

    /// The element in front of the place; the place moves in front of it.
    pub fn previous(&mut self) -> Result<Option<Item<'a>>, Damaged> {
        match self {
            Walk::Packed(packed, index) if *index > 0 => {
                *index -= 1;
                Ok(Some(packed.item(*index)))
            }
            Walk::Packed(..) => Ok(None),
            Walk::Tree(cursor) => cursor.previous(),
        }
    }
}
