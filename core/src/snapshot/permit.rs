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
        self.snapshots.is_cancelled()
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.snapshots.running.store(false, Ordering::SeqCst);
    }
}

impl Snapshots {
    /// Whether the save or rewrite under way is to stop.
    pub(crate) fn is_cancelled(&self) -> bool {
        // ORDERING: a request; takes effect soon.
        self.cancelled.load(Ordering::Relaxed)
    }

    pub(super) fn permit(&self) -> Result<Permit<'_>, SaveError> {
        if self.running.swap(true, Ordering::SeqCst) {
            return Err(SaveError::Busy);
        }
        Ok(Permit { snapshots: self })
    }
}

impl Drop for Snapshots {
    fn drop(&mut self) {
        self.scrub.stop();
    }
}

impl Engine {
    /// Asks the save or rewrite under way to stop, also if it has not come to its snapshot yet; whether it has.
    /// Saves are cancelled until [`Engine::forget_cancelled_save`].
    pub fn cancel_save(&self) -> bool {
        let snapshots = self.snapshots();
        snapshots.cancelled.store(true, Ordering::SeqCst);
        snapshots.running.load(Ordering::SeqCst)
    }

    /// What was to stop has ended.
    pub fn forget_cancelled_save(&self) {
        self.snapshots().cancelled.store(false, Ordering::SeqCst);
    }
}
