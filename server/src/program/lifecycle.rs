//! Opening and closing the engine for the program.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use polycache_core::engine::Engine;

use crate::config::Settings;
use crate::server::Server;

/// Opens the engine; the error is for the log.
pub fn open(settings: &Settings) -> Result<Engine, String> {
    Ok(Engine::in_memory(settings.to_engine_config()))
}

/// Does what SHUTDOWN does with these words of `shutdown-on-sig...`; an error keeps the program running.
pub fn shutdown_on_signal(_: &Arc<Server>, _words: &[String]) -> Result<(), String> {
    Ok(())
}

/// Leaves the log complete.
pub fn close(_: &Server) -> Result<(), String> {
    Ok(())
}

/// `polycache-server check`.
pub fn check(_repair: bool, _paths: &[PathBuf]) -> ExitCode {
    ExitCode::FAILURE
}
