//! What the writer does when the disk fails.
//!
//! A write that fails is cut off the file again. Under `everysec` and `no` it is tried again, and writes are
//! refused until it works, as in Redis; what is already in the log meanwhile moves to the heap if the ring is full, so
//! that nobody who holds a latch ever waits for a disk to be emptied. Under `always`, and after a failed fsync under
//! any policy, the log is poisoned: what follows is dropped, until a rewrite has made a base that covers it.
//!
//! Where the log is poisoned while a rewrite goes on, the next file begins behind a gap. Nothing is written to it before
//! the base stands: after a crash, the old files alone are whole up to the gap, and nothing that was promised is behind.

use std::io;
use std::time::{Duration, Instant};

use super::{Then, Writer};
use crate::config::FsyncPolicy;
use crate::log::Lsn;
use crate::log::health::{State, error_text};
use crate::log::order::Order;
use crate::log::watermark::LogError;
use crate::sync::atomic::Ordering;

/// The time after which a failed write is tried again.
const RETRY_INTERVAL: Duration = Duration::from_millis(100);
/// Bytes that wait in the heap while writing fails. Writes are refused then, so only expiry and eviction add to it.
const SPILL_BYTES_MAX: usize = 256 * 1024 * 1024;

impl Writer {
    /// Whether the file begins behind a gap that no base covers yet.
    pub(super) fn awaits_base(&self) -> bool {
        let covered = self.shared.covered.load(Ordering::SeqCst);
        !self.broken && self.lost_below.is_some_and(|below| covered < below.0)
    }

    /// Keeps what is appended until the base stands, or another rewrite makes one that holds it.
    pub(super) fn hold_back(&mut self, order: &Order) -> bool {
        if self.shared.switch_at().is_some() {
            return self.drop_pending(order);
        }
        order.is_short_of_room() && self.spill_ring(order)
    }

    /// Moves what the ring holds to the heap, so that appends find room while writing fails.
    pub(super) fn spill_ring(&mut self, order: &Order) -> bool {
        let taken = self.taken();
        let (end, whole) = self.next_end(order);
        if end == taken {
            return false;
        }
        if self.spill.len() + (end.0 - taken.0) as usize > SPILL_BYTES_MAX {
            self.poison("too much is waiting to be written".into());
            return true;
        }
        // SAFETY: a complete prefix that is not released yet.
        let (first, second) = unsafe { order.ring().slices(taken.0, end.0) };
        self.spill.extend_from_slice(first);
        self.spill.extend_from_slice(second);
        self.spill_is_whole = whole;
        order.release(end);
        true
    }

    /// Lets everything pass that a broken file cannot take.
    pub(super) fn drop_pending(&mut self, order: &Order) -> bool {
        let before = self.emitted;
        self.emitted = self.next_end(order).0;
        self.spill.clear();
        order.release(self.emitted);
        self.lost_below = Some(self.emitted);
        self.emitted > before
    }

    pub(super) fn write_failed(&mut self, error: io::Error) {
        let Some(flight) = self.flight.take() else { return };
        if flight.then == Then::Sync {
            self.end_sync();
        }
        let reason = error_text(&error);
        if let Err(error) = self.file.trim() {
            self.poison(format!("{reason}, and cutting the half-written group off failed: {error}"));
        } else if self.policy() == FsyncPolicy::Always {
            // Sessions wait for this very group; they must hear of it.
            self.poison(reason);
        } else {
            if self.shared.health.is_well() {
                tracing::error!(
                    "Error writing to the append only file {}: {error}",
                    self.file.path.display()
                );
            }
            if !matches!(self.shared.health.state(), State::Poisoned(_)) {
                self.shared.health.set(State::Failing(reason));
            }
            self.retry_at = Some(Instant::now() + RETRY_INTERVAL);
        }
    }

    /// The log can no longer promise anything; see the module.
    pub(super) fn poison(&mut self, reason: String) {
        tracing::error!(
            "The append only file {} failed: {reason}. Writes are refused; once the cause is gone, BGREWRITEAOF makes \
             a new one from memory.",
            self.file.path.display()
        );
        self.broken = true;
        self.lost_below = Some(self.flight.as_ref().map_or(self.emitted, |flight| flight.end));
        self.retry_at = None;
        self.shared.health.set(State::Poisoned(reason.clone()));
        self.shared.watermark.poison(LogError::Poisoned(reason.into()));
    }

    /// A new base holds what could not be written: forget it.
    pub(super) fn abandon_what_is_covered(&mut self, order: &Order) {
        let covered = Lsn(self.shared.covered.load(Ordering::SeqCst));
        let Some(at) = self.shared.switch_at() else { return };
        if self.flight.is_none() && self.retry_at.is_some() && at <= covered && self.emitted < at {
            self.retry_at = None;
            while self.emitted < at && self.drop_pending(order) {}
        }
    }

    /// After a rewrite: a base covers all that the failed file lost.
    pub(super) fn heal(&mut self) {
        let Some(lost_below) = self.lost_below.filter(|_| !self.broken) else { return };
        let covered = Lsn(self.shared.covered.load(Ordering::SeqCst));
        if covered >= lost_below {
            tracing::warn!(
                "The append only file was rewritten and is whole again. The server can write again."
            );
            self.lost_below = None;
            self.shared.watermark.heal(covered);
            self.shared.health.set(State::Well);
        }
    }
}
