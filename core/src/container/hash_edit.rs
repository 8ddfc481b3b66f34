//! Changing a hash, in whichever form it is.

use super::gathered::store;
use super::hash::{EXPIRY_BYTES, Field, Hash, PLAIN, expiry_key, next_expiry};
use super::set::{HASH_BYTES, HashedKey, hashed_key};
use super::{Elements, Finished, Work};
use crate::clock::UnixMillis;
use crate::command::Failure;
use crate::engine::Engine;
use crate::index::Damaged;
use crate::limits::PACKED_BYTES_MAX;
use crate::record::{Body, Draft, Effect, Kind, Record, Str};
use crate::stats::Counter;
use crate::transaction::Entry;
use crate::tree::{Edit, TreeRef};

/// Bytes that an entry of a packed sequence takes besides key and value, at most.
const ENTRY_OVERHEAD: usize = 5;

/// What becomes of a field's expiry when it gets a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldExpiry {
    /// There is none afterwards.
    None,
    /// It stays what it is; a field whose time is over counts as new.
    Keep,
    At(UnixMillis),
}

/// What a field was before it changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    Absent,
    /// Its time was over, and nobody had removed it yet.
    Expired,
    There,
}

/// A hash being changed, or made.
pub struct HashEdit<'a> {
    engine: &'a Engine,
    fields: Work<'a>,
    /// The tree of expiries; there once `fields` is a tree.
    expiry: Option<Edit<'a>>,
    now: UnixMillis,
}

