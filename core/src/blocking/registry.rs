//! Who waits for which key, in order of arrival.
//!
//! # Concurrency
//! Waiters are entered while the latches of their keys are held, and looked for by whoever holds the latch of a key
//! that changed. The locks of the shards are innermost: nothing is waited for under them.

use std::collections::{BTreeMap, HashMap};

use smallvec::SmallVec;

use super::{Demand, Waiter};
use crate::command::{Failure, Protocol};
use crate::engine::DbIndex;
use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::sync::{Arc, Mutex, lock};

/// Locks over which the keys are spread.
const SHARDS: usize = 16;

/// A database's number and a key.
type Place = SmallVec<[u8; 64]>;

/// The waiters of one key by their order, each with the position of the key in its command.
#[derive(Default)]
struct Queue {
    waiters: BTreeMap<u64, (Arc<Waiter>, usize)>,
    /// How many of them want to know that the key is gone.
    for_absence: usize,
}

type Shard = HashMap<Place, Queue, rapidhash::fast::RandomState>;

/// All blocked clients of an engine.
#[derive(Default)]
pub struct Blocking {
    /// Waiters that are entered.
    waiting: AtomicUsize,
    with_timeout: AtomicUsize,
    next_order: AtomicU64,
    shards: [Mutex<Shard>; SHARDS],
}

/// A waiter and the position of the key in its command.
pub(super) type Next = (Arc<Waiter>, usize);

impl Blocking {
    /// Whether anybody waits for anything.
    #[inline]
    pub fn is_anyone_waiting(&self) -> bool {
        // ORDERING: a waiter is counted under the latch of its key, and who asks has held the latch of the changed key
        // since: the latch orders the two.
        self.waiting.load(Ordering::Relaxed) != 0
    }

    /// Number of blocked clients, INFO's `blocked_clients`.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed) // ORDERING: a figure.
    }

    /// Those of them that do not wait for ever.
    pub fn with_timeout(&self) -> usize {
        self.with_timeout.load(Ordering::Relaxed) // ORDERING: a figure.
    }

    /// Keys that somebody waits for, and those among them whose removal somebody waits for.
    pub fn keys(&self) -> (usize, usize) {
        self.shards.iter().map(lock).fold((0, 0), |(keys, absences), shard| {
            (keys + shard.len(), absences + shard.values().filter(|queue| queue.for_absence > 0).count())
        })
    }

    /// Enters a waiter; the latches of all `keys` are held.
    pub(super) fn enter(
        &self,
        db: DbIndex,
        keys: Vec<(Box<[u8]>, usize)>,
        demand: Box<dyn Demand>,
        protocol: Protocol,
        has_timeout: bool,
    ) -> Arc<Waiter> {
        // ORDERING: only uniqueness and growth matter, and one key's latch orders those who wait for it.
        let order = self.next_order.fetch_add(1, Ordering::Relaxed);
        let waiter = Arc::new(Waiter::new(order, db, keys, demand, protocol, has_timeout));
        // ORDERING: see `is_anyone_waiting`; the other is a figure.
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.with_timeout.fetch_add(usize::from(has_timeout), Ordering::Relaxed);
        for (key, position) in &waiter.keys {
            let place = place(db, key);
            let mut shard = lock(self.shard(&place));
            let queue = shard.entry(place).or_default();
            queue.for_absence += usize::from(waiter.demand.wants_absence());
            queue.waiters.insert(order, (waiter.clone(), *position));
        }
        waiter
    }

    /// Takes a waiter out of all queues; nothing happens if it is out already.
    pub(crate) fn forget(&self, waiter: &Arc<Waiter>) {
        let mut was_in = false;
        for (key, _) in &waiter.keys {
            let place = place(waiter.db, key);
            let mut shard = lock(self.shard(&place));
            let Some(queue) = shard.get_mut(&place) else { continue };
            if queue.waiters.remove(&waiter.order).is_none() {
                continue;
            }
            was_in = true;
            queue.for_absence -= usize::from(waiter.demand.wants_absence());
            if queue.waiters.is_empty() {
                shard.remove(&place);
                if shard.capacity() > 4 * shard.len() + 64 {
                    shard.shrink_to_fit();
                }
            }
        }
        if was_in {
            // ORDERING: a stale count costs a look.
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.with_timeout.fetch_sub(usize::from(waiter.has_timeout), Ordering::Relaxed);
        }
    }

    /// The first waiter for a key from `order` on; only those who want to know it if the key `is_gone`.
    pub(super) fn next(&self, db: DbIndex, key: &[u8], order: u64, is_gone: bool) -> Option<Next> {
        let place = place(db, key);
        let shard = lock(self.shard(&place));
        let queue = shard.get(&place)?;
        if is_gone && queue.for_absence == 0 {
            return None;
        }
        let mut waiters = queue.waiters.range(order..).map(|(_, next)| next);
        waiters.find(|(waiter, _)| !is_gone || waiter.demand.wants_absence()).cloned()
    }

    /// The keys of a database that somebody waits for.
    pub(super) fn keys_of(&self, db: DbIndex) -> Vec<Box<[u8]>> {
        let mut keys = Vec::new();
        for shard in &self.shards {
            let shard = lock(shard);
            keys.extend(shard.keys().filter(|place| place[0] == db).map(|place| Box::from(&place[1..])));
        }
        keys
    }

    /// Ends all waiting with an error: the engine is being closed.
    pub fn refuse_all(&self, failure: &Failure) {
        let mut waiters = Vec::new();
        for shard in &self.shards {
            let shard = lock(shard);
            waiters.extend(shard.values().flat_map(|queue| queue.waiters.values()).map(|(w, _)| w.clone()));
        }
        waiters.iter().for_each(|waiter| {
            waiter.refuse(failure);
        });
    }

    fn shard(&self, place: &[u8]) -> &Mutex<Shard> {
        let sum =
            place.iter().fold(0usize, |sum, &byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
        &self.shards[sum % SHARDS]
    }
}

fn place(db: DbIndex, key: &[u8]) -> Place {
    let mut place = Place::with_capacity(1 + key.len());
    place.push(db);
    place.extend_from_slice(key);
    place
}
