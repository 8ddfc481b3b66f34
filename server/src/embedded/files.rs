//! An embedded cache's files: opening and closing them, and waiting for the disk.

use polycache_core::engine::Engine;
use polycache_core::log::Lsn;
use polycache_core::persistence::StorageError;
use polycache_core::snapshot::OpenError;

use super::error::{Error, ErrorKind, Result};
use super::options::Options;

/// Returns when the log is on the disk up to `lsn`, whatever the fsync policy.
pub(super) fn wait(engine: &Engine, lsn: Lsn) -> Result<()> {
    let log = engine.log();
    log.request_sync(lsn);
    log.watermark().wait_blocking(lsn, None).map_err(|error| storage(&StorageError::Log(error)))
}

/// Ends persistence in good order; with `save`, a snapshot is made of what changed since the last.
pub(super) fn close(engine: &Engine, save: bool) -> Result<()> {
    if let Some(persistence) = engine.persistence()
        && save
        && persistence.changes_since_last_save(engine) > 0
    {
        persistence.save(engine).map_err(|error| storage(&error))?;
    }
    engine.close().map_err(|error| storage(&error))
}

/// Makes a snapshot now.
pub(super) fn save(engine: &Engine) -> Result<()> {
    let Some(persistence) = engine.persistence() else {
        let text = "the cache has no directory to save to: open it with a path";
        return Err(Error::new(ErrorKind::Config, text));
    };
    persistence.save(engine).map_err(|error| storage(&error))
}

/// The end of the log, if there is one.
pub(super) fn log_tail(engine: &Engine) -> Option<Lsn> {
    engine.log().is_on().then(|| engine.log().tail())
}

pub(super) fn open(options: &Options) -> Result<Engine> {
    Engine::open(options.engine_config()?, crate::server::registry()).map_err(|error| storage(&error))
}

fn storage(error: &StorageError) -> Error {
    let kind = match error {
        StorageError::Locked { .. } => ErrorKind::Locked,
        StorageError::Corrupt { .. }
        | StorageError::Unsupported { .. }
        | StorageError::Snapshot(OpenError::Damaged { .. }) => ErrorKind::Corrupt,
        StorageError::Misuse(_) => ErrorKind::Config,
        StorageError::Log(_) => ErrorKind::Durability,
        StorageError::Io { .. }
        | StorageError::Busy(_)
        | StorageError::Save(_)
        | StorageError::Snapshot(OpenError::Io { .. }) => ErrorKind::Io,
    };
    Error::new(kind, error.to_string())
}
