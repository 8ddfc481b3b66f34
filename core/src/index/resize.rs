//! Growing and shrinking, one chain at a time.
//!
//! Growing from `size` to `size + 1` chains splits chain `sibling(size)` into itself and chain `size`. Shrinking undoes
//! it. Either way the keys that move are latched first (a key that somebody holds makes us give up and try again later:
//! resizing never waits for a writer), copied still latched, the new size is published, the old copies are cleared, and
//! the new ones released. So no writer touches a moving key while two copies of it exist, and a reader that misses a key
//! sees that the size has changed.

use crossbeam_epoch::Guard;
use smallvec::SmallVec;

use super::bucket::{Bucket, ChainLatch, SLOTS};
use super::slot::{LATCHED, MAPPED, Word};
use super::table::{FIRST, bucket_of, sibling};
use super::{Index, LOAD_MAX, LOAD_MIN_PERCENT, prefetch, reclaim};
use crate::sync::atomic::{AtomicU64, Ordering};

/// Chains that one call splits or merges at most: the passer's toll.
const STEPS_MAX: usize = 4;

/// A slot that a resize has latched, and what it holds.
struct Mover<'g> {
    slot: &'g AtomicU64,
    word: Word,
    /// A damaged record of the snapshot, whose key cannot be read: after a split it stays in both chains, to be reported
    /// from either.
    stays: bool,
}

/// Brings the number of chains closer to the number of keys.
pub fn balance(index: &Index, pin: &Guard) {
    let Ok(_resizing) = index.resizing.try_lock() else { return };
    if index.frozen.load(Ordering::SeqCst) > 0 {
        return;
    }
    let keys = index.len();
    for _ in 0..STEPS_MAX {
        let size = index.table.size();
        let done = if keys > size * LOAD_MAX {
            split(index, size, pin)
        } else if size > FIRST && keys * 100 < (size - 1) * LOAD_MIN_PERCENT {
            merge(index, size - 1, pin)
        } else {
            return;
        };
        if !done {
            return;
        }
    }
}

/// Grows from `size` to `size + 1` chains; `false` if a key is held.
fn split(index: &Index, size: u64, pin: &Guard) -> bool {
    index.table.add_segment_for(size);
    let (Some(from), Some(to)) = (index.head(sibling(size)), index.head(size)) else {
        return false;
    };
    let from = from.acquire_chain();
    let Some(movers) = latch_movers(index, &from, pin, |hash| bucket_of(hash, size + 1) == size) else {
        return false;
    };
    index.memory.add(size_of::<Bucket>() as i64);
    let to = to.acquire_chain();
    if from.head().is_lossy() {
        to.head().set_lossy();
    }
    shift(index, movers, &to, size + 1, pin);
    drop(to);
    compact(index, &from, pin);
    true
}

/// Shrinks from `size + 1` to `size` chains; `false` if a key is held.
fn merge(index: &Index, size: u64, pin: &Guard) -> bool {
    let (Some(from), Some(to)) = (index.head(size), index.head(sibling(size))) else {
        return false;
    };
    let to = to.acquire_chain();
    let from = from.acquire_chain();
    let Some(mut movers) = latch_movers(index, &from, pin, |_| true) else { return false };
    // All of the chain goes, also what nobody can read.
    movers.iter_mut().for_each(|mover| mover.stays = false);
    if from.head().is_lossy() {
        to.head().set_lossy();
    }
    shift(index, movers, &to, size, pin);
    compact(index, &from, pin);
    drop((from, to));
    index.memory.add(-(size_of::<Bucket>() as i64));
    if let Some(segment) = index.table.remove_segment_at(size) {
        pin.defer(move || drop(segment));
    }
    true
}

