//! The engine: the facade of every face.

use std::sync::OnceLock;
use std::sync::atomic::AtomicPtr;

use crossbeam_epoch::Guard;
use rapidhash::v3::{RapidSecrets, rapidhash_v3_seeded};

use crate::blocking::Blocking;
use crate::command::Failure;
use crate::config::{EngineConfig, Maintenance, Tuning};
use crate::delays::{Delay, Delays};
use crate::event::Events;
use crate::eviction::Eviction;
use crate::expiry::{SWEEP_EVERY, Sweep, Swept};
use crate::index::Index;
use crate::libraries::Libraries;
use crate::limits::DATABASES;
use crate::log::entry::Annotation;
use crate::log::{Log, Lsn};
use crate::memory::Memory;
pub use crate::operation::Operation;
use crate::operation::Pin;
use crate::persistence::Persistence;
use crate::record::Record;
use crate::snapshot::Snapshots;
use crate::stats::Stats;
use crate::sync::atomic::Ordering;
use crate::sync::{Arc, Mutex, lock};
use crate::transaction::gate::Gate;
use crate::transaction::strays::Strays;
use crate::version;

/// Number of a logical database, below [`crate::limits::DATABASES`].
pub type DbIndex = u8;

/// A handle on one keyspace; clones share it.
#[derive(Clone)]
pub struct Engine(Arc<Shared>);

/// What all handles share.
pub(crate) struct Shared {
    config: EngineConfig,
    tuning: Tuning,
    /// Each an `Arc<Index>` taken apart; exchanged under the closed gate, given back through the epoch.
    databases: [AtomicPtr<Index>; DATABASES],
    memory: Arc<Memory>,
    gate: Gate,
    strays: Strays,
    log: Log,
    stats: Arc<Stats>,
    snapshots: Snapshots,
    blocking: Blocking,
    libraries: Libraries,
    events: Events,
    /// Decides the order of elements in large sets and hashes; a loaded snapshot brings its own.
    element_seed: OnceLock<(u64, RapidSecrets)>,
    sweep: Mutex<Sweep>,
    swept: Swept,
    delays: Delays,
    sweeper: OnceLock<()>,
    eviction: Eviction,
    /// Dropped last: it holds the lock of the directory that the log writes to.
    persistence: OnceLock<Persistence>,
}

impl Engine {
    /// An engine in memory, without files.
    pub fn in_memory(config: EngineConfig) -> Engine {
        version::begin_run();
        let memory = Arc::new(Memory::default());
        let databases = std::array::from_fn(|_| AtomicPtr::new(fresh_index(&memory)));
        Engine(Arc::new(Shared {
            tuning: Tuning::new(&config),
            databases,
            memory,
            gate: Gate::default(),
            strays: Strays::default(),
            log: Log::new(config.fsync),
            config,
            stats: Arc::default(),
            snapshots: Snapshots::default(),
            blocking: Blocking::default(),
            libraries: Libraries::default(),
            events: Events::default(),
            element_seed: OnceLock::new(),
            sweep: Mutex::new(Sweep::default()),
            swept: Swept::default(),
            delays: Delays::default(),
            sweeper: OnceLock::new(),
            eviction: Eviction::default(),
            persistence: OnceLock::new(),
        }))
    }

    /// Ties the engine to its directory; once, while it is opened.
    pub(crate) fn install(&self, persistence: Persistence) {
        assert!(self.0.persistence.set(persistence).is_ok(), "an engine has one directory");
    }

    /// Saving and the AOF; `None` for an engine in memory only.
    pub fn persistence(&self) -> Option<&Persistence> {
        self.0.persistence.get()
    }

    /// A handle that does not keep the engine alive, for threads that serve it.
    pub(crate) fn downgrade(&self) -> std::sync::Weak<Shared> {
        std::sync::Arc::downgrade(&self.0)
    }

    pub(crate) fn upgrade(weak: &std::sync::Weak<Shared>) -> Option<Engine> {
        weak.upgrade().map(Engine)
    }

    /// How the engine was opened.
    pub fn config(&self) -> &EngineConfig {
        &self.0.config
    }

    /// The settings that may change.
    #[inline]
    pub fn tuning(&self) -> &Tuning {
        &self.0.tuning
    }

    /// Libraries of functions.
    pub fn libraries(&self) -> &Libraries {
        &self.0.libraries
    }

    pub fn memory(&self) -> &Memory {
        &self.0.memory
    }

    #[inline]
    pub fn gate(&self) -> &Gate {
        &self.0.gate
    }

    pub(crate) fn strays(&self) -> &Strays {
        &self.0.strays
    }

    #[inline]
    pub fn log(&self) -> &Log {
        &self.0.log
    }

    pub(crate) fn eviction(&self) -> &Eviction {
        &self.0.eviction
    }

    /// Clients that wait for keys.
    #[inline]
    pub fn blocking(&self) -> &Blocking {
        &self.0.blocking
    }

    pub fn stats(&self) -> &Stats {
        &self.0.stats
    }

    pub(crate) fn stats_handle(&self) -> &Arc<Stats> {
        &self.0.stats
    }

