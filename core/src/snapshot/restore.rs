//! Puts an engine on top of a snapshot.

use std::path::Path;
use std::time::{Duration, Instant};

use super::error::{OpenError, Problem};
use super::mapped::{Opened, open};
use crate::clock::UnixMillis;
use crate::engine::{DbIndex, Engine};
use crate::limits::DATABASES;
use crate::log::Lsn;
use crate::version;

/// What an engine was opened from.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The log goes on from here.
    pub lsn: Lsn,
    pub created: UnixMillis,
    pub keys: u64,
    pub duration: Duration,
}

/// Replaces everything in `engine` by the snapshot at `path`.
///
/// # Errors
/// With any error the engine is as it was.
pub fn restore(engine: &Engine, path: &Path) -> Result<Restored, OpenError> {
    let start = Instant::now();
    let Opened { file, databases } = open(path, engine.memory_handle(), engine.stats_handle())?;
    let header = &file.header;
    let restored =
        Restored { lsn: header.lsn, created: header.created, keys: header.keys(), duration: Duration::ZERO };
    if !engine.adopt_element_seed(header.element_seed) {
        return Err(OpenError::damaged(path, Problem::Foreign));
    }
    let libraries = header.read_libraries(&file.file).map_err(|problem| OpenError::damaged(path, problem))?;
    engine.libraries().restore(&libraries).map_err(|_| OpenError::damaged(path, Problem::Trailer))?;
    version::reserve_through(header.version_max);
    let expires = header.sections.iter().any(|section| section.expires > 0);
    {
        let _alone = engine.gate().close();
        let mut databases = databases.into_iter().peekable();
        for db in 0..DATABASES as DbIndex {
            match databases.next_if(|(next, _)| *next == db) {
                Some((_, index)) => engine.exchange_index(db, index),
                None if !engine.is_empty(db) => engine.empty_index(db),
                None => {}
            }
        }
    }
    let mut opened = engine.snapshots().opened.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let before = opened.replace(file);
    drop(opened);
    // Pinned readers may still look at containers that lie in the file.
    crossbeam_epoch::pin().defer(move || drop(before));
    engine.snapshots().scrub.forget();
    if expires {
        engine.note_expiry();
    }
    let restored = Restored { duration: start.elapsed(), ..restored };
    tracing::info!(
        path = %path.display(),
        keys = restored.keys,
        microseconds = restored.duration.as_micros() as u64,
        "opened the snapshot"
    );
    Ok(restored)
}
