//! The log's writer thread: takes the complete prefix from the ring, group by group, and brings it to the file.
//!
//! A group goes out with its mark behind it. While one is in flight the next gathers in the ring; under `always` a group
//! is durable when it completes, and several are in flight ([`blocks`]); else nobody waits for it, and it gathers for [`POLL`]. Where nothing is in flight the thread rests: lightly while there is traffic, deeply after a while.
//!
//! What happens when the disk fails is in [`faults`].
//!
//! Invariants: a group never crosses a switch of files; a mark stands between two entries only.

mod blocks;
mod faults;

use std::io;
use std::time::{Duration, Instant};

use super::Lsn;
use super::backend::{BLOCKS_IN_FLIGHT_MAX, Backend, Completion, Then};
use super::bell::Rest;
use super::gather::Gather;
use super::health::{State, error_text};
use super::increment::Increment;
use super::mark::{GroupSum, MARK_BYTES_MAX};
use super::order::Order;
use super::shared::Shared;
use crate::config::FsyncPolicy;
use crate::delays::Delay;
use crate::sync::Arc;
use crate::sync::atomic::Ordering;

/// How long a group gathers where nobody waits for it.
const POLL: Duration = Duration::from_millis(5);
/// Polls without news before the thread sleeps until it is woken.
const IDLE_POLLS: u32 = 20;
/// The time between two fsyncs under `everysec`.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);

/// See the module.
pub(super) struct Writer {
    shared: Arc<Shared>,
    backend: Box<dyn Backend>,
    file: Increment,
    /// The position at which `file` begins.
    file_start: Lsn,
    /// Everything below is in the file, or was dropped.
    emitted: Lsn,
    /// Where the group that the next mark closes begins, and the checksum of what is written of it.
    group_start: Lsn,
    sum: GroupSum,
    /// Bytes from `emitted` on that had to leave the ring; whether they end between two entries.
    spill: Vec<u8>,
    spill_is_whole: bool,
    flight: Option<Flight>,
    blocks: blocks::Flights,
    syncing: Option<Syncing>,
    last_sync: Option<Instant>,
    retry_at: Option<Instant>,
    /// The file is not to be written any more.
    broken: bool,
    /// Bytes below may be missing in the files: only a base that covers them heals that.
    lost_below: Option<Lsn>,
    idle_polls: u32,
    /// A group was written since the thread rested last.
    has_written: bool,
    gather: Gather,
}

/// A write in flight.
struct Flight {
    end: Lsn,
    sum: GroupSum,
    /// Empty inside an entry.
    mark: Vec<u8>,
    file_bytes: u64,
    then: Then,
    began: Instant,
}

/// An fsync in flight.
struct Syncing {
    upto: Lsn,
    /// The file that was written before a switch; closed when it is safe.
    retired: Option<Increment>,
}

impl Writer {
    pub fn new(shared: Arc<Shared>, backend: Box<dyn Backend>, file: Increment, start: Lsn) -> Writer {
        shared.file_bytes.store(file.size, Ordering::SeqCst);
        let gather = Gather::new(if backend.poke().is_some() { BLOCKS_IN_FLIGHT_MAX } else { 1 });
        Writer {
            shared,
            backend,
            file,
            file_start: start,
            emitted: start,
            group_start: start,
            sum: GroupSum::default(),
            spill: Vec::new(),
            spill_is_whole: true,
            flight: None,
            blocks: blocks::Flights::default(),
            syncing: None,
            last_sync: None,
            retry_at: None,
            broken: false,
            lost_below: None,
            idle_polls: 0,
            has_written: false,
            gather,
        }
    }

