//! Opening and closing the engine for the program, and checking its files.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use polycache_core::engine::Engine;
use polycache_core::persistence::{self, Report, StorageError, Verdict};

use super::logging;
use crate::admin;
use crate::config::Settings;
use crate::config::command_line::Start;
use crate::server::{Server, registry};

/// Opens the engine; the error is for the log.
pub fn open(settings: &Settings) -> Result<Engine, String> {
    admin::process::note_startup();
    Engine::open(settings.to_engine_config(), registry()).map_err(|error| error.to_string())
}

/// Does what SHUTDOWN does with these words of `shutdown-on-sig...`; an error keeps the program running.
pub fn shutdown_on_signal(server: &Arc<Server>, words: &[String]) -> Result<(), String> {
    let has = |wanted: &str| words.iter().any(|word| word == wanted);
    let save = has("save") || !has("nosave") && !server.settings.load().save.is_empty();
    if !save {
        return Ok(());
    }
    // What is acknowledged from here on would not be saved.
    let held = server.turns.hold(0);
    let outcome = match admin::persistence::save_before_shutdown(&server.engine) {
        Err(error) if has("force") => {
            tracing::error!("shutting down without the save that failed: {error}");
            Ok(())
        }
        outcome => outcome.map_err(|error| error.to_string()),
    };
    if held && outcome.is_err() {
        server.turns.release();
    }
    outcome
}

/// Leaves the log complete.
pub fn close(server: &Server) -> Result<(), String> {
    server.engine.close().map_err(|error| error.to_string())
}

/// `polycache-server import FILE.rdb`: fills the settings' directory from it.
pub fn import(file: &Path, start: &Start) -> Result<(), String> {
    let settings = start.settings().map_err(|error| error.to_string())?;
    logging::start(&settings)?;
    let keys = persistence::import(settings.to_engine_config(), registry(), file)
        .map_err(|error| error.to_string())?;
    println!("{} now holds the {keys} keys of {}", settings.dir, file.display());
    Ok(())
}

/// `polycache-server export FILE.rdb`: writes what the settings' directory holds.
pub fn export(file: &Path, start: &Start) -> Result<(), String> {
    let settings = start.settings().map_err(|error| error.to_string())?;
    logging::start(&settings)?;
    let keys = persistence::export(settings.to_engine_config(), registry(), file)
        .map_err(|error| error.to_string())?;
    println!("{} now holds the {keys} keys of {}", file.display(), settings.dir);
    Ok(())
}

/// `polycache-server check [--repair] FILE...`: prints a report on each file. The exit code is 0 where all are usable
/// (after the repair), 1 where one is damaged, 2 where one could not be read.
pub fn check(repair: bool, paths: &[PathBuf]) -> ExitCode {
    let mut code = 0;
    for path in paths {
        code = code.max(match check_one(repair, path) {
            Ok(true) => 0,
            Ok(false) => 1,
            Err(error) => {
                eprintln!("{}: {error}", path.display());
                2
            }
        });
    }
    ExitCode::from(code)
}

/// Whether what `path` names is usable in the end.
fn check_one(repair: bool, path: &Path) -> Result<bool, StorageError> {
    let mut usable = true;
    for file in files_of(path)? {
        for report in persistence::check(&file)? {
            print!("{report}");
            usable &=
                if repair && report.verdict != Verdict::Whole { mend(&report)? } else { report.is_usable() };
        }
    }
    Ok(usable)
}

fn mend(report: &Report) -> Result<bool, StorageError> {
    let mended = persistence::repair(&report.file)?;
    print!("after the repair: {mended}");
    Ok(mended.is_usable())
}

/// A directory stands for the manifests, snapshots and RDB files in it and in its own directories (`appendonlydir`).
fn files_of(path: &Path) -> Result<Vec<PathBuf>, StorageError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    collect(path, true, &mut found)?;
    if found.is_empty() {
        return Err(StorageError::Misuse(
            "there is no manifest (*.manifest), no snapshot (*.pcs) and no RDB file (*.rdb) in it".to_owned(),
        ));
    }
    found.sort();
    Ok(found)
}

fn collect(dir: &Path, deeper: bool, found: &mut Vec<PathBuf>) -> Result<(), StorageError> {
    let entries = std::fs::read_dir(dir).map_err(StorageError::file("reading", dir))?;
    for entry in entries {
        let path = entry.map_err(StorageError::file("reading", dir))?.path();
        if path.is_dir() && deeper {
            collect(&path, false, found)?;
        } else if path
            .extension()
            .is_some_and(|extension| ["manifest", "pcs", "rdb"].iter().any(|known| extension == *known))
        {
            found.push(path);
        }
    }
    Ok(())
}
