//! The index: a lock-free hash table from keys to records.
//!
//! Readers take no latch and write no shared memory. A writer latches its key's slot (or, to insert, its chain), so
//! different keys do not contend. All functions that hand out references take an epoch pin.
//!
//! # Invariants
//! - A key stands in at most one slot that a reader can reach (while keys move, both copies are latched and equal).
//! - An empty slot is filled only under the latch of its chain.
//! - A slot's key changes only by way of being empty.

pub mod ahead;
pub mod backing;
pub mod bucket;
pub mod cut;
pub mod pages;
pub(crate) mod reclaim;
mod resize;
pub mod scan;
pub mod slot;
pub mod table;
mod write;

pub use ahead::AHEAD_KEYS;
pub use backing::{Backing, Damaged};
pub use slot::Word;

use std::ptr::NonNull;

use crossbeam_epoch::Guard;
use crossbeam_utils::CachePadded;
use rapidhash::v3::{RapidSecrets, rapidhash_v3_seeded};

use crate::memory::Memory;
use crate::patience::Patience;
use crate::record::{Kind, OwnedRecord, Record};
use crate::shard::{self, SHARDS};
use crate::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use crate::sync::{Arc, Backoff, Mutex};
use bucket::{Bucket, Chain, ChainLatch, SLOTS};
use cut::Cut;
use pages::Pages;
use slot::{FENCED, LATCHED, MAPPED};
use table::{Table, bucket_of};

/// How many keys a chain has on average before the table grows by one chain.
const LOAD_MAX: u64 = if cfg!(shuttle) { 1 } else { 6 };
/// Below this many keys in a hundred chains the table gives one chain back.
const LOAD_MIN_PERCENT: u64 = 150;
/// Inserts (or removals) of one shard between two looks at the table's load.
const RESIZE_CHECK_EVERY: i64 = if cfg!(shuttle) { 1 } else { 8 };

/// See the module's documentation.
pub struct Index {
    table: Table,
    secrets: RapidSecrets,
    seed: u64,
    counters: Box<[CachePadded<Counters>]>,
    memory: Arc<Memory>,
    backing: Option<Box<dyn Backing>>,
    /// Where the backing is mapped, zero without one: looked at by every lookup.
    base: usize,
    /// Those of the backing.
    pages: Option<Pages>,
    /// Held by whoever changes the table's size; tried, never waited for by passers.
    resizing: Mutex<()>,
    /// While above zero the table keeps its size (a snapshot is walking it).
    frozen: AtomicUsize,
    pub cut: Cut,
}

#[derive(Default)]
struct Counters {
    keys: AtomicI64,
    /// Slots with TTL.
    ttl: AtomicI64,
    /// Records in memory that are hashes with fields that expire.
    volatile: AtomicI64,
    /// ... whose key does not expire.
    volatile_only: AtomicI64,
}

/// A key's slot as a reader found it.
#[derive(Clone, Copy)]
pub struct Found<'g> {
    pub slot: &'g AtomicU64,
    pub word: Word,
    pub record: Record<'g>,
}

/// See [`Index::stamp`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    state: table::State,
    inserts: u64,
}

