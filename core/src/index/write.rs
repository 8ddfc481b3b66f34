//! Writing to the index: latches on keys, and what their holders do with slots.

use std::ptr::NonNull;

use crossbeam_epoch::Guard;

use super::bucket::{Bucket, ChainLatch, SLOTS};
use super::slot::{FENCED, LATCHED, MAPPED, TTL, Word};
use super::table::bucket_of;
use super::{Damaged, Index, Latched, cut, reclaim};
use crate::patience::Patience;
use crate::record::{Kind, OwnedRecord, Record};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::tree::RootSet;

impl Index {
    /// Takes write access to `key`, waiting for its latch.
    #[inline]
    pub fn latch<'g>(&'g self, hash: u64, key: &[u8], pin: &'g Guard) -> Result<Latched<'g>, Damaged> {
        let mut patience = Patience::new();
        loop {
            match self.find_any(hash, key, pin)? {
                Some(found) => {
                    if let Some(word) = try_latch(found.slot, found.word, LATCHED) {
                        return Ok(Latched::Slot { slot: found.slot, word });
                    }
                }
                None => {
                    if let Some(chain) = self.latch_vacant(hash, key, pin)? {
                        return Ok(Latched::Vacant(chain));
                    }
                    continue;
                }
            }
            patience.wait()?;
        }
    }

