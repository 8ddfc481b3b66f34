//! Sets: members packed into the record (`intset`, `listpack`), or in a tree in the order of their hashes.
//!
//! # Format
//! Packed: one entry per member, key the member, no value; an intset (`raw` unset) in numeric order, a listpack (`raw`
//! set) in the order of insertion. Tree: key `hash4 ++ member`, where `hash4` is the top half of the engine's element
//! hash, big-endian; no value.
//!
//! # Forms
//! As Redis and Valkey choose them: integers only and at most `set-max-intset-entries` of them are an intset; above
//! that, or with other members, a listpack up to `set-max-listpack-entries` and `set-max-listpack-value`, then a
//! hashtable. A set that shrinks keeps its form.

use smallvec::SmallVec;

use super::{Elements, Finished, Walk, Work};
use crate::command::Failure;
use crate::command::args::canonical_integer;
use crate::config::Tuning;
use crate::engine::Engine;
use crate::index::Damaged;
use crate::limits::PACKED_BYTES_MAX;
use crate::record::{Body, Kind, Record};
use crate::transaction::Entry;
use crate::tree::Packed;

/// Bytes of an element's hash in front of it.
pub(super) const HASH_BYTES: usize = 4;
/// Bytes that an entry of a packed sequence takes besides its key, at most.
const ENTRY_OVERHEAD: usize = 5;

/// A key of a tree that is ordered by hashes.
pub(super) type HashedKey = SmallVec<[u8; 64]>;

/// `hash4 ++ element`.
pub(super) fn hashed_key(engine: &Engine, element: &[u8]) -> HashedKey {
    let mut key = HashedKey::with_capacity(HASH_BYTES + element.len());
    key.extend_from_slice(&((engine.element_hash(element) >> 32) as u32).to_be_bytes());
    key.extend_from_slice(element);
    key
}

/// How a set is stored, with the names of OBJECT ENCODING.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Intset,
    Listpack,
    Hashtable,
}

impl Form {
    fn of(record: Record<'_>) -> Form {
        match record.body() {
            Body::Trees(_) => Form::Hashtable,
            Body::Packed(_) if record.is_raw() => Form::Listpack,
            Body::Packed(_) => Form::Intset,
        }
    }
}

/// The form of the set in a record, as OBJECT ENCODING names it.
pub fn encoding_of(record: Record<'_>) -> &'static str {
    match Form::of(record) {
        Form::Intset => "intset",
        Form::Listpack => "listpack",
        Form::Hashtable => "hashtable",
    }
}

/// The members of the set in a record.
pub fn members_of(record: Record<'_>) -> Result<Members<'_>, Damaged> {
    Members::new(Elements::of(record.body(), 0))
}

/// A set being read.
#[derive(Clone, Copy)]
pub struct Set<'a> {
    engine: &'a Engine,
    elements: Elements<'a>,
    form: Form,
}

impl<'a> Set<'a> {
    /// The set in a record, or `WRONGTYPE`.
    pub fn of(engine: &'a Engine, record: Record<'a>) -> Result<Set<'a>, Failure> {
        if record.kind() != Kind::Set {
            return Err(Failure::WRONG_TYPE);
        }
        Ok(Set { engine, elements: Elements::of(record.body(), 0), form: Form::of(record) })
    }

    /// A set without members: what a missing key stands for.
    pub fn empty(engine: &'a Engine) -> Set<'a> {
        Set { engine, elements: Elements::EMPTY, form: Form::Intset }
    }

    /// The set in a record, or an empty one without a record.
    pub fn of_optional(engine: &'a Engine, record: Option<Record<'a>>) -> Result<Set<'a>, Failure> {
        record.map_or(Ok(Set::empty(engine)), |record| Set::of(engine, record))
    }

    /// Number of members.
    pub fn len(self) -> u64 {
        self.elements.len()
    }

    pub fn is_empty(self) -> bool {
        self.elements.is_empty()
    }

    /// The elements as they are stored, for scanning.
    pub fn elements(self) -> Elements<'a> {
        self.elements
    }

    pub fn contains(self, member: &[u8]) -> Result<bool, Damaged> {
        match self.elements {
            Elements::Packed(packed) => Ok(find_packed(packed, self.form, member).is_ok()),
            Elements::Tree(tree) => Ok(tree.get(&hashed_key(self.engine, member))?.is_some()),
        }
    }

    /// The member at `rank` in the set's own order.
    pub fn at(self, rank: u64) -> Result<Option<&'a [u8]>, Damaged> {
        Ok(self.elements.at(rank)?.map(|item| self.member(item.key)))
    }

    /// All members in the set's own order.
    pub fn members(self) -> Result<Members<'a>, Damaged> {
        Members::new(self.elements)
    }

    fn member(self, key: &'a [u8]) -> &'a [u8] {
        if self.form == Form::Hashtable { &key[HASH_BYTES..] } else { key }
    }
}