/// Write access to one key.
pub enum Latched<'g> {
    /// The key's slot, latched; `word` is what it holds, without state of latches.
    Slot { slot: &'g AtomicU64, word: Word },
    /// The key does not exist; its chain is latched against inserts.
    Vacant(ChainLatch<'g>),
}

impl Index {
    /// An empty index; `seed` decides the hashes.
    pub fn new(seed: u64, memory: Arc<Memory>) -> Index {
        memory.add((table::FIRST as usize * size_of::<Bucket>()) as i64);
        Self::with_table(Table::default(), seed, memory, None)
    }

    /// An index over the table and records of a mapped snapshot.
    ///
    /// # Safety
    /// As for [`Table::mapped`]; and `backing` answers for the offsets that stand in the table's slots and links.
    pub unsafe fn mapped(
        buckets: NonNull<Bucket>,
        size: u64,
        seed: u64,
        memory: Arc<Memory>,
        backing: Box<dyn Backing>,
        keys: u64,
        expires: u64,
    ) -> Index {
        // SAFETY: the caller's promise.
        let table = unsafe { Table::mapped(buckets, size) };
        memory.add((size as usize * size_of::<Bucket>()) as i64);
        let mut index = Self::with_table(table, seed, memory, Some(backing));
        index.pages = Some(Pages::new(size));
        index.count(keys as i64, expires as i64);
        index
    }

    fn with_table(table: Table, seed: u64, memory: Arc<Memory>, backing: Option<Box<dyn Backing>>) -> Index {
        Index {
            table,
            secrets: RapidSecrets::seed(seed),
            seed,
            counters: (0..SHARDS).map(|_| CachePadded::default()).collect(),
            memory,
            base: backing.as_ref().map_or(0, |backing| backing.base()),
            backing,
            pages: None,
            resizing: Mutex::new(()),
            frozen: AtomicUsize::new(0),
            cut: Cut::default(),
        }
    }

    /// The seed of this index' hashes.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The snapshot file that the index was opened from.
    pub fn backing(&self) -> Option<&dyn Backing> {
        self.backing.as_deref()
    }

    /// The hash of a key in this index: low bits choose the chain, the high 16 are the tag.
    #[inline]
    pub fn hash(&self, key: &[u8]) -> u64 {
        rapidhash_v3_seeded(key, &self.secrets)
    }

    /// Chains in use.
    pub fn chains(&self) -> u64 {
        self.table.size()
    }

    /// Keys, expired ones that nobody removed yet included.
    pub fn len(&self) -> u64 {
        self.sum(|counters| &counters.keys)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keys with an expiry. Hashes of a snapshot file whose fields expire count too, until somebody looks at them.
    pub fn expires(&self) -> u64 {
        self.sum(|counters| &counters.ttl).saturating_sub(self.sum(|counters| &counters.volatile_only))
    }

    /// Hashes in memory with fields that expire.
    pub fn volatile_hashes(&self) -> u64 {
        self.sum(|counters| &counters.volatile)
    }

    /// Whether the sweep need not look: nothing expires.
    pub fn is_lasting(&self) -> bool {
        self.sum(|counters| &counters.ttl) == 0
    }

    fn sum(&self, counter: impl Fn(&Counters) -> &AtomicI64) -> u64 {
        // ORDERING: a statistic.
        let sum: i64 = self.counters.iter().map(|counters| counter(counters).load(Ordering::Relaxed)).sum();
        sum.max(0) as u64
    }

    /// Counts a record that came or went where it is a hash with fields that expire.
    #[inline]
    fn count_fields(&self, record: Record<'_>, change: i64) {
        if !record.has_volatile_fields() {
            return;
        }
        let shard = shard::current();
        let counters = &self.counters[shard.number()];
        shard.add(&counters.volatile, change);
        if record.expire_at().is_none() {
            shard.add(&counters.volatile_only, change);
        }
    }

    /// Counts keys, and slots with TTL.
    #[inline]
    fn count(&self, keys: i64, expires: i64) {
        if keys | expires == 0 {
            return;
        }
        let shard = shard::current();
        let counters = &self.counters[shard.number()];
        shard.add(&counters.keys, keys);
        shard.add(&counters.ttl, expires);
    }

    /// The buckets of the chain whose first is `head`.
    #[inline]
    fn chain<'g>(&'g self, head: &'g Bucket, _pin: &'g Guard) -> Chain<'g> {
        // SAFETY: pinned for 'g; mapped links were checked when the snapshot was opened.
        unsafe { Chain::new(head, self.base) }
    }

    /// Asks the processor to fetch the bucket of a hash.
    #[inline]
    pub fn prefetch(&self, hash: u64) {
        if let Some(head) = self.table.head(bucket_of(hash, self.table.size())) {
            prefetch(std::ptr::from_ref(head).cast());
        }
    }

    /// The record of `key`, expired or not. Does not wait for latches, but for fences.
    #[inline]
    pub fn find<'g>(&'g self, hash: u64, key: &[u8], pin: &'g Guard) -> Result<Option<Found<'g>>, Damaged> {
        let mut patience = Patience::new();
        loop {
            let Some(found) = self.find_any(hash, key, pin)? else { return Ok(None) };
            if found.word.has(FENCED) {
                patience.wait()?;
                continue;
            }
            if found.record.kind() == Kind::Absent {
                return Ok(None);
            }
            return Ok(Some(found));
        }
    }

    /// The slot of `key`, whatever its state; places held for absent keys too.
    #[inline]
    fn find_any<'g>(&'g self, hash: u64, key: &[u8], pin: &'g Guard) -> Result<Option<Found<'g>>, Damaged> {
        loop {
            let state = self.table.state();
            let head = self.head(bucket_of(hash, state.size()));
            if let Some(head) = head {
                for bucket in self.chain(head, pin) {
                    let mut candidates = bucket.candidates(hash);
                    while candidates != 0 {
                        let slot = candidates.trailing_zeros() as usize;
                        candidates &= candidates - 1;
                        // It may have changed, or be empty with a tag of zero: then the record says so.
                        let word = bucket.load(slot);
                        let slot = &bucket.slots[slot];
                        let Some((word, record)) = self.record_of(slot, word, pin)? else { continue };
                        if record.key() == key {
                            return Ok(Some(Found { slot, word, record }));
                        }
                    }
                }
            }
            // A key that is moved leaves its old slot only after the state has changed.
            if self.table.state() == state {
                return if head.is_some_and(Bucket::is_lossy) { Err(Damaged) } else { Ok(None) };
            }
        }
    }

    /// Changes whenever a key with this hash may have been inserted: as long as it stays, what was absent is absent.
    #[inline]
    pub(crate) fn stamp(&self, hash: u64) -> Stamp {
        let state = self.table.state();
        let inserts = self.head(bucket_of(hash, state.size())).map_or(0, Bucket::inserts);
        Stamp { state, inserts }
    }

    /// The record that `word` stands for, brought into memory where it lies in the snapshot file; `None` if the slot
    /// became empty.
    #[inline]
    fn record_of<'g>(
        &'g self,
        slot: &'g AtomicU64,
        word: Word,
        _pin: &'g Guard,
    ) -> Result<Option<(Word, Record<'g>)>, Damaged> {
        let word = if word.has(MAPPED) { self.materialize(slot)? } else { word };
        // A short value may begin in the record's second cache line: both come at the same time.
        prefetch(std::ptr::without_provenance::<u8>(word.address() as usize + CACHE_LINE_BYTES));
        // SAFETY: loaded with acquire ordering, pinned for 'g.
        Ok(unsafe { word.record() }.map(|record| (word, record)))
    }

    /// Moves a record from the snapshot file into memory; returns what the slot holds afterwards.
    #[cold]
    fn materialize(&self, slot: &AtomicU64) -> Result<Word, Damaged> {
        let backing = self.backing.as_ref().expect("mapped words exist only over a backing");
        let mut backoff = Backoff::new();
        loop {
            // ORDERING: acquire: see the record of whoever was faster.
            let word = Word(slot.load(Ordering::Acquire));
            if !word.has(MAPPED) {
                return Ok(word);
            }
            if word.has(LATCHED) {
                backoff.wait();
                continue;
            }
            // ORDERING: the latch keeps everybody else from the slot; release publishes the record below.
            if slot
                .compare_exchange(word.0, word.with(LATCHED).0, Ordering::Acquire, Ordering::Relaxed)
                .is_err()
            {
                continue;
            }
            let loaded = backing.load(word.address());
            let new = match &loaded {
                Ok(record) => {
                    self.memory.add(record.as_record().memory_bytes() as i64);
                    self.count_fields(record.as_record(), 1);
                    // The tag is kept from the file: `Word::new` would need the hash.
                    let address = Word::new(0, record.as_record());
                    Word(address.0 | word.0 & !((1 << 48) - 1))
                }
                Err(_) => word,
            };
            // ORDERING: publishes the record.
            slot.store(new.0, Ordering::Release);
            return loaded.map(|record| {
                record.into_raw();
                new
            });
        }
    }

    /// Looks at the load and grows or shrinks the table by a few chains. Call it inside the gate, holding no latch.
    pub fn balance(&self, pin: &Guard) {
        resize::balance(self, pin);
    }

    /// Whether the calling thread, which has just inserted or removed a key, should [`Index::balance`].
    pub fn is_unbalanced(&self) -> bool {
        let keys = &self.counters[shard::current().number()].keys;
        // ORDERING: a statistic.
        keys.load(Ordering::Relaxed) % RESIZE_CHECK_EVERY == 0
    }
}

