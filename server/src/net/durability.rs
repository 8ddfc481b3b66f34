//! Waiting for the log: replies to writes leave when `appendfsync always` has them on the disk.

use polycache_core::config::FsyncPolicy;
use polycache_core::engine::Engine;
use polycache_core::log::{LogError, Lsn};

/// Whether replies to writes wait for the disk.
pub fn is_awaited(engine: &Engine) -> bool {
    engine.log().is_on() && engine.log().fsync_policy() == FsyncPolicy::Always
}

/// Tells the log's writer that somebody waits for `lsn`.
pub fn hint(engine: &Engine, lsn: Lsn) {
    engine.log().flush_hint(lsn);
}

/// Completes when the log is on the disk up to `lsn`, or has failed.
pub async fn wait(engine: &Engine, lsn: Lsn) -> Result<(), LogError> {
    engine.log().watermark().wait(lsn).await
}

/// Returns when the log is on the disk up to `lsn`, or has failed; for threads without a runtime.
pub fn wait_blocking(engine: &Engine, lsn: Lsn) -> Result<(), LogError> {
    hint(engine, lsn);
    engine.log().watermark().wait_blocking(lsn, None)
}
