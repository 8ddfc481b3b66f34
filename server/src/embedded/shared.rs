//! What all handles on one open engine share.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use polycache_core::command::{Failure, Protocol, Session};
use polycache_core::engine::Engine;
use polycache_core::log::Lsn;

use super::error::{Error, Result};
use super::options::{Background, Options, Persist};
use super::serve::Listening;
use crate::client::{Client, Face};
use crate::pubsub::Mailbox;
use crate::server::Server;

/// Idle clients that are kept for the next command; more than threads that call at once are of no use.
const IDLE_CLIENTS_MAX: usize = 64;

/// Writes of one thread between two sweeps by it: a sweep is bounded, and takes some hundred writes' time.
const CALLS_PER_SWEEP: u32 = 512;

/// An open engine with what surrounds it.
pub(super) struct Shared {
    pub(super) engine: Engine,
    pub(super) server: Arc<Server>,
    pub(super) options: Options,
    /// Handles that are not closed.
    pub(super) handles: AtomicUsize,
    pub(super) listening: Mutex<Vec<Arc<Listening>>>,
    idle: Mutex<Vec<Client>>,
    /// Those who subscribe in this program.
    listeners: Mutex<Vec<Weak<Mailbox>>>,
}

impl Shared {
    pub(super) fn new(engine: Engine, server: Arc<Server>, options: Options) -> Arc<Shared> {
        Arc::new(Shared {
            engine,
            server,
            options,
            handles: AtomicUsize::new(1),
            listening: Mutex::default(),
            idle: Mutex::default(),
            listeners: Mutex::default(),
        })
    }

    /// Whether a write is acknowledged only when it is on the disk.
    pub(super) fn waits_for_disk(&self) -> bool {
        self.options.persist == Some(Persist::Always)
    }

    /// Returns when the log is on the disk up to `lsn`.
    pub(super) fn wait(&self, lsn: Lsn) -> Result<()> {
        super::files::wait(&self.engine, lsn)
    }

    /// Carries out `work` as a client of database `db`. Clients are used again: making one touches the registry.
    pub(super) fn as_client<R>(&self, db: u8, work: impl FnOnce(&mut Client, &mut Session) -> R) -> R {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut client = idle.unwrap_or_else(|| {
            let entry = self.server.clients.register(Face::Embedded, String::new(), String::new());
            Client::new(self.server.clone(), entry)
        });
        client.protocol = Protocol::Resp3;
        let mut session = Session { db, ..Session::default() };
        let result = work(&mut client, &mut session);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_CLIENTS_MAX {
            idle.push(client);
        }
        result
    }

    /// Notes a subscription, which ends with the cache.
    pub(super) fn add_listener(&self, mailbox: &Arc<Mailbox>) {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        if listeners.len() == listeners.capacity() {
            listeners.retain(|listener| listener.strong_count() > 0);
        }
        listeners.push(Arc::downgrade(mailbox));
    }

    /// Does some of the work behind the scenes, now and then, where no thread does it.
    #[inline]
    pub(super) fn maintain(&self) {
        if self.options.background == Background::Caller {
            self.maintain_now_and_then();
        }
    }

    #[cold]
    fn maintain_now_and_then(&self) {
        thread_local! { static CALLS: Cell<u32> = const { Cell::new(0) } }
        let calls = CALLS.get().wrapping_add(1);
        CALLS.set(calls);
        if calls.is_multiple_of(CALLS_PER_SWEEP) {
            self.engine.maintain();
            if let Some(persistence) = self.engine.persistence() {
                persistence.maintain(&self.engine);
            }
        }
    }

    /// Takes a further handle; refuses once the last one is being closed.
    pub(super) fn add_handle(&self) -> Result<()> {
        let mut handles = self.handles.load(Ordering::SeqCst);
        loop {
            if handles == 0 {
                return Err(Error::CLOSED);
            }
            match self.handles.compare_exchange(handles, handles + 1, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => return Ok(()),
                Err(now) => handles = now,
            }
        }
    }

    /// Ends what runs on the engine's behalf, and leaves its data complete on the disk. For the last handle.
    pub(super) fn shut_down(&self) -> Result<()> {
        const CLOSED: Failure = Failure::text("ERR the cache was closed while the command waited");
        let listening = std::mem::take(&mut *self.listening.lock().unwrap_or_else(PoisonError::into_inner));
        for server in listening {
            server.stop();
        }
        self.engine.blocking().refuse_all(&CLOSED);
        let listeners = std::mem::take(&mut *self.listeners.lock().unwrap_or_else(PoisonError::into_inner));
        listeners.iter().filter_map(Weak::upgrade).for_each(|listener| listener.close());
        // They hold the server, which holds the engine.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let save = self.options.persist == Some(Persist::Snapshot);
        super::files::close(&self.engine, save)
    }
}
