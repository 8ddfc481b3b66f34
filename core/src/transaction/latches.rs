//! Write access to several keys at once.

use smallvec::SmallVec;

use super::gate::Passage;
use super::{Entry, block::Block};
use crate::blocking;
use crate::engine::DbIndex;
use crate::index::Damaged;
use crate::operation::Operation;

/// A key in the order of latching: database, hash and key, and its position among those asked for.
type Place<'a> = (DbIndex, u64, &'a [u8], usize);

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
        let passage = op.engine().gate().pass();
        let mut order: SmallVec<[Place<'a>; 8]> = keys
            .iter()
            .enumerate()
            .map(|(position, &(db, key))| (db, op.index(db).hash(key), key, position))
            .collect();
        order.sort_unstable();
        let mut latches = Latches {
            entries: SmallVec::with_capacity(keys.len()),
            positions: SmallVec::from_elem(0, keys.len()),
            op,
            passage: Some(passage),
        };
        op.latched.set(true);
        *op.block.borrow_mut() = Some(Block::default());
        for (db, hash, key, position) in order {
            let is_again = latches.entries.last().is_some_and(|last| last.db() == db && last.key() == key);
            if !is_again {
                latches.entries.push(Entry::latch_fenced(op, db, hash, key)?);
            }
            latches.positions[position] = latches.entries.len() - 1;
        }
        Ok(latches)
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

impl Drop for Latches<'_> {
    fn drop(&mut self) {
        for entry in &mut self.entries {
            entry.settle();
        }
        if self.op.engine().blocking().is_anyone_waiting() {
            blocking::serve(self.op, &mut self.entries);
        }
        // Logged while all keys are still held: the log's order is the order of what happened.
        if let Some((db, bytes)) = self.op.block.borrow_mut().take().and_then(Block::finish) {
            self.op.reached(self.op.engine().log().append_block(db, &bytes));
        }
        self.entries.clear();
        self.op.latched.set(false);
        self.passage = None;
        if self.op.pending.is_any() {
            blocking::finish(self.op);
        }
    }
}