    /// Takes write access to `key` with a fence, unless somebody has it: readers wait until it is released. A key that
    /// does not exist gets a place of its own, so that several fenced keys never need each other's chain.
    pub fn try_latch_fenced<'g>(
        &'g self,
        hash: u64,
        key: &[u8],
        pin: &'g Guard,
    ) -> Result<Option<(&'g AtomicU64, Word)>, Damaged> {
        loop {
            if let Some(found) = self.find_any(hash, key, pin)? {
                let word = try_latch(found.slot, found.word, LATCHED | FENCED);
                return Ok(word.map(|word| (found.slot, word)));
            }
            if let Some(chain) = self.latch_vacant(hash, key, pin)? {
                let place = OwnedRecord::absent(key);
                self.memory.add(place.as_record().memory_bytes() as i64);
                let word = Word::new(hash, place.as_record());
                place.into_raw();
                let slot = self.fill(&chain, word.with(LATCHED | FENCED), pin);
                return Ok(Some((slot, word)));
            }
        }
    }

    /// Latches the chain of a key that was not found; `None` if the key exists after all, or belongs elsewhere now.
    fn latch_vacant<'g>(
        &'g self,
        hash: u64,
        key: &[u8],
        pin: &'g Guard,
    ) -> Result<Option<ChainLatch<'g>>, Damaged> {
        let chain = bucket_of(hash, self.table.size());
        let Some(head) = self.head(chain) else { return Ok(None) };
        let latch = head.acquire_chain();
        if bucket_of(hash, self.table.size()) != chain || self.find_any(hash, key, pin)?.is_some() {
            return Ok(None);
        }
        Ok(Some(latch))
    }

    /// Puts `word` into an empty slot of a latched chain, adding an overflow bucket where all are full.
    pub(super) fn fill<'g>(&'g self, chain: &ChainLatch<'g>, word: Word, pin: &'g Guard) -> &'g AtomicU64 {
        chain.count_insert();
        let mut last = chain.head();
        for bucket in self.chain(chain.head(), pin) {
            for slot in 0..SLOTS {
                if bucket.load(slot).is_empty() {
                    // ORDERING: publishes the record (or place) that `word` points to.
                    bucket.slots[slot].store(word.0, Ordering::Release);
                    return &bucket.slots[slot];
                }
            }
            last = bucket;
        }
        let bucket = Bucket::default();
        // ORDERING: the link below publishes the bucket.
        bucket.slots[0].store(word.0, Ordering::Relaxed);
        let bucket = NonNull::from(Box::leak(Box::new(bucket)));
        self.memory.add(size_of::<Bucket>() as i64);
        last.set_next(Some(bucket));
        // SAFETY: overflow buckets are freed through the epoch, pinned for 'g.
        &unsafe { bucket.as_ref() }.slots[0]
    }

    /// Inserts a record for a key that does not exist, leaving its slot latched; the chain is released.
    pub fn insert<'g>(
        &'g self,
        chain: ChainLatch<'g>,
        hash: u64,
        record: OwnedRecord,
        pin: &'g Guard,
    ) -> (&'g AtomicU64, Word) {
        let word = Word::new(hash, record.as_record());
        self.memory.add(record.as_record().memory_bytes() as i64);
        record.into_raw();
        let slot = self.fill(&chain, word.with(LATCHED), pin);
        drop(chain);
        self.count(1, i64::from(word.has(TTL)));
        self.count_volatile(word, 1);
        (slot, word)
    }

    /// Replaces the record of a latched slot, keeping the latch (and the fence, where `state` has it). The new record has
    /// taken over the trees `taken` of the old one.
    #[allow(clippy::too_many_arguments, reason = "all of it is what replacing a record needs")]
    #[inline]
    pub fn replace<'g>(
        &'g self,
        slot: &'g AtomicU64,
        old: Word,
        state: u64,
        hash: u64,
        record: OwnedRecord,
        taken: RootSet,
        pin: &'g Guard,
    ) -> Word {
        let word = Word::new(hash, record.as_record());
        let header = record.into_raw();
        // SAFETY: not published before `unlink`, and pinned: alive until this function ends.
        let new = Some(unsafe { Record::from_raw(header) });
        self.give_up(old, new, taken, hash, pin, || {
            // ORDERING: publishes the record.
            slot.store(word.with(state).0, Ordering::Release);
        });
        let was_absent = i64::from(self.kind(old) == Kind::Absent);
        self.count(was_absent, i64::from(word.has(TTL)) - i64::from(old.has(TTL)));
        self.count_volatile(old, -1);
        self.count_volatile(word, 1);
        word
    }

    /// Empties a latched slot, which releases it.
    pub fn remove<'g>(&'g self, slot: &'g AtomicU64, old: Word, hash: u64, pin: &'g Guard) {
        let was_key = i64::from(self.kind(old) != Kind::Absent);
        self.give_up(old, None, RootSet::default(), hash, pin, || {
            // ORDERING: a reader that sees the empty slot sees everything that led to it.
            slot.store(0, Ordering::Release);
        });
        self.count(-was_key, -i64::from(old.has(TTL)));
        self.count_volatile(old, -1);
    }

    /// Counts the record of a word that the caller has latched where it is a hash with fields that expire.
    #[inline]
    fn count_volatile(&self, word: Word, change: i64) {
        if !word.has(TTL) {
            return;
        }
        // SAFETY: the caller holds the slot's latch and a pin, so the record is alive.
        if let Some(record) = unsafe { word.record() } {
            self.count_fields(record, change);
        }
    }

    /// The kind of the record in a word that the caller has latched.
    #[inline]
    fn kind(&self, word: Word) -> Kind {
        // SAFETY: the caller holds the slot's latch and a pin, so the record is alive.
        unsafe { word.record() }.map_or(Kind::Absent, |record| record.kind())
    }

    /// Lets go of the record in `old`, in whose place there is `new` now: hands it to a snapshot that still needs
    /// it, unlinks it with `unlink`, or retires it.
    #[inline]
    fn give_up(
        &self,
        old: Word,
        new: Option<Record<'_>>,
        taken: RootSet,
        hash: u64,
        pin: &Guard,
        unlink: impl FnOnce(),
    ) {
        // SAFETY: the caller holds the slot's latch and a pin.
        let record = unsafe { old.record() }.expect("latched words are in memory");
        let kept = self.cut.is_on()
            && record.kind() != Kind::Absent
            && self.cut.hand_over(bucket_of(hash, self.table.size()), record);
        // Most writes replace a record by one of the same size, and then there is nothing to count.
        if !new.is_some_and(|new| new.is_as_large_as(record)) {
            let new_bytes = new.map_or(0, |new| new.memory_bytes());
            let change = new_bytes as i64 - record.memory_bytes() as i64;
            self.memory.add(change);
        }
        let header = record.as_ptr();
        unlink();
        debug_assert!(!kept || taken.is_empty(), "what a snapshot needs stays whole");
        if !kept {
            // SAFETY: unreachable since `unlink`, and only the latch's holder retires it.
            unsafe { reclaim::retire(pin, header, taken) };
        }
    }

    /// Whether a snapshot under way may still get `record`, whose latch the caller holds: then its trees must stay whole.
    pub(crate) fn is_wanted_by_cut(&self, hash: u64, record: Record<'_>) -> bool {
        self.cut.is_on() && self.cut.wants(bucket_of(hash, self.table.size()), record)
    }

    /// Releases the latch of a slot that holds `word`.
    #[inline]
    pub fn release(slot: &AtomicU64, word: Word) {
        // ORDERING: the next holder sees our writes.
        slot.store(word.0, Ordering::Release);
    }

    /// Retires a record that a cut handed over and the snapshot has written.
    pub fn retire_handed(&self, handed: cut::Handed, pin: &Guard) {
        // SAFETY: it was unlinked when it was handed over, and the walker owns it.
        unsafe { reclaim::retire(pin, handed.into_raw(), RootSet::default()) };
    }
}

/// Latches a slot that holds `word`, unless it has changed or is held; returns the word without state.
#[inline]
fn try_latch(slot: &AtomicU64, word: Word, state: u64) -> Option<Word> {
    if word.has(LATCHED) || word.has(MAPPED) {
        return None;
    }
    // ORDERING: acquire pairs with the release of the last holder. The word's record is pinned, so an equal word means
    // an unchanged slot.
    slot.compare_exchange(word.0, word.with(state).0, Ordering::Acquire, Ordering::Relaxed).ok().map(Word)
}
