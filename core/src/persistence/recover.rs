//! Opening: from the files of a directory to an engine that holds their data.

use std::fs;
use std::path::{Path, PathBuf};

use super::base::Kind;
use super::manifest::{Manifest, Part, Place, sync_dir};
use super::replay::{Mapped, replay};
use super::scan::{Ending, Scan, scan};
use super::{StorageError, exchange};
use crate::command::Registry;
use crate::engine::{DbIndex, Engine};
use crate::limits::DATABASES;
use crate::log::{Increment, Lsn};
use crate::snapshot;

/// What opening an AOF leaves behind: where the log goes on.
pub struct Recovered {
    pub manifest: Manifest,
    pub increment: Increment,
    /// Log positions go on from here.
    pub start: Lsn,
    /// Bytes of all files.
    pub bytes: u64,
    /// The data came from a snapshot beside the AOF: a base has to be made before anything is promised.
    pub needs_base: bool,
}

/// Loads the AOF of `place`, or starts an empty one. Without an AOF, a snapshot beside it is loaded, so that switching
/// `appendonly` on in the configuration loses nothing.
pub fn load_aof(
    engine: &Engine,
    registry: &Registry,
    place: &Place,
    snapshot: &Path,
) -> Result<Recovered, StorageError> {
    let dir = place.aof_dir();
    let manifest = match prepare(place)? {
        Some(manifest) => manifest,
        None => {
            fs::create_dir_all(&dir).map_err(StorageError::file("creating", &dir))?;
            let start = load_snapshot(engine, snapshot)?;
            let mut recovered = begin(Manifest::default(), place, start.unwrap_or_default(), 0)?;
            recovered.needs_base = start.is_some();
            return Ok(recovered);
        }
    };
    remove_temporary_files(&dir, "temp-");
    let mut manifest = manifest;
    manifest.delete_history(place)?;
    let parts: Vec<Part> = manifest.base.iter().chain(&manifest.increments).cloned().collect();
    let has_base = manifest.base.is_some();
    let mut loader = Loader { engine, registry, start: Lsn(0), bytes: 0 };
    let mut last = None;
    for (index, part) in parts.iter().enumerate() {
        let path = place.path(part);
        let rest: Vec<PathBuf> = parts[index + 1..].iter().map(|part| place.path(part)).collect();
        let preamble = if index == 0 && has_base { loader.load_base(&path)? } else { Some(0) };
        if let Some(preamble) = preamble {
            last = Some((path.clone(), loader.load(&path, preamble, &rest)?));
        }
    }
    let is_increment = !manifest.increments.is_empty();
    let (start, bytes) = (loader.start, loader.bytes);
    match last {
        // Nothing but our own groups up to the end: go on behind them.
        Some((path, scan)) if is_increment && scan.marked && !scan.foreign_tail => {
            let increment = Increment::reopen(&path, scan.whole_bytes as u64)
                .map_err(StorageError::file("opening for writing", &path))?;
            Ok(Recovered { manifest, increment, start, bytes, needs_base: false })
        }
        _ => begin(manifest, place, start, bytes),
    }
}

/// Finds the manifest; makes one for the single file of an older Redis.
fn prepare(place: &Place) -> Result<Option<Manifest>, StorageError> {
    let old = place.old_path();
    let found = Manifest::read(place)?;
    let has_old = old.is_file();
    let upgraded_half_way = |manifest: &Manifest| {
        *manifest == Manifest::of_old_file(place) && !place.aof_dir().join(&place.filename).exists()
    };
    match found {
        Some(manifest) if !has_old || !upgraded_half_way(&manifest) => Ok(Some(manifest)),
        None if !has_old => Ok(None),
        _ => {
            tracing::info!("Moving {} of an older version into {}", old.display(), place.aof_dir().display());
            let dir = place.aof_dir();
            fs::create_dir_all(&dir).map_err(StorageError::file("creating", &dir))?;
            let manifest = Manifest::of_old_file(place);
            manifest.write(place)?;
            fs::rename(&old, dir.join(&place.filename))
                .and_then(|()| sync_dir(&dir))
                .and_then(|()| sync_dir(&place.dir))
                .map_err(StorageError::file("moving", &old))?;
            Ok(Some(manifest))
        }
    }
}

/// Adds a new increment to `manifest` and opens it.
fn begin(mut manifest: Manifest, place: &Place, start: Lsn, bytes: u64) -> Result<Recovered, StorageError> {
    let increment = new_increment(&mut manifest, place, start)?;
    manifest.write(place)?;
    Ok(Recovered { manifest, increment, start, bytes, needs_base: false })
}

/// Creates the file of the next increment and notes it in `manifest`, which the caller writes.
pub fn new_increment(manifest: &mut Manifest, place: &Place, start: Lsn) -> Result<Increment, StorageError> {
    let part = manifest.next_increment(place);
    let path = place.path(&part);
    // A file of that name that the manifest does not know is left over from a crash before the manifest was written.
    let _ = fs::remove_file(&path);
    Increment::create(&path, start).map_err(StorageError::file("creating", &path))
}

/// What Redis and Valkey call their snapshots.
const FOREIGN_SNAPSHOT: &str = "dump.rdb";