    /// Runs until the log stops. The log stops when it is asked to and everything is written and synced, or cannot be.
    pub fn run(mut self) {
        let shared = self.shared.clone();
        let order = shared.order();
        loop {
            while let Some(completion) = self.backend.reap(false) {
                self.complete(completion, order);
            }
            if order.is_torn() && !self.broken {
                self.poison("a thread failed while it appended to the log".into());
            }
            self.abandon_what_is_covered(order);
            if self.flight.is_none() && self.blocks.is_empty() && self.policy() == FsyncPolicy::Always {
                let taken = self.taken().0;
                self.gather.wait(|| order.tail().0 - taken);
            }
            if self.flight.is_none() && std::mem::take(&mut self.has_written) && !self.awaits_answers() {
                // The next group grows meanwhile: some hundred large writes a second instead of thousands of small ones.
                self.start_due_sync();
                self.rest(order);
            }
            let progressed = self.may_start_group(order) && self.start_group(order);
            let switched = self.switch();
            self.heal();
            self.start_due_sync();
            if self.flight.is_some() || !self.blocks.is_empty() || self.must_await_sync() {
                self.await_completion(order);
                self.idle_polls = 0;
                continue;
            }
            if shared.stopping.load(Ordering::SeqCst) && self.is_done(order) {
                break;
            }
            if !progressed && !switched {
                self.rest(order);
            }
        }
        if let Err(error) = self.file.trim() {
            tracing::debug!("{} keeps its preallocated blocks: {error}", self.file.path.display());
        }
    }

    /// Whether somebody waits for what is written.
    fn awaits_answers(&self) -> bool {
        self.policy() == FsyncPolicy::Always || self.sync_is_wanted()
    }

    fn policy(&self) -> FsyncPolicy {
        self.shared.fsync()
    }

    /// The end of what left the ring.
    fn taken(&self) -> Lsn {
        Lsn(self.emitted.0 + self.spill.len() as u64)
    }

    /// Up to where the next group may go, and whether that lies between two entries.
    fn next_end(&self, order: &Order) -> (Lsn, bool) {
        let taken = self.taken();
        // The tail is read in `prefix`, the switch after it: an append behind a switch comes after its announcement.
        let prefix = order.prefix(taken);
        let limit = self.shared.switch_at().unwrap_or(Lsn(u64::MAX));
        let boundary = prefix.boundary.map(|boundary| boundary.min(limit));
        match boundary {
            Some(boundary) if boundary > taken => (boundary, true),
            _ => (prefix.end.min(limit).max(taken), false),
        }
    }

    /// Starts to write what there is; whether there was anything.
    fn start_group(&mut self, order: &Order) -> bool {
        if self.broken {
            return self.drop_pending(order);
        }
        if self.awaits_base() {
            return self.hold_back(order);
        }
        if let Some(retry_at) = self.retry_at {
            let stopping = self.shared.stopping.load(Ordering::SeqCst);
            if Instant::now() < retry_at && !stopping {
                return order.is_short_of_room() && self.spill_ring(order);
            }
            self.retry_at = None;
        }
        let (end, whole) =
            if self.spill.is_empty() { self.next_end(order) } else { (self.taken(), self.spill_is_whole) };
        if end == self.emitted {
            return false;
        }
        let always = self.policy() == FsyncPolicy::Always;
        if always && whole && self.syncing.is_none() && self.start_blocks(order, end) {
            return true;
        }
        if !self.blocks.is_empty() {
            // Plain writes go alone.
            return false;
        }
        if self.file.has_filler() {
            self.cut_filler();
            if self.broken {
                return true;
            }
        }
        let (first, second) = if self.spill.is_empty() {
            // SAFETY: a complete prefix; it is released only when the write has been reaped.
            unsafe { order.ring().slices(self.emitted.0, end.0) }
        } else {
            (&self.spill[..], &[][..])
        };
        let mut sum = self.sum.clone();
        sum.update(first);
        sum.update(second);
        let mark = match whole {
            true => sum.clone().mark(self.group_start, end.0 - self.group_start.0).encode(),
            false => Vec::new(),
        };
        debug_assert!(mark.len() <= MARK_BYTES_MAX);
        let file_bytes = (first.len() + second.len() + mark.len()) as u64;
        self.file.preallocate(file_bytes);
        let then = if always && self.syncing.is_none() { Then::Sync } else { Then::Nothing };
        // Before the write, which may well be over when it has been started.
        let began = Instant::now();
        // SAFETY: the ring's bytes stay until `release`, the spill until it is cleared, the mark in the flight: all
        // after the completion. A Vec's bytes do not move with the Vec.
        unsafe { self.backend.start_write(&self.file.file, self.file.size, &[first, second, &mark], then) };
        if then == Then::Sync {
            self.begin_sync(Syncing { upto: end, retired: None });
            self.last_sync = Some(began);
        }
        self.flight = Some(Flight { end, sum, mark, file_bytes, then, began });
        true
    }

