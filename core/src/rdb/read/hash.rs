//! Hashes: plain, packed in four ways, and with an expiry of single fields in five.

use std::io::Read;

use super::super::error::RdbError;
use super::super::format::{Dialect, kind};
use super::super::packed::zipmap::Zipmap;
use super::super::visitor::{Kind, Shape, ValueVisitor};
use super::source::Source;
use super::value::Packed;
use super::{Buffers, Heard};

/// How the expiry of a field is stored beside it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expiry {
    None,
    /// Behind the value, as milliseconds, -1 for none: Valkey 9.
    Behind,
    /// Before the field, as a length, zero for none; what is added to it makes a time.
    Before {
        base: u64,
    },
}

/// Reads the hash of type `code`, or tells that the type is unknown.
pub fn read<R: Read, V: ValueVisitor>(
    source: &mut Source<R>,
    dialect: Dialect,
    code: u8,
    buffers: &mut Buffers,
    visitor: &mut V,
) -> Result<(), RdbError> {
    use Dialect::{Redis, Valkey};
    match (dialect, code) {
        (_, kind::HASH) => plain(source, Expiry::None, buffers, visitor),
        (_, kind::HASH_ZIPMAP) => zipmap(source, buffers, visitor),
        (_, kind::HASH_ZIPLIST | kind::HASH_LISTPACK) => packed(source, code, buffers, visitor),
        (Valkey, kind::VALKEY_HASH_2) => plain(source, Expiry::Behind, buffers, visitor),
        (Redis, kind::REDIS_HASH_METADATA_PRE_GA) => {
            plain(source, Expiry::Before { base: 0 }, buffers, visitor)
        }
        (Redis, kind::REDIS_HASH_METADATA) => {
            let offset = source.offset();
            let least = u64::try_from(source.milliseconds()?)
                .map_err(|_| RdbError::corrupt(offset, "the least expiry of a hash is before 1970"))?;
            // One is the least expiry itself, as zero is taken.
            plain(source, Expiry::Before { base: least.saturating_sub(1) }, buffers, visitor)
        }
        (Redis, kind::REDIS_HASH_LISTPACK_EX_PRE_GA) => packed_with_expiry(source, buffers, visitor),
        (Redis, kind::REDIS_HASH_LISTPACK_EX) => {
            // The least expiry: the listpack has it too.
            source.milliseconds()?;
            packed_with_expiry(source, buffers, visitor)
        }
        _ => {
            let whose = if dialect == Redis { "Redis" } else { "Valkey" };
            Err(RdbError::unsupported(source.offset(), format!("type {code} of {whose} is not known")))
        }
    }
}

fn plain<R: Read, V: ValueVisitor>(
    source: &mut Source<R>,
    expiry: Expiry,
    buffers: &mut Buffers,
    visitor: &mut V,
) -> Result<(), RdbError> {
    let count = source.length()?;
    let shape = Shape { fields_expire: expiry != Expiry::None, ..Shape::new(Kind::Hash, count) };
    visitor.begin_value(shape).at(source.offset())?;
    for _ in 0..count {
        let offset = source.offset();
        let before = match expiry {
            Expiry::Before { base } => match source.length()? {
                0 => None,
                above => Some(expiry_at(base.checked_add(above), offset)?),
            },
            _ => None,
        };
        source.string_into(&mut buffers.field)?;
        if expiry == Expiry::Behind {
            source.string_into(&mut buffers.value)?;
            let at = match source.milliseconds()? {
                -1 => None,
                at => Some(expiry_at(u64::try_from(at).ok(), offset)?),
            };
            visitor.hash_field(&buffers.field, &buffers.value, at).at(offset)?;
        } else {
            let value = source.string(&mut buffers.value)?;
            visitor.hash_field(&buffers.field, value, before).at(offset)?;
        }
    }
    Ok(())
}

/// A time that fits the 63 bits that every server has for it.
fn expiry_at(at: Option<u64>, offset: u64) -> Result<u64, RdbError> {
    at.filter(|at| i64::try_from(*at).is_ok())
        .ok_or_else(|| RdbError::corrupt(offset, "the expiry of a field is out of range"))
}

fn zipmap<R: Read, V: ValueVisitor>(
    source: &mut Source<R>,
    buffers: &mut Buffers,
    visitor: &mut V,
) -> Result<(), RdbError> {
    let place = source.packed_into(&mut buffers.value)?;
    let mut zipmap = Zipmap::new(&buffers.value).map_err(|damage| place.damage(damage))?;
    visitor.begin_value(Shape::unknown(Kind::Hash)).at(place.offset)?;
    while let Some((field, value)) = zipmap.next().map_err(|damage| place.damage(damage))? {
        visitor.hash_field(field, value, None).at(place.offset)?;
    }
    Ok(())
}

fn packed<R: Read, V: ValueVisitor>(
    source: &mut Source<R>,
    code: u8,
    buffers: &mut Buffers,
    visitor: &mut V,
) -> Result<(), RdbError> {
    let place = source.packed_into(&mut buffers.value)?;
    let mut packed = if code == kind::HASH_LISTPACK {
        Packed::listpack(&buffers.value, place)?
    } else {
        Packed::ziplist(&buffers.value, place)?
    };
    visitor.begin_value(packed.shape(Kind::Hash, 2)).at(place.offset)?;
    let (mut field_digits, mut value_digits) = (itoa::Buffer::new(), itoa::Buffer::new());
    while let Some(field) = packed.next()? {
        let value = packed.second()?;
        let (field, value) = (field.text(&mut field_digits), value.text(&mut value_digits));
        visitor.hash_field(field, value, None).at(place.offset)?;
    }
    Ok(())
}

/// A listpack of field, value, and expiry in milliseconds or zero.
fn packed_with_expiry<R: Read, V: ValueVisitor>(
    source: &mut Source<R>,
    buffers: &mut Buffers,
    visitor: &mut V,
) -> Result<(), RdbError> {
    let place = source.packed_into(&mut buffers.value)?;
    let mut packed = Packed::listpack(&buffers.value, place)?;
    let shape = Shape { fields_expire: true, ..packed.shape(Kind::Hash, 3) };
    visitor.begin_value(shape).at(place.offset)?;
    let (mut field_digits, mut value_digits) = (itoa::Buffer::new(), itoa::Buffer::new());
    while let Some(field) = packed.next()? {
        let value = packed.second()?;
        let at = match packed.second()?.integer() {
            Some(0) => None,
            Some(at) if at > 0 => Some(at as u64),
            _ => return Err(packed.corrupt("the expiry of a field is out of range")),
        };
        let (field, value) = (field.text(&mut field_digits), value.text(&mut value_digits));
        visitor.hash_field(field, value, at).at(place.offset)?;
    }
    Ok(())
}
