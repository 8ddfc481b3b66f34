//! What one client subscribes to.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::hub::{Hub, Namespace};
use super::mailbox::Mailbox;

type Names = HashSet<Arc<[u8]>, rapidhash::fast::RandomState>;

/// The subscriptions of a client.
#[derive(Default)]
pub struct Subscriptions {
    channels: Names,
    patterns: Names,
    shards: Names,
}

impl Subscriptions {
    fn names(&mut self, namespace: Namespace) -> &mut Names {
        match namespace {
            Namespace::Channels => &mut self.channels,
            Namespace::Patterns => &mut self.patterns,
            Namespace::Shards => &mut self.shards,
        }
    }

    /// Channels, patterns and shard channels.
    pub fn counts(&self) -> [usize; 3] {
        [self.channels.len(), self.patterns.len(), self.shards.len()]
    }

    pub fn is_empty(&self) -> bool {
        self.counts() == [0; 3]
    }

    /// The number that replies about this kind of name give: channels and patterns count together.
    pub fn count(&self, namespace: Namespace) -> usize {
        let [channels, patterns, shards] = self.counts();
        if namespace == Namespace::Shards { shards } else { channels + patterns }
    }

    /// Subscribes, unless that is so already.
    pub fn subscribe(&mut self, hub: &Hub, namespace: Namespace, name: &[u8], mailbox: &Arc<Mailbox>) {
        if self.names(namespace).contains(name) {
            return;
        }
        if self.is_empty() {
            hub.clients.fetch_add(1, Ordering::Relaxed); // ORDERING: a figure.
        }
        let name: Arc<[u8]> = name.into();
        hub.subscribe(namespace, &name, mailbox);
        self.names(namespace).insert(name);
    }

    /// Ends a subscription, if there is one.
    pub fn unsubscribe(&mut self, hub: &Hub, namespace: Namespace, name: &[u8], id: u64) {
        if self.names(namespace).remove(name) {
            hub.unsubscribe(namespace, name, id);
            if self.is_empty() {
                hub.clients.fetch_sub(1, Ordering::Relaxed); // ORDERING: a figure.
            }
        }
    }

    /// The names of one kind.
    pub fn list(&mut self, namespace: Namespace) -> Vec<Arc<[u8]>> {
        self.names(namespace).iter().cloned().collect()
    }

    /// Ends all.
    pub fn clear(&mut self, hub: &Hub, id: u64) {
        for namespace in [Namespace::Channels, Namespace::Patterns, Namespace::Shards] {
            for name in self.list(namespace) {
                self.unsubscribe(hub, namespace, &name, id);
            }
        }
    }
}
