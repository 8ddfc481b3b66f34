//! The policy for caches: S3-FIFO (Yang and others, SOSP 2023) without its queues.
//!
//! A new record is on probation, in the *small* part of the cache; one that is read again before its time there is
//! over moves to *main*, the others go. What went is remembered for a while (`ghost.rs`), and comes back into main at
//! once. So a scan, whose keys are read once, passes through a fifteenth of the memory and leaves the rest alone.
//!
//! The queues of the paper are read off the records instead: hands walk the table (`walk.rs`), an order as good as
//! random. From the small part goes the oldest of those that a few steps of the hand meet; main is a clock, in
//! which a record that has been read since is passed over once for each read, three times at most. Until the first
//! eviction everything is main.
//!
//! Access bits: `stamp:21 | SMALL:1 | visits:2`, lowest bits last. The stamp is the time of the record's arrival on a
//! clock that counts evictions, in 4096ths of the database's keys: rates of requests do not matter, and an idle cache
//! does not age.
//!
//! # Concurrency
//! ORDERING: clock and share are hints that every thread moves with relaxed operations: a lost step changes
//! which of two equally good records goes first.

// Not through `crate::sync`: no test hangs on their interleaving.
use std::sync::atomic::{AtomicU64, Ordering};

use super::ghost::Ghosts;
use super::remove;
use super::walk::{Hand, Walk};
use crate::engine::DbIndex;
use crate::operation::Operation;
use crate::record::Record;

const VISITS_MASK: u32 = 3;
const SMALL: u32 = 1 << 2;
const STAMP_SHIFT: u32 = 3;
const STAMP_MASK: u32 = (1 << 21) - 1;

/// The clock's fraction bits, and how many of them a stamp leaves out.
const TURNOVER_BITS: u32 = 32;
const STAMP_COARSE_BITS: u32 = TURNOVER_BITS - 12;

/// The small part's share of the keys, in 2^-32: 7 %. (The paper says 10 %; less is better where the oldest are
/// found by sampling. Measured with the bench `hit-ratio`.)
const SMALL_SHARE: u64 = (1 << 32) * 7 / 100;
/// How long an evicted key is remembered, in 4096ths of a turnover: 60 %.
const GHOST_AGE_MAX: u32 = 4096 * 60 / 100;
/// Visits that a remembered key begins with.
const RETURNED_VISITS: u32 = 1;
/// Keys that the average of the small part's share counts at least.
const MEMORY_MIN: u64 = 128;
/// Candidates that one eviction looks at before it takes the best it saw.
const SEEN_MAX: usize = 512;
/// Records that one eviction moves from small to main before it takes the next whatever it is.
const PROMOTIONS_MAX: usize = 64;

/// The hands and the memory of one database.
#[derive(Default)]
pub struct Queues {
    /// Evictions from the small part over keys, in 2^-32; zero: none yet.
    clock: AtomicU64,
    small_hand: Hand,
    main_hand: Hand,
    /// The small part's share of the records that the hands met lately, in 2^-32.
    small_share: AtomicU64,
    ghosts: Ghosts,
}

/// The access bits after one more access.
pub fn touched(access: u32) -> u32 {
    if access & VISITS_MASK < VISITS_MASK { access + 1 } else { access }
}

impl Queues {
    /// The access bits of a key that is new.
    pub fn arrival(&self, hash: u64, op: &Operation<'_>) -> u32 {
        let clock = self.clock.load(Ordering::Relaxed);
        if clock == 0 {
            return 0;
        }
        let now = stamp(clock);
        if self.ghosts.take(hash, now, GHOST_AGE_MAX, op.pin()) {
            return now << STAMP_SHIFT | RETURNED_VISITS;
        }
        now << STAMP_SHIFT | SMALL
    }

