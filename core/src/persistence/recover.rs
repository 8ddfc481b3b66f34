//! Opening: from the files of a directory to an engine that holds their data.

use std::fs;
use std::path::{Path, PathBuf};

use super::StorageError;
use super::base::{self, Kind};
use super::manifest::{Manifest, Part, Place, sync_dir};
use super::replay::{Mapped, replay};
use super::scan::{Ending, Scan, scan};
use crate::command::Registry;
use crate::engine::Engine;
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
        if index == 0 && has_base && loader.load_snapshot_base(&path)? {
            continue;
        }
        last = Some((path.clone(), loader.load(&path, &rest)?));
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

/// Loads the snapshot at `path` if there is one; the log position that it holds everything below of.
pub fn load_snapshot(engine: &Engine, path: &Path) -> Result<Option<Lsn>, StorageError> {
    if !path.exists() { Ok(None) } else { Ok(Some(snapshot::restore(engine, path)?.lsn)) }
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
    /// Loads a base that is a snapshot; `false` where it is something else.
    fn load_snapshot_base(&mut self, path: &Path) -> Result<bool, StorageError> {
        match Kind::of(path, Mapped::open(path)?.bytes()) {
            Kind::Resp => return Ok(false),
            Kind::Rdb => return Err(base::rdb_refusal(path)),
            Kind::Snapshot => {}
        }
        self.start = snapshot::restore(self.engine, path)?.lsn;
        self.bytes += fs::metadata(path).map_or(0, |found| found.len());
        Ok(true)
    }

    /// Judges and applies one file of commands; `rest` are those that follow it.
    fn load(&mut self, path: &Path, rest: &[PathBuf]) -> Result<Scan, StorageError> {
        let mapped = Mapped::open(path)?;
        let bytes = mapped.bytes();
        if Kind::of(path, bytes) == Kind::Rdb {
            return Err(base::rdb_refusal(path));
        }
        let judged = scan(bytes);
        match &judged.ending {
            Ending::Complete => {}
            Ending::Damaged { at, reason } => {
                return Err(StorageError::corrupt(path, *at as u64, reason.as_str()));
            }
            Ending::Torn { at, reason } => self.accept_torn(path, bytes.len(), *at, reason, rest)?,
        }
        let commands = replay(self.engine, self.registry, path, bytes, judged.whole_bytes)?;
        let torn = judged.whole_bytes < bytes.len();
        drop(mapped);
        if torn {
            cut(path, judged.whole_bytes as u64)?;
        }
        self.start = self.start.max(judged.end.unwrap_or_default());
        self.bytes += judged.whole_bytes as u64;
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
