//! A scope: many commands as one, for MULTI and scripts. Nobody sees, and the log never holds, half of them.
//!
//! A *keyed* scope holds the fences of the keys that its commands name; scopes on different keys run in parallel. Inside,
//! latching a key finds it here and gives it back here. An *exclusive* scope closes the gate, for commands that see the
//! whole keyspace. Commands run with the scope's operation, by the ordinary dispatcher. When the scope ends, those who
//! wait for changed keys are served, the effects go to the log as one block, and only then is anything released.
//!
//! # Concurrency
//! A keyed scope gathers its keys in order, as [`Latches`] does. A *stray*, a key that its commands touch without having
//! named it, comes out of order, so it is only tried for. Where somebody has it, the scope takes the engine's one
//! announcement (`strays.rs`) and waits: whoever is still gathering gives back what it has, writers of one key wait for
//! nothing, complete latches end by themselves. What is left are other scopes, and those end too, unless they need a
//! stray themselves: that finds the announcement taken, and where what is announced is a key of its own, it is the
//! victim and fails (`has_conflict`). So there is no cycle, and nobody fails who would not have closed one.

use std::cell::{Cell, OnceCell, RefCell};
use std::ptr::NonNull;

use smallvec::SmallVec;

use super::entry::Fate;
use super::gate::{Closed, Passage};
use super::latches::{gather, in_order};
use super::{Entry, Latches, block::Block};
use crate::blocking;
use crate::engine::DbIndex;
use crate::index::slot::{FENCED, LATCHED};
use crate::index::{Damaged, Found, Index, Word};
use crate::operation::Operation;
use crate::patience::{Overdue, Patience};
use crate::record::Kind;
use crate::sync::atomic::AtomicU64;

/// Attempts at a stray before it is announced: latches of one key are short.
const ATTEMPTS: usize = if cfg!(shuttle) { 1 } else { 64 };

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    None,
    Keyed,
    Exclusive,
}

/// The scope of an operation, if it has one.
#[derive(Default)]
pub(crate) struct State {
    mode: Cell<Mode>,
    conflict: Cell<bool>,
    /// The command that failed by it has not said so yet.
    unreported: Cell<bool>,
    /// Apart, and made by the first scope: most operations have none, and each would set it up and take it down.
    contents: OnceCell<Box<Contents>>,
}

#[derive(Default)]
struct Contents {
    held: RefCell<Held>,
    /// In an exclusive scope, what blocked clients may wait for; a database without a key is all of it.
    changed: RefCell<Vec<(DbIndex, Option<Box<[u8]>>)>>,
}

/// The keys of a keyed scope.
#[derive(Default)]
pub(super) struct Held {
    places: Vec<Place>,
    /// Index, hash and position of every place, sorted.
    order: Vec<(usize, u64, u32)>,
}

/// A key that the scope holds, while no command has it. Its record is in the slot, and has the key.
///
/// The pointers are good while the operation is pinned, and no place outlives its operation.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub db: DbIndex,
    pub hash: u64,
    pub index: NonNull<Index>,
    pub slot: NonNull<AtomicU64>,
    pub word: Word,
    pub fate: Fate,
    pub resized: bool,
    pub changed: bool,
}

impl Held {
    pub(super) fn find(&self, index: usize, hash: u64, key: &[u8]) -> Option<usize> {
        let from = self.order.partition_point(|&(i, h, _)| (i, h) < (index, hash));
        let same = self.order[from..].iter().take_while(|&&(i, h, _)| (i, h) == (index, hash));
        same.map(|&(.., at)| at as usize).find(|&at| {
            // SAFETY: the scope holds the slot and its operation is pinned.
            unsafe { self.places[at].word.record() }.is_some_and(|record| record.key() == key)
        })
    }

    fn add(&mut self, place: Place) -> usize {
        let entry = (place.index.as_ptr().addr(), place.hash, self.places.len() as u32);
        let at = self.order.partition_point(|other| *other < entry);
        self.order.insert(at, entry);
        self.places.push(place);
        self.places.len() - 1
    }
}

impl State {
    fn contents(&self) -> &Contents {
        self.contents.get_or_init(Box::default)
    }

