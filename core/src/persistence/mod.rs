//! Persistence of an engine in a directory: opening it, saving, rewriting the AOF, and what INFO tells of that.
//!
//! Files: `polycache.lock`; the snapshot (`dump.pcs`), or to begin with the `dump.rdb` of a Redis; and in `appendonlydir` the AOF in Redis 7's multi-part layout, a
//! manifest that names a base and the increments after it ([`manifest`]).
//!
//! A rewrite never stops writers: a new increment begins at one position of the log, the base holds what was before,
//! then the manifest is exchanged and the old files go. Until then the old files stay valid, so a crash at any moment
//! finds a whole AOF.
//!
//! Concurrency: one save or rewrite at a time; another waits its turn as "scheduled". Lock order: the state, then the
//! manifest, then the engine's gate; the log's own locks are innermost.

mod base;
mod check;
mod commands;
mod error;
mod exchange;
mod jobs;
mod lock;
mod manifest;
mod parse;
mod recover;
mod reload;
mod replay;
mod scan;
mod status;

#[cfg(all(test, not(shuttle)))]
mod test;

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

pub use check::{Report, Verdict, check, repair};
pub use error::StorageError;
pub use exchange::{export, import};
pub use jobs::{Otherwise, Started};
pub use replay::fuzz;
pub use status::{History, Job, Status};

use lock::DirectoryLock;
use manifest::{Manifest, Place};
use recover::{load_aof, load_snapshot};

use crate::clock::UnixMillis;
use crate::command::Registry;
use crate::config::{EngineConfig, Maintenance};
use crate::engine::Engine;
use crate::snapshot;
use crate::stats::Counter;
use crate::sync::{Condvar, Mutex, lock};

/// The persistent side of an engine that was opened over a directory.
pub struct Persistence {
    place: Place,
    snapshot: PathBuf,
    lock: Mutex<Option<DirectoryLock>>,
    /// The AOF's parts as they are on disk, or about to be; `None` while it has never been on.
    manifest: Mutex<Option<Manifest>>,
    state: Mutex<Bookkeeping>,
    finished: Condvar,
    settings: Mutex<Settings>,
}

/// What may change while the engine runs.
#[derive(Clone, Debug)]
struct Settings {
    save_points: Vec<(u64, u64)>,
    rewrite_percentage: u32,
    rewrite_min_bytes: u64,
}

/// What has been done and is to be done.
struct Bookkeeping {
    running: Option<(Job, Instant)>,
    scheduled_save: bool,
    scheduled_rewrite: bool,
    /// The rewrite that was claimed switches the log on.
    switching_on: bool,
    saves: History,
    rewrites: History,
    last_save: UnixMillis,
    /// [`Counter::Changes`] when the last successful save began.
    changes_saved: u64,
    /// Bytes of the AOF's files but the one being written.
    other_files: u64,
    /// Bytes of the AOF after the last rewrite, or at the start.
    size_after_rewrite: u64,
    ticking: bool,
    closed: bool,
}

impl Engine {
    /// Opens an engine: in memory without a directory; with one, over the data that lies there. Commands of the AOF are
    /// looked up in `registry`.
    pub fn open(config: EngineConfig, registry: &Registry) -> Result<Engine, StorageError> {
        let Some(dir) = config.dir.clone() else {
            if config.append_only {
                return Err(StorageError::Misuse("appendonly needs a directory".into()));
            }
            return Ok(Engine::in_memory(config));
        };
        for (setting, name) in [
            ("appendfilename", &config.append_filename),
            ("appenddirname", &config.append_dirname),
            ("dbfilename", &config.snapshot_filename),
        ] {
            if name.is_empty() || name.contains(['/', '\\', '\0']) || name == "." || name == ".." {
                return Err(StorageError::Misuse(format!("{setting} must be a name, not a path: '{name}'")));
            }
        }
        fs::create_dir_all(&dir).map_err(StorageError::file("creating", &dir))?;
        // Who only might save by command one day takes the lock then: many caches may share a working directory.
        let writes = config.append_only || !config.save_points.is_empty();
        let lock = if writes || config.exclusive { Some(DirectoryLock::acquire(&dir)?) } else { None };
        let engine = Engine::in_memory(config);
        // Nothing expires while it is loaded: see `replay`.
        engine.tuning().set_active_expire(false);
        let persistence = Persistence::load(&engine, registry, dir, lock)?;
        engine.tuning().set_active_expire(true);
        let needs_base = persistence.1;
        engine.install(persistence.0);
        if let Some(persistence) = engine.persistence() {
            if needs_base {
                persistence.rewrite(&engine)?;
            }
            persistence.start_ticking(&engine);
        }
        if engine.config().maintenance == Maintenance::Thread {
            engine.scrub_in_background();
        }
        Ok(engine)
    }

    /// Ends persistence in good order: stops a save or rewrite under way, writes and syncs the log, and lets the
    /// directory go. Later writes stay in memory only. Dropping the last handle does the same without telling errors.
    pub fn close(&self) -> Result<(), StorageError> {
        match self.persistence() {
            Some(persistence) => persistence.close(self),
            None => Ok(()),
        }
    }
}

