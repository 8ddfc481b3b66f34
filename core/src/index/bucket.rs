//! The bucket: one cache line of seven slots and a link to an overflow bucket.
//!
//! ```text
//! | slot 0 | slot 1 | slot 2 | slot 3 | slot 4 | slot 5 | slot 6 | link |
//! ```
//!
//! The link holds the address of the next bucket of the chain, or its file offset with LINK_MAPPED. In the first bucket
//! of a chain its lowest bit is the chain latch: whoever inserts a key, or moves keys between chains, holds it; and its
//! highest sixteen bits count the inserts, so that a reader can tell that a key stayed absent. LOSSY in it says that the
//! chain had keys that a damaged snapshot lost: what is not found is an error then, and nothing can be inserted. The same
//! 64 bytes stand in a snapshot file, with a count of zero.

use std::ptr::NonNull;

use super::slot::Word;
use crate::sync::Backoff;
use crate::sync::atomic::{AtomicU64, Ordering};

/// Slots of one bucket. The model checker's are smaller, so that chains overflow with a handful of keys.
pub const SLOTS: usize = if cfg!(shuttle) { 2 } else { 7 };

const CHAIN_LATCHED: u64 = 1;
/// The link is a file offset: the overflow bucket lies in the mapped snapshot.
pub const LINK_MAPPED: u64 = 2;
/// In the first bucket: keys of the chain are unknown.
pub const LOSSY: u64 = 4;
/// The lowest bit of the count of inserts.
const INSERT: u64 = 1 << 48;
const INSERTS: u64 = !(INSERT - 1);
const LINK_STATE: u64 = CHAIN_LATCHED | LINK_MAPPED | LOSSY | INSERTS;

/// See the module's documentation.
#[repr(C, align(64))]
pub struct Bucket {
    pub slots: [AtomicU64; SLOTS],
    link: AtomicU64,
}

#[cfg(not(shuttle))]
const _: () = assert!(size_of::<Bucket>() == 64);

impl Default for Bucket {
    fn default() -> Bucket {
        Bucket { slots: std::array::from_fn(|_| AtomicU64::new(0)), link: AtomicU64::new(0) }
    }
}

impl Bucket {
    /// The next bucket of the chain; `base` is where the snapshot is mapped, if the index was opened from one.
    #[inline]
    fn next(&self, base: usize) -> Option<NonNull<Bucket>> {
        // ORDERING: pairs with the release in `set_next`: the new bucket's slots are initialised.
        let link = self.link.load(Ordering::Acquire);
        let mut address = (link & !LINK_STATE) as usize;
        if link & LINK_MAPPED != 0 {
            address += base;
        }
        NonNull::new(std::ptr::with_exposed_provenance_mut(address))
    }

    /// Whether the next bucket lies in the mapped snapshot, and so is not ours to free.
    pub fn next_is_mapped(&self) -> bool {
        // ORDERING: as in `next`.
        self.link.load(Ordering::Acquire) & LINK_MAPPED != 0
    }

    /// Links `next` behind this bucket. The caller holds the chain latch.
    pub fn set_next(&self, next: Option<NonNull<Bucket>>) {
        let address = next.map_or(0, |next| next.as_ptr().expose_provenance() as u64);
        // ORDERING: only the holder of the chain latch changes the link, so a plain store keeps the other bits.
        let kept = self.link.load(Ordering::Relaxed) & (CHAIN_LATCHED | LOSSY | INSERTS);
        self.link.store(address | kept, Ordering::Release);
    }