    fn complete(&mut self, completion: Completion, order: &Order) {
        match completion {
            Completion::Written(Ok(())) => self.written(order),
            Completion::Written(Err(error)) => self.write_failed(error),
            Completion::Synced(result) => self.synced(result),
            Completion::Blocks(number, result) => self.blocks_written(number, result, order),
        }
    }

    fn written(&mut self, order: &Order) {
        let Some(flight) = self.flight.take() else { return };
        self.shared.delays.note(Delay::AofWrite, flight.began.elapsed());
        self.file.size += flight.file_bytes;
        self.shared.file_bytes.store(self.file.size, Ordering::SeqCst);
        self.shared.groups.fetch_add(1, Ordering::SeqCst);
        self.emitted = flight.end;
        self.has_written = true;
        if self.spill.is_empty() {
            order.release(flight.end);
        }
        self.spill = Vec::new();
        if flight.mark.is_empty() {
            self.sum = flight.sum;
        } else {
            self.sum = GroupSum::default();
            self.group_start = flight.end;
        }
        self.shared.watermark.advance_written(flight.end);
        if matches!(self.shared.health.state(), State::Failing(_)) {
            tracing::warn!("AOF write error looks solved. The server can write again.");
            self.shared.health.set(State::Well);
        }
    }

    fn begin_sync(&mut self, syncing: Syncing) {
        self.syncing = Some(syncing);
        self.last_sync = Some(Instant::now());
        self.shared.sync_in_flight.store(true, Ordering::SeqCst);
    }

    fn end_sync(&mut self) -> Option<Syncing> {
        self.shared.sync_in_flight.store(false, Ordering::SeqCst);
        self.syncing.take()
    }

    fn synced(&mut self, result: io::Result<()>) {
        let Some(syncing) = self.end_sync() else { return };
        match result {
            Ok(()) => {
                self.shared.syncs.fetch_add(1, Ordering::SeqCst);
                if let Some(begun) = self.last_sync {
                    let always = self.shared.fsync() == FsyncPolicy::Always;
                    let delay = if always { Delay::AofSyncAlways } else { Delay::AofSync };
                    self.shared.delays.note(delay, begun.elapsed());
                }
                // What was written before a failed fsync may be gone although a later fsync succeeds.
                if self.shared.watermark.error().is_none() {
                    let durable = self.shared.watermark.durable().0;
                    let took = self.last_sync.map_or(Duration::ZERO, |begun| begun.elapsed());
                    self.gather.answered(self.shared.order().tail().0.saturating_sub(durable), took);
                    self.shared.watermark.advance_durable(syncing.upto);
                }
            }
            Err(error) => {
                let whole_file_after = syncing.retired.is_some() && !self.broken;
                self.poison(format!("fsync: {}", error_text(&error)));
                // The file that failed is not the one that is written now.
                self.broken = !whole_file_after;
            }
        }
    }

    /// Goes over to the next file where its position is reached; whether it did.
    fn switch(&mut self) -> bool {
        let busy = self.flight.is_some() || !self.blocks.is_empty() || self.syncing.is_some();
        if busy || self.shared.switch_at() != Some(self.emitted) {
            return false;
        }
        let Some(switch) = self.shared.pop_switch() else { return false };
        let mut retired = std::mem::replace(&mut self.file, switch.increment);
        if let Err(error) = retired.trim() {
            tracing::debug!("{} keeps its preallocated blocks: {error}", retired.path.display());
        }
        if !self.broken {
            self.backend.start_sync(&retired.file);
            self.begin_sync(Syncing { upto: self.emitted, retired: Some(retired) });
        }
        self.broken = false;
        self.retry_at = None;
        self.file_start = self.emitted;
        self.group_start = self.emitted;
        self.sum = GroupSum::default();
        self.shared.file_bytes.store(self.file.size, Ordering::SeqCst);
        true
    }

