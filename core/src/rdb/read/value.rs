//! Values by their type: strings, lists, sets and sorted sets in all their encodings. Hashes and streams have files of
//! their own.

use std::io::Read;

use super::super::double;
use super::super::error::RdbError;
use super::super::format::{Dialect, kind, node};
use super::super::packed::intset::Intset;
use super::super::packed::listpack::Listpack;
use super::super::packed::ziplist::Ziplist;
use super::super::packed::{Element, canonical_integer};
use super::super::visitor::{Kind, Shape, ValueVisitor};
use super::source::Source;
use super::{Buffers, Heard, Place, hash, stream};

/// Reads the value of type `code`.
pub fn read<R: Read, V: ValueVisitor>(
    source: &mut Source<R>,
    dialect: Dialect,
    code: u8,
    buffers: &mut Buffers,
    visitor: &mut V,
) -> Result<(), RdbError> {
    let offset = source.offset();
    match code {
        kind::STRING => source.visit_string(&mut buffers.value, visitor, |visitor, len| {
            visitor.begin_value(Shape::new(Kind::String, len))
        })?,
        kind::LIST => list(source, buffers, visitor)?,
        kind::LIST_ZIPLIST => {
            let place = source.packed_into(&mut buffers.value)?;
            let ziplist = Packed::ziplist(&buffers.value, place)?;
            visitor.begin_value(ziplist.shape(Kind::List, 1)).at(offset)?;
            ziplist.each(|element| visitor.list_element(element))?;
        }
        kind::LIST_QUICKLIST | kind::LIST_QUICKLIST_2 => quicklist(source, code, buffers, visitor)?,
        kind::SET => set(source, buffers, visitor)?,
        kind::SET_INTSET => intset(source, buffers, visitor)?,
        kind::SET_LISTPACK => {
            let place = source.packed_into(&mut buffers.value)?;
            let listpack = Packed::listpack(&buffers.value, place)?;
            visitor.begin_value(listpack.shape(Kind::Set, 1)).at(offset)?;
            listpack.each(|member| visitor.set_member(member))?;
        }
        kind::ZSET | kind::ZSET_2 => sorted_set(source, code, buffers, visitor)?,
        kind::ZSET_ZIPLIST | kind::ZSET_LISTPACK => packed_sorted_set(source, code, buffers, visitor)?,
        kind::STREAM_LISTPACKS | kind::STREAM_LISTPACKS_2 | kind::STREAM_LISTPACKS_3 => {
            stream::read(source, code, buffers, visitor)?;
        }
        kind::MODULE_PRE_GA | kind::MODULE_2 => {
            return Err(RdbError::unsupported(offset, "values of modules are not supported"));
        }
        _ => hash::read(source, dialect, code, buffers, visitor)?,
    }
    visitor.end_value().at(offset)
}