/// The hashes of an index with this seed, without the index.
pub fn hasher(seed: u64) -> impl Fn(&[u8]) -> u64 {
    let secrets = RapidSecrets::seed(seed);
    move |key| rapidhash_v3_seeded(key, &secrets)
}

pub(crate) const CACHE_LINE_BYTES: usize = 64;

/// Asks the processor to fetch a cache line.
#[inline]
pub fn prefetch(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: prefetching is allowed for any address.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

impl Drop for Index {
    fn drop(&mut self) {
        let pin = crossbeam_epoch::pin();
        let mut bytes = 0;
        for chain in 0..self.table.size() {
            // What nobody has looked at lies in the file as it is.
            if self.pages.as_ref().is_some_and(|pages| !pages.is_checked(chain)) {
                continue;
            }
            let Some(head) = self.table.head(chain) else { continue };
            let mut previous: Option<NonNull<Bucket>> = None;
            let mut bucket_is_ours = false;
            for bucket in self.chain(head, &pin) {
                for slot in 0..SLOTS {
                    if let Some(record) = bucket.load(slot).pointer() {
                        // SAFETY: the index dies, so nobody looks at its records any more.
                        let record = unsafe { OwnedRecord::from_raw(record) };
                        bytes += record.as_record().memory_bytes();
                    }
                }
                if let Some(previous) = previous.take() {
                    bytes += size_of::<Bucket>();
                    // SAFETY: an overflow bucket that came from a Box; the iterator has moved past it.
                    drop(unsafe { Box::from_raw(previous.as_ptr()) });
                }
                if bucket_is_ours {
                    previous = Some(NonNull::from(bucket));
                }
                bucket_is_ours = !bucket.next_is_mapped();
            }
            if let Some(previous) = previous {
                bytes += size_of::<Bucket>();
                // SAFETY: as above.
                drop(unsafe { Box::from_raw(previous.as_ptr()) });
            }
        }
        bytes += self.table.size() as usize * size_of::<Bucket>();
        self.memory.add(-(bytes as i64));
    }
}
