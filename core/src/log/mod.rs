//! The one log: a stream of effect commands in RESP, its order, and how far it is safe.
//!
//! Writers append while they hold their keys' latches, so the order of the log is the order of application. The bytes
//! go into one ring ([`order`]); a thread of the log's own takes the complete prefix to the file ([`writer`]) over
//! io_uring or plain calls ([`backend`]); whoever promised durability waits on the [`Watermark`].
//!
//! With the log off an append is never called and [`Log::is_on`] is all that a write pays.

pub(crate) mod backend;
mod bell;
pub(crate) mod entry;
pub(crate) mod filler;
mod gather;
mod health;
mod increment;
pub(crate) mod mark;
mod order;
mod ring;
mod shared;
mod thread;
#[cfg(target_os = "linux")]
mod uring;
mod watermark;
mod writer;

#[cfg(test)]
mod faulty;
#[cfg(all(test, not(shuttle)))]
mod test;

use std::io;
use std::time::Duration;

pub use crate::config::{AofIo, FsyncPolicy};
pub use backend::Choice;
use entry::{Annotation, encode_command};
pub use health::{State, error_text};
pub use increment::Increment;
pub use order::Prefix;
pub use watermark::{Durable, LogError, Watermark};

use crate::command::Failure;
use crate::delays::Delay;
use crate::engine::DbIndex;
use crate::record::Str;
use crate::sync::atomic::Ordering;
use crate::sync::{Arc, Mutex, lock, thread as threads};
use bell::Thread;
use order::{Order, Reservation};
use shared::{Shared, Switch};
use writer::Writer;

/// A position in the log: the byte offset in the stream of effect commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Lsn(pub u64);

/// Bytes of the ring between appends and the file. Appends wait when the disk is this far behind.
pub const RING_BYTES: usize = 8 * 1024 * 1024;

/// The smallest ring; tests shrink it so that full rings and wraps happen all the time.
#[cfg(not(test))]
const RING_BYTES_MIN: usize = 64 * 1024;
#[cfg(test)]
const RING_BYTES_MIN: usize = 32;

/// The log of one engine. Off until [`Log::start`].
pub struct Log {
    shared: Arc<Shared>,
    /// The writer before its thread has been started: an engine that never writes has no thread.
    unborn: Mutex<Option<Writer>>,
    running: Mutex<Option<threads::JoinHandle<()>>>,
    /// The process whose thread writes: a forked child has no such thread and must leave the files alone.
    process: std::sync::atomic::AtomicU32,
}

impl Log {
    pub fn new(fsync: FsyncPolicy) -> Log {
        Log {
            shared: Arc::new(Shared::new(fsync)),
            unborn: Mutex::new(None),
            running: Mutex::new(None),
            process: std::process::id().into(),
        }
    }

    /// Whether effects are to be appended.
    #[inline]
    pub fn is_on(&self) -> bool {
        // ORDERING: Relaxed: switched under the exclusive gate, which every write passes.
        self.shared.on.load(Ordering::Relaxed)
    }