    fn held(&self) -> &RefCell<Held> {
        &self.contents().held
    }

    #[inline]
    pub(crate) fn is_active(&self) -> bool {
        self.mode.get() != Mode::None
    }

    #[inline]
    pub(crate) fn is_keyed(&self) -> bool {
        self.mode.get() == Mode::Keyed
    }

    /// Whether a command failed because another scope and this one needed each other's keys.
    pub(crate) fn has_conflict(&self) -> bool {
        self.conflict.get()
    }

    /// Whether the command that just failed did so because of that.
    pub(crate) fn take_conflict(&self) -> bool {
        self.unreported.take()
    }

    /// Notes a change in an exclusive scope.
    pub(crate) fn note_changed(&self, db: DbIndex, key: Option<&[u8]>) {
        self.contents().changed.borrow_mut().push((db, key.map(Box::from)));
    }

    /// The place of a key, which becomes the scope's if it is not yet.
    fn hold(&self, op: &Operation<'_>, index: &Index, hash: u64, key: &[u8]) -> Result<usize, Damaged> {
        let address = std::ptr::from_ref(index).addr();
        if let Some(at) = self.held().borrow().find(address, hash, key) {
            return Ok(at);
        }
        let (slot, word) = self.latch_stray(op, index, hash, key)?;
        let dbs = 0..crate::limits::DATABASES as DbIndex;
        let db = dbs.into_iter().find(|&db| std::ptr::eq(op.index(db), index)).unwrap_or(0);
        // SAFETY: just latched, and the operation is pinned.
        let fate = unsafe { word.record() }.map_or(Fate::Removed, |record| Fate::of(record, op));
        let (index, slot) = (NonNull::from(index), NonNull::from(slot));
        let place = Place { db, hash, index, slot, word, fate, resized: false, changed: false };
        Ok(self.held().borrow_mut().add(place))
    }

    fn latch_stray<'g>(
        &self,
        op: &'g Operation<'_>,
        index: &'g Index,
        hash: u64,
        key: &[u8],
    ) -> Result<(&'g AtomicU64, Word), Damaged> {
        let mut patience = Patience::in_scope();
        for _ in 0..ATTEMPTS {
            if let Some(latched) = index.try_latch_fenced(hash, key, op.pin())? {
                return Ok(latched);
            }
            patience.wait()?;
        }
        let strays = op.engine().strays();
        let address = std::ptr::from_ref(index).addr();
        let mut announced = None;
        loop {
            if announced.is_none() {
                match strays.announce(address, hash, key, &self.held().borrow()) {
                    Ok(ticket) => announced = ticket,
                    Err(_) => {
                        self.conflict.set(true);
                        self.unreported.set(true);
                        return Err(Damaged);
                    }
                }
            }
            if let Some(latched) = index.try_latch_fenced(hash, key, op.pin())? {
                return Ok(latched);
            }
            patience.wait()?;
        }
    }

    /// What a read in a keyed scope finds: its own writes, and records whose time is over too.
    pub(crate) fn find<'g>(
        &self,
        op: &'g Operation<'_>,
        index: &'g Index,
        hash: u64,
        key: &[u8],
    ) -> Result<Option<Found<'g>>, Damaged> {
        let at = self.hold(op, index, hash, key)?;
        let place = self.held().borrow().places[at];
        // SAFETY: the slot is held and the operation is pinned.
        let (slot, record) = unsafe { (place.slot.as_ref(), place.word.record()) };
        let record = record.filter(|record| place.fate != Fate::Removed && record.kind() != Kind::Absent);
        Ok(record.map(|record| Found { slot, word: place.word, record }))
    }

    /// Lends a key to a command.
    pub(super) fn lend(
        &self,
        op: &Operation<'_>,
        db: DbIndex,
        hash: u64,
        key: &[u8],
    ) -> Result<(Place, u32), Damaged> {
        let at = self.hold(op, op.index(db), hash, key)?;
        Ok((self.held().borrow().places[at], at as u32))
    }

    /// Takes a key back from a command.
    pub(super) fn give_back(&self, at: u32, place: Place) {
        self.held().borrow_mut().places[at as usize] = place;
    }
}

