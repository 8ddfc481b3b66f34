//! Who listens to what.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use polycache_core::command::glob::Glob;
use polycache_core::event::class;

use super::mailbox::{Mailbox, Overflow};
use super::message::Message;
use super::post::Gathering;
use crate::config::Settings;

/// Locks over which the channels are spread.
const SHARDS: usize = 16;

type Hasher = rapidhash::fast::RandomState;
/// Subscribers by their number.
type Subscribers = HashMap<u64, Arc<Mailbox>, Hasher>;
type Table = HashMap<Arc<[u8]>, Subscribers, Hasher>;

/// The names that a subscription may be of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace {
    Channels,
    Shards,
    Patterns,
}

/// All subscriptions of a server.
#[derive(Default)]
pub struct Hub {
    channels: [Mutex<Table>; SHARDS],
    shards: [Mutex<Table>; SHARDS],
    patterns: RwLock<Table>,
    pattern_count: AtomicUsize,
    hasher: Hasher,
    /// The hard limit of what may wait for a subscriber, in bytes; 0 is none.
    output_bytes_max: AtomicU64,
    /// `notify-keyspace-events`.
    event_classes: AtomicU32,
    /// Clients with any subscription.
    pub(super) clients: AtomicUsize,
    overflows: AtomicU64,
}

impl Hub {
    /// Takes over the settings that matter here.
    pub fn apply(&self, settings: &Settings) {
        let limit = settings.client_output_buffer_limit.pubsub.hard_bytes;
        self.output_bytes_max.store(limit, Ordering::Relaxed); // ORDERING: a limit, in force sooner or later.
        let classes = class::parse(&settings.notify_keyspace_events).unwrap_or(0);
        self.event_classes.store(classes, Ordering::Relaxed); // ORDERING: as above.
    }

    /// The classes of keyspace events that `notify-keyspace-events` names.
    pub fn event_classes(&self) -> u32 {
        self.event_classes.load(Ordering::Relaxed) // ORDERING: as above.
    }

    /// The classes that the engine need tell of: none where there is no kind of channel for them.
    pub fn wanted_classes(&self) -> u32 {
        let classes = self.event_classes();
        if classes & (class::KEYSPACE | class::KEYEVENT) == 0 { 0 } else { classes }
    }

    /// What may wait for a subscriber, in bytes; 0 is no limit.
    pub fn output_bytes_max(&self) -> u64 {
        self.output_bytes_max.load(Ordering::Relaxed) // ORDERING: as above.
    }

    /// Enters a subscriber; it must not be entered under the name already.
    pub(super) fn subscribe(&self, namespace: Namespace, name: &Arc<[u8]>, mailbox: &Arc<Mailbox>) {
        let enter = |table: &mut Table| {
            table.entry(name.clone()).or_default().insert(mailbox.id, mailbox.clone());
        };
        match namespace {
            Namespace::Channels => enter(&mut self.shard(&self.channels, name)),
            Namespace::Shards => enter(&mut self.shard(&self.shards, name)),
            Namespace::Patterns => {
                let mut patterns = self.patterns.write().unwrap_or_else(PoisonError::into_inner);
                enter(&mut patterns);
                // ORDERING: a message that does not see it was published before the subscription.
                self.pattern_count.store(patterns.len(), Ordering::Relaxed);
            }
        }
    }

    /// Takes a subscriber out.
    pub(super) fn unsubscribe(&self, namespace: Namespace, name: &[u8], id: u64) {
        let leave = |table: &mut Table| {
            let Some(subscribers) = table.get_mut(name) else { return };
            subscribers.remove(&id);
            if subscribers.is_empty() {
                table.remove(name);
                if table.capacity() > 4 * table.len() + 64 {
                    table.shrink_to_fit();
                }
            }
        };
        match namespace {
            Namespace::Channels => leave(&mut self.shard(&self.channels, name)),
            Namespace::Shards => leave(&mut self.shard(&self.shards, name)),
            Namespace::Patterns => {
                let mut patterns = self.patterns.write().unwrap_or_else(PoisonError::into_inner);
                leave(&mut patterns);
                self.pattern_count.store(patterns.len(), Ordering::Relaxed); // ORDERING: see `subscribe`.
            }
        }
    }

