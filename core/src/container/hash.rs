//! Hashes: fields packed into the record (`listpack`), or in two trees (`hashtable`).
//!
//! # Format
//! Packed: one entry per field, key the field, value the value, in the order of insertion; no field expires. Trees:
//!
//! ```text
//! root 0, the fields:  hash4 ++ field                 ->  0 ++ value, or 1 ++ expiry:8 little-endian ++ value
//! root 1, the expiry:  expiry:8 big-endian ++ hash4 ++ field  ->  nothing; only fields with an expiry
//! ```
//!
//! `hash4` is the top half of the engine's element hash, big-endian; an expiry is in Unix milliseconds. So how many
//! fields are over, and which comes next, is known in O(log n).
//!
//! # Expiry
//! A field whose time is over is absent for every reader at once; the sweep removes it ([`crate::expiry`]). As in
//! Valkey, the first field with an expiry makes a hashtable.

use super::set::{HASH_BYTES, HashedKey, hashed_key};
use super::{Elements, Walk};
use crate::clock::UnixMillis;
use crate::command::Failure;
use crate::engine::Engine;
use crate::index::Damaged;
use crate::record::{Body, Kind, Record};
use crate::tree::{Item, TreeRef};

/// Bytes of an expiry.
pub(super) const EXPIRY_BYTES: usize = 8;
/// First byte of a value in a tree: what follows is the value.
pub(super) const PLAIN: u8 = 0;
/// First byte of a value in a tree: the expiry follows, then the value.
pub(super) const EXPIRES: u8 = 1;

/// A field as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    pub name: &'a [u8],
    pub value: &'a [u8],
    pub expire_at: Option<UnixMillis>,
}

impl<'a> Field<'a> {
    pub(super) fn packed(item: Item<'a>) -> Field<'a> {
        Field { name: item.key, value: item.value, expire_at: None }
    }

    /// Reads an element of the tree of fields.
    pub(super) fn of_tree(item: Item<'a>) -> Result<Field<'a>, Damaged> {
        Self::read(item.key.get(HASH_BYTES..).ok_or(Damaged)?, item.value)
    }

    /// Reads a value of the tree of fields.
    fn read(name: &'a [u8], stored: &'a [u8]) -> Result<Field<'a>, Damaged> {
        match stored {
            [PLAIN, value @ ..] => Ok(Field { name, value, expire_at: None }),
            [EXPIRES, rest @ ..] => {
                let (at, value) = rest.split_first_chunk::<EXPIRY_BYTES>().ok_or(Damaged)?;
                Ok(Field { name, value, expire_at: Some(UnixMillis(u64::from_le_bytes(*at))) })
            }
            _ => Err(Damaged),
        }
    }

    pub fn is_expired(&self, now: UnixMillis) -> bool {
        self.expire_at.is_some_and(|at| at <= now)
    }
}

/// The key of the tree of expiries for a field's key in the tree of fields.
pub(super) fn expiry_key(at: UnixMillis, hashed: &[u8]) -> HashedKey {
    let mut key = HashedKey::with_capacity(EXPIRY_BYTES + hashed.len());
    key.extend_from_slice(&at.0.to_be_bytes());
    key.extend_from_slice(hashed);
    key
}

/// The form of the hash in a record, as OBJECT ENCODING names it.
pub fn encoding_of(record: Record<'_>) -> &'static str {
    match record.body() {
        Body::Packed(_) => "listpack",
        Body::Trees(_) => "hashtable",
    }
}

/// When the first of the fields that expire does; `None` if none does. The record is a hash.
pub fn next_expiry(record: Record<'_>) -> Result<Option<UnixMillis>, Damaged> {
    let Body::Trees(trees) = record.body() else { return Ok(None) };
    let Some(first) = trees.root(1).at(0)? else { return Ok(None) };
    let (at, _) = first.key.split_first_chunk::<EXPIRY_BYTES>().ok_or(Damaged)?;
    Ok(Some(UnixMillis(u64::from_be_bytes(*at))))
}

/// All fields of the hash in a record, those whose time is over included.
pub fn fields_of(record: Record<'_>) -> Result<Fields<'_>, Damaged> {
    Fields::all(Elements::of(record.body(), 0))
}

/// A hash being read at one moment.
#[derive(Clone, Copy)]
pub struct Hash<'a> {
    engine: &'a Engine,
    fields: Elements<'a>,
    expiry: TreeRef<'a>,
    now: UnixMillis,
}

impl<'a> Hash<'a> {
    /// The hash in a record, or `WRONGTYPE`.
    pub fn of(engine: &'a Engine, record: Record<'a>, now: UnixMillis) -> Result<Hash<'a>, Failure> {
        if record.kind() != Kind::Hash {
            return Err(Failure::WRONG_TYPE);
        }
        let body = record.body();
        let expiry = match body {
            Body::Packed(_) => TreeRef::EMPTY,
            Body::Trees(trees) => trees.root(1),
        };
        Ok(Hash { engine, fields: Elements::of(body, 0), expiry, now })
    }

    /// The hash in a record, or one without fields where there is no record.
    pub fn of_optional(
        engine: &'a Engine,
        record: Option<Record<'a>>,
        now: UnixMillis,
    ) -> Result<Hash<'a>, Failure> {
        match record {
            Some(record) => Hash::of(engine, record, now),
            None => Ok(Hash { engine, fields: Elements::EMPTY, expiry: TreeRef::EMPTY, now }),
        }
    }