    /// Appends one effect command, behind the annotation of what memcached adds to a SET. The caller holds the latches of
    /// the keys it concerns, and the log is on.
    pub fn append(&self, db: DbIndex, annotation: Annotation, args: &[Str<'_>]) -> Lsn {
        let len = annotation.bytes() + entry::command_bytes(args);
        if len <= entry::SMALL_BYTES_MAX {
            // Put together before room is reserved: others wait less for this entry's place in the order.
            let mut small = entry::Small::default();
            annotation.encode(&mut small);
            encode_command(&mut small, args);
            return self.append_entry(db, len, |out| out.write(small.bytes()));
        }
        self.append_entry(db, len, |out| {
            annotation.encode(out);
            encode_command(out, args);
        })
    }

    /// Appends encoded commands as one block that nothing comes between: `MULTI` to `EXEC`.
    pub fn append_block(&self, db: DbIndex, commands: &[u8]) -> Lsn {
        self.append_entry(db, commands.len(), |out| out.write(commands))
    }

    #[inline]
    fn append_entry(&self, db: DbIndex, len: usize, encode: impl FnOnce(&mut Reservation<'_>)) -> Lsn {
        let wake = || self.hurry();
        let mut reservation = self.shared.order().reserve(db, len, &wake);
        encode(&mut reservation);
        let end = reservation.finish();
        if self.shared.bell.appended() == Thread::Missing {
            self.start_thread();
        }
        end
    }

    /// The end of the stream.
    pub fn tail(&self) -> Lsn {
        self.shared.order.get().map_or(self.shared.watermark.written(), Order::tail)
    }

    pub fn watermark(&self) -> &Watermark {
        &self.shared.watermark
    }

    /// Makes the writer go now instead of gathering on: under `always`, at the end of a batch that will wait.
    pub fn flush_hint(&self, lsn: Lsn) {
        if self.shared.watermark.written() < lsn {
            self.hurry();
        }
    }

    /// Asks for an fsync of everything up to `lsn`, whatever the policy.
    pub fn request_sync(&self, lsn: Lsn) {
        if self.shared.watermark.durable() < lsn {
            self.shared.sync_wanted.fetch_max(lsn.0, Ordering::SeqCst);
            self.hurry();
        }
    }

    /// Waits until everything appended so far is on stable storage.
    pub fn sync_blocking(&self, timeout: Option<Duration>) -> Result<(), LogError> {
        let tail = self.tail();
        self.request_sync(tail);
        self.watermark().wait_blocking(tail, timeout)
    }

    fn hurry(&self) {
        if self.shared.bell.hurry() == Thread::Missing {
            self.start_thread();
        }
        self.shared.poke_if_due(|| self.tail());
    }

    pub fn fsync_policy(&self) -> FsyncPolicy {
        self.shared.fsync()
    }

    /// Changes `appendfsync`.
    pub fn set_fsync_policy(&self, policy: FsyncPolicy) {
        self.shared.set_fsync(policy);
        if self.is_on() {
            self.hurry();
        }
    }

    /// Why writes are refused, in the words that Redis uses; `None` while the log works or is off.
    #[inline]
    pub fn refusal(&self) -> Option<Failure> {
        if self.shared.health.is_well() { None } else { self.explain_refusal() }
    }

    #[cold]
    fn explain_refusal(&self) -> Option<Failure> {
        match self.shared.health.state() {
            State::Well => None,
            State::Failing(reason) | State::Poisoned(reason) => {
                Some(Failure::new(format!("MISCONF Errors writing to the AOF file: {reason}")))
            }
        }
    }

    /// The longest writes and syncs since the last call, in microseconds.
    pub fn take_delays(&self) -> impl Iterator<Item = (Delay, u64)> {
        self.shared.delays.take()
    }

    pub fn state(&self) -> State {
        self.shared.health.state()
    }

    /// What INFO tells of the log.
    pub fn figures(&self) -> Figures {
        let shared = &self.shared;
        let ring = shared.order.get().map_or(0, |order| order.ring().capacity());
        Figures {
            ring_bytes: ring,
            file_bytes: shared.file_bytes.load(Ordering::SeqCst),
            buffered_bytes: self.tail().0.saturating_sub(shared.watermark.written().0),
            groups: shared.groups.load(Ordering::SeqCst),
            syncs: shared.syncs.load(Ordering::SeqCst),
            delayed_syncs: shared.delayed_syncs.load(Ordering::SeqCst),
            sync_in_flight: shared.sync_in_flight.load(Ordering::SeqCst),
            backend: lock(&shared.choice).clone(),
        }
    }

    /// Switches the log on: entries go to `increment` from now on; the first time, positions begin at `start`. Nobody
    /// appends meanwhile. The thread starts with the first entry.
    pub fn start(&self, increment: Increment, start: Lsn, io: AofIo) -> io::Result<()> {
        self.start_with_ring(increment, start, io, RING_BYTES)
    }

    fn start_with_ring(&self, increment: Increment, start: Lsn, io: AofIo, ring: usize) -> io::Result<()> {
        let shared = &self.shared;
        let order = shared.order.get_or_init(|| {
            shared.watermark.begin(start);
            Order::new(start, ring)
        });
        let (backend, choice) = backend::open(io, order.ring())?;
        self.start_over(increment, backend, choice);
        Ok(())
    }

    fn start_over(&self, increment: Increment, backend: Box<dyn backend::Backend>, choice: Choice) {
        let shared = &self.shared;
        let order = shared.order();
        order.forget_db();
        let tail = order.tail();
        order.release(tail);
        shared.watermark.heal(tail);
        shared.health.set(State::Well);
        shared.stopping.store(false, Ordering::SeqCst);
        self.process.store(std::process::id(), Ordering::SeqCst);
        while shared.pop_switch().is_some() {}
        *lock(&shared.choice) = choice;
        *lock(&shared.poke) = backend.poke();
        *lock(&self.unborn) = Some(Writer::new(shared.clone(), backend, increment, tail));
        shared.on.store(true, Ordering::SeqCst);
    }

    /// From the tail on, entries go to `increment`; the position where that begins. The caller holds the exclusive
    /// gate, so that nobody appends.
    pub fn switch_to(&self, increment: Increment) -> Lsn {
        let order = self.shared.order();
        let at = order.tail();
        order.forget_db();
        self.shared.push_switch(Switch { at, increment });
        self.hurry();
        at
    }

    /// A base on stable storage holds everything below `lsn`: what a failed file lost is no longer missed.
    pub fn covered(&self, lsn: Lsn) {
        self.shared.covered.fetch_max(lsn.0, Ordering::SeqCst);
        self.hurry();
    }

    /// Switches the log off: writes and syncs what was appended, ends the thread and closes the file. The caller holds
    /// the exclusive gate or is the last user.
    pub fn stop(&self) -> Result<(), LogError> {
        if !self.shared.on.swap(false, Ordering::SeqCst) {
            return Ok(());
        }
        if self.process.load(Ordering::SeqCst) != std::process::id() {
            // The thread stayed behind in the parent: there is nothing to wait for, nor to write.
            if let Some(thread) = lock(&self.running).take() {
                std::mem::forget(thread);
            }
            return Ok(());
        }
        if lock(&self.unborn).take().is_some() {
            // Nothing was ever appended: no thread is needed to write that.
            return Ok(());
        }
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.hurry();
        if let Some(thread) = lock(&self.running).take() {
            // A panic of the thread has been printed; what it left undone shows in the watermark.
            let _ = thread.join();
        }
        let (tail, watermark) = (self.tail(), self.watermark());
        let result = match watermark.error() {
            Some(error) => Err(error),
            None if watermark.durable() < tail => {
                Err(LogError::Poisoned("not everything could be written".into()))
            }
            None => Ok(()),
        };
        self.shared.health.set(State::Well);
        self.shared.bell.retire();
        if watermark.error().is_none() && watermark.durable() < tail {
            watermark.poison(LogError::Closed);
        }
        result
    }

    #[cold]
    fn start_thread(&self) {
        let mut running = lock(&self.running);
        let Some(writer) = lock(&self.unborn).take() else { return };
        self.shared.bell.begin();
        let shared = self.shared.clone();
        match spawn_thread(move || writer.run()) {
            Ok(thread) => *running = Some(thread),
            Err(error) => {
                let reason = format!("the log's thread cannot be started: {error}");
                tracing::error!("{reason}");
                shared.health.set(State::Poisoned(reason.clone()));
                shared.watermark.poison(LogError::Poisoned(reason.into()));
            }
        }
    }
}

#[cfg(not(shuttle))]
fn spawn_thread(body: impl FnOnce() + Send + 'static) -> io::Result<threads::JoinHandle<()>> {
    threads::Builder::new().name("polycache-log".into()).spawn(body)
}

#[cfg(shuttle)]
fn spawn_thread(body: impl FnOnce() + Send + 'static) -> io::Result<threads::JoinHandle<()>> {
    Ok(threads::spawn(body))
}

impl Drop for Log {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            tracing::error!("Closing the append only file: {error}");
        }
    }
}

/// What INFO tells of the log.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Memory of the ring.
    pub ring_bytes: usize,
    /// Size of the file being written.
    pub file_bytes: u64,
    /// Appended, but not yet written.
    pub buffered_bytes: u64,
    /// Writes and fsyncs so far.
    pub groups: u64,
    pub syncs: u64,
    /// Times that an fsync was due while the last one still ran.
    pub delayed_syncs: u64,
    pub sync_in_flight: bool,
    pub backend: Choice,
}