impl Persistence {
    /// Loads what `dir` holds; the second is whether a base must be made from it at once.
    fn load(
        engine: &Engine,
        registry: &Registry,
        dir: PathBuf,
        lock: Option<DirectoryLock>,
    ) -> Result<(Persistence, bool), StorageError> {
        let config = engine.config();
        let place = Place {
            dir: dir.clone(),
            dirname: config.append_dirname.clone(),
            filename: config.append_filename.clone(),
        };
        let snapshot = dir.join(&config.snapshot_filename);
        if lock.is_some() {
            snapshot::remove_stale(&snapshot);
        }
        let (mut manifest, mut size, mut other_files, mut needs_base) = (None, 0, 0, false);
        if config.append_only {
            let recovered = load_aof(engine, registry, &place, &snapshot)?;
            size = recovered.bytes;
            other_files = size.saturating_sub(recovered.increment.size);
            needs_base = recovered.needs_base;
            manifest = Some(recovered.manifest);
            engine
                .log()
                .start(recovered.increment, recovered.start, config.aof_io)
                .map_err(StorageError::io("starting the append only file"))?;
        } else {
            load_snapshot(engine, &snapshot)?;
        }
        let state = Bookkeeping {
            running: None,
            scheduled_save: false,
            scheduled_rewrite: false,
            switching_on: false,
            saves: History::default(),
            rewrites: History::default(),
            last_save: UnixMillis::now(),
            changes_saved: engine.stats().get(Counter::Changes),
            other_files,
            size_after_rewrite: size,
            ticking: false,
            closed: false,
        };
        let settings = Settings {
            save_points: config.save_points.clone(),
            rewrite_percentage: config.aof_rewrite_percentage,
            rewrite_min_bytes: config.aof_rewrite_min_bytes,
        };
        let persistence = Persistence {
            place,
            snapshot,
            lock: Mutex::new(lock),
            manifest: Mutex::new(manifest),
            state: Mutex::new(state),
            finished: Condvar::new(),
            settings: Mutex::new(settings),
        };
        Ok((persistence, needs_base))
    }

    /// Takes the directory's lock if that has not been done when it was opened.
    fn ensure_lock(&self) -> Result<(), StorageError> {
        let mut lock = lock(&self.lock);
        if lock.is_none() {
            *lock = Some(DirectoryLock::acquire(&self.place.dir)?);
        }
        Ok(())
    }

    /// Changes the save points: after `.0` seconds if at least `.1` changes.
    pub fn set_save_points(&self, engine: &Engine, points: Vec<(u64, u64)>) -> Result<(), StorageError> {
        if !points.is_empty() {
            self.ensure_lock()?;
        }
        lock(&self.settings).save_points = points;
        self.note_failing_saves(engine);
        self.start_ticking(engine);
        Ok(())
    }

    /// Tells the gate of writes whether saves that were asked for fail.
    fn note_failing_saves(&self, engine: &Engine) {
        let wanted = !lock(&self.settings).save_points.is_empty();
        let ok = lock(&self.state).saves.ok;
        engine.tuning().set_saves_failing(wanted && !ok);
    }

    /// Changes when the AOF is rewritten by itself; zero percent: never.
    pub fn set_auto_rewrite(&self, percentage: u32, min_bytes: u64) {
        let mut settings = lock(&self.settings);
        settings.rewrite_percentage = percentage;
        settings.rewrite_min_bytes = min_bytes;
    }

    /// Changes of data since the last successful save.
    pub fn changes_since_last_save(&self, engine: &Engine) -> u64 {
        engine.stats().get(Counter::Changes).saturating_sub(lock(&self.state).changes_saved)
    }

    /// The time of the last successful save, or of the start.
    pub fn last_save(&self) -> UnixMillis {
        lock(&self.state).last_save
    }

    /// Where snapshots are saved.
    pub fn snapshot_path(&self) -> &std::path::Path {
        &self.snapshot
    }

    /// The directory of the AOF.
    pub fn aof_dir(&self) -> PathBuf {
        self.place.aof_dir()
    }

    /// The state for INFO.
    pub fn status(&self, engine: &Engine) -> Status {
        let changes_since_last_save = self.changes_since_last_save(engine);
        let state = lock(&self.state);
        let log = engine.log().figures();
        let aof_enabled = engine.log().is_on();
        let running = |job| state.running.is_some_and(|(running, _)| running == job);
        Status {
            changes_since_last_save,
            save_in_progress: running(Job::Save),
            save_scheduled: state.scheduled_save,
            last_save_time: state.last_save.seconds(),
            saves: state.saves.clone(),
            current_job_seconds: state.running.map(|(_, began)| began.elapsed().as_secs()),
            aof_enabled,
            rewrite_in_progress: running(Job::Rewrite),
            rewrite_scheduled: state.scheduled_rewrite,
            rewrites: state.rewrites.clone(),
            last_write: engine.log().state(),
            aof_current_size: if aof_enabled { state.other_files + log.file_bytes } else { 0 },
            aof_base_size: if aof_enabled { state.size_after_rewrite } else { 0 },
            log,
        }
    }

    fn close(&self, engine: &Engine) -> Result<(), StorageError> {
        let mut state = lock(&self.state);
        state.closed = true;
        state.scheduled_save = false;
        state.scheduled_rewrite = false;
        if state.running.is_some() {
            engine.cancel_save();
        }
        while state.running.is_some() {
            state = self.finished.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        drop(state);
        let alone = engine.gate().close();
        let result = engine.log().stop().map_err(StorageError::Log);
        drop(alone);
        lock(&self.lock).take();
        result
    }
}
