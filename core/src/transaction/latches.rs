//! Write access to several keys at once.

use smallvec::SmallVec;

use super::gate::Passage;
use super::{Entry, block::Block};
use crate::blocking;
use crate::engine::DbIndex;
use crate::index::Damaged;
use crate::operation::Operation;
use crate::patience::Patience;

/// A key in the order of latching: database, hash and key, and its position among those asked for.
pub(super) type Place<'a> = (DbIndex, u64, &'a [u8], usize);

/// Latched and fenced keys: readers of any of them wait until all are released, so nobody sees half of what happens.
pub struct Latches<'a> {
    /// Dropped by `drop`, after the block is logged.
    entries: SmallVec<[Entry<'a>; 8]>,
    /// For every key that was asked for, its entry; duplicates share one.
    positions: SmallVec<[usize; 8]>,
    op: &'a Operation<'a>,
    passage: Option<Passage<'a>>,
}

impl<'a> Latches<'a> {
    pub fn latch(op: &'a Operation<'a>, keys: &[(DbIndex, &'a [u8])]) -> Result<Latches<'a>, Damaged> {
        debug_assert!(!op.latched.get(), "a second latch");
        if op.scope.is_keyed() {
            return Self::lent(op, keys);
        }
        let passage = op.engine().gate().pass()?;
        let mut latches = Self::holding_nothing(op, Some(passage));
        latches.positions = SmallVec::from_elem(0, keys.len());
        gather(op, &in_order(op, keys), &mut latches.entries, &mut latches.positions)?;
        op.latched.set(true);
        if !op.scope.is_active() {
            *op.block.borrow_mut() = Some(Block::default());
        }
        latches.entries.iter_mut().for_each(Entry::settle);
        Ok(latches)
    }

    /// The keys from the scope under way, which holds them or gets them.
    fn lent(op: &'a Operation<'a>, keys: &[(DbIndex, &'a [u8])]) -> Result<Latches<'a>, Damaged> {
        let mut latches = Self::holding_nothing(op, None);
        latches.positions = SmallVec::from_elem(0, keys.len());
        op.latched.set(true);
        for (db, hash, key, position) in in_order(op, keys) {
            if !latches.has_last(db, key) {
                latches.entries.push(Entry::lent(op, db, hash, key)?);
            }
            latches.positions[position] = latches.entries.len() - 1;
        }
        Ok(latches)
    }

    /// To be filled where it is: entries are large.
    #[inline]
    fn holding_nothing(op: &'a Operation<'a>, passage: Option<Passage<'a>>) -> Latches<'a> {
        Latches { entries: SmallVec::new(), positions: SmallVec::new(), op, passage }
    }

    /// Settles, serves, logs and releases what a scope held.
    pub(super) fn end(
        op: &'a Operation<'a>,
        entries: impl Iterator<Item = Entry<'a>>,
        passage: Option<Passage<'a>>,
    ) {
        let mut latches = Self::holding_nothing(op, passage);
        latches.entries.extend(entries);
    }

    fn has_last(&self, db: DbIndex, key: &[u8]) -> bool {
        self.entries.last().is_some_and(|last| last.db() == db && last.key() == key)
    }

    /// The entry of the `position`-th key that was asked for.
    pub fn entry(&mut self, position: usize) -> &mut Entry<'a> {
        let entry = self.positions[position];
        &mut self.entries[entry]
    }

    /// The entries of two keys that were asked for; no second one where both are the same key.
    pub fn pair(&mut self, first: usize, second: usize) -> (&mut Entry<'a>, Option<&mut Entry<'a>>) {
        let (first, second) = (self.positions[first], self.positions[second]);
        if first == second {
            return (&mut self.entries[first], None);
        }
        let [first, second] = self.entries.get_disjoint_mut([first, second]).expect("two entries of these");
        (first, Some(second))
    }
}

impl Latches<'_> {
    /// The end within a scope: the scope serves and logs.
    fn end_in_scope(&mut self) {
        if !self.op.scope.is_keyed() && self.op.engine().blocking().is_anyone_waiting() {
            for entry in &mut self.entries {
                if entry.take_changed() {
                    self.op.scope.note_changed(entry.db(), Some(entry.key()));
                }
            }
        }
        self.entries.clear();
        self.op.latched.set(false);
        self.passage = None;
    }
}

/// The keys in the order of latching.
pub(super) fn in_order<'a>(op: &'a Operation<'a>, keys: &[(DbIndex, &'a [u8])]) -> SmallVec<[Place<'a>; 8]> {
    let places = keys.iter().enumerate();
    let mut order: SmallVec<[Place<'a>; 8]> =
        places.map(|(position, &(db, key))| (db, op.index(db).hash(key), key, position)).collect();
    order.sort_unstable();
    order
}

/// Latches and fences all keys, waiting for each; enters the entry of every position in `positions`, where there is room
/// for it. Gives back what it has, and begins again, while a scope waits for a stray key.
pub(super) fn gather<'a>(
    op: &'a Operation<'a>,
    order: &[Place<'a>],
    entries: &mut SmallVec<[Entry<'a>; 8]>,
    positions: &mut [usize],
) -> Result<(), Damaged> {
    let strays = op.engine().strays();
    'again: loop {
        for &(db, hash, key, position) in order {
            if !entries.last().is_some_and(|last| last.db() == db && last.key() == key) {
                let mut patience = Patience::new();
                let entry = loop {
                    match Entry::try_latch_fenced_hashed(op, db, hash, key) {
                        Ok(Some(entry)) => break entry,
                        Ok(None) => {}
                        Err(damaged) => {
                            entries.drain(..).for_each(Entry::abandon);
                            return Err(damaged);
                        }
                    }
                    if !entries.is_empty() && strays.is_announced() {
                        entries.drain(..).for_each(Entry::abandon);
                        strays.wait()?;
                        continue 'again;
                    }
                    if let Err(overdue) = patience.wait() {
                        entries.drain(..).for_each(Entry::abandon);
                        return Err(overdue.into());
                    }
                };
                entries.push(entry);
            }
            if let Some(entry) = positions.get_mut(position) {
                *entry = entries.len() - 1;
            }
        }
        return Ok(());
    }
}

impl Drop for Latches<'_> {
    fn drop(&mut self) {
        for entry in &mut self.entries {
            entry.settle();
        }
        if self.op.scope.is_active() {
            return self.end_in_scope();
        }
        if self.op.engine().blocking().is_anyone_waiting() {
            blocking::serve(self.op, &mut self.entries);
        }
        // Logged while all keys are still held: the log's order is the order of what happened.
        if let Some((db, bytes)) = self.op.block.borrow_mut().take().and_then(Block::finish) {
            self.op.reached(self.op.engine().log().append_block(db, &bytes));
        }
        if self.op.gathered.is_any() {
            self.op.gathered.deliver_events(self.op.engine().events());
        }
        self.entries.clear();
        self.op.latched.set(false);
        self.passage = None;
        if self.op.gathered.is_any() {
            self.op.gathered.deliver_changes(self.op.engine().events());
        }
        if self.op.pending.is_any() {
            blocking::finish(self.op);
        }
    }
}