    /// Whether someone waits for an fsync in flight so that there is nothing better to do than to wait as well.
    fn must_await_sync(&self) -> bool {
        self.syncing.is_some()
            && (self.policy() == FsyncPolicy::Always
                || self.shared.stopping.load(Ordering::SeqCst)
                || self.sync_is_wanted()
                || self.shared.switch_at() == Some(self.emitted))
    }

    fn sync_is_wanted(&self) -> bool {
        self.shared.watermark.durable().0 < self.shared.sync_wanted.load(Ordering::SeqCst)
    }

    /// When the next fsync is due; `None` where there is nothing to sync.
    fn sync_due_in(&self) -> Option<Duration> {
        let mark = &self.shared.watermark;
        if self.broken || mark.written() <= mark.durable() || mark.error().is_some() {
            return None;
        }
        let stopping = self.shared.stopping.load(Ordering::SeqCst);
        match self.policy() {
            _ if stopping || self.sync_is_wanted() => Some(Duration::ZERO),
            FsyncPolicy::Always => Some(Duration::ZERO),
            FsyncPolicy::EverySec => Some(match self.last_sync {
                Some(last) => SYNC_INTERVAL.saturating_sub(last.elapsed()),
                None => Duration::ZERO,
            }),
            FsyncPolicy::No => None,
        }
    }

    fn start_due_sync(&mut self) {
        if self.flight.is_some() || !self.blocks.is_empty() || self.sync_due_in() != Some(Duration::ZERO) {
            return;
        }
        if self.syncing.is_some() {
            if self.last_sync.is_some_and(|last| last.elapsed() > 2 * SYNC_INTERVAL) {
                self.shared.delayed_syncs.fetch_add(1, Ordering::SeqCst);
                self.last_sync = Some(Instant::now());
            }
            return;
        }
        self.backend.start_sync(&self.file.file);
        self.begin_sync(Syncing { upto: self.shared.watermark.written(), retired: None });
    }

    /// Whether all work is done, as far as it can be.
    fn is_done(&self, order: &Order) -> bool {
        if self.retry_at.is_some() || self.awaits_base() {
            tracing::error!(
                "The last {} bytes of the log could not be written",
                order.tail().0 - self.emitted.0
            );
            return true;
        }
        self.syncing.is_none() && order.tail() == self.emitted && self.sync_due_in().is_none()
    }

    fn rest(&mut self, order: &Order) {
        self.idle_polls = self.idle_polls.saturating_add(1);
        if order.tail() > self.taken() {
            self.idle_polls = 0;
        }
        let due = self.sync_due_in();
        let rest = if let Some(retry_at) = self.retry_at {
            Rest::Doze(retry_at.saturating_duration_since(Instant::now()))
        } else if self.idle_polls < IDLE_POLLS || self.syncing.is_some() {
            Rest::Doze(POLL)
        } else {
            Rest::Sleep(due)
        };
        let (shared, taken) = (&self.shared, self.taken());
        let waits = self.policy() == FsyncPolicy::Always && self.retry_at.is_none() && !self.awaits_base();
        let covered = shared.covered.load(Ordering::SeqCst);
        let wanted = || self.sync_is_wanted() && !self.broken && shared.watermark.error().is_none();
        shared.bell.rest(rest, || {
            shared.stopping.load(Ordering::SeqCst)
                || shared.switch_at() == Some(self.emitted)
                || wanted() && self.retry_at.is_none()
                || shared.covered.load(Ordering::SeqCst) != covered
                || order.is_short_of_room() && order.prefix(taken).end > taken
                || match rest {
                    Rest::Sleep(_) => order.tail() > taken,
                    Rest::Doze(_) => waits && order.prefix(taken).end > taken,
                }
        });
    }
}