impl<'a> HashEdit<'a> {
    /// Begins with the fields of the entry's live record, which is a hash.
    pub fn of(
        engine: &'a Engine,
        entry: &Entry<'a>,
        record: Record<'a>,
        now: UnixMillis,
    ) -> Result<HashEdit<'a>, Failure> {
        if record.kind() != Kind::Hash {
            return Err(Failure::WRONG_TYPE);
        }
        let body = record.body();
        let expiry = match body {
            Body::Packed(_) => None,
            Body::Trees(trees) => Some(entry.edit(trees.root(1))),
        };
        Ok(HashEdit { engine, fields: Work::of(entry, Some(body), 0), expiry, now })
    }

    /// Begins with nothing.
    pub fn empty(engine: &'a Engine, now: UnixMillis) -> HashEdit<'a> {
        HashEdit { engine, fields: Work::empty(), expiry: None, now }
    }

    /// Begins with the record's fields, or with nothing where there is no record.
    pub fn of_optional(
        engine: &'a Engine,
        entry: &Entry<'a>,
        record: Option<Record<'a>>,
        now: UnixMillis,
    ) -> Result<HashEdit<'a>, Failure> {
        match record {
            Some(record) => HashEdit::of(engine, entry, record, now),
            None => Ok(HashEdit::empty(engine, now)),
        }
    }

    /// Prepares for these fields and values, in turn: many, or a long one, make a hashtable at once.
    pub fn expect(&mut self, words: &[&[u8]]) -> Result<(), Damaged> {
        let tuning = self.engine.tuning();
        let value_max = tuning.hash_max_listpack_value();
        let is_large = words.len() as u64 / 2 > tuning.hash_max_listpack_entries()
            || words.iter().any(|word| word.len() as u64 > value_max);
        if is_large { self.grow() } else { Ok(()) }
    }

    /// The hash as changed so far.
    pub fn view(&self) -> Hash<'_> {
        let expiry = self.expiry.as_ref().map_or(TreeRef::EMPTY, Edit::tree);
        Hash::over(self.engine, self.fields.elements(), expiry, self.now)
    }

    /// Gives a field a value.
    pub fn set(&mut self, name: &[u8], value: &[u8], expiry: FieldExpiry) -> Result<Before, Damaged> {
        if let Elements::Packed(packed) = self.fields.elements() {
            let found = packed.find(name);
            if self.fits_packed(name, value, expiry) {
                match found {
                    Some(rank) => self.fields.set(rank as u64, value)?,
                    None => {
                        self.fields.insert_packed(self.fields.len(), name, value);
                        if self.fields.len() > self.engine.tuning().hash_max_listpack_entries() {
                            self.grow()?;
                        }
                    }
                }
                return Ok(if found.is_some() { Before::There } else { Before::Absent });
            }
            self.grow()?;
        }
        let key = hashed_key(self.engine, name);
        if expiry_is_unused(&self.expiry) && !matches!(expiry, FieldExpiry::At(_)) {
            let mut stored = HashedKey::with_capacity(1 + value.len());
            stored.push(PLAIN);
            stored.extend_from_slice(value);
            let Work::Tree(fields) = &mut self.fields else { unreachable!("the hash is in trees") };
            let was_there = fields.put(&key, &stored)?;
            return Ok(if was_there { Before::There } else { Before::Absent });
        }
        let (before, old) = self.before(&key)?;
        let new = match expiry {
            FieldExpiry::None => None,
            FieldExpiry::At(at) => Some(at),
            FieldExpiry::Keep if before == Before::There => old,
            FieldExpiry::Keep => None,
        };
        self.replace(&key, value, old, new)?;
        Ok(before)
    }

    /// Gives a field another expiry, or none; the caller has seen that it is there.
    pub fn set_expiry(&mut self, name: &[u8], expire_at: Option<UnixMillis>) -> Result<(), Damaged> {
        if expire_at.is_some() {
            self.grow()?;
        }
        let Some(Field { value, expire_at: old, .. }) = self.view().get_stored(name)? else { return Ok(()) };
        if old == expire_at {
            return Ok(());
        }
        let value = value.to_vec();
        self.replace(&hashed_key(self.engine, name), &value, old, expire_at)
    }

    /// Removes a field.
    pub fn remove(&mut self, name: &[u8]) -> Result<Before, Damaged> {
        if let Elements::Packed(packed) = self.fields.elements() {
            let Some(rank) = packed.find(name) else { return Ok(Before::Absent) };
            self.fields.remove(rank as u64..rank as u64 + 1)?;
            return Ok(Before::There);
        }
        let key = hashed_key(self.engine, name);
        let (before, expire_at) = self.before(&key)?;
        if before != Before::Absent {
            self.remove_key(&key)?;
            self.move_expiry(&key, expire_at, None)?;
        }
        Ok(before)
    }

    /// Removes up to `max` of the fields whose time is over; their names.
    pub fn remove_expired(&mut self, max: usize) -> Result<Vec<Vec<u8>>, Damaged> {
        let Some(expiry) = &self.expiry else { return Ok(Vec::new()) };
        let mut keys: Vec<Vec<u8>> = Vec::new();
        let tree = expiry.tree();
        let mut cursor = tree.cursor(0)?;
        while keys.len() < max
            && let Some(item) = cursor.next()?
        {
            let (at, key) = item.key.split_first_chunk::<EXPIRY_BYTES>().ok_or(Damaged)?;
            if UnixMillis(u64::from_be_bytes(*at)) > self.now {
                break;
            }
            keys.push(key.to_vec());
        }
        drop(cursor);
        if let Some(expiry) = &mut self.expiry {
            expiry.remove_range(0..keys.len() as u64)?;
        }
        for key in &keys {
            self.remove_key(key)?;
        }
        keys.iter_mut().for_each(|key| drop(key.drain(..HASH_BYTES)));
        Ok(keys)
    }

    /// What the field with this key of the tree is, and its expiry.
    fn before(&self, key: &[u8]) -> Result<(Before, Option<UnixMillis>), Damaged> {
        let Elements::Tree(tree) = self.fields.elements() else { unreachable!("the hash is in trees") };
        let Some(item) = tree.get(key)? else { return Ok((Before::Absent, None)) };
        let field = Field::of_tree(item)?;
        let before = if field.is_expired(self.now) { Before::Expired } else { Before::There };
        Ok((before, field.expire_at))
    }

    fn replace(
        &mut self,
        key: &[u8],
        value: &[u8],
        old: Option<UnixMillis>,
        new: Option<UnixMillis>,
    ) -> Result<(), Damaged> {
        let mut stored = Vec::new();
        store(value, new, &mut stored);
        let Work::Tree(fields) = &mut self.fields else { unreachable!("the hash is in trees") };
        fields.put(key, &stored)?;
        self.move_expiry(key, old, new)
    }

    fn remove_key(&mut self, key: &[u8]) -> Result<(), Damaged> {
        let Work::Tree(fields) = &mut self.fields else { unreachable!("the hash is in trees") };
        fields.remove(key)?;
        Ok(())
    }

    /// Changes the entry in the tree of expiries.
    fn move_expiry(
        &mut self,
        key: &[u8],
        old: Option<UnixMillis>,
        new: Option<UnixMillis>,
    ) -> Result<(), Damaged> {
        if old == new {
            return Ok(());
        }
        let expiry = self.expiry.as_mut().expect("there once the hash is in trees");
        if let Some(at) = old {
            expiry.remove(&expiry_key(at, key))?;
        }
        if let Some(at) = new {
            expiry.put(&expiry_key(at, key), b"")?;
        }
        Ok(())
    }

    fn fits_packed(&self, name: &[u8], value: &[u8], expiry: FieldExpiry) -> bool {
        let value_max = self.engine.tuning().hash_max_listpack_value();
        let used = self.fields.packed_bytes().unwrap_or(usize::MAX);
        !matches!(expiry, FieldExpiry::At(_))
            && name.len() as u64 <= value_max
            && value.len() as u64 <= value_max
            && used.saturating_add(name.len() + value.len() + ENTRY_OVERHEAD) <= PACKED_BYTES_MAX
    }

    /// Turns the hash into a hashtable.
    fn grow(&mut self) -> Result<(), Damaged> {
        if self.expiry.is_some() {
            return Ok(());
        }
        let engine = self.engine;
        let mut stored = Vec::new();
        self.fields.grow(|edit, item| {
            let key: HashedKey = hashed_key(engine, item.key);
            store(item.value, None, &mut stored);
            edit.put(&key, &stored).map(|_| ())
        })?;
        self.expiry = Some(Edit::new(TreeRef::EMPTY, false));
        Ok(())
    }

    /// Puts the changed hash in place of `old`; one in which no field is left, or none whose time is not over, is removed.
    /// `effect` is what the log gets for the former.
    pub fn put(
        self,
        entry: &mut Entry<'_>,
        old: Option<Record<'_>>,
        effect: &[Str<'_>],
    ) -> Result<(), Damaged> {
        // With a damaged tree of expiries the hash stays.
        let is_empty = self.view().is_empty();
        let mut finished = self.finish();
        if is_empty == Ok(true) {
            finished.remove(entry, Effect::Del);
        } else {
            entry.put(Draft::changed(old, finished.value(), false), Effect::Command(effect));
        }
        is_empty.map(|_| ())
    }

    /// The value to put.
    pub fn finish(self) -> Finished {
        match (self.fields, self.expiry) {
            (Work::Tree(fields), Some(expiry)) => Finished::trees(Kind::Hash, [fields, expiry], &[]),
            (packed, _) => packed.finish(Kind::Hash),
        }
    }
}

