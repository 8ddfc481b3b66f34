//! The handle: entering the engine from it, and closing it while others use it.
//!
//! # Concurrency
//! A handle points to the shared state without a reference count on the way of a call, as a counter that every call
//! of every thread writes would cost more than a read of a key. Instead a call pins the epoch (which reading a key
//! needs anyway) before it loads the pointer, and `close` takes the pointer away and then lets a grace period pass:
//! afterwards no call is under way that still saw it. Calls that wait long (for the disk, for a save) take a reference
//! and let the pin go.

use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::time::{Duration, Instant};

use crossbeam_epoch::{self as epoch, Guard};
use polycache_core::engine::{DbIndex, Operation};
use polycache_core::limits::DATABASES;
use polycache_core::log::Lsn;

use super::error::{Error, ErrorKind, Result};
use super::fork::Generation;
use super::open::{self, Memory};
use super::options::Options;
use super::shared::Shared;

/// How long closing waits for callers in a forked child. There may be none: a thread of the parent that was in a call at
/// the moment of the fork left its pin behind in the child's memory, where nobody will ever end it.
const PATIENCE_IN_CHILD: Duration = Duration::from_secs(1);

/// An open cache. Dropping it closes it.
pub struct Cache {
    /// Made by `Arc::into_raw`; null once closed.
    shared: AtomicPtr<Shared>,
    generation: Generation,
    db: DbIndex,
}

/// A handle's reference on its way to another thread.
struct SharedPointer(*mut Shared);

// SAFETY: it stands for an `Arc<Shared>`, and `Shared` is shared by threads anyway.
unsafe impl Send for SharedPointer {}

/// The shared state during one call.
pub(super) struct Entered {
    shared: NonNull<Shared>,
    /// Keeps `shared` from being freed.
    pin: Guard,
}

/// A write that was applied. With `persist="always"` it is acknowledged by [`Durable::wait`]; else there is nothing to
/// wait for.
#[must_use = "with persist=\"always\" a write is durable only after wait()"]
#[derive(Default)]
pub struct Durable(Option<(Arc<Shared>, Lsn)>);

impl Durable {
    pub(super) fn new(shared: Arc<Shared>, lsn: Option<Lsn>) -> Durable {
        Durable(lsn.filter(|_| shared.waits_for_disk()).map(|lsn| (shared, lsn)))
    }

    /// Whether [`Durable::wait`] may take as long as the disk does.
    pub fn is_pending(&self) -> bool {
        self.0.is_some()
    }

    /// Returns when the write is as durable as the cache's options promise.
    pub fn wait(self) -> Result<()> {
        match self.0 {
            None => Ok(()),
            Some((shared, lsn)) => shared.wait(lsn),
        }
    }
}

impl Cache {
    /// Opens a cache, or another handle on one that is open in this process under the same path or name.
    pub fn open(options: &Options) -> Result<Cache> {
        let generation = Generation::current();
        Ok(Cache::from_shared(open::open(options)?, generation, 0))
    }

    fn from_shared(shared: Arc<Shared>, generation: Generation, db: DbIndex) -> Cache {
        Cache { shared: AtomicPtr::new(Arc::into_raw(shared).cast_mut()), generation, db }
    }

    /// A further handle on database `index` of the same data.
    pub fn database(&self, index: u32) -> Result<Cache> {
        let db = DbIndex::try_from(index).ok().filter(|&db| usize::from(db) < DATABASES);
        let db = db.ok_or_else(|| Error::new(ErrorKind::Misuse, format!("there is no database {index}")))?;
        let shared = self.share()?;
        shared.add_handle()?;
        Ok(Cache::from_shared(shared, self.generation, db))
    }

    /// The number of the handle's database.
    pub fn database_index(&self) -> u32 {
        self.db.into()
    }

    pub(super) fn db(&self) -> DbIndex {
        self.db
    }

    pub(super) fn generation(&self) -> Generation {
        self.generation
    }

    /// The shared state, for one call.
    #[inline]
    pub(super) fn enter(&self) -> Result<Entered> {
        if !self.generation.is_current() {
            return Err(Error::FORKED);
        }
        let pin = epoch::pin();
        // ORDERING: acquire, with the release that published the pointer in `from_shared` (through whatever handed the
        // handle to this thread). Against `close`: the pin is a full fence before this load.
        let shared = NonNull::new(self.shared.load(Ordering::Acquire)).ok_or(Error::CLOSED)?;
        Ok(Entered { shared, pin })
    }

    /// The shared state, for a call that may wait.
    pub(super) fn share(&self) -> Result<Arc<Shared>> {
        Ok(self.enter()?.share())
    }