/// A walk over members.
pub struct Members<'a> {
    walk: Walk<'a>,
    /// Bytes of the hash in front of each.
    hash_bytes: usize,
}

impl<'a> Members<'a> {
    /// Over the elements of a set.
    pub fn new(elements: Elements<'a>) -> Result<Members<'a>, Damaged> {
        let hash_bytes = if matches!(elements, Elements::Tree(_)) { HASH_BYTES } else { 0 };
        Ok(Members { walk: elements.walk(0)?, hash_bytes })
    }

    #[allow(clippy::should_implement_trait, reason = "a member may turn out to be damaged")]
    pub fn next(&mut self) -> Result<Option<&'a [u8]>, Damaged> {
        Ok(self.walk.next()?.map(|item| &item.key[self.hash_bytes..]))
    }
}

/// The position of a member, or where it would be inserted.
fn find_packed(packed: Packed<'_>, form: Form, member: &[u8]) -> Result<usize, usize> {
    let count = packed.count();
    if form != Form::Intset {
        return packed.find(member).ok_or(count);
    }
    let Some(wanted) = canonical_integer(member) else { return Err(count) };
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = usize::midpoint(low, high);
        let there = canonical_integer(packed.item(middle).key).unwrap_or(i64::MAX);
        match there.cmp(&wanted) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Equal => return Ok(middle),
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    Err(low)
}

/// A set being changed, or made.
pub struct SetEdit<'a> {
    engine: &'a Engine,
    work: Work<'a>,
    form: Form,
}

