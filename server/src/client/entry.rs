//! What other threads may see of a client, for CLIENT LIST and CLIENT KILL.
//!
//! # Concurrency
//! The thread that serves the client publishes figures after every turn with relaxed stores; others read them
//! whenever they like. Names change rarely and stand behind a lock.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;
use std::time::Instant;

use polycache_core::blocking::Waiter;
use polycache_core::command::Protocol;

use crate::pubsub::{Mailbox, Post};

/// The way a client came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    Resp,
    Memcached,
    Embedded,
}

/// One client in the registry.
pub struct Entry {
    pub id: u64,
    pub face: Face,
    /// The peer, `127.0.0.1:1234` or `/path/of.sock:0`.
    pub addr: String,
    /// Our side.
    pub laddr: String,
    /// The socket's descriptor; -1 for embedded handles.
    pub fd: i32,
    pub created: Instant,
    pub figures: Figures,
    texts: Mutex<Texts>,
    killed: AtomicBool,
    /// Wakes the connection's task.
    waker: Mutex<Option<Waker>>,
    /// What the client waits for, if it is blocked.
    waiter: Mutex<Option<Arc<Waiter>>>,
    /// What others sent it; made when it first listens to something.
    mailbox: OnceLock<Arc<Mailbox>>,
}

/// Published by the thread that serves the client.
#[derive(Default)]
pub struct Figures {
    /// In ticks of the statistics' clock.
    pub last_active: AtomicU64,
    pub db: AtomicU8,
    /// 2 or 3.
    pub protocol: AtomicU8,
    pub no_evict: AtomicBool,
    pub no_touch: AtomicBool,
    /// A pause holds its command.
    pub held: AtomicBool,
    /// CLIENT IMPORT-SOURCE.
    pub import_source: AtomicBool,
    /// CLIENT CAPA REDIRECT.
    pub can_redirect: AtomicBool,
    /// Position of the last command's counters, plus one; 0: none yet.
    pub command: AtomicUsize,
    /// Channels, patterns and shard channels that it subscribes to.
    pub subscriptions: [AtomicUsize; 3],
    /// Bytes of input that wait.
    pub input_bytes: AtomicUsize,
    /// Capacity of the input buffer beyond them.
    pub input_free: AtomicUsize,
    /// Bytes of output that wait.
    pub output_bytes: AtomicUsize,
    pub net_input_bytes: AtomicU64,
    pub net_output_bytes: AtomicU64,
    pub commands: AtomicU64,
    pub in_multi: AtomicBool,
    /// Commands queued in a transaction, plus one; 0: there never was one.
    pub queued: AtomicUsize,
    pub queued_bytes: AtomicUsize,
    /// Keys that are watched.
    pub watched: AtomicUsize,
}

/// What a client says of itself.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// Of the user that the client acts as.
    pub user: Arc<[u8]>,
    pub name: String,
    pub lib_name: String,
    pub lib_ver: String,
}

impl Entry {
    pub(super) fn new(id: u64, face: Face, addr: String, laddr: String, fd: i32, now_ticks: u64) -> Entry {
        let figures = Figures {
            last_active: AtomicU64::new(now_ticks),
            protocol: AtomicU8::new(2),
            ..Figures::default()
        };
        Entry {
            id,
            face,
            addr,
            laddr,
            fd,
            created: Instant::now(),
            figures,
            texts: Mutex::default(),
            killed: AtomicBool::new(false),
            waker: Mutex::default(),
            waiter: Mutex::default(),
            mailbox: OnceLock::new(),
        }
    }

    /// The client's name and library.
    pub fn texts(&self) -> MutexGuard<'_, Texts> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client's mailbox, for others.
    pub fn mailbox(self: &Arc<Entry>) -> Arc<Mailbox> {
        self.mailbox_of(|| None)
    }

    /// The same, for the worker that serves the client.
    pub(super) fn mailbox_of(self: &Arc<Entry>, post: impl FnOnce() -> Option<Arc<Post>>) -> Arc<Mailbox> {
        self.mailbox.get_or_init(|| Mailbox::of_connection(self, post())).clone()
    }

    /// The mailbox, if there is one already.
    #[inline]
    pub(super) fn own_mailbox(&self) -> Option<&Arc<Mailbox>> {
        self.mailbox.get()
    }

    /// Asks the client's thread to close the connection.
    pub fn kill(&self) {
        self.killed.store(true, Ordering::SeqCst);
        self.wake();
    }

    /// Lets the connection look around.
    pub fn wake(&self) {
        if let Some(waker) = &*self.waker.lock().unwrap_or_else(PoisonError::into_inner) {
            waker.wake_by_ref();
        }
    }

    #[inline]
    pub fn is_killed(&self) -> bool {
        // ORDERING: whoever kills stores before it wakes the task; the wake-up carries the store with it.
        self.killed.load(Ordering::Relaxed)
    }

    /// Whether the client subscribes to something.
    pub fn is_subscriber(&self) -> bool {
        // ORDERING: a figure, see the module.
        self.figures.subscriptions.iter().any(|count| count.load(Ordering::Relaxed) != 0)
    }

    /// Whether CLIENT LIST shows it.
    pub fn is_listed(&self) -> bool {
        self.face != Face::Embedded && !self.is_killed()
    }

    /// The wait of a blocked client, for those who may end it.
    pub fn waiter(&self) -> Option<Arc<Waiter>> {
        self.waiter.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Publishes whether a pause holds the client's command.
    pub(crate) fn set_held(&self, held: bool) {
        // ORDERING: a figure, see the module.
        if self.figures.held.load(Ordering::Relaxed) != held {
            self.figures.held.store(held, Ordering::Relaxed);
        }
    }

    /// Whether the client waits for keys.
    pub fn is_blocked(&self) -> bool {
        self.waiter().is_some_and(|waiter| waiter.is_waiting())
    }

    pub(crate) fn set_waiter(&self, waiter: Option<Arc<Waiter>>) {
        *self.waiter.lock().unwrap_or_else(PoisonError::into_inner) = waiter;
    }

    /// Whom [`Entry::kill`] wakes.
    pub fn set_waker(&self, waker: &Waker) {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(waker.clone());
    }

    /// Publishes the dialect.
    pub fn set_protocol(&self, protocol: Protocol) {
        let number = if protocol == Protocol::Resp3 { 3 } else { 2 };
        self.figures.protocol.store(number, Ordering::Relaxed); // ORDERING: a figure, see the module.
    }
}
