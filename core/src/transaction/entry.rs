//! Write access to one key.

use super::block::Block;
use super::gate::Passage;
use super::scope::Place;
use crate::blocking;
use crate::clock::UnixMillis;
use crate::engine::DbIndex;
use crate::event::class;
use crate::eviction;
use crate::index::bucket::ChainLatch;
use crate::index::slot::{FENCED, LATCHED};
use crate::index::{Damaged, Index, Latched, Word};
use crate::log::entry::Annotation;
use crate::operation::Operation;
use crate::record::{Draft, Effect, Kind, Marks, NewValue, OwnedRecord, Record, Str};
use crate::stats::Counter;
use crate::sync::atomic::AtomicU64;
use crate::tree::{Edit, RootSet, TreeRef};
use crate::version;

/// Write access to one key; released on drop. Readers of the key are not held up, except by entries of [`super::Latches`].
pub struct Entry<'a> {
    op: &'a Operation<'a>,
    index: &'a Index,
    db: DbIndex,
    hash: u64,
    key: &'a [u8],
    held: Held<'a>,
    /// LATCHED, and FENCED where the key is one of several.
    state: u64,
    /// What becomes of the record in the slot at the end.
    fate: Fate,
    /// A key was added or removed: the table may want to grow or shrink.
    resized: bool,
    /// The record was replaced or removed: somebody may wait for that.
    changed: bool,
    /// `None` where `Latches` holds it for all its entries.
    passage: Option<Passage<'a>>,
    /// The place in the scope that lent it.
    home: Option<u32>,
}

