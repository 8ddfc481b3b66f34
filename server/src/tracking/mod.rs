//! Client-side caching: who must be told that a value it keeps is no longer true (CLIENT TRACKING).
//!
//! By default a client is told of keys that it has read, once each: [`table`] remembers who read what, up to
//! `tracking-table-max-keys`. A broadcasting client is told of every change under its prefixes.
//!
//! # Concurrency
//! A key is remembered before it is read; a writer publishes its value before it looks who has read the key. So who
//! reads an old value is told. Locks, in order: the trackers, a shard of the table, mailboxes.

mod command;
mod table;
mod tell;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use polycache_core::command::spec::flag;
use polycache_core::command::{Args, Spec};
use polycache_core::engine::Engine;
use polycache_core::event::class;

pub use command::{caching, getredir, tracking, trackinginfo};

use crate::client::{Client, Entry};
use crate::config::Settings;
use table::Table;

/// Which reads of a client are remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// All.
    #[default]
    Default,
    /// Those behind CLIENT CACHING YES.
    OptIn,
    /// All but those behind CLIENT CACHING NO.
    OptOut,
    /// None: it is told of every change under its prefixes.
    Broadcast,
}

/// What a client asked for, as its own thread sees it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub mode: Mode,
    pub no_loop: bool,
    pub redirect: u64,
    pub prefixes: BTreeSet<Vec<u8>>,
    /// CLIENT CACHING was called for the next command.
    pub caching: bool,
}

/// A client that is told, as others see it.
struct Tracker {
    entry: Arc<Entry>,
    broadcasts: bool,
    no_loop: bool,
    redirect: u64,
    /// The client that it redirects to is gone.
    is_broken: AtomicBool,
    prefixes: BTreeSet<Vec<u8>>,
}

type Trackers = HashMap<u64, Tracker>;

/// All tracking of a server.
#[derive(Default)]
pub struct Tracking {
    trackers: RwLock<Trackers>,
    table: Table,
    broadcasters: AtomicUsize,
    keys_max: AtomicU64,
}

impl Tracking {
    /// Takes over the settings that matter here.
    pub fn apply(&self, settings: &Settings) {
        // ORDERING: a limit, in force sooner or later.
        self.keys_max.store(settings.tracking_table_max_keys, Ordering::Relaxed);
    }

    fn read(&self) -> RwLockReadGuard<'_, Trackers> {
        self.trackers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Trackers> {
        self.trackers.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a client, or what it asks for now.
    fn enter(&self, engine: &Engine, entry: Arc<Entry>, asked: &Asked) {
        let tracker = Tracker {
            broadcasts: asked.mode == Mode::Broadcast,
            no_loop: asked.no_loop,
            redirect: asked.redirect,
            is_broken: AtomicBool::new(false),
            prefixes: asked.prefixes.clone(),
            entry,
        };
        let mut trackers = self.write();
        trackers.insert(tracker.entry.id, tracker);
        self.count(engine, &trackers);
    }

    /// Takes a client out.
    fn leave(&self, engine: &Engine, id: u64) {
        let mut trackers = self.write();
        if trackers.remove(&id).is_none() {
            return;
        }
        self.count(engine, &trackers);
        // Who never comes back leaves nothing behind.
        self.table.forget(|id| trackers.contains_key(&id), trackers.is_empty());
    }

    fn count(&self, engine: &Engine, trackers: &Trackers) {
        let broadcasters = trackers.values().filter(|tracker| tracker.broadcasts).count();
        self.broadcasters.store(broadcasters, Ordering::SeqCst);
        let wanted = if trackers.is_empty() { 0 } else { class::CHANGES };
        engine.events().set_interest(class::CHANGES, wanted);
    }

    /// Clients that track.
    pub fn clients(&self) -> usize {
        self.read().len()
    }

    /// Keys that somebody has read, and pairs of such a key and a client.
    pub fn sizes(&self) -> (usize, usize) {
        self.table.sizes()
    }

    /// Different prefixes of broadcasting clients.
    pub fn prefixes(&self) -> usize {
        self.read().values().flat_map(|tracker| &tracker.prefixes).collect::<BTreeSet<_>>().len()
    }

    /// The letters of CLIENT LIST's flags, and the client that is redirected to (-1: it does not track).
    pub fn shown(&self, id: u64) -> (&'static str, i64) {
        match self.read().get(&id) {
            None => ("", -1),
            Some(tracker) => {
                let flags = match (tracker.is_broken.load(Ordering::Relaxed), tracker.broadcasts) {
                    (false, false) => "t",
                    (false, true) => "tB",
                    (true, false) => "tR",
                    (true, true) => "tRB",
                };
                (flags, tracker.redirect as i64)
            }
        }
    }
}

impl Client {
    /// Remembers what the client is about to read.
    #[cold]
    pub fn remember_reads(&mut self, spec: &Spec, args: Args<'_>) {
        let Some(asked) = &self.tracking else { return };
        let is_read = spec.flags & flag::READONLY != 0 && spec.group != "scripting";
        let is_wanted = match asked.mode {
            Mode::Default => true,
            Mode::OptIn => asked.caching,
            Mode::OptOut => !asked.caching,
            Mode::Broadcast => false,
        };
        if !is_read || !is_wanted {
            return;
        }
        let tracking = &self.server.tracking;
        for (place, key_use) in crate::admin::command::keys_used(spec, args).unwrap_or_default() {
            if key_use != "not_key"
                && let Some(key) = args.get(place)
            {
                tracking.table.remember(key, self.id);
            }
        }
        tracking.limit_with(&self.server.clients);
    }

    /// Ends tracking.
    pub fn stop_tracking(&mut self) {
        if self.tracking.take().is_some() && !self.is_double {
            self.server.tracking.leave(&self.server.engine, self.id);
        }
    }
}