    /// Delivers a message to a channel's subscribers, then to those of patterns; how many there were.
    pub fn publish(&self, channel: &[u8], payload: &[u8]) -> usize {
        let _gathering = Gathering::begin();
        let shard = self.shard(&self.channels, channel);
        let mut receivers = 0;
        if let Some(subscribers) = shard.get(channel) {
            receivers += self.spread(subscribers, Message::new("message", channel, payload));
        }
        // ORDERING: see `subscribe`.
        if self.pattern_count.load(Ordering::Relaxed) != 0 {
            let patterns = self.patterns.read().unwrap_or_else(PoisonError::into_inner);
            for (pattern, subscribers) in &*patterns {
                if Glob::new(pattern).matches(channel) {
                    let message = Message::of_pattern(pattern, channel, payload);
                    receivers += self.spread(subscribers, message);
                }
            }
        }
        receivers
    }

    /// Delivers a message to a shard channel's subscribers; how many there were.
    pub fn publish_to_shard(&self, channel: &[u8], payload: &[u8]) -> usize {
        let _gathering = Gathering::begin();
        let shard = self.shard(&self.shards, channel);
        let Some(subscribers) = shard.get(channel) else { return 0 };
        self.spread(subscribers, Message::new("smessage", channel, payload))
    }

    fn spread(&self, subscribers: &Subscribers, message: Message) -> usize {
        let (message, bytes_max) = (Arc::new(message), self.output_bytes_max());
        for mailbox in subscribers.values() {
            if let Err(Overflow(bytes)) = mailbox.deliver(&message, bytes_max) {
                self.overflows.fetch_add(1, Ordering::Relaxed); // ORDERING: a figure.
                tracing::warn!(
                    "subscriber {} is closed for overcoming of output buffer limits: {bytes} bytes unread",
                    mailbox.id
                );
            }
        }
        subscribers.len()
    }

    /// Subscribers that were closed because they did not read.
    pub fn overflows(&self) -> u64 {
        self.overflows.load(Ordering::Relaxed) // ORDERING: a figure.
    }

    /// Number of subscribers of one channel.
    pub fn subscribers(&self, namespace: Namespace, name: &[u8]) -> usize {
        self.shard(self.tables(namespace), name).get(name).map_or(0, HashMap::len)
    }

    /// Number of patterns, however many subscribe to each.
    pub fn patterns(&self) -> usize {
        self.pattern_count.load(Ordering::Relaxed) // ORDERING: a figure.
    }

    /// Whether anybody subscribes to any channel or pattern.
    pub fn subscribed_clients(&self) -> usize {
        self.clients.load(Ordering::Relaxed) // ORDERING: a figure.
    }

    /// Number of channels that somebody listens to.
    pub fn channel_count(&self, namespace: Namespace) -> usize {
        self.tables(namespace).iter().map(|shard| lock(shard).len()).sum()
    }

    /// The channels that somebody listens to and whose name matches.
    pub fn channel_names(&self, namespace: Namespace, pattern: &Glob<'_>) -> Vec<Arc<[u8]>> {
        let mut names = Vec::new();
        for shard in self.tables(namespace) {
            names.extend(lock(shard).keys().filter(|name| pattern.matches(name)).cloned());
        }
        names
    }

    /// Pattern subscriptions count under their own lock and have no such tables.
    fn tables(&self, namespace: Namespace) -> &[Mutex<Table>; SHARDS] {
        if namespace == Namespace::Shards { &self.shards } else { &self.channels }
    }

    fn shard<'a>(&self, tables: &'a [Mutex<Table>; SHARDS], name: &[u8]) -> MutexGuard<'a, Table> {
        lock(&tables[self.hasher.hash_one(name) as usize % SHARDS])
    }
}

fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}
