//! The registry of clients, and the pause that holds them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::pause::Pause;
use super::{Entry, Face};

/// Shards of the registry; connections come and go on several threads.
const SHARDS: usize = 16;

/// All clients of a server.
#[derive(Default)]
pub struct Clients {
    pub pause: Pause,
    next_id: AtomicU64,
    connected: AtomicUsize,
    shards: [Mutex<HashMap<u64, Arc<Entry>>>; SHARDS],
}

impl Clients {
    /// Enters a client without a socket.
    pub fn register(&self, face: Face, addr: String, laddr: String) -> Arc<Entry> {
        self.register_socket(face, addr, laddr, -1, 0)
    }

    /// Enters a new connection. `now_ticks` is the statistics' clock.
    pub fn register_socket(
        &self,
        face: Face,
        addr: String,
        laddr: String,
        fd: i32,
        now_ticks: u64,
    ) -> Arc<Entry> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed) + 1; // ORDERING: only uniqueness matters.
        let entry = Arc::new(Entry::new(id, face, addr, laddr, fd, now_ticks));
        self.shard(id).insert(id, entry.clone());
        if face != Face::Embedded {
            self.connected.fetch_add(1, Ordering::Relaxed); // ORDERING: a count for show and for maxclients.
        }
        entry
    }

    /// Takes out a client.
    pub fn remove(&self, id: u64) {
        let removed = self.shard(id).remove(&id);
        if removed.is_some_and(|entry| entry.face != Face::Embedded) {
            self.connected.fetch_sub(1, Ordering::Relaxed); // ORDERING: see `register`.
        }
    }

    /// Number of connections, INFO's `connected_clients`; embedded handles do not count.
    pub fn connected(&self) -> usize {
        self.connected.load(Ordering::Relaxed) // ORDERING: see `register`.
    }

    /// All clients with a socket that were not killed, oldest first.
    pub fn list(&self) -> Vec<Arc<Entry>> {
        let mut entries = Vec::with_capacity(self.connected());
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            entries.extend(shard.values().filter(|entry| entry.is_listed()).cloned());
        }
        entries.sort_unstable_by_key(|entry| entry.id);
        entries
    }

    /// The client with this id.
    pub fn find(&self, id: u64) -> Option<Arc<Entry>> {
        self.shard(id).get(&id).cloned()
    }

    fn shard(&self, id: u64) -> MutexGuard<'_, HashMap<u64, Arc<Entry>>> {
        self.shards[id as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_connections_not_handles() {
        let clients = Clients::default();
        let first = clients.register(Face::Resp, "a:1".into(), "b:2".into());
        let handle = clients.register(Face::Embedded, String::new(), String::new());
        assert!(handle.id > first.id);
        assert_eq!((clients.connected(), clients.list().len()), (1, 1));
        clients.remove(first.id);
        clients.remove(first.id);
        clients.remove(handle.id);
        assert_eq!((clients.connected(), clients.list().len()), (0, 0));
    }
}