    /// Takes the chain latch of this first bucket.
    pub fn acquire_chain(&self) -> ChainLatch<'_> {
        let mut backoff = Backoff::new();
        loop {
            // ORDERING: acquire pairs with the release in ChainLatch::drop.
            let link = self.link.load(Ordering::Relaxed);
            if link & CHAIN_LATCHED == 0
                && self
                    .link
                    .compare_exchange_weak(link, link | CHAIN_LATCHED, Ordering::Acquire, Ordering::Relaxed)
                    .is_ok()
            {
                return ChainLatch { head: self };
            }
            backoff.wait();
        }
    }

    /// The count of inserts into the chain of this first bucket, modulo 65536.
    #[inline]
    pub fn inserts(&self) -> u64 {
        // ORDERING: acquire: what is looked up afterwards is at least as new; pairs with `count_insert`.
        self.link.load(Ordering::Acquire) & INSERTS
    }

    /// Whether keys of the chain of this first bucket are unknown.
    #[inline]
    pub fn is_lossy(&self) -> bool {
        // ORDERING: set before the chain could be looked at, or before the table's state that made the key belong here.
        self.link.load(Ordering::Relaxed) & LOSSY != 0
    }

    /// Notes that keys of the chain of this first bucket are unknown. The caller holds the chain latch.
    pub fn set_lossy(&self) {
        // ORDERING: the state that is published next makes it seen.
        self.link.fetch_or(LOSSY, Ordering::Release);
    }

    /// Makes this first bucket an empty chain whose keys are unknown, whatever it holds. The caller is alone with it.
    pub(super) fn lose(&self) {
        for slot in &self.slots {
            // ORDERING: the caller publishes it.
            slot.store(0, Ordering::Relaxed);
        }
        // ORDERING: as above.
        self.link.store(LOSSY, Ordering::Relaxed);
    }

    /// Loads one slot.
    #[inline]
    pub fn load(&self, slot: usize) -> Word {
        // ORDERING: pairs with the release stores of whoever published the record.
        Word(self.slots[slot].load(Ordering::Acquire))
    }

    /// The slots that may hold a key with this hash, one bit each.
    ///
    /// Without a branch for each slot: which one it is cannot be predicted, and a processor that guessed wrong starts
    /// the look-ups that follow only when the bucket has come from memory.
    #[inline]
    pub fn candidates(&self, hash: u64) -> u32 {
        (0..SLOTS).fold(0, |found, slot| found | u32::from(self.load(slot).has_tag_of(hash)) << slot)
    }

    /// Whether no slot is in use.
    pub fn is_empty(&self) -> bool {
        (0..SLOTS).all(|slot| self.load(slot).is_empty())
    }
}

/// The right to insert into a chain; released on drop.
pub struct ChainLatch<'a> {
    head: &'a Bucket,
}

impl<'a> ChainLatch<'a> {
    pub fn head(&self) -> &'a Bucket {
        self.head
    }

    /// Counts an insert, before it can be seen.
    pub fn count_insert(&self) {
        // ORDERING: release, and before the store that publishes the key: whoever sees the key sees the count. The carry
        // runs off the top.
        self.head.link.fetch_add(INSERT, Ordering::AcqRel);
    }
}

impl Drop for ChainLatch<'_> {
    fn drop(&mut self) {
        // ORDERING: release: the next holder sees our inserts.
        self.head.link.fetch_and(!CHAIN_LATCHED, Ordering::Release);
    }
}

/// The buckets of a chain, first to last.
pub struct Chain<'a> {
    next: Option<&'a Bucket>,
    base: usize,
}

impl<'a> Chain<'a> {
    /// # Safety
    /// The epoch is pinned (or the table held exclusively) for `'a`, so that no overflow bucket is freed; `base` is
    /// that of the snapshot which the table maps, and its links were checked.
    #[inline]
    pub unsafe fn new(head: &'a Bucket, base: usize) -> Chain<'a> {
        Chain { next: Some(head), base }
    }
}

impl<'a> Iterator for Chain<'a> {
    type Item = &'a Bucket;

    #[inline]
    fn next(&mut self) -> Option<&'a Bucket> {
        let bucket = self.next?;
        // SAFETY: `new`'s caller keeps overflow buckets alive for 'a.
        self.next = bucket.next(self.base).map(|next| unsafe { next.as_ref() });
        Some(bucket)
    }
}