/// A value in one string, element by element.
pub enum Packed<'a> {
    Listpack(Listpack<'a>, Place),
    Ziplist(Ziplist<'a>, Place),
}

impl<'a> Packed<'a> {
    pub fn listpack(bytes: &'a [u8], place: Place) -> Result<Packed<'a>, RdbError> {
        Listpack::new(bytes).map(|list| Packed::Listpack(list, place)).map_err(|damage| place.damage(damage))
    }

    pub fn ziplist(bytes: &'a [u8], place: Place) -> Result<Packed<'a>, RdbError> {
        Ziplist::new(bytes).map(|list| Packed::Ziplist(list, place)).map_err(|damage| place.damage(damage))
    }

    /// The shape of a value with `parts` packed elements for each of its own.
    pub fn shape(&self, kind: Kind, parts: u64) -> Shape {
        let claimed = match self {
            Packed::Listpack(list, _) => list.claimed(),
            Packed::Ziplist(list, _) => list.claimed(),
        };
        Shape { elements: claimed.map(|count| count / parts), ..Shape::unknown(kind) }
    }

    pub fn next(&mut self) -> Result<Option<Element<'a>>, RdbError> {
        match self {
            Packed::Listpack(list, place) => list.next().map_err(|damage| place.damage(damage)),
            Packed::Ziplist(list, place) => list.next().map_err(|damage| place.damage(damage)),
        }
    }

    /// The element that must follow, as a pair has two.
    pub fn second(&mut self) -> Result<Element<'a>, RdbError> {
        self.next()?.ok_or_else(|| self.corrupt("the last element has no partner"))
    }

    pub fn corrupt(&self, reason: &'static str) -> RdbError {
        match self {
            Packed::Listpack(list, place) => place.corrupt(list.position(), reason),
            Packed::Ziplist(list, place) => place.corrupt(list.position(), reason),
        }
    }

    pub fn place(&self) -> Place {
        match self {
            Packed::Listpack(_, place) | Packed::Ziplist(_, place) => *place,
        }
    }

    fn each(mut self, mut deliver: impl FnMut(&[u8]) -> super::Visit) -> Result<(), RdbError> {
        let mut digits = itoa::Buffer::new();
        let offset = self.place().offset;
        while let Some(element) = self.next()? {
            deliver(element.text(&mut digits)).at(offset)?;
        }
        Ok(())
    }
}

fn list<R: Read, V: ValueVisitor>(
    source: &mut Source<R>,
    buffers: &mut Buffers,
    visitor: &mut V,
) -> Result<(), RdbError> {
    let count = source.length()?;
    visitor.begin_value(Shape::new(Kind::List, count)).at(source.offset())?;
    for _ in 0..count {
        let offset = source.offset();
        visitor.list_element(source.string(&mut buffers.value)?).at(offset)?;
    }
    Ok(())
}

fn quicklist<R: Read, V: ValueVisitor>(
    source: &mut Source<R>,
    code: u8,
    buffers: &mut Buffers,
    visitor: &mut V,
) -> Result<(), RdbError> {
    let nodes = source.length()?;
    visitor.begin_value(Shape::unknown(Kind::List)).at(source.offset())?;
    for _ in 0..nodes {
        let offset = source.offset();
        let container = if code == kind::LIST_QUICKLIST_2 { source.length()? } else { node::PACKED };
        match container {
            node::PLAIN => visitor.list_element(source.string(&mut buffers.value)?).at(offset)?,
            node::PACKED => {
                let place = source.packed_into(&mut buffers.value)?;
                let packed = if code == kind::LIST_QUICKLIST_2 {
                    Packed::listpack(&buffers.value, place)?
                } else {
                    Packed::ziplist(&buffers.value, place)?
                };
                packed.each(|element| visitor.list_element(element))?;
            }
            _ => return Err(RdbError::corrupt(offset, "a node of a list is of an unknown kind")),
        }
    }
    Ok(())
}

fn set<R: Read, V: ValueVisitor>(
    source: &mut Source<R>,
    buffers: &mut Buffers,
    visitor: &mut V,
) -> Result<(), RdbError> {
    let count = source.length()?;
    visitor.begin_value(Shape::new(Kind::Set, count)).at(source.offset())?;
    for _ in 0..count {
        let offset = source.offset();
        visitor.set_member(source.string(&mut buffers.value)?).at(offset)?;
    }
    Ok(())
}

fn intset<R: Read, V: ValueVisitor>(
    source: &mut Source<R>,
    buffers: &mut Buffers,
    visitor: &mut V,
) -> Result<(), RdbError> {
    let place = source.packed_into(&mut buffers.value)?;
    let mut intset = Intset::new(&buffers.value).map_err(|damage| place.damage(damage))?;
    visitor.begin_value(Shape::new(Kind::Set, intset.len() as u64)).at(place.offset)?;
    let mut digits = itoa::Buffer::new();
    while let Some(member) = intset.next().map_err(|damage| place.damage(damage))? {
        visitor.set_member(digits.format(member).as_bytes()).at(place.offset)?;
    }
    Ok(())
}

fn sorted_set<R: Read, V: ValueVisitor>(
    source: &mut Source<R>,
    code: u8,
    buffers: &mut Buffers,
    visitor: &mut V,
) -> Result<(), RdbError> {
    let count = source.length()?;
    visitor.begin_value(Shape::new(Kind::SortedSet, count)).at(source.offset())?;
    for _ in 0..count {
        let offset = source.offset();
        source.string_into(&mut buffers.value)?;
        let score = if code == kind::ZSET_2 {
            Some(f64::from_le_bytes(source.array()?)).filter(|score| !score.is_nan())
        } else {
            text_score(source)?
        };
        let score =
            score.ok_or_else(|| RdbError::corrupt(offset, "the score of a member is not a number"))?;
        visitor.sorted_set_member(&buffers.value, score).at(offset)?;
    }
    Ok(())
}

/// Format: a byte that is the length of the text, or one of three numbers that have no digits.
fn text_score<R: Read>(source: &mut Source<R>) -> Result<Option<f64>, RdbError> {
    Ok(match source.byte()? {
        double::NAN => None,
        double::PLUS_INFINITY => Some(f64::INFINITY),
        double::MINUS_INFINITY => Some(f64::NEG_INFINITY),
        len => source.slice(u64::from(len))?.and_then(double::parse),
    })
}

fn packed_sorted_set<R: Read, V: ValueVisitor>(
    source: &mut Source<R>,
    code: u8,
    buffers: &mut Buffers,
    visitor: &mut V,
) -> Result<(), RdbError> {
    let place = source.packed_into(&mut buffers.value)?;
    let mut packed = if code == kind::ZSET_LISTPACK {
        Packed::listpack(&buffers.value, place)?
    } else {
        Packed::ziplist(&buffers.value, place)?
    };
    visitor.begin_value(packed.shape(Kind::SortedSet, 2)).at(place.offset)?;
    let mut digits = itoa::Buffer::new();
    while let Some(member) = packed.next()? {
        let score = match packed.second()? {
            Element::Integer(number) => Some(number as f64),
            Element::Bytes(text) => match canonical_integer(text) {
                Some(number) => Some(number as f64),
                None => double::parse(text),
            },
        };
        let score = score.ok_or_else(|| packed.corrupt("the score of a member is not a number"))?;
        visitor.sorted_set_member(member.text(&mut digits), score).at(place.offset)?;
    }
    Ok(())
}