/// Latches all slots of a chain whose keys move; releases them again and returns `None` if one is held.
fn latch_movers<'g>(
    index: &'g Index,
    chain: &ChainLatch<'g>,
    pin: &'g Guard,
    moves: impl Fn(u64) -> bool,
) -> Option<SmallVec<[Mover<'g>; 2 * SLOTS]>> {
    for bucket in index.chain(chain.head(), pin) {
        for slot in 0..SLOTS {
            // The keys are needed below; fetch them all at once rather than one after the other.
            if let Some(record) = bucket.load(slot).pointer() {
                prefetch(record.as_ptr().cast());
            }
        }
    }
    let mut movers: SmallVec<[Mover<'g>; 2 * SLOTS]> = SmallVec::new();
    for bucket in index.chain(chain.head(), pin) {
        for slot in &bucket.slots {
            loop {
                // ORDERING: acquire: the record is read for its hash.
                let word = Word(slot.load(Ordering::Acquire));
                if word.is_empty() {
                    break;
                }
                let hash = hash_of(index, word);
                let stays = hash.is_none();
                if !hash.is_none_or(&moves) {
                    break;
                }
                if word.has(LATCHED) {
                    release(movers);
                    return None;
                }
                // ORDERING: acquire pairs with the release of the last holder.
                let latched = word.with(LATCHED).0;
                if slot.compare_exchange(word.0, latched, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                    movers.push(Mover { slot, word, stays });
                    break;
                }
            }
        }
    }
    Some(movers)
}

/// The hash of the key in a non-empty slot; `None` where the record in the snapshot is damaged.
fn hash_of(index: &Index, word: Word) -> Option<u64> {
    if word.has(MAPPED) {
        let backing = index.backing.as_ref().expect("mapped words exist only over a backing");
        return backing.key(word.address()).ok().map(|key| index.hash(key));
    }
    // SAFETY: loaded with acquire ordering; callers are pinned.
    unsafe { word.record() }.map(|record| index.hash(record.key()))
}

fn release(movers: SmallVec<[Mover<'_>; 2 * SLOTS]>) {
    for mover in movers {
        Index::release(mover.slot, mover.word);
    }
}

/// Copies latched keys to another chain, publishes the new size, and clears the old copies.
fn shift<'g>(
    index: &'g Index,
    movers: SmallVec<[Mover<'g>; 2 * SLOTS]>,
    to: &ChainLatch<'g>,
    size: u64,
    pin: &'g Guard,
) {
    let copies: SmallVec<[(&AtomicU64, Word); 2 * SLOTS]> =
        movers.iter().map(|mover| (index.fill(to, mover.word.with(LATCHED), pin), mover.word)).collect();
    index.table.publish(size);
    for mover in movers {
        Index::release(mover.slot, if mover.stays { mover.word } else { Word::EMPTY });
    }
    for (slot, word) in copies {
        Index::release(slot, word);
    }
}

/// Moves keys of overflow buckets into empty slots further ahead, and frees overflow buckets that are empty.
fn compact<'g>(index: &'g Index, chain: &ChainLatch<'g>, pin: &'g Guard) {
    let buckets: SmallVec<[&Bucket; 4]> = index.chain(chain.head(), pin).collect();
    let mut moved: SmallVec<[(&AtomicU64, &AtomicU64, Word); SLOTS]> = SmallVec::new();
    for position in (1..buckets.len()).rev() {
        for slot in &buckets[position].slots {
            // ORDERING: acquire as for every look at a slot that may be followed.
            let word = Word(slot.load(Ordering::Acquire));
            if word.is_empty() || word.has(LATCHED) {
                continue;
            }
            let room = buckets[..position]
                .iter()
                .find_map(|bucket| (0..SLOTS).find(|&s| bucket.load(s).is_empty()).map(|s| &bucket.slots[s]));
            let Some(room) = room else { break };
            let latched = word.with(LATCHED).0;
            // ORDERING: as in `latch_movers`.
            if slot.compare_exchange(word.0, latched, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                room.store(latched, Ordering::Release);
                moved.push((slot, room, word));
            }
        }
    }
    if !moved.is_empty() {
        index.table.publish(index.table.size());
    }
    for &(slot, room, word) in &moved {
        Index::release(slot, Word::EMPTY);
        Index::release(room, word);
    }
    for position in (1..buckets.len()).rev() {
        let (bucket, previous) = (buckets[position], buckets[position - 1]);
        if !bucket.is_empty() {
            break;
        }
        let is_ours = !previous.next_is_mapped();
        previous.set_next(None);
        if is_ours {
            index.memory.add(-(size_of::<Bucket>() as i64));
            // SAFETY: unlinked just now under the chain's latch; it came from a Box.
            unsafe { reclaim::retire_bucket(pin, bucket.into()) };
        }
    }
}