    /// Makes room by one key; `false` if there is no candidate among `keys` of them.
    pub fn evict(&self, op: &Operation<'_>, db: DbIndex, keys: u64, is_volatile: bool) -> bool {
        for round in 0..=PROMOTIONS_MAX {
            let is_full = self.small_share.load(Ordering::Relaxed) >= SMALL_SHARE;
            let small = if is_full { self.oldest_small(op, db, keys, is_volatile) } else { None };
            let Some(record) = small.or_else(|| self.least_main(op, db, keys, is_volatile)) else {
                return false;
            };
            let access = record.access();
            if access & SMALL != 0 && access & VISITS_MASK != 0 && round < PROMOTIONS_MAX {
                record.set_access(stamp(self.clock.load(Ordering::Relaxed)) << STAMP_SHIFT);
                continue;
            }
            if access & SMALL != 0 {
                let step = (1 << TURNOVER_BITS) / keys.max(1);
                let clock = self.clock.fetch_add(step, Ordering::Relaxed) + step;
                let hash = op.index(db).hash(record.key());
                self.ghosts.remember(hash, stamp(clock), keys, op.engine().memory(), op.pin());
            } else {
                // From now on newcomers are on probation.
                let _ = self.clock.compare_exchange(0, 1, Ordering::Relaxed, Ordering::Relaxed);
            }
            return remove(op, db, record);
        }
        false
    }

    /// The oldest on probation among the next few records; any that has expired is older.
    fn oldest_small<'g>(
        &self,
        op: &'g Operation<'_>,
        db: DbIndex,
        keys: u64,
        is_volatile: bool,
    ) -> Option<Record<'g>> {
        let wanted = op.engine().tuning().samples() as usize;
        let now = stamp(self.clock.load(Ordering::Relaxed));
        let mut walk = Walk::new(op, db, &self.small_hand, is_volatile);
        let mut met = Met::default();
        let mut oldest: Option<(u32, Record<'g>)> = None;
        while met.all < SEEN_MAX
            && (met.all < wanted || oldest.is_none())
            && let Some(record) = walk.next()
        {
            met.note(record);
            let access = record.access();
            if record.is_expired(op.now()) {
                oldest = Some((u32::MAX, record));
                break;
            }
            let age = now.wrapping_sub(access >> STAMP_SHIFT) & STAMP_MASK;
            if access & SMALL != 0 && oldest.is_none_or(|(most, _)| age > most) {
                oldest = Some((age, record));
            }
        }
        self.learn(met, keys);
        let (_, record) = oldest?;
        walk.forget(record);
        Some(record)
    }

    /// The next of main that has not been read since the hand last passed; without main, any on probation.
    fn least_main<'g>(
        &self,
        op: &'g Operation<'_>,
        db: DbIndex,
        keys: u64,
        is_volatile: bool,
    ) -> Option<Record<'g>> {
        let mut walk = Walk::new(op, db, &self.main_hand, is_volatile);
        let mut met = Met::default();
        let mut least: Option<(u32, Record<'g>)> = None;
        while met.all < SEEN_MAX
            && least.is_none_or(|(badness, _)| badness > 0)
            && let Some(record) = walk.next()
        {
            met.note(record);
            let access = record.access();
            let visits = access & VISITS_MASK;
            let badness = if access & SMALL != 0 { VISITS_MASK + 1 } else { visits };
            if least.is_none_or(|(fewest, _)| badness < fewest) {
                least = Some((badness, record));
            }
            if access & SMALL == 0 && visits != 0 {
                record.set_access(access - 1);
            }
        }
        self.learn(met, keys);
        let (_, record) = least?;
        walk.forget(record);
        Some(record)
    }

    /// Learns from a walk how large the small part is: an average over a round. A shorter one would be misled by
    /// chance to take from main, again and again.
    fn learn(&self, met: Met, keys: u64) {
        if met.all == 0 {
            return;
        }
        let share = self.small_share.load(Ordering::Relaxed) as f64;
        let here = met.small as f64 / met.all as f64 * f64::from(u32::MAX);
        let weight = (met.all as f64 / keys.max(MEMORY_MIN) as f64).min(1.0);
        self.small_share.store((share + (here - share) * weight) as u64, Ordering::Relaxed);
    }
}

/// Records that a walk met, and how many of them were on probation.
#[derive(Default)]
struct Met {
    all: usize,
    small: usize,
}

impl Met {
    fn note(&mut self, record: Record<'_>) {
        self.all += 1;
        self.small += usize::from(record.access() & SMALL != 0);
    }
}

fn stamp(clock: u64) -> u32 {
    (clock >> STAMP_COARSE_BITS) as u32 & STAMP_MASK
}
