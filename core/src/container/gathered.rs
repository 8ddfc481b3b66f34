//! Making a set or hash of elements that are all known: a large one is built in the order of its tree, every node once.

use super::hash::{EXPIRES, EXPIRY_BYTES, Field, PLAIN, expiry_key};
use super::set::{HASH_BYTES, HashedKey};
use super::{Before, FieldExpiry, Finished, HashEdit, SetEdit, Work};
use crate::clock::UnixMillis;
use crate::engine::Engine;
use crate::index::Damaged;
use crate::record::Kind;
use crate::tree::Builder;

/// A set of these members, and what [`crate::record::Draft::raw`] says of it; `None` if one comes twice.
pub fn set_of(engine: &Engine, members: &[&[u8]]) -> Result<Option<(Finished, bool)>, Damaged> {
    let tuning = engine.tuning();
    let packed_max = tuning.set_max_intset_entries().max(tuning.set_max_listpack_entries());
    if members.len() as u64 <= packed_max {
        let mut edit = SetEdit::empty(engine);
        for member in members {
            if !edit.add(member)? {
                return Ok(None);
            }
        }
        return Ok(Some(edit.finish()));
    }
    let Some(order) = hash_order(engine, members.iter().copied()) else { return Ok(None) };
    let mut builder = Builder::new();
    for (hash, position) in order {
        builder.push(&key(hash, members[position]), b"");
    }
    Ok(Some((Work::Tree(builder.finish()).finish(Kind::Set), false)))
}

/// A hash of these fields, those whose time is over included; `None` if a name comes twice.
pub fn hash_of(engine: &Engine, fields: &[Field<'_>]) -> Result<Option<Finished>, Damaged> {
    if fields.len() as u64 <= engine.tuning().hash_max_listpack_entries() {
        // No time is over then.
        let mut edit = HashEdit::empty(engine, UnixMillis(0));
        for field in fields {
            let expiry = field.expire_at.map_or(FieldExpiry::None, FieldExpiry::At);
            if edit.set(field.name, field.value, expiry)? != Before::Absent {
                return Ok(None);
            }
        }
        return Ok(Some(edit.finish()));
    }
    let Some(order) = hash_order(engine, fields.iter().map(|field| field.name)) else { return Ok(None) };
    let (mut builder, mut expiries) = (Builder::new(), Vec::new());
    let mut stored = Vec::new();
    for (hash, position) in order {
        let Field { name, value, expire_at } = fields[position];
        let key = key(hash, name);
        store(value, expire_at, &mut stored);
        builder.push(&key, &stored);
        expiries.extend(expire_at.map(|at| expiry_key(at, &key)));
    }
    expiries.sort_unstable();
    let mut expiry = Builder::new();
    expiries.iter().for_each(|key| expiry.push(key, b""));
    Ok(Some(Finished::trees(Kind::Hash, [builder.finish(), expiry.finish()], &[])))
}

/// A value as the tree of fields has it.
pub(super) fn store(value: &[u8], expire_at: Option<UnixMillis>, out: &mut Vec<u8>) {
    out.clear();
    out.reserve(1 + EXPIRY_BYTES + value.len());
    match expire_at {
        None => out.push(PLAIN),
        Some(at) => {
            out.push(EXPIRES);
            out.extend_from_slice(&at.0.to_le_bytes());
        }
    }
    out.extend_from_slice(value);
}

fn key(hash: [u8; HASH_BYTES], name: &[u8]) -> HashedKey {
    let mut key = HashedKey::with_capacity(HASH_BYTES + name.len());
    key.extend_from_slice(&hash);
    key.extend_from_slice(name);
    key
}

/// The positions of elements in the order of their keys in a tree, each with its hash; `None` if one comes twice.
fn hash_order<'m>(
    engine: &Engine,
    names: impl Iterator<Item = &'m [u8]> + Clone,
) -> Option<Vec<([u8; HASH_BYTES], usize)>> {
    let hash = |name: &[u8]| ((engine.element_hash(name) >> 32) as u32).to_be_bytes();
    let mut order: Vec<([u8; HASH_BYTES], &[u8], usize)> =
        names.enumerate().map(|(position, name)| (hash(name), name, position)).collect();
    order.sort_unstable();
    let is_twice = order.windows(2).any(|pair| pair[0].0 == pair[1].0 && pair[0].1 == pair[1].1);
    (!is_twice).then(|| order.into_iter().map(|(hash, _, position)| (hash, position)).collect())
}

/// Names and values that come one by one, copied.
#[derive(Default)]
pub struct GatheredFields {
    bytes: Vec<u8>,
    /// Where each name and value end, and when the field expires.
    ends: Vec<(usize, usize, Option<UnixMillis>)>,
}

impl GatheredFields {
    /// Adds a field; members of sets have no value.
    pub fn push(&mut self, name: &[u8], value: &[u8], expire_at: Option<UnixMillis>) {
        self.bytes.extend_from_slice(name);
        let name_end = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.ends.push((name_end, self.bytes.len(), expire_at));
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        let mut begin = 0;
        self.ends.iter().map(move |&(name_end, end, expire_at)| {
            let name = &self.bytes[std::mem::replace(&mut begin, end)..name_end];
            Field { name, value: &self.bytes[name_end..end], expire_at }
        })
    }

    /// The set of all names; `None` if one came twice.
    pub fn into_set(self, engine: &Engine) -> Result<Option<(Finished, bool)>, Damaged> {
        let members: Vec<&[u8]> = self.fields().map(|field| field.name).collect();
        set_of(engine, &members)
    }

    /// The hash of all fields; `None` if a name came twice.
    pub fn into_hash(self, engine: &Engine) -> Result<Option<Finished>, Damaged> {
        let fields: Vec<Field<'_>> = self.fields().collect();
        hash_of(engine, &fields)
    }
}
