//! Who has read which key.
//!
//! Limits: `tracking-table-max-keys`; beyond, keys are forgotten, and those who read them told so.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use smallvec::SmallVec;

/// Locks over which the keys are spread.
const SHARDS: usize = 16;

type Hasher = rapidhash::fast::RandomState;
/// Numbers of clients, in order.
pub(super) type Readers = SmallVec<[u64; 2]>;
type Shard = HashMap<Box<[u8]>, Readers, Hasher>;

/// The table of keys.
#[derive(Default)]
pub(super) struct Table {
    shards: [Mutex<Shard>; SHARDS],
    hasher: Hasher,
    keys: AtomicUsize,
    items: AtomicUsize,
    /// Clients that left since the table was tidied.
    gone: AtomicUsize,
    /// Where the next key is forgotten.
    hand: AtomicUsize,
}

impl Table {
    fn shard(&self, key: &[u8]) -> MutexGuard<'_, Shard> {
        self.lock(self.hasher.hash_one(key) as usize % SHARDS)
    }

    fn lock(&self, at: usize) -> MutexGuard<'_, Shard> {
        self.shards[at].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a client reads a key.
    pub fn remember(&self, key: &[u8], id: u64) {
        let mut shard = self.shard(key);
        let readers = match shard.get_mut(key) {
            Some(readers) => readers,
            None => {
                self.keys.fetch_add(1, Ordering::Relaxed); // ORDERING: figures, here and below.
                shard.entry(key.into()).or_default()
            }
        };
        if let Err(at) = readers.binary_search(&id) {
            readers.insert(at, id);
            self.items.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Those who have read a key. They are taken out, but for those who will have read what it is now.
    pub fn take(&self, key: &[u8], will_read: impl Fn(u64) -> bool) -> Option<Readers> {
        let mut shard = self.shard(key);
        let readers = shard.remove(key)?;
        let staying: Readers = readers.iter().copied().filter(|id| will_read(*id)).collect();
        self.subtract(usize::from(staying.is_empty()), readers.len() - staying.len());
        if !staying.is_empty() {
            shard.insert(key.into(), staying);
        }
        Some(readers)
    }

    /// Takes out any key.
    pub fn take_any(&self) -> Option<(Box<[u8]>, Readers)> {
        for _ in 0..SHARDS {
            let at = self.hand.fetch_add(1, Ordering::Relaxed); // ORDERING: any shard will do.
            let mut shard = self.lock(at % SHARDS);
            let Some(key) = shard.keys().next().cloned() else { continue };
            let readers = shard.remove(&key).unwrap_or_default();
            self.subtract(1, readers.len());
            return Some((key, readers));
        }
        None
    }

    fn subtract(&self, keys: usize, items: usize) {
        self.keys.fetch_sub(keys, Ordering::Relaxed);
        self.items.fetch_sub(items, Ordering::Relaxed);
    }

    /// Forgets everything.
    pub fn clear(&self) {
        for at in 0..SHARDS {
            let shard = std::mem::take(&mut *self.lock(at));
            self.subtract(shard.len(), shard.values().map(|readers| readers.len()).sum());
        }
    }

    /// A client left. The table is tidied once as many left as there may be readers of keys that nobody needs.
    pub fn forget(&self, is_there: impl Fn(u64) -> bool, nobody_is: bool) {
        /// Clients between two looks at the whole table.
        const TIDY_EVERY: usize = 64;
        if nobody_is {
            return self.clear();
        }
        if !(self.gone.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(TIDY_EVERY) {
            return;
        }
        for at in 0..SHARDS {
            let (mut keys, mut items) = (0, 0);
            self.lock(at).retain(|_, readers| {
                let before = readers.len();
                readers.retain(|id| is_there(*id));
                items += before - readers.len();
                keys += usize::from(readers.is_empty());
                !readers.is_empty()
            });
            self.subtract(keys, items);
        }
    }

    /// Number of keys, and of pairs of a key and a client.
    pub fn sizes(&self) -> (usize, usize) {
        (self.keys.load(Ordering::Relaxed), self.items.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_what_nobody_needs() {
        let table = Table::default();
        for client in 1..=100 {
            table.remember(b"all", client);
            table.remember(client.to_string().as_bytes(), client);
            table.remember(b"all", client);
        }
        assert_eq!(table.sizes(), (101, 200));
        (0..64).for_each(|_| table.forget(|id| id > 64, false));
        assert_eq!(table.sizes(), (37, 72));
        assert_eq!(table.take(b"all", |id| id == 70).map(|readers| readers.len()), Some(36));
        assert_eq!(table.sizes(), (37, 37));
        assert_eq!(table.take(b"all", |_| false).as_deref(), Some(&[70][..]));
        assert!(table.take(b"all", |_| true).is_none() && table.take_any().is_some());
        table.forget(|_| false, true);
        assert_eq!(table.sizes(), (0, 0));
    }
}
