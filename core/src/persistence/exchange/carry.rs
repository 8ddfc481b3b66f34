//! `polycache-server import` and `export`: an RDB file into a directory, and a directory into an RDB file.

use std::fs;
use std::path::Path;

use super::{Expired, Purpose, load, save};
use crate::command::Registry;
use crate::config::EngineConfig;
use crate::engine::{DbIndex, Engine};
use crate::limits::DATABASES;
use crate::persistence::StorageError;
use crate::persistence::base::Kind;
use crate::persistence::manifest::sync_dir;
use crate::persistence::replay::Mapped;

fn open(config: EngineConfig, registry: &Registry) -> Result<Engine, StorageError> {
    // No server may be at work there, and none may begin.
    Engine::open(EngineConfig { exclusive: true, save_points: Vec::new(), ..config }, registry)
}

/// Makes the directory of `config`, which must be empty of keys, hold what the RDB file at `path` holds; how many keys.
pub fn import(config: EngineConfig, registry: &Registry, path: &Path) -> Result<u64, StorageError> {
    let mapped = Mapped::open(path)?;
    if Kind::of(path, mapped.bytes()) != Kind::Rdb {
        return Err(StorageError::Unsupported {
            file: path.to_owned(),
            reason: "this is not an RDB file: it does not begin with REDIS or VALKEY".into(),
        });
    }
    let appends = config.append_only;
    // A file that lies in the directory is what is imported, not what is there already.
    let engine = open(EngineConfig { load_foreign_snapshot: false, ..config }, registry)?;
    let persistence =
        engine.persistence().ok_or_else(|| StorageError::Misuse("import needs a directory".into()))?;
    let same = |one: &Path, other: &Path| matches!((one.canonicalize(), other.canonicalize()), (Ok(a), Ok(b)) if a == b);
    if !appends && same(path, persistence.snapshot_path()) {
        return Err(StorageError::Misuse(format!(
            "{} is where the snapshot would be written (dbfilename); move it elsewhere first",
            path.display()
        )));
    }
    let keys: u64 = (0..DATABASES as DbIndex).map(|db| engine.len(db)).sum();
    if keys > 0 {
        return Err(StorageError::Misuse(format!(
            "the directory already holds {keys} keys: import into an empty one (--dir)"
        )));
    }
    // Nothing may be swept before it is in a file.
    engine.tuning().set_active_expire(false);
    let loaded = load(&engine, path, mapped.bytes(), Expired::Drop)?;
    if appends {
        persistence.rewrite(&engine)?
    } else {
        persistence.save(&engine)?
    }
    engine.close()?;
    Ok(loaded.keys)
}

/// Writes what the directory of `config` holds to an RDB file at `path`, in place of what is there; how many keys.
pub fn export(config: EngineConfig, registry: &Registry, path: &Path) -> Result<u64, StorageError> {
    let engine = open(config, registry)?;
    let options = engine.config().rdb_options();
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".exporting-{}", std::process::id()));
    let temporary = path.with_file_name(name);
    let keys = || (0..DATABASES as DbIndex).map(|db| engine.len(db)).sum::<u64>();
    let written = save(&engine, &temporary, options, Purpose::Export, || (engine.log().tail(), keys()));
    let placed = written.and_then(|keys| {
        fs::rename(&temporary, path).map_err(StorageError::file("writing", path))?;
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        sync_dir(dir).map_err(StorageError::file("syncing", dir))?;
        Ok(keys)
    });
    if placed.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    engine.close()?;
    placed
}
