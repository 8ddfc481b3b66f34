//! DEBUG RELOAD: replaces all data by the snapshot's, to test that saving and loading agree.
//!
//! For tests only: what other clients write meanwhile is lost.

use super::jobs::Otherwise;
use super::recover::load_snapshot;
use super::status::Job;
use super::{Persistence, StorageError};
use crate::engine::Engine;

impl Persistence {
    /// Loads the snapshot in place of all data, which stays where that fails. A log that is on does not notice.
    pub fn reload_snapshot(&self, engine: &Engine) -> Result<(), StorageError> {
        self.alone(engine, || {
            if !self.snapshot.exists() {
                return Err(StorageError::Misuse(format!(
                    "there is no snapshot {}",
                    self.snapshot.display()
                )));
            }
            // Replaces all data, or nothing where it fails.
            load_snapshot(engine, &self.snapshot).map(|_| ())
        })
    }

    /// Runs `load` while no save or rewrite does, and nothing expires.
    fn alone(
        &self,
        engine: &Engine,
        load: impl FnOnce() -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        self.claim(Job::Rewrite, Otherwise::Refuse)?;
        let sweeps = engine.tuning().active_expire();
        engine.tuning().set_active_expire(false);
        let loaded = load();
        engine.tuning().set_active_expire(sweeps);
        self.release(engine);
        loaded
    }
}