enum Held<'a> {
    Slot { slot: &'a AtomicU64, word: Word },
    Vacant(Option<ChainLatch<'a>>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Stays,
    /// It was expired when its key was latched. Removed before the entry is handed out: whatever is logged of the key
    /// comes behind its removal, as a replay, which lets nothing expire, must not meet the old value.
    Expired,
    /// Removed by the command.
    Removed,
    /// A place of a value that somebody makes, seen as absent: it stays unless something takes its place.
    Hidden,
}

impl Fate {
    /// Of a record as it was found.
    #[inline]
    pub(super) fn of(record: Record<'_>, op: &Operation<'_>) -> Fate {
        match record.kind() {
            Kind::Absent => Fate::Removed,
            _ if op.is_hidden(&record) => Fate::Hidden,
            _ if record.expire_at().is_some() && record.is_expired(op.now()) => Fate::Expired,
            _ => Fate::Stays,
        }
    }
}

impl<'a> Entry<'a> {
    /// Waits for the latch of one key.
    // Inlined, as an entry is large and copying what was just written stalls the processor.
    #[inline]
    pub fn latch(op: &'a Operation<'a>, db: DbIndex, key: &'a [u8]) -> Result<Entry<'a>, Damaged> {
        debug_assert!(!op.latched.get(), "a second latch: use latch_many");
        if op.scope.is_keyed() {
            let entry = Self::lent(op, db, op.index(db).hash(key), key)?;
            op.latched.set(true);
            return Ok(entry);
        }
        // Asked for before the gate, whose locked instruction would make the look-up wait.
        let before = op.index(db);
        let mut hash = before.hash(key);
        before.prefetch(hash);
        let passage = op.engine().gate().pass()?;
        let index = op.index(db);
        if !std::ptr::eq(index, before) {
            hash = index.hash(key);
        }
        let held = match index.latch(hash, key, op.pin())? {
            Latched::Slot { slot, word } => Held::Slot { slot, word },
            Latched::Vacant(chain) => Held::Vacant(Some(chain)),
        };
        op.latched.set(true);
        let mut entry = Self::new(op, index, db, hash, key, held, LATCHED, Some(passage));
        entry.settle();
        Ok(entry)
    }

    /// The key from the scope under way.
    pub(super) fn lent(
        op: &'a Operation<'a>,
        db: DbIndex,
        hash: u64,
        key: &'a [u8],
    ) -> Result<Entry<'a>, Damaged> {
        let (place, home) = op.scope.lend(op, db, hash, key)?;
        let mut entry = Self::of_place(op, &place);
        entry.key = key;
        entry.home = Some(home);
        entry.settle();
        Ok(entry)
    }

    /// An entry of a place of a scope, which releases it.
    pub(super) fn of_place(op: &'a Operation<'a>, place: &Place) -> Entry<'a> {
        // SAFETY: the scope holds the slot, and the operation that it belongs to is pinned.
        let (index, slot, record) =
            unsafe { (place.index.as_ref(), place.slot.as_ref(), place.word.record()) };
        Entry {
            op,
            index,
            db: place.db,
            hash: place.hash,
            key: record.expect("a held slot has a record, be it a place").key(),
            held: Held::Slot { slot, word: place.word },
            state: Place::STATE,
            fate: place.fate,
            resized: place.resized,
            changed: place.changed,
            passage: None,
            home: None,
        }
    }

    /// Gives the key to a scope without releasing it.
    pub(super) fn into_place(self) -> Place {
        let place = self.place();
        std::mem::forget(self);
        place
    }

    fn place(&self) -> Place {
        let Held::Slot { slot, word } = self.held else { unreachable!("fenced keys have slots") };
        Place {
            db: self.db,
            hash: self.hash,
            index: self.index.into(),
            slot: slot.into(),
            word,
            fate: self.fate,
            resized: self.resized,
            changed: self.changed,
        }
    }

    /// Releases the key as it was found.
    pub(super) fn abandon(mut self) {
        if self.fate == Fate::Expired {
            self.fate = Fate::Stays;
        }
    }

    /// Tries to latch and fence a further key while others are held; `None` if somebody has it. No wait, so no order.
    pub(crate) fn try_latch_fenced(
        op: &'a Operation<'a>,
        db: DbIndex,
        key: &'a [u8],
    ) -> Result<Option<Entry<'a>>, Damaged> {
        let mut entry = Self::try_latch_fenced_hashed(op, db, op.index(db).hash(key), key)?;
        entry.iter_mut().for_each(Entry::settle);
        Ok(entry)
    }

    /// As [`Entry::try_latch_fenced`], of a key that may be given back at once: an expired value is not settled yet.
    pub(super) fn try_latch_fenced_hashed(
        op: &'a Operation<'a>,
        db: DbIndex,
        hash: u64,
        key: &'a [u8],
    ) -> Result<Option<Entry<'a>>, Damaged> {
        let index = op.index(db);
        let Some((slot, word)) = index.try_latch_fenced(hash, key, op.pin())? else { return Ok(None) };
        let held = Held::Slot { slot, word };
        Ok(Some(Self::new(op, index, db, hash, key, held, LATCHED | FENCED, None)))
    }

    #[allow(clippy::too_many_arguments, reason = "the constructors above are its only callers")]
    #[inline]
    fn new(
        op: &'a Operation<'a>,
        index: &'a Index,
        db: DbIndex,
        hash: u64,
        key: &'a [u8],
        held: Held<'a>,
        state: u64,
        passage: Option<Passage<'a>>,
    ) -> Entry<'a> {
        let mut entry = Entry {
            op,
            index,
            db,
            hash,
            key,
            held,
            state,
            fate: Fate::Stays,
            resized: false,
            changed: false,
            passage,
            home: None,
        };
        if let Some(record) = entry.in_slot() {
            entry.fate = Fate::of(record, op);
        }
        entry
    }

    pub fn key(&self) -> &'a [u8] {
        self.key
    }

    pub fn db(&self) -> DbIndex {
        self.db
    }

    #[inline]
    fn in_slot(&self) -> Option<Record<'a>> {
        match self.held {
            // SAFETY: the slot is latched by us and the operation is pinned.
            Held::Slot { word, .. } => unsafe { word.record() },
            Held::Vacant(_) => None,
        }
    }

    /// The live record.
    #[inline]
    pub fn record(&self) -> Option<Record<'a>> {
        if self.fate == Fate::Stays { self.in_slot() } else { None }
    }

    /// The live record, places that others do not see included.
    pub(crate) fn present(&self) -> Option<Record<'a>> {
        if self.fate == Fate::Hidden { self.in_slot() } else { self.record() }
    }

    /// Replaces or inserts the record.
    #[inline]
    pub fn put(&mut self, draft: Draft<'_>, effect: Effect<'_>) {
        self.put_marked(draft, Marks::default(), effect);
    }

    /// Replaces or inserts the record, with marks. A CAS number among them is logged by [`Effect::Set`] as it is.
    #[inline]
    pub fn put_marked(&mut self, mut draft: Draft<'_>, marks: Marks, effect: Effect<'_>) {
        self.changed = true;
        if self.op.engine().events().interest() != 0 && !marks.place {
            self.announce_put(&effect, draft.expire_at);
        }
        let access = eviction::initial_access(self.record(), self.db, self.hash, self.op);
        self.append(&effect, draft.expire_at, Annotation::of(draft.flags, marks), &draft.value);
        if draft.expire_at.is_some() {
            self.op.engine().note_expiry();
        }
        let garbage = draft.value.take_garbage();
        let taken = garbage.as_ref().map_or(RootSet::default(), |garbage| garbage.taken);
        let record = OwnedRecord::marked(self.key, draft, marks, version::next(), access);
        if record.as_record().has_volatile_fields() {
            self.op.engine().note_expiry();
        }
        let pin = self.op.pin();
        match &mut self.held {
            Held::Slot { slot, word } => {
                // A fenced key that was absent has a place.
                self.resized |= self.state & FENCED != 0 && self.fate != Fate::Stays;
                *word = self.index.replace(slot, *word, self.state, self.hash, record, taken, pin);
            }
            Held::Vacant(chain) => {
                let chain = chain.take().expect("taken only here, where the slot replaces it");
                let (slot, word) = self.index.insert(chain, self.hash, record, pin);
                self.held = Held::Slot { slot, word };
                self.resized = true;
            }
        }
        if let Some(garbage) = garbage {
            garbage.retire(pin);
        }
        self.fate = Fate::Stays;
    }

    /// Logs an effect that this key stands for, without changing it.
    pub fn note(&self, effect: &[Str<'_>]) {
        self.op.log(self.db, Annotation::default(), effect);
    }

    /// Adds an effect of a change under way to those that [`Effect::Commands`] will log.
    pub fn gather(&self, effects: &mut Block, effect: &[Str<'_>]) {
        if self.op.engine().log().is_on() {
            effects.push(self.db, Annotation::default(), effect);
        } else {
            effects.count();
        }
    }

    /// Begins an edit of one of the trees of a large container. What it makes must be [`Entry::put`] in the end.
    pub fn edit(&self, tree: TreeRef<'a>) -> Edit<'a> {
        let keeps_old = self.in_slot().is_some_and(|record| self.index.is_wanted_by_cut(self.hash, record));
        Edit::new(tree, keeps_old)
    }

    pub fn op(&self) -> &'a Operation<'a> {
        self.op
    }

    /// Removes the record; whether there was one.
    pub fn remove(&mut self, effect: Effect<'_>) -> bool {
        if self.fate == Fate::Hidden {
            // Whoever makes the value learns that it is not wanted any more.
            self.fate = Fate::Removed;
            self.changed = true;
            return false;
        }
        let Some(record) = self.record() else { return false };
        if self.op.engine().events().interest() != 0 && !record.is_place() {
            self.announce_removal(&effect);
        }
        self.append(&effect, None, Annotation::default(), &NewValue::Bytes(b""));
        self.fate = Fate::Removed;
        self.changed = true;
        true
    }

    #[inline]
    fn append(
        &self,
        effect: &Effect<'_>,
        expire_at: Option<UnixMillis>,
        annotation: Annotation,
        value: &NewValue<'_>,
    ) {
        if self.op.engine().log().is_on() {
            self.append_to_log(effect, expire_at, annotation, value);
        } else if !matches!(effect, Effect::Silent) {
            self.op.note_change();
        }
    }

    fn append_to_log(
        &self,
        effect: &Effect<'_>,
        expire_at: Option<UnixMillis>,
        annotation: Annotation,
        value: &NewValue<'_>,
    ) {
        let none = Annotation::default();
        let key = Str::Inline(self.key);
        match effect {
            Effect::Silent => {}
            Effect::Command(args) => self.op.log(self.db, none, args),
            Effect::Commands(effects) => self.op.log_block(self.db, effects),
            Effect::Del => self.op.log(self.db, none, &[b"DEL".into(), key]),
            Effect::Set => {
                let joined;
                let value = match value {
                    NewValue::Bytes(bytes) => Str::Inline(bytes),
                    NewValue::Str(value) => *value,
                    NewValue::Rope(rope) => Str::Rope(rope),
                    NewValue::Same(record) => record.value(),
                    NewValue::Packed(..) | NewValue::Trees(..) => unreachable!("containers log commands"),
                    NewValue::Pieces(pieces) => {
                        joined = pieces.concat();
                        Str::Inline(&joined)
                    }
                };
                let mut at = itoa::Buffer::new();
                match expire_at {
                    None => self.op.log(self.db, annotation, &[b"SET".into(), key, value]),
                    Some(time) => {
                        let at = at.format(time.0).as_bytes();
                        let args = [b"SET".into(), key, value, b"PXAT".into(), at.into()];
                        self.op.log(self.db, annotation, &args);
                    }
                }
            }
        }
    }

    /// Removes a record whose time is over, and logs that.
    #[inline]
    pub(super) fn settle(&mut self) {
        if self.fate == Fate::Expired {
            self.expire();
        }
    }

    #[cold]
    fn expire(&mut self) {
        self.op.engine().stats().add(Counter::ExpiredKeys, 1);
        self.append(&Effect::Del, None, Annotation::default(), &NewValue::Bytes(b""));
        self.fate = Fate::Removed;
        self.changed = true;
        if self.op.engine().events().interest() != 0 {
            self.announce(class::EXPIRED, "expired");
            self.note_change();
        }
    }

    /// Whether the record was replaced or removed since the last call.
    pub(crate) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Has those served who wait for this key, as if it had changed.
    pub(crate) fn mark_changed(&mut self) {
        self.changed = true;
    }
}

impl Drop for Entry<'_> {
    #[inline]
    fn drop(&mut self) {
        self.settle();
        if let Some(home) = self.home {
            self.op.scope.give_back(home, self.place());
            self.op.latched.set(false);
            return;
        }
        if self.changed && self.state & FENCED == 0 && self.op.engine().blocking().is_anyone_waiting() {
            if self.op.scope.is_active() {
                self.op.scope.note_changed(self.db, Some(self.key));
            } else {
                blocking::serve(self.op, std::slice::from_mut(self));
            }
        }
        // A scope tells of everything at its end.
        let tells = self.state & FENCED == 0 && !self.op.scope.is_active();
        if tells && self.op.gathered.is_any() {
            self.op.gathered.deliver_events(self.op.engine().events());
        }
        if let Held::Slot { slot, word } = self.held {
            if matches!(self.fate, Fate::Stays | Fate::Hidden) {
                Index::release(slot, word);
            } else {
                self.index.remove(slot, word, self.hash, self.op.pin());
                self.resized = true;
            }
        } else {
            self.held = Held::Vacant(None);
        }
        if self.resized && self.index.is_unbalanced() {
            self.index.balance(self.op.pin());
        }
        if self.state & FENCED == 0 {
            self.op.latched.set(false);
            self.passage = None;
            if tells && self.op.gathered.is_any() {
                self.op.gathered.deliver_changes(self.op.engine().events());
            }
            if self.op.pending.is_any() {
                blocking::finish(self.op);
            }
        }
    }
}