/// See the module's documentation. Dropping it commits.
pub struct Scope<'a> {
    op: &'a Operation<'a>,
    passage: Option<Passage<'a>>,
    closed: Option<Closed<'a>>,
    /// Of the operation when the scope began.
    changes: u64,
    /// Of a scope around it, which commits.
    is_part: bool,
}

impl<'a> Scope<'a> {
    /// A scope on these keys; duplicates are fine. Within another scope it is part of that one. Waits for whoever holds them.
    pub fn keyed(op: &'a Operation<'a>, keys: &[(DbIndex, &'a [u8])]) -> Result<Scope<'a>, Damaged> {
        debug_assert!(!op.latched.get(), "a scope while a latch is held");
        if op.scope.is_active() {
            return Ok(Self::part(op));
        }
        let passage = op.engine().gate().pass()?;
        op.now();
        let mut entries = SmallVec::new();
        gather(op, &in_order(op, keys), &mut entries, &mut [])?;
        let mut held = op.scope.held().borrow_mut();
        entries.drain(..).for_each(|entry| {
            held.add(entry.into_place());
        });
        drop(held);
        Ok(Self::begin(op, Mode::Keyed, Some(passage), None))
    }

    /// A scope that is alone with the keyspace. Within another scope it is part of that one. Waits until all others are out.
    pub fn exclusive(op: &'a Operation<'a>) -> Result<Scope<'a>, Overdue> {
        debug_assert!(!op.latched.get(), "a scope while a latch is held");
        if op.scope.is_active() {
            return Ok(Self::part(op));
        }
        let closed = op.engine().gate().close_for_client()?;
        op.now();
        Ok(Self::begin(op, Mode::Exclusive, None, Some(closed)))
    }

    fn part(op: &'a Operation<'a>) -> Scope<'a> {
        Scope { op, passage: None, closed: None, changes: op.changes(), is_part: true }
    }

    fn begin(
        op: &'a Operation<'a>,
        mode: Mode,
        passage: Option<Passage<'a>>,
        closed: Option<Closed<'a>>,
    ) -> Scope<'a> {
        op.scope.mode.set(mode);
        op.scope.conflict.set(false);
        *op.block.borrow_mut() = Some(Block::default());
        Scope { op, passage, closed, changes: op.changes(), is_part: false }
    }

    /// Whether its commands have changed anything.
    pub fn has_written(&self) -> bool {
        self.op.changes() != self.changes
    }

    /// Whether a command failed because another scope and this one needed each other's keys. A scope that has written
    /// nothing may be dropped then, and its commands repeated in an exclusive one.
    pub fn has_conflict(&self) -> bool {
        self.op.scope.has_conflict()
    }
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        let op = self.op;
        if self.is_part {
            return;
        }
        op.scope.mode.set(Mode::None);
        if self.closed.is_none() {
            let mut held = std::mem::take(&mut *op.scope.held().borrow_mut());
            op.latched.set(true);
            Latches::end(op, held.places.iter().map(|place| Entry::of_place(op, place)), self.passage.take());
            // The operation's next scope has room.
            held.places.clear();
            held.order.clear();
            op.scope.held().replace(held);
            return;
        }
        if let Some((db, bytes)) = op.block.borrow_mut().take().and_then(Block::finish) {
            op.reached(op.engine().log().append_block(db, &bytes));
        }
        let changed = op.scope.contents().changed.take();
        if op.engine().blocking().is_anyone_waiting() {
            // Still alone: the gate lets its closer pass.
            for (db, key) in &changed {
                match key {
                    Some(key) => blocking::serve_latched(op, &[(*db, key)]),
                    None => blocking::serve_database(op, Some(*db)),
                }
            }
        }
        op.gathered.deliver_events(op.engine().events());
        self.closed = None;
        op.gathered.deliver_changes(op.engine().events());
    }
}

impl Place {
    /// The state of an entry of this place.
    pub(super) const STATE: u64 = LATCHED | FENCED;
}

#[cfg(test)]
#[cfg(not(shuttle))]
#[path = "scope_test.rs"]
mod tests;
