//! Walking the index: SCAN, sampling, the sweep, and the snapshot's walk.
//!
//! SCAN keeps Redis' guarantee (every key that exists during the whole scan is returned at least once) while the table
//! grows and shrinks, by counting the chain number's bits from the top (Pieter Noordhuis' reverse-binary cursor). The
//! cursor runs over the `low` chains of the last full doubling; a chain that has been split since is visited together
//! with its sibling.

use crossbeam_epoch::Guard;
use smallvec::SmallVec;

use super::bucket::SLOTS;
use super::slot::{MAPPED, Word};
use super::{Damaged, Index, prefetch};
use crate::record::{Kind, NewTrees, Record};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::lock;

/// What the snapshot's walk finds in a slot.
pub enum Walked<'g> {
    /// `word` has the key's tag and whether it expires; `trees` are a share of a large container's.
    Memory { word: Word, record: Record<'g>, trees: Option<Box<NewTrees>> },
    /// Still in the file that the index was opened from.
    Mapped(Word),
}

/// The non-empty slots of a chain.
type Slots<'g> = SmallVec<[(&'g AtomicU64, Word); 2 * SLOTS]>;

impl Index {
    /// Visits the records of the chains that `cursor` stands for and returns the next cursor; zero at the end.
    /// Records may be expired. Damaged records are passed over: scrubbing reports them.
    pub fn scan_step<'g>(&'g self, cursor: u64, pin: &'g Guard, visit: &mut dyn FnMut(Record<'g>)) -> u64 {
        loop {
            let size = self.table.size();
            let low = 1u64 << size.ilog2();
            let chain = cursor & (low - 1);
            let mut slots = self.slots(chain, pin);
            if chain + low < size {
                slots.extend(self.slots(chain + low, pin));
            }
            // Whoever scans comes for these next.
            let next = next_cursor(cursor, low);
            self.prefetch_chain(next & (low - 1), pin);
            self.prefetch_head(next_cursor(next, low) & (low - 1));
            // Keys that moved between the two chains in the meantime may be missing.
            if self.table.size() != size {
                continue;
            }
            for (slot, word) in slots {
                if let Ok(Some(record)) = self.visited(slot, word, pin) {
                    visit(record);
                }
            }
            return next;
        }
    }

    /// The non-empty slots of one chain, without a look at their records.
    pub fn slots<'g>(&'g self, chain: u64, pin: &'g Guard) -> Slots<'g> {
        let mut slots = Slots::new();
        if let Some(head) = self.head(chain) {
            // The latch keeps keys from being moved from one slot of the chain to another while we look.
            let latch = head.acquire_chain();
            for bucket in self.chain(latch.head(), pin) {
                for slot in 0..SLOTS {
                    let word = bucket.load(slot);
                    if !word.is_empty() {
                        slots.push((&bucket.slots[slot], word));
                    }
                }
            }
        }
        slots
    }

    /// Keeps the table at its size until [`Index::thaw`], so that a walk over all chains meets every key once.
    pub fn freeze(&self) {
        // Waits for a resize that is under way.
        let _resizing = lock(&self.resizing);
        self.frozen.fetch_add(1, Ordering::SeqCst);
    }

    /// Lets the table grow and shrink again.
    pub fn thaw(&self) {
        self.frozen.fetch_sub(1, Ordering::SeqCst);
    }

    /// The record in a visited slot, brought into memory; `None` where the slot is empty by now or holds no key.
    pub fn visited<'g>(
        &'g self,
        slot: &'g AtomicU64,
        word: Word,
        pin: &'g Guard,
    ) -> Result<Option<Record<'g>>, Damaged> {
        let record = self.record_of(slot, word, pin)?;
        Ok(record.map(|(_, record)| record).filter(|record| record.kind() != Kind::Absent))
    }

    /// The records of one chain that belong to the running cut; for the snapshot's walker, chain after chain.
    pub fn walk_chain<'g>(&'g self, chain: u64, pin: &'g Guard, visit: &mut dyn FnMut(Walked<'g>)) {
        let version = self.cut.version();
        let mut seen: SmallVec<[Walked<'g>; 2 * SLOTS]> = SmallVec::new();
        for (_, word) in self.slots(chain, pin) {
            if word.has(MAPPED) {
                seen.push(Walked::Mapped(word));
            // SAFETY: loaded with acquire ordering, pinned.
            } else if let Some(record) = unsafe { word.record() }
                && record.kind() != Kind::Absent
                && record.version() < version
            {
                // Shared before the chain is finished: until then no writer takes such a record's trees apart.
                let trees = record.trees().map(|trees| Box::new(trees.share()));
                seen.push(Walked::Memory { word, record, trees });
            }
        }
        for handed in self.cut.finish_chain(chain) {
            // SAFETY: retired below under the pin that lasts 'g.
            let record = unsafe { Record::from_raw(handed.as_record().as_ptr()) };
            if !seen.iter().any(|seen| self.is_same(seen, record)) {
                let word = Word::new(self.hash(record.key()), record);
                let trees = record.trees().map(|trees| Box::new(trees.share()));
                seen.push(Walked::Memory { word, record, trees });
            }
            self.retire_handed(handed, pin);
        }
        seen.into_iter().for_each(visit);
    }

    /// Asks the processor to fetch the records of a chain's first bucket, which a walk will look at soon.
    pub fn prefetch_chain(&self, chain: u64, _pin: &Guard) {
        if chain >= self.chains() {
            return;
        }
        let Some(head) = self.table.head(chain) else { return };
        for slot in 0..SLOTS {
            if let Some(record) = head.load(slot).pointer() {
                let start = record.as_ptr().cast::<u8>().cast_const();
                prefetch(start);
                prefetch(start.wrapping_add(64));
            }
        }
    }

    /// Asks the processor to fetch a chain's first bucket.
    fn prefetch_head(&self, chain: u64) {
        if chain < self.chains()
            && let Some(head) = self.table.head(chain)
        {
            prefetch(std::ptr::from_ref(head).cast());
        }
    }

    /// Whether a walked slot held the record that was then handed over.
    fn is_same(&self, seen: &Walked<'_>, handed: Record<'_>) -> bool {
        match seen {
            Walked::Memory { record, .. } => record.as_ptr() == handed.as_ptr(),
            // Brought into memory and replaced after we looked at the slot.
            Walked::Mapped(word) => {
                self.backing.as_ref().is_some_and(|backing| backing.key(word.address()) == Ok(handed.key()))
            }
        }
    }

    /// Begins a cut at `version`: until [`Index::end_cut`] the table keeps its size. The caller holds the gate closed.
    pub fn begin_cut(&self, version: u64) {
        self.freeze();
        self.cut.begin(version);
    }

    /// Ends the cut.
    pub fn end_cut(&self, pin: &Guard) {
        for handed in self.cut.end() {
            self.retire_handed(handed, pin);
        }
        self.thaw();
    }
}

/// The cursor after this one in a table of `low` chains: counts up in reversed bits, above which all is ones so that
/// the carry runs off.
fn next_cursor(cursor: u64, low: u64) -> u64 {
    (cursor | !(low - 1)).reverse_bits().wrapping_add(1).reverse_bits()
}
