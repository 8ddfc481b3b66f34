//! Telling clients that values are no longer true.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Tracker, Trackers, Tracking};
use crate::client::Clients;
use crate::limits::INVALIDATIONS_BYTES_MAX;
use crate::pubsub::{Gathering, Message};

impl Tracking {
    /// Values of these keys were changed by the client with the number `writer`.
    pub fn changed(&self, clients: &Clients, keys: &[Box<[u8]>], writer: u64) {
        let _gathering = Gathering::begin();
        let trackers = self.read();
        for key in keys {
            // A blocked XREAD of the key is served by this very change, or still to be served.
            let will_read = |id| {
                let waiter = trackers.get(&id).and_then(|tracker| tracker.entry.waiter());
                waiter.is_some_and(|waiter| waiter.will_read(key))
            };
            let Some(readers) = self.table.take(key, will_read) else { continue };
            self.tell_readers(&trackers, clients, key, &readers, writer);
        }
        if self.broadcasters.load(Ordering::SeqCst) != 0 {
            broadcast(&trackers, clients, keys, writer);
        }
    }

    fn tell_readers(&self, trackers: &Trackers, clients: &Clients, key: &[u8], readers: &[u64], writer: u64) {
        let message = Arc::new(Message::invalidation(Some(&[key])));
        for id in readers {
            if let Some(tracker) = trackers.get(id)
                && !tracker.broadcasts
                && !(tracker.no_loop && *id == writer)
            {
                tracker.tell(clients, &message);
            }
        }
    }

    /// The values of all keys are gone.
    pub fn flushed(&self, clients: &Clients) {
        let _gathering = Gathering::begin();
        let trackers = self.read();
        self.table.clear();
        let message = Arc::new(Message::invalidation(None));
        trackers.values().for_each(|tracker| tracker.tell(clients, &message));
    }

    /// Keeps the table within its bound.
    pub(super) fn limit_with(&self, clients: &Clients) {
        let keys_max = self.keys_max.load(Ordering::Relaxed); // ORDERING: a limit.
        if keys_max == 0 || self.table.sizes().0 as u64 <= keys_max {
            return;
        }
        let _gathering = Gathering::begin();
        let trackers = self.read();
        while self.table.sizes().0 as u64 > keys_max
            && let Some((key, readers)) = self.table.take_any()
        {
            self.tell_readers(&trackers, clients, &key, &readers, 0);
        }
    }
}

/// Tells broadcasting clients, one message for each prefix with all its keys.
fn broadcast(trackers: &Trackers, clients: &Clients, keys: &[Box<[u8]>], writer: u64) {
    for (id, tracker) in trackers.iter().filter(|(_, tracker)| tracker.broadcasts) {
        if tracker.no_loop && *id == writer {
            continue;
        }
        for prefix in &tracker.prefixes {
            let mut fitting: Vec<&[u8]> =
                keys.iter().map(|key| &**key).filter(|key| key.starts_with(prefix)).collect();
            if fitting.is_empty() {
                continue;
            }
            fitting.sort_unstable();
            fitting.dedup();
            tracker.tell(clients, &Arc::new(Message::invalidation(Some(&fitting))));
        }
    }
}

impl Tracker {
    fn tell(&self, clients: &Clients, message: &Arc<Message>) {
        let target = match self.redirect {
            0 => Some(self.entry.clone()),
            // Valkey knows no client any more that is about to close.
            other => clients.find(other).filter(|entry| !entry.is_killed()),
        };
        // ORDERING: figures, here and below.
        let speaks_resp3 = |entry: &crate::client::Entry| entry.figures.protocol.load(Ordering::Relaxed) == 3;
        let Some(target) = target else {
            self.is_broken.store(true, Ordering::Relaxed);
            if speaks_resp3(&self.entry) {
                let message = Arc::new(Message::broken_redirection(self.redirect));
                let _ = self.entry.mailbox().deliver(&message, INVALIDATIONS_BYTES_MAX);
            }
            return;
        };
        let subscriptions = &target.figures.subscriptions;
        let is_subscriber = subscriptions.iter().any(|count| count.load(Ordering::Relaxed) != 0);
        if speaks_resp3(&target) || (self.redirect != 0 && is_subscriber) {
            // A client that does not read is closed, and is told nothing more.
            let _ = target.mailbox().deliver(message, INVALIDATIONS_BYTES_MAX);
        }
    }
}