    pub(crate) fn memory_handle(&self) -> &Arc<Memory> {
        &self.0.memory
    }

    pub(crate) fn snapshots(&self) -> &Snapshots {
        &self.0.snapshots
    }

    /// The seed that decides the order of elements in large sets and hashes.
    pub fn element_seed(&self) -> u64 {
        self.element_secrets().0
    }

    /// Takes over the seed of a snapshot; `false` if another is in use already.
    pub(crate) fn adopt_element_seed(&self, seed: u64) -> bool {
        self.0.element_seed.get_or_init(|| (seed, RapidSecrets::seed(seed))).0 == seed
    }

    fn element_secrets(&self) -> &(u64, RapidSecrets) {
        self.0.element_seed.get_or_init(|| {
            let seed = seed();
            (seed, RapidSecrets::seed(seed))
        })
    }

    /// The hash of an element of a set, hash or sorted set.
    #[inline]
    pub fn element_hash(&self, element: &[u8]) -> u64 {
        rapidhash_v3_seeded(element, &self.element_secrets().1)
    }

    /// Begins an operation, or a batch of them, on this thread.
    #[inline]
    pub fn begin(&self) -> Operation<'_> {
        Operation::new(self, Pin::Own(crossbeam_epoch::pin()))
    }

    /// As [`Engine::begin`], for who has pinned the epoch already.
    #[inline]
    pub fn begin_within<'a>(&'a self, pin: &'a Guard) -> Operation<'a> {
        Operation::new(self, Pin::Lent(pin))
    }

    /// The index of a database, for as long as the epoch is pinned.
    #[inline]
    pub(crate) fn index<'g>(&self, db: DbIndex, _pin: &'g Guard) -> &'g Index {
        // ORDERING: pairs with the exchange in `exchange_index`; an index that was taken out is given back through the epoch.
        let index = self.0.databases[usize::from(db)].load(Ordering::Acquire);
        // SAFETY: never null, and alive while pinned.
        unsafe { &*index }
    }

    /// A share of a database's index, for work that outlives a pin (saving). It may be taken out meanwhile.
    pub fn share_index(&self, db: DbIndex) -> Arc<Index> {
        let pin = crossbeam_epoch::pin();
        let index = std::ptr::from_ref(self.index(db, &pin));
        // SAFETY: the pointer came from `Arc::into_raw`, and the pin keeps its count above zero.
        unsafe {
            Arc::increment_strong_count(index);
            Arc::from_raw(index)
        }
    }

    /// Puts another index in a database's place. The caller holds the gate closed.
    pub fn exchange_index(&self, db: DbIndex, index: Index) {
        let new = Arc::into_raw(Arc::new(index)).cast_mut();
        // ORDERING: publishes the new index to readers, who do not pass the gate.
        let old = self.0.databases[usize::from(db)].swap(new, Ordering::AcqRel);
        let pin = crossbeam_epoch::pin();
        // SAFETY: `old` came from `Arc::into_raw` and is unreachable from now on.
        unsafe { pin.defer_unchecked(move || free_lazily(Arc::from_raw(old))) };
        pin.flush();
    }

    /// Puts an empty index in a database's place. The caller holds the gate closed.
    pub(crate) fn empty_index(&self, db: DbIndex) {
        self.exchange_index(db, Index::new(seed(), self.0.memory.clone()));
    }

    /// Empties a database, or all. The caller holds the gate closed.
    pub(crate) fn empty(&self, db: Option<DbIndex>) {
        for target in 0..DATABASES as DbIndex {
            if db.is_none_or(|db| db == target) {
                self.empty_index(target);
            }
        }
    }

    /// Empties a database, or all. Freeing happens in the background.
    ///
    /// The position after its log entry, if a log is on; [`Operation::flush`] notes that for the reply.
    pub fn flush(&self, db: Option<DbIndex>) -> Option<Lsn> {
        let _alone = self.gate().close();
        self.empty(db);
        self.log().is_on().then(|| {
            let name: &[u8] = if db.is_some() { b"FLUSHDB" } else { b"FLUSHALL" };
            self.log().append(db.unwrap_or(0), Annotation::default(), &[name.into()])
        })
    }

    /// Exchanges two databases. The position after its log entry, as for [`Engine::flush`].
    pub fn swap(&self, first: DbIndex, second: DbIndex) -> Option<Lsn> {
        let _alone = self.gate().close();
        self.exchange(first, second);
        self.log().is_on().then(|| {
            let (mut one, mut two) = (itoa::Buffer::new(), itoa::Buffer::new());
            let (one, two) = (one.format(first).as_bytes(), two.format(second).as_bytes());
            self.log().append(0, Annotation::default(), &[b"SWAPDB".into(), one.into(), two.into()])
        })
    }

    /// Exchanges two databases. The caller holds the gate closed.
    pub(crate) fn exchange(&self, first: DbIndex, second: DbIndex) {
        let (a, b) = (&self.0.databases[usize::from(first)], &self.0.databases[usize::from(second)]);
        // ORDERING: nobody writes while the gate is closed; readers see the one or the other.
        let first_index = a.load(Ordering::Acquire);
        let second_index = b.swap(first_index, Ordering::AcqRel);
        a.store(second_index, Ordering::Release);
    }

    /// Who is told of what happens to keys.
    #[inline]
    pub fn events(&self) -> &Events {
        &self.0.events
    }

    /// Keys of a database.
    pub fn len(&self, db: DbIndex) -> u64 {
        self.index(db, &crossbeam_epoch::pin()).len()
    }

    /// Whether a database has no keys.
    pub fn is_empty(&self, db: DbIndex) -> bool {
        self.len(db) == 0
    }

    /// Keys of a database that have an expiry.
    pub fn expires(&self, db: DbIndex) -> u64 {
        self.index(db, &crossbeam_epoch::pin()).expires()
    }

    /// Hashes of a database that have fields with an expiry.
    pub fn volatile_hashes(&self, db: DbIndex) -> u64 {
        self.index(db, &crossbeam_epoch::pin()).volatile_hashes()
    }

    /// Visits every record of a database once, expired ones included, a few chains at a time; records that come or go
    /// meanwhile may be visited or not.
    pub fn for_each_record(&self, db: DbIndex, visit: &mut dyn FnMut(Record<'_>)) {
        let index = self.share_index(db);
        index.freeze();
        for chain in 0..index.chains() {
            let pin = crossbeam_epoch::pin();
            index.prefetch_chain(chain + 2, &pin);
            for (slot, word) in index.slots(chain, &pin) {
                if let Ok(Some(record)) = index.visited(slot, word, &pin) {
                    visit(record);
                }
            }
        }
        index.thaw();
    }

    /// Whether a write may begin now: makes room in memory, and refuses while the log cannot be written.
    #[inline]
    pub fn admit_write(&self, op: &Operation<'_>, needs_memory: bool) -> Result<(), Failure> {
        // In a scope, room is made before it begins.
        if needs_memory && !op.is_in_scope() && self.tuning().maxmemory() != 0 && !self.make_room(op) {
            return Err(Failure::OUT_OF_MEMORY);
        }
        if self.tuning().saves_failing() && self.tuning().stop_writes_on_save_error() {
            return Err(Failure::SAVES_FAIL);
        }
        match self.log().refusal() {
            None => Ok(()),
            Some(failure) => Err(failure),
        }
    }

    /// Whether memory is not full, after making room; in a scope, which can make none, whether it is not full.
    pub fn has_room(&self, op: &Operation<'_>) -> bool {
        let limit = self.tuning().maxmemory();
        if op.is_in_scope() { limit == 0 || !self.memory().exceeds(limit) } else { self.make_room(op) }
    }

    /// The longest work of each kind since the last call, in microseconds.
    pub fn take_delays(&self) -> impl Iterator<Item = (Delay, u64)> {
        self.0.delays.take().chain(self.log().take_delays())
    }

    /// Where long work is noted.
    pub(crate) fn delays(&self) -> &Delays {
        &self.0.delays
    }

    /// What the sweep for expired keys has found out.
    pub fn swept(&self) -> &Swept {
        &self.0.swept
    }

    /// Removes expired keys for a while; returns how many. For engines whose maintenance is the caller's.
    pub fn maintain(&self) -> u64 {
        if !self.tuning().active_expire() {
            return 0;
        }
        lock(&self.0.sweep).run(self)
    }

    /// A key got an expiry: from now on somebody must sweep.
    #[inline]
    pub(crate) fn note_expiry(&self) {
        if self.0.sweeper.get().is_none() {
            self.start_sweeper();
        }
    }

    #[cold]
    fn start_sweeper(&self) {
        if self.0.config.maintenance == Maintenance::Caller || cfg!(shuttle) {
            return;
        }
        self.0.sweeper.get_or_init(|| {
            let weak = self.downgrade();
            let sweeper = std::thread::Builder::new().name("polycache-sweep".into()).spawn(move || {
                while let Some(engine) = Engine::upgrade(&weak) {
                    engine.maintain();
                    drop(engine);
                    std::thread::sleep(SWEEP_EVERY);
                }
            });
            if let Err(error) = sweeper {
                tracing::warn!(%error, "no thread for the expiry sweep: expired keys go when they are touched");
            }
        });
    }
}

fn seed() -> u64 {
    fastrand::u64(..)
}

fn fresh_index(memory: &Arc<Memory>) -> *mut Index {
    Arc::into_raw(Arc::new(Index::new(seed(), memory.clone()))).cast_mut()
}

/// Frees an index; a large one on a thread of its own.
fn free_lazily(index: Arc<Index>) {
    const LARGE: u64 = 10_000;
    if index.len() < LARGE {
        return;
    }
    // Without a thread it is freed here: the closure is dropped with the error.
    let _ = std::thread::Builder::new().name("polycache-free".into()).spawn(move || drop(index));
}

impl Drop for Shared {
    fn drop(&mut self) {
        for database in &self.databases {
            // ORDERING: exclusive access.
            let index = database.load(Ordering::Relaxed);
            // SAFETY: it came from `Arc::into_raw`, and nobody else is left.
            drop(unsafe { Arc::from_raw(index) });
        }
    }
}
