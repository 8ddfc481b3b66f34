//! The registry of clients.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::{Entry, Face};

/// Shards of the registry; connections come and go on several threads.
const SHARDS: usize = 16;

/// All clients of a server.
#[derive(Default)]
pub struct Clients {
    next_id: AtomicU64,
    connected: AtomicUsize,
    shards: [Mutex<HashMap<u64, Arc<Entry>>>; SHARDS],
}

impl Clients {
    /// Enters a new client.
    pub fn register(&self, face: Face, addr: String, laddr: String) -> Arc<Entry> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed) + 1; // ORDERING: only uniqueness matters.
        let entry = Arc::new(Entry { id, face, addr, laddr });
        self.shard(id).lock().unwrap_or_else(|poison| poison.into_inner()).insert(id, entry.clone());
        self.connected.fetch_add(1, Ordering::Relaxed); // ORDERING: a count for show and for maxclients.
        entry
    }

    /// Takes out a client.
    pub fn remove(&self, id: u64) {
        if self.shard(id).lock().unwrap_or_else(|poison| poison.into_inner()).remove(&id).is_some() {
            self.connected.fetch_sub(1, Ordering::Relaxed); // ORDERING: see `register`.
        }
    }

    /// Number of clients, INFO's `connected_clients`.
    pub fn connected(&self) -> usize {
        self.connected.load(Ordering::Relaxed) // ORDERING: see `register`.
    }

    /// All clients, oldest first.
    pub fn list(&self) -> Vec<Arc<Entry>> {
        let mut entries = Vec::with_capacity(self.connected());
        for shard in &self.shards {
            entries.extend(shard.lock().unwrap_or_else(|poison| poison.into_inner()).values().cloned());
        }
        entries.sort_unstable_by_key(|entry| entry.id);
        entries
    }

    fn shard(&self, id: u64) -> &Mutex<HashMap<u64, Arc<Entry>>> {
        &self.shards[id as usize % SHARDS]
    }
}