impl<'a> SetEdit<'a> {
    /// Begins with the members of the entry's live record, which is a set.
    pub fn of(engine: &'a Engine, entry: &Entry<'a>, record: Record<'a>) -> Result<SetEdit<'a>, Failure> {
        if record.kind() != Kind::Set {
            return Err(Failure::WRONG_TYPE);
        }
        let work = Work::of(entry, Some(record.body()), 0);
        Ok(SetEdit { engine, work, form: Form::of(record) })
    }

    /// Begins with nothing, in the form that suits about `hint` members like `first`.
    pub fn new(engine: &'a Engine, first: &[u8], hint: u64) -> Result<SetEdit<'a>, Damaged> {
        let tuning = engine.tuning();
        let mut edit = SetEdit { engine, work: Work::empty(), form: Form::Intset };
        if canonical_integer(first).is_none() || hint > tuning.set_max_intset_entries() {
            edit.form = Form::Listpack;
            if hint > tuning.set_max_listpack_entries() {
                edit.grow()?;
            }
        }
        Ok(edit)
    }

    /// Begins with nothing, in the smallest form, to be filled member by member.
    pub fn empty(engine: &'a Engine) -> SetEdit<'a> {
        SetEdit { engine, work: Work::empty(), form: Form::Intset }
    }

    /// Prepares for about `count` members more: so many make a hashtable at once.
    pub fn expect(&mut self, count: u64) -> Result<(), Damaged> {
        let tuning = self.engine.tuning();
        let is_many = match self.form {
            Form::Intset => count > tuning.set_max_intset_entries(),
            Form::Listpack => count > tuning.set_max_listpack_entries(),
            Form::Hashtable => false,
        };
        if is_many { self.grow() } else { Ok(()) }
    }

    pub fn len(&self) -> u64 {
        self.work.len()
    }

    pub fn is_empty(&self) -> bool {
        self.work.is_empty()
    }

    /// The set as changed so far.
    pub fn view(&self) -> Set<'_> {
        Set { engine: self.engine, elements: self.work.elements(), form: self.form }
    }

    /// Adds a member; whether it was not there.
    pub fn add(&mut self, member: &[u8]) -> Result<bool, Damaged> {
        if let Elements::Packed(packed) = self.work.elements() {
            let Err(at) = find_packed(packed, self.form, member) else { return Ok(false) };
            if self.make_room(member) {
                let at = if self.form == Form::Intset { at as u64 } else { self.work.len() };
                self.work.insert_packed(at, member, b"");
                let max = self.engine.tuning().set_max_intset_entries();
                if self.form == Form::Intset && self.work.len() > max {
                    self.grow()?;
                }
                return Ok(true);
            }
            self.grow()?;
        }
        let key = hashed_key(self.engine, member);
        let Work::Tree(edit) = &mut self.work else { unreachable!("grown above") };
        edit.add(&key, b"")
    }

    /// Whether the packed form takes another member; turns an intset into a listpack where it must.
    fn make_room(&mut self, member: &[u8]) -> bool {
        let used = self.work.packed_bytes().unwrap_or(usize::MAX);
        if used.saturating_add(member.len() + ENTRY_OVERHEAD) > PACKED_BYTES_MAX {
            return false;
        }
        if self.form == Form::Intset && canonical_integer(member).is_some() {
            return true;
        }
        let tuning = self.engine.tuning();
        let fits = self.work.len() < tuning.set_max_listpack_entries()
            && fits_listpack(tuning, member)
            && (self.form == Form::Listpack || self.longest_integer_fits(tuning));
        if fits {
            self.form = Form::Listpack;
        }
        fits
    }

    /// Whether the outermost integers of an intset, which are its longest members, may stand in a listpack.
    fn longest_integer_fits(&self, tuning: &Tuning) -> bool {
        let Elements::Packed(packed) = self.work.elements() else { return false };
        let last = packed.count().saturating_sub(1);
        packed.is_empty() || [0, last].iter().all(|&index| fits_listpack(tuning, packed.item(index).key))
    }

    /// Turns the set into a hashtable.
    fn grow(&mut self) -> Result<(), Damaged> {
        let engine = self.engine;
        self.work.grow(|edit, item| edit.put(&hashed_key(engine, item.key), b"").map(|_| ()))?;
        self.form = Form::Hashtable;
        Ok(())
    }

    /// Removes a member; whether it was there.
    pub fn remove(&mut self, member: &[u8]) -> Result<bool, Damaged> {
        match &mut self.work {
            Work::Tree(edit) => edit.remove(&hashed_key(self.engine, member)),
            Work::Packed(bytes) => {
                let Ok(at) = find_packed(Packed::new(bytes), self.form, member) else { return Ok(false) };
                self.work.remove(at as u64..at as u64 + 1)?;
                Ok(true)
            }
        }
    }

    /// Removes the member at `rank` of the set's own order.
    pub fn remove_at(&mut self, rank: u64) -> Result<(), Damaged> {
        self.work.remove(rank..rank + 1)
    }

    /// The value to put, and what [`crate::record::Draft::raw`] says of it.
    pub fn finish(self) -> (Finished, bool) {
        (self.work.finish(Kind::Set), self.form == Form::Listpack)
    }
}

fn fits_listpack(tuning: &Tuning, member: &[u8]) -> bool {
    member.len() as u64 <= tuning.set_max_listpack_value()
}