    /// Whether the handle was closed.
    pub fn is_closed(&self) -> bool {
        self.shared.load(Ordering::SeqCst).is_null()
    }

    /// Closes the handle. The last handle on an engine stops its servers, completes its log (or saves its snapshot) and
    /// frees its memory; the call returns when that is done.
    pub fn close(&self) -> Result<()> {
        if !self.generation.is_current() {
            return Err(Error::FORKED);
        }
        if epoch::is_pinned() {
            return Err(Error::new(
                ErrorKind::Misuse,
                "a cache cannot be closed from within a read callback",
            ));
        }
        let shared = self.shared.swap(ptr::null_mut(), Ordering::SeqCst);
        if shared.is_null() {
            return Err(Error::CLOSED);
        }
        // SAFETY: made by `Arc::into_raw`, and taken from the handle just now.
        unsafe { give_back(shared, self.generation) }
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        // In a forked child the state stays as it is: what it would stop and complete belongs to the parent.
        if !self.generation.is_current() || self.is_closed() {
            return;
        }
        // Who wants to know whether the last bytes were written calls `close`.
        let log = |outcome: Result<()>| {
            if let Err(error) = outcome {
                tracing::warn!("closing a cache: {error}");
            }
        };
        if !epoch::is_pinned() {
            return log(self.close());
        }
        // From within a call on a cache (a garbage collector that runs while a value is handed over): this thread cannot
        // wait for itself, another can.
        let shared = std::mem::replace(self.shared.get_mut(), ptr::null_mut());
        let shared = SharedPointer(shared);
        let generation = self.generation;
        let closer = std::thread::Builder::new().name("polycache-close".into());
        let started = closer.spawn(move || {
            let SharedPointer(shared) = { shared };
            // SAFETY: made by `Arc::into_raw`, and taken from the handle just now.
            log(unsafe { give_back(shared, generation) });
        });
        if let Err(error) = started {
            tracing::warn!("closing a cache: no thread: {error}");
        }
    }
}

impl Entered {
    #[inline]
    pub(super) fn shared(&self) -> &Shared {
        // SAFETY: the pointer was taken from the handle while pinned, and `close` frees it a grace period after it took
        // it away; the pin lives as long as the reference.
        unsafe { self.shared.as_ref() }
    }

    /// Begins an operation in the pin of the call: pinning again would cost a tenth of a read.
    #[inline]
    pub(super) fn begin(&self) -> Operation<'_> {
        self.shared().engine.begin_within(&self.pin)
    }

    /// A reference that outlives the call.
    pub(super) fn share(&self) -> Arc<Shared> {
        let shared = self.shared.as_ptr();
        // SAFETY: the pointer is one of `Arc::into_raw`, and at least the handle's reference is alive while pinned.
        unsafe {
            Arc::increment_strong_count(shared);
            Arc::from_raw(shared)
        }
    }

    /// What the caller of a write that reached `lsn` has to wait for.
    #[inline]
    pub(super) fn durable(&self, lsn: Option<Lsn>) -> Durable {
        match lsn {
            Some(_) if self.shared().waits_for_disk() => Durable::new(self.share(), lsn),
            _ => Durable(None),
        }
    }
}

/// Returns when every call that was under way at the start is complete; whether it could be seen that they are.
fn wait_for_callers(generation: Generation) -> bool {
    let passed = Arc::new(AtomicBool::new(false));
    let signal = passed.clone();
    let pin = epoch::pin();
    pin.defer(move || signal.store(true, Ordering::SeqCst));
    pin.flush();
    drop(pin);
    let start = Instant::now();
    let mut pause = Duration::from_micros(10);
    while !passed.load(Ordering::SeqCst) {
        if generation.is_of_a_child() && start.elapsed() > PATIENCE_IN_CHILD {
            return false;
        }
        // Each flush may move the epoch on, once all threads that are pinned have seen the present one.
        epoch::pin().flush();
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(2));
    }
    true
}

/// Gives back the reference of a handle that is closed, once nobody uses it any more.
///
/// # Safety
/// `shared` was made by `Arc::into_raw` and taken from its handle, once.
unsafe fn give_back(shared: *mut Shared, generation: Generation) -> Result<()> {
    let callers_are_done = wait_for_callers(generation);
    // SAFETY: the caller's promise.
    let shared = unsafe { Arc::from_raw(shared) };
    if !callers_are_done {
        // The engine is ended, but its memory stays: for all we know somebody still looks at it.
        std::mem::forget(shared.clone());
    }
    open::release(shared, if callers_are_done { Memory::Free } else { Memory::Keep })
}