    pub(super) fn over(
        engine: &'a Engine,
        fields: Elements<'a>,
        expiry: TreeRef<'a>,
        now: UnixMillis,
    ) -> Hash<'a> {
        Hash { engine, fields, expiry, now }
    }

    /// Number of fields whose time is not over.
    pub fn len(self) -> Result<u64, Damaged> {
        Ok(self.stored_len() - self.expired_len()?)
    }

    /// Whether no field is there whose time is not over.
    pub fn is_empty(self) -> Result<bool, Damaged> {
        Ok(self.len()? == 0)
    }

    /// Number of fields, those whose time is over included.
    pub fn stored_len(self) -> u64 {
        self.fields.len()
    }

    /// Number of fields whose time is over, and that nobody has removed yet.
    pub fn expired_len(self) -> Result<u64, Damaged> {
        if self.expiry.is_empty() {
            return Ok(0);
        }
        let after = self.now.0.saturating_add(1).to_be_bytes();
        Ok(self.expiry.place(&after)?.rank.min(self.stored_len()))
    }

    /// The field called `name`, unless its time is over.
    pub fn get(self, name: &[u8]) -> Result<Option<Field<'a>>, Damaged> {
        Ok(self.get_stored(name)?.filter(|field| !field.is_expired(self.now)))
    }

    /// The field called `name`, whether its time is over or not.
    pub(super) fn get_stored(self, name: &[u8]) -> Result<Option<Field<'a>>, Damaged> {
        match self.fields {
            Elements::Packed(packed) => Ok(packed.find(name).map(|index| Field::packed(packed.item(index)))),
            Elements::Tree(tree) => tree.get(&hashed_key(self.engine, name))?.map(Field::of_tree).transpose(),
        }
    }

    /// The field at `rank` in the hash's own order, unless its time is over.
    pub fn at(self, rank: u64) -> Result<Option<Field<'a>>, Damaged> {
        let Some(item) = self.fields.at(rank)? else { return Ok(None) };
        Ok(Some(self.field(item)?).filter(|field| !field.is_expired(self.now)))
    }

    /// All fields whose time is not over, in the hash's own order.
    pub fn fields(self) -> Result<Fields<'a>, Damaged> {
        Fields::new(self.fields, self.now)
    }

    /// The elements as they are stored, for scanning; [`Hash::scanned`] reads what comes.
    pub fn elements(self) -> Elements<'a> {
        self.fields
    }

    /// The field of an element whose hash was cut off, unless its time is over.
    pub fn scanned(self, item: Item<'a>) -> Result<Option<Field<'a>>, Damaged> {
        let field = match self.fields {
            Elements::Packed(_) => Field::packed(item),
            Elements::Tree(_) => Field::read(item.key, item.value)?,
        };
        Ok(Some(field).filter(|field| !field.is_expired(self.now)))
    }

    fn field(self, item: Item<'a>) -> Result<Field<'a>, Damaged> {
        match self.fields {
            Elements::Packed(_) => Ok(Field::packed(item)),
            Elements::Tree(_) => Field::of_tree(item),
        }
    }
}

/// A walk over fields.
pub struct Fields<'a> {
    walk: Walk<'a>,
    is_packed: bool,
    now: UnixMillis,
}

impl<'a> Fields<'a> {
    /// All of a hash's fields, those whose time is over included.
    pub(crate) fn all(elements: Elements<'a>) -> Result<Fields<'a>, Damaged> {
        Fields::new(elements, UnixMillis(0))
    }

    fn new(elements: Elements<'a>, now: UnixMillis) -> Result<Fields<'a>, Damaged> {
        let is_packed = matches!(elements, Elements::Packed(_));
        Ok(Fields { walk: elements.walk(0)?, is_packed, now })
    }

    #[allow(clippy::should_implement_trait, reason = "a field may turn out to be damaged")]
    pub fn next(&mut self) -> Result<Option<Field<'a>>, Damaged> {
        while let Some(item) = self.walk.next()? {
            let field = if self.is_packed { Field::packed(item) } else { Field::of_tree(item)? };
            if !field.is_expired(self.now) {
                return Ok(Some(field));
            }
        }
        Ok(None)
    }
}
