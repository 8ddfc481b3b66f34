//! Tells values as events.

use smallvec::SmallVec;

use super::{stream, unsupported};
use crate::container::hash::Fields;
use crate::container::set::Members;
use crate::container::stream::Stream;
use crate::container::{Elements, Walk, sorted_set};
use crate::index::Damaged;
use crate::rdb::{self, Shape, Stop, ValueVisitor, Visit};
use crate::record::{Body, Kind, NewTrees, Record, Str};
use crate::tree::{Item, Packed, TreeRef};

/// The elements of a container, wherever they are held.
pub struct Contents<'a> {
    packed: Option<Packed<'a>>,
    roots: SmallVec<[TreeRef<'a>; 4]>,
    /// What the kind keeps beside its trees.
    meta: &'a [u8],
}

impl<'a> Contents<'a> {
    /// Of a record's body.
    pub fn of(body: Body<'a>) -> Contents<'a> {
        match body {
            Body::Packed(packed) => Contents { packed: Some(packed), roots: SmallVec::new(), meta: &[] },
            Body::Trees(trees) => Contents { packed: None, roots: trees.all().collect(), meta: trees.meta },
        }
    }

    /// Of trees that are shared with a record.
    pub fn shared(trees: &'a NewTrees) -> Contents<'a> {
        let roots = trees.roots.iter().map(|tree| tree.as_ref()).collect();
        Contents { packed: None, roots, meta: &trees.meta }
    }

    /// The stream in these trees.
    pub(super) fn stream(&self) -> Result<Stream<'a>, Stop> {
        let trees = <[TreeRef<'a>; 4]>::try_from(self.roots.as_slice()).map_err(|_| damaged(Damaged))?;
        Ok(Stream::of_trees(trees, self.meta))
    }

    /// The packed elements, or those of the tree `number`.
    fn elements(&self, number: usize) -> Elements<'a> {
        match self.packed {
            Some(packed) => Elements::Packed(packed),
            None => Elements::Tree(self.roots[number]),
        }
    }
}

pub(super) fn damaged(_: Damaged) -> Stop {
    Stop::refused("a record of the loaded snapshot is damaged; see polycache-server check")
}

/// Tells a string.
pub fn tell_string<V: ValueVisitor>(value: Str<'_>, visitor: &mut V) -> Visit {
    visitor.begin_value(Shape::new(rdb::Kind::String, value.len() as u64))?;
    value.pieces().try_for_each(|piece| visitor.string(piece))?;
    visitor.end_value()
}

/// Tells a container.
pub fn tell_container<V: ValueVisitor>(kind: Kind, contents: &Contents<'_>, visitor: &mut V) -> Visit {
    match kind {
        Kind::List => {
            let elements = contents.elements(0);
            visitor.begin_value(Shape::new(rdb::Kind::List, elements.len()))?;
            each(elements, |item| visitor.list_element(item.value))?;
            visitor.end_value()
        }
        Kind::Set => {
            let elements = contents.elements(0);
            visitor.begin_value(Shape::new(rdb::Kind::Set, elements.len()))?;
            let mut members = Members::new(elements).map_err(damaged)?;
            while let Some(member) = members.next().map_err(damaged)? {
                visitor.set_member(member)?;
            }
            visitor.end_value()
        }
        Kind::Hash => {
            let elements = contents.elements(0);
            let fields_expire = contents.roots.get(1).is_some_and(|expiry| !expiry.is_empty());
            let shape = Shape::new(rdb::Kind::Hash, elements.len());
            visitor.begin_value(Shape { fields_expire, ..shape })?;
            let mut fields = Fields::all(elements).map_err(damaged)?;
            while let Some(field) = fields.next().map_err(damaged)? {
                visitor.hash_field(field.name, field.value, field.expire_at.map(|at| at.0))?;
            }
            visitor.end_value()
        }
        Kind::SortedSet => {
            let elements = contents.elements(0);
            visitor.begin_value(Shape::new(rdb::Kind::SortedSet, elements.len()))?;
            let mut members = sorted_set::Members::of(elements).map_err(damaged)?;
            while let Some(member) = members.next().map_err(damaged)? {
                visitor.sorted_set_member(member.name, member.score)?;
            }
            visitor.end_value()
        }
        Kind::Stream => stream::tell(&contents.stream()?, visitor),
        other => Err(unsupported(other)),
    }
}

/// Tells the value of a record.
pub fn tell_record<V: ValueVisitor>(record: Record<'_>, visitor: &mut V) -> Visit {
    match record.kind() {
        Kind::String => tell_string(record.value(), visitor),
        kind => tell_container(kind, &Contents::of(record.body()), visitor),
    }
}

/// Visits all elements in order.
fn each(elements: Elements<'_>, mut visit: impl FnMut(Item<'_>) -> Visit) -> Visit {
    let mut walk: Walk<'_> = elements.walk(0).map_err(damaged)?;
    while let Some(item) = walk.next().map_err(damaged)? {
        visit(item)?;
    }
    Ok(())
}