/// Whether no field has an expiry: then none needs to be looked at before it changes.
fn expiry_is_unused(expiry: &Option<Edit<'_>>) -> bool {
    expiry.as_ref().is_none_or(|expiry| expiry.tree().is_empty())
}

/// Removes up to `max` fields whose time is over from the hash at `entry`, or the hash if that is all of them; how many
/// fields of it were removed, while it stays.
pub fn sweep_fields(engine: &Engine, entry: &mut Entry<'_>, max: usize) -> Result<usize, Damaged> {
    let now = entry.op().now();
    let Some(record) = entry.record().filter(Record::has_volatile_fields) else { return Ok(0) };
    if next_expiry(record)?.is_none_or(|at| at > now) {
        return Ok(0);
    }
    let Ok(hash) = Hash::of(engine, record, now) else { return Ok(0) };
    if hash.is_empty()? {
        engine.stats().add(Counter::ExpiredFields, hash.stored_len());
        entry.remove(Effect::Del);
        return Ok(0);
    }
    let Ok(mut edit) = HashEdit::of(engine, entry, record, now) else { return Ok(0) };
    let names = edit.remove_expired(max)?;
    let key = entry.key();
    let mut effect: Vec<Str<'_>> = vec![b"HDEL".into(), key.into()];
    effect.extend(names.iter().map(|name| Str::from(name.as_slice())));
    engine.stats().add(Counter::ExpiredFields, names.len() as u64);
    edit.put(entry, Some(record), &effect)?;
    Ok(names.len())
}
