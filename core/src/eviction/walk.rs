//! A hand that moves over the records of a table: the order of their hashes is as good as random.
//!
//! It moves record by record, not chain by chain: were each chain to lose one key whenever the hand comes by, however
//! many it has, then chains that get more keys (linear hashing has some of twice the share) would grow without bound.
//!
//! # Concurrency
//! ORDERING: hands are hints that every thread moves with relaxed operations. Two threads at the same place take the
//! same victim, and one of them finds it gone.

// Not through `crate::sync`: no test hangs on their interleaving.
use std::sync::atomic::{AtomicU64, Ordering};

use smallvec::SmallVec;

use crate::engine::DbIndex;
use crate::index::Index;
use crate::index::bucket::SLOTS;
use crate::index::slot::TTL;
use crate::operation::Operation;
use crate::record::Record;

/// Chains that one walk passes at most (a volatile policy with few keys that have an expiry).
const CHAINS_MAX: u64 = 1 << 16;
const POSITION_BITS: u32 = 16;

/// Where a hand stands: chain, and position among the chain's records.
#[derive(Default)]
pub struct Hand(AtomicU64);

/// A hand on its way; where it stops is noted when the walk is dropped.
pub struct Walk<'a, 'g> {
    op: &'g Operation<'g>,
    index: &'g Index,
    hand: &'a Hand,
    is_volatile: bool,
    chain: u64,
    /// Candidates of the chain, and how many of them were passed.
    records: SmallVec<[Record<'g>; 2 * SLOTS]>,
    position: usize,
    chains_left: u64,
}

impl<'a, 'g> Walk<'a, 'g> {
    /// Goes on where the hand stopped.
    pub fn new(op: &'g Operation<'_>, db: DbIndex, hand: &'a Hand, is_volatile: bool) -> Walk<'a, 'g> {
        let index = op.index(db);
        let at = hand.0.load(Ordering::Relaxed);
        let chains = index.chains();
        let mut walk = Walk {
            op,
            index,
            hand,
            is_volatile,
            chain: (at >> POSITION_BITS) % chains,
            records: SmallVec::new(),
            position: 0,
            chains_left: chains.min(CHAINS_MAX),
        };
        walk.load();
        walk.position = (at as usize & ((1 << POSITION_BITS) - 1)).min(walk.records.len());
        walk
    }

    /// The next candidate; `None` after a round, or after too long a way without end.
    pub fn next(&mut self) -> Option<Record<'g>> {
        while self.position == self.records.len() {
            self.chains_left = self.chains_left.checked_sub(1)?;
            self.chain = (self.chain + 1) % self.index.chains();
            self.load();
        }
        self.position += 1;
        Some(self.records[self.position - 1])
    }

    /// Notes that a record it came by will be removed: those behind it move up.
    pub fn forget(&mut self, victim: Record<'_>) {
        if self.records[..self.position].iter().any(|record| record.as_ptr() == victim.as_ptr()) {
            self.position -= 1;
        }
    }

    fn load(&mut self) {
        let pin = self.op.pin();
        self.index.prefetch_chain(self.chain + 1, pin);
        self.records.clear();
        self.position = 0;
        for (slot, word) in self.index.slots(self.chain, pin) {
            if (!self.is_volatile || word.has(TTL))
                && let Ok(Some(record)) = self.index.visited(slot, word, pin)
                // A slot has TTL for fields that expire, too.
                && (!self.is_volatile || record.expire_at().is_some())
            {
                self.records.push(record);
            }
        }
    }
}

impl Drop for Walk<'_, '_> {
    fn drop(&mut self) {
        let at = self.chain << POSITION_BITS | self.position.min((1 << POSITION_BITS) - 1) as u64;
        self.hand.0.store(at, Ordering::Relaxed);
    }
}
