//! What is told to others when keys change: keyspace events, and which keys a cached value is no longer true of.
//!
//! Whoever writes through an [`crate::transaction::Entry`] tells of it without doing anything: the entry derives the
//! events from the command under way (`names.rs`). Where a command does more than its name says, its handler announces
//! that itself.
//!
//! # Concurrency
//! An operation gathers while keys are latched. Keyspace events are delivered before the latches are released, so
//! those of one key come in the order of its changes; invalidations afterwards, so that who hears of one reads what is
//! new. An observer must not touch keys and must not wait for anybody who does. Without an observer a writer pays one
//! relaxed load.

pub mod class;
mod names;

use std::cell::{Cell, OnceCell, RefCell};
use std::sync::OnceLock;

use crate::engine::DbIndex;
use crate::sync::Arc;
use crate::sync::atomic::{AtomicU32, Ordering};

pub(crate) use names::{Rule, rule, rule_of_effect};

/// What the evicting operation is called, and others that are no commands.
pub(crate) const EVICTING: &str = "(evict)";
pub(crate) const EXPIRING: &str = "(expire)";
pub(crate) const EXPIRING_FIELDS: &str = "(expire fields)";
/// A SET that keeps the expiry.
pub(crate) const KEEPING: &str = "(keep)";
/// The handler announces what it does.
pub(crate) const QUIET: &str = "(quiet)";

/// Is told of events. One for each engine.
pub trait Observer: Send + Sync {
    /// Something happened to a key; `class` is one of [`class`].
    fn event(&self, class: u32, name: &'static str, db: DbIndex, key: &[u8]);

    /// Values of these keys are not what they were; `writer` is the number of the client that did it, 0 for nobody.
    fn changed(&self, keys: &[Box<[u8]>], writer: u64);

    /// The values of all keys are gone.
    fn flushed(&self, writer: u64);
}

/// The observer of an engine, and what it wants to know.
#[derive(Default)]
pub struct Events {
    interest: AtomicU32,
    observer: OnceLock<Arc<dyn Observer>>,
}

impl Events {
    /// The classes that somebody wants; [`class::CHANGES`] among them where [`Observer::changed`] is wanted.
    #[inline]
    pub fn interest(&self) -> u32 {
        // ORDERING: who begins to listen hears of what happens from then on, sooner or later.
        self.interest.load(Ordering::Relaxed)
    }

    /// Changes what is wanted: the bits of `mask` become those of `wanted`.
    pub fn set_interest(&self, mask: u32, wanted: u32) {
        // ORDERING: SeqCst: a client that asked for invalidations reads keys afterwards.
        let _ = self
            .interest
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| Some(now & !mask | wanted & mask));
    }

    /// Has `observer` told of events from now on; the first one stays.
    pub fn observe(&self, observer: Arc<dyn Observer>) {
        let _ = self.observer.set(observer);
    }

    pub(crate) fn observer(&self) -> Option<&dyn Observer> {
        self.observer.get().map(|observer| &**observer)
    }
}

/// An event that waits for delivery.
struct Pending {
    class: u32,
    name: &'static str,
    db: DbIndex,
    key: Box<[u8]>,
}

/// What an operation has gathered.
#[derive(Default)]
pub(crate) struct Gathered {
    /// The command under way; empty where keys are changed by calls.
    command: Cell<&'static str>,
    /// The client on whose behalf.
    client: Cell<u64>,
    any: Cell<bool>,
    /// A database was emptied.
    flushed: Cell<bool>,
    /// The host wants to know of reads.
    tells_reads: Cell<bool>,
    /// Apart, and made when somebody wants to know: most operations tell nothing.
    news: OnceCell<Box<News>>,
}

#[derive(Default)]
struct News {
    events: RefCell<Vec<Pending>>,
    changed: RefCell<Vec<Box<[u8]>>>,
}

impl Gathered {
    fn news(&self) -> &News {
        self.news.get_or_init(Box::default)
    }

    #[inline]
    pub(crate) fn act_as(&self, command: &'static str) -> &'static str {
        self.command.replace(command)
    }

    pub(crate) fn command(&self) -> &'static str {
        self.command.get()
    }

    pub(crate) fn set_client(&self, client: u64) {
        self.client.set(client);
    }

    #[inline]
    pub(crate) fn is_any(&self) -> bool {
        self.any.get()
    }

    pub(crate) fn push(&self, class: u32, name: &'static str, db: DbIndex, key: &[u8]) {
        self.any.set(true);
        self.news().events.borrow_mut().push(Pending { class, name, db, key: key.into() });
    }

    pub(crate) fn change(&self, key: &[u8]) {
        self.any.set(true);
        self.news().changed.borrow_mut().push(key.into());
    }

    pub(crate) fn flush(&self) {
        self.any.set(true);
        self.flushed.set(true);
    }

    pub(crate) fn set_tells_reads(&self, tells: bool) {
        self.tells_reads.set(tells);
    }

    #[inline]
    pub(crate) fn tells_reads(&self) -> bool {
        self.tells_reads.get()
    }

    /// How many events wait.
    pub(crate) fn mark(&self) -> usize {
        self.news.get().map_or(0, |news| news.events.borrow().len())
    }

    /// Puts the events from `mark` to `middle` behind those that came later.
    pub(crate) fn put_behind(&self, mark: usize, middle: usize) {
        if let Some(news) = self.news.get() {
            news.events.borrow_mut()[mark..].rotate_left(middle - mark);
        }
    }

    /// Delivers keyspace events. The keys are still latched.
    #[cold]
    pub(crate) fn deliver_events(&self, events: &Events) {
        let pending = self.news.get().map(|news| news.events.take()).unwrap_or_default();
        let Some(observer) = events.observer() else { return };
        for event in &pending {
            observer.event(event.class, event.name, event.db, &event.key);
        }
    }

    /// Delivers the rest. No latch is held.
    #[cold]
    pub(crate) fn deliver_changes(&self, events: &Events) {
        self.any.set(false);
        let changed = self.news.get().map(|news| news.changed.take()).unwrap_or_default();
        if self.flushed.take()
            && let Some(observer) = events.observer()
        {
            observer.flushed(self.client.get());
        }
        if let Some(observer) = events.observer().filter(|_| !changed.is_empty()) {
            observer.changed(&changed, self.client.get());
        }
    }
}