/// Loads the snapshot at `path`, in place of what is in memory, or where there is none a Redis' `dump.rdb` beside it;
/// the log position that it holds everything below of. `path` itself may be an RDB file, as a Redis' `dbfilename` says.
pub fn load_snapshot(engine: &Engine, path: &Path) -> Result<Option<Lsn>, StorageError> {
    let foreign = path.with_file_name(FOREIGN_SNAPSHOT);
    let path = if path.exists() { path } else { foreign.as_path() };
    if !path.exists() {
        return Ok(None);
    }
    let mapped = Mapped::open(path)?;
    if Kind::of(path, mapped.bytes()) != Kind::Rdb {
        drop(mapped);
        return Ok(Some(snapshot::restore(engine, path)?.lsn));
    }
    if !engine.config().load_foreign_snapshot {
        return Ok(None);
    }
    {
        let _alone = engine.gate().close();
        for db in 0..DATABASES as DbIndex {
            if !engine.is_empty(db) {
                engine.empty_index(db);
            }
        }
    }
    exchange::load(engine, path, mapped.bytes(), exchange::Expired::Drop)?;
    Ok(Some(Lsn(0)))
}

/// Removes what a crashed save or rewrite left in `dir`.
pub fn remove_temporary_files(dir: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            tracing::info!("Removing the temporary file {}", entry.path().display());
            let _ = fs::remove_file(entry.path());
        }
    }
}

struct Loader<'a> {
    engine: &'a Engine,
    registry: &'a Registry,
    start: Lsn,
    bytes: u64,
}

impl Loader<'_> {
    /// Loads what is no commands of the first file; where its commands begin, if there can be any.
    fn load_base(&mut self, path: &Path) -> Result<Option<usize>, StorageError> {
        let mapped = Mapped::open(path)?;
        let bytes = mapped.bytes();
        match Kind::of(path, bytes) {
            Kind::Resp => Ok(Some(0)),
            Kind::Rdb => {
                let loaded = exchange::load(self.engine, path, bytes, exchange::Expired::Keep)?;
                self.bytes += loaded.bytes;
                // An AOF of Redis 4 to 6 goes on with commands behind its preamble.
                Ok((loaded.bytes < bytes.len() as u64).then_some(loaded.bytes as usize))
            }
            Kind::Snapshot => {
                self.bytes += bytes.len() as u64;
                drop(mapped);
                self.start = snapshot::restore(self.engine, path)?.lsn;
                Ok(None)
            }
        }
    }

    /// Judges and applies the commands of one file, from `preamble` on; `rest` are the files that follow it.
    fn load(&mut self, path: &Path, preamble: usize, rest: &[PathBuf]) -> Result<Scan, StorageError> {
        let mapped = Mapped::open(path)?;
        let bytes = mapped.bytes();
        if preamble == 0 && Kind::of(path, bytes) == Kind::Rdb {
            return Err(StorageError::corrupt(path, 0, "this is an RDB file, and only a base may be one"));
        }
        let judged = scan(&bytes[preamble..]).behind(preamble);
        match &judged.ending {
            Ending::Complete => {}
            Ending::Damaged { at, reason } => {
                return Err(StorageError::corrupt(path, *at as u64, reason.as_str()));
            }
            Ending::Torn { at, reason } => self.accept_torn(path, bytes.len(), *at, reason, rest)?,
        }
        let commands = replay(self.engine, self.registry, path, bytes, preamble..judged.whole_bytes)?;
        let torn = judged.whole_bytes < bytes.len();
        drop(mapped);
        if torn {
            cut(path, judged.whole_bytes as u64)?;
        }
        self.start = self.start.max(judged.end.unwrap_or_default());
        self.bytes += (judged.whole_bytes - preamble) as u64;
        tracing::info!("Loaded {commands} commands from {}", path.display());
        Ok(judged)
    }

    /// A torn tail is what a crash leaves in the file that was being written: the last that holds anything.
    fn accept_torn(
        &self,
        path: &Path,
        len: usize,
        at: usize,
        reason: &str,
        rest: &[PathBuf],
    ) -> Result<(), StorageError> {
        for later in rest {
            if scan(Mapped::open(later)?.bytes()).commands > 0 {
                let reason = format!("{reason}, and {} goes on behind it", later.display());
                return Err(StorageError::corrupt(path, at as u64, reason));
            }
        }
        if !self.engine.config().aof_load_truncated {
            let reason = format!("{reason}, and aof-load-truncated is no");
            return Err(StorageError::corrupt(path, at as u64, reason));
        }
        tracing::warn!(
            "{}: the last {} bytes, from offset {at} on, are cut off: {reason}. A crash leaves such a tail; what was \
             acknowledged as durable lies before it.",
            path.display(),
            len - at
        );
        Ok(())
    }
}

/// Cuts a torn tail off for good.
fn cut(path: &Path, whole: u64) -> Result<(), StorageError> {
    fs::OpenOptions::new()
        .write(true)
        .open(path)
        .and_then(|file| file.set_len(whole).and_then(|()| file.sync_all()))
        .map_err(StorageError::file("cutting the torn tail off", path))
}
