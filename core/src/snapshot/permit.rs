//! What an engine knows of its snapshots: whether one is being made, and which it was opened from.

use super::error::SaveError;
use super::mapped::MappedFile;
use super::scrub::Scrub;
use crate::engine::Engine;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Arc, Mutex};

/// See the module's documentation.
#[derive(Default)]
pub struct Snapshots {
    /// A save is under way: the indexes have one cut each.
    running: AtomicBool,
    cancelled: AtomicBool,
    /// The file that the engine was opened from.
    pub(super) opened: Mutex<Option<Arc<MappedFile>>>,
    pub(super) scrub: Arc<Scrub>,
}

/// The right to save; ends on drop.
pub(super) struct Permit<'a> {
    snapshots: &'a Snapshots,
}

impl Permit<'_> {
    pub fn is_cancelled(&self) -> bool {
        // ORDERING: a request; takes effect soon.
        self.snapshots.cancelled.load(Ordering::Relaxed)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.snapshots.running.store(false, Ordering::SeqCst);
    }
}

impl Snapshots {
    pub(super) fn permit(&self) -> Result<Permit<'_>, SaveError> {
        if self.running.swap(true, Ordering::SeqCst) {
            return Err(SaveError::Busy);
        }
        self.cancelled.store(false, Ordering::SeqCst);
        Ok(Permit { snapshots: self })
    }
}

impl Drop for Snapshots {
    fn drop(&mut self) {
        self.scrub.stop();
    }
}

impl Engine {
    /// Asks a save under way to stop (BGSAVE CANCEL); whether there is one.
    pub fn cancel_save(&self) -> bool {
        let snapshots = self.snapshots();
        snapshots.cancelled.store(true, Ordering::SeqCst);
        snapshots.running.load(Ordering::SeqCst)
    }
}
