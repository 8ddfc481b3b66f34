//! Saves and rewrites: on request, in the background, by themselves.

use std::fs;
use std::sync::Weak;
use std::time::{Duration, Instant};

use super::manifest::{Manifest, sync_dir};
use super::recover::{load_aof, new_increment};
use super::status::Job;
use super::{Persistence, StorageError, base};
use crate::clock::UnixMillis;
use crate::command::Registry;
use crate::config::BaseFormat;
use crate::engine::Engine;
use crate::log::State;
use crate::snapshot::{self, SaveError};
use crate::stats::Counter;
use crate::sync::lock;

/// How often save points and the AOF's growth are looked at.
const TICK: Duration = Duration::from_millis(100);
/// The time after which failed automatic work is tried again, as Redis waits after a failed BGSAVE.
const RETRY_AFTER: Duration = Duration::from_secs(5);

const SAVE_BUSY: StorageError = StorageError::Busy("ERR Background save already in progress");
const REWRITE_BUSY: StorageError =
    StorageError::Busy("ERR Background append only file rewriting already in progress");
const SAVE_BEHIND_REWRITE: StorageError = StorageError::Busy(
    "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a \
     BGSAVE whenever possible.",
);

/// Whether background work began at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    Now,
    /// When what is running now has ended.
    Scheduled,
}

/// What to do if the other kind of work is running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Otherwise {
    Refuse,
    Schedule,
}

impl Persistence {
    /// Saves a snapshot now (SAVE).
    pub fn save(&self, engine: &Engine) -> Result<(), StorageError> {
        self.claim(Job::Save, Otherwise::Refuse)?;
        let result = self.run(engine, Job::Save);
        self.release(engine);
        result
    }

    /// Saves a snapshot in the background (BGSAVE, BGSAVE SCHEDULE).
    pub fn background_save(&self, engine: &Engine, otherwise: Otherwise) -> Result<Started, StorageError> {
        match self.claim(Job::Save, otherwise)? {
            Started::Now => self.spawn(engine, Job::Save).map(|()| Started::Now),
            Started::Scheduled => Ok(Started::Scheduled),
        }
    }

    /// Stops a save under way, or forgets one that was scheduled (BGSAVE CANCEL); which of them, if any.
    pub fn cancel_save(&self, engine: &Engine) -> Option<Started> {
        let mut state = lock(&self.state);
        if state.running.is_some_and(|(job, _)| job == Job::Save) {
            engine.cancel_save();
            return Some(Started::Now);
        }
        std::mem::take(&mut state.scheduled_save).then_some(Started::Scheduled)
    }

    /// Stops whatever save or rewrite is under way and forgets what was scheduled: before a shutdown.
    pub fn cancel_work(&self, engine: &Engine) {
        let mut state = lock(&self.state);
        (state.scheduled_save, state.scheduled_rewrite) = (false, false);
        if state.running.is_some() {
            engine.cancel_save();
        }
    }

    /// Rewrites the AOF in the background (BGREWRITEAOF); behind a save under way it is scheduled.
    pub fn background_rewrite(&self, engine: &Engine) -> Result<Started, StorageError> {
        match self.claim(Job::Rewrite, Otherwise::Schedule)? {
            Started::Now => self.spawn(engine, Job::Rewrite).map(|()| Started::Now),
            Started::Scheduled => Ok(Started::Scheduled),
        }
    }

    /// Rewrites the AOF now and waits for it.
    pub fn rewrite(&self, engine: &Engine) -> Result<(), StorageError> {
        self.claim(Job::Rewrite, Otherwise::Refuse)?;
        let result = self.run(engine, Job::Rewrite);
        self.release(engine);
        result
    }

    /// CONFIG SET appendonly. On: the log begins at once, and a base is made in the background; until that is done the
    /// old files stand. Off: the log is written, synced and closed, its files stay.
    pub fn set_append_only(&self, engine: &Engine, on: bool) -> Result<(), StorageError> {
        if on == engine.log().is_on() {
            return Ok(());
        }
        if on {
            self.claim(Job::Rewrite, Otherwise::Refuse)?;
            lock(&self.state).switching_on = true;
            return self.spawn(engine, Job::Rewrite);
        }
        let _alone = engine.gate().close();
        engine.log().stop().map_err(StorageError::Log)
    }

    /// Loads the AOF again in place of what is in memory (DEBUG LOADAOF). Writes of others meanwhile are lost or not.
    pub fn reload_aof(&self, engine: &Engine, registry: &Registry) -> Result<(), StorageError> {
        if !engine.log().is_on() {
            return Err(StorageError::Misuse("the append only file is off".into()));
        }
        self.claim(Job::Rewrite, Otherwise::Refuse)?;
        let result = self.reload_claimed(engine, registry);
        self.release(engine);
        result
    }

    fn reload_claimed(&self, engine: &Engine, registry: &Registry) -> Result<(), StorageError> {
        let log = engine.log();
        let alone = engine.gate().close();
        log.stop().map_err(StorageError::Log)?;
        drop(alone);
        // The log is off: this is not an effect.
        engine.flush(None);
        let swept = engine.tuning().active_expire();
        engine.tuning().set_active_expire(false);
        let loaded = load_aof(engine, registry, &self.place, &self.snapshot);
        engine.tuning().set_active_expire(swept);
        let recovered = loaded?;
        lock(&self.state).other_files = recovered.bytes.saturating_sub(recovered.increment.size);
        *lock(&self.manifest) = Some(recovered.manifest);
        let alone = engine.gate().close();
        let started = log.start(recovered.increment, log.tail(), engine.config().aof_io);
        drop(alone);
        started.map_err(StorageError::io("starting the append only file"))
    }

    /// Takes the one place for background work.
    pub(super) fn claim(&self, job: Job, otherwise: Otherwise) -> Result<Started, StorageError> {
        self.ensure_lock()?;
        let mut state = lock(&self.state);
        if state.closed {
            return Err(StorageError::Busy("ERR the engine is closing"));
        }
        let Some((running, _)) = state.running else {
            state.running = Some((job, Instant::now()));
            return Ok(Started::Now);
        };
        match (job, running, otherwise) {
            (Job::Save, Job::Save, _) => Err(SAVE_BUSY),
            (Job::Rewrite, Job::Rewrite, _) => Err(REWRITE_BUSY),
            (Job::Save, Job::Rewrite, Otherwise::Refuse) => Err(SAVE_BEHIND_REWRITE),
            (Job::Rewrite, Job::Save, Otherwise::Refuse) => Err(SAVE_BUSY),
            (Job::Save, ..) => {
                state.scheduled_save = true;
                Ok(Started::Scheduled)
            }
            (Job::Rewrite, ..) => {
                state.scheduled_rewrite = true;
                Ok(Started::Scheduled)
            }
        }
    }

    fn spawn(&self, engine: &Engine, job: Job) -> Result<(), StorageError> {
        let name = if job == Job::Save { "polycache-save" } else { "polycache-rewrite" };
        let worker = engine.clone();
        let spawned = std::thread::Builder::new().name(name.into()).spawn(move || {
            let Some(persistence) = worker.persistence() else { return };
            // The error has been logged and stands in the status.
            let _ = persistence.run(&worker, job);
            persistence.release(&worker);
        });
        if let Err(error) = spawned {
            lock(&self.state).running = None;
            return Err(StorageError::Io { doing: "starting a thread".into(), error });
        }
        Ok(())
    }

    /// Gives the place back and starts what was scheduled.
    pub(super) fn release(&self, engine: &Engine) {
        let next = {
            let mut state = lock(&self.state);
            state.running = None;
            engine.forget_cancelled_save();
            let next = if std::mem::take(&mut state.scheduled_rewrite) {
                Some(Job::Rewrite)
            } else if std::mem::take(&mut state.scheduled_save) {
                Some(Job::Save)
            } else {
                None
            };
            state.running = next.map(|job| (job, Instant::now()));
            self.finished.notify_all();
            next
        };
        if let Some(job) = next
            && let Err(error) = self.spawn(engine, job)
        {
            tracing::error!("A scheduled {job:?} did not start: {error}");
        }
    }

    /// Does the work that was claimed, and notes how it went.
    fn run(&self, engine: &Engine, job: Job) -> Result<(), StorageError> {
        let began = Instant::now();
        let result = match job {
            Job::Save => self.save_snapshot(engine),
            Job::Rewrite => self.rewrite_aof(engine),
        };
        let what = if job == Job::Save { "Saving the snapshot" } else { "Rewriting the append only file" };
        match &result {
            Ok(()) => tracing::info!("{what} took {} ms", began.elapsed().as_millis()),
            Err(StorageError::Save(SaveError::Cancelled)) => {
                // Redis: what somebody stopped has not failed.
                tracing::info!("{what} was cancelled");
                return result;
            }
            Err(error) => tracing::error!("{what} failed: {error}"),
        }
        let mut state = lock(&self.state);
        let history = if job == Job::Save { &mut state.saves } else { &mut state.rewrites };
        history.note(began, result.is_ok());
        drop(state);
        self.note_failing_saves(engine);
        result
    }

    fn save_snapshot(&self, engine: &Engine) -> Result<(), StorageError> {
        let (saved, changes) = snapshot::save(engine, &self.snapshot, || {
            (engine.log().tail(), engine.stats().get(Counter::Changes))
        })?;
        let mut state = lock(&self.state);
        state.changes_saved = changes;
        state.last_save = saved.header.created;
        Ok(())
    }

    /// A new increment from one position on, a base of all before, the manifest exchanged.
    fn rewrite_aof(&self, engine: &Engine) -> Result<(), StorageError> {
        let place = &self.place;
        let log = engine.log();
        let dir = place.aof_dir();
        fs::create_dir_all(&dir).map_err(StorageError::file("creating", &dir))?;
        let mut slot = lock(&self.manifest);
        let mut manifest = match slot.clone() {
            Some(manifest) => manifest,
            None => Manifest::read(place)?.unwrap_or_default(),
        };
        let was_on = log.is_on();
        let switching_on = std::mem::take(&mut lock(&self.state).switching_on);
        if !was_on && !switching_on {
            // BGREWRITEAOF with the log off: a base alone, as Redis makes it.
            drop(slot);
            return self.rewrite_base_only(engine, manifest);
        }
        let increment = new_increment(&mut manifest, place, log.tail())?;
        let first_kept = manifest.increments.last().map_or(1, |part| part.seq);
        // Where nothing is lost the new increment joins the old files at once. Behind a gap, or where the log was off,
        // nothing may stand: the manifest waits for the base.
        let joins = was_on && !matches!(log.state(), State::Poisoned(_));
        if joins {
            manifest.write(place).inspect_err(|_| drop(fs::remove_file(&increment.path)))?;
            *slot = Some(manifest.clone());
        }
        drop(slot);
        let format = engine.config().aof_base_format;
        let temporary = self.temporary_base();
        let path = increment.path.clone();
        // The file that the log leaves counts until the base takes its place.
        lock(&self.state).other_files += log.figures().file_bytes;
        let written = base::write(engine, &temporary, format, || {
            let cut = if was_on {
                Ok(log.switch_to(increment))
            } else {
                let tail = log.tail();
                log.start(increment, tail, engine.config().aof_io).map(|()| tail)
            };
            (log.tail(), cut)
        })
        .and_then(|cut| cut.map_err(StorageError::io("starting the append only file")))
        .and_then(|cut| self.exchange_base(manifest, &temporary, format, first_kept).map(|size| (cut, size)));
        match written {
            Ok((cut, base_size)) => {
                log.covered(cut);
                let mut state = lock(&self.state);
                state.other_files = base_size;
                state.size_after_rewrite = base_size + log.figures().file_bytes;
                drop(state);
                self.start_ticking(engine);
                Ok(())
            }
            Err(error) => {
                let _ = fs::remove_file(&temporary);
                if !was_on {
                    // Without a base the log alone is of no use.
                    let alone = engine.gate().close();
                    if let Err(error) = log.stop() {
                        tracing::error!("Closing the append only file again: {error}");
                    }
                    drop(alone);
                    let _ = fs::remove_file(&path);
                }
                Err(error)
            }
        }
    }

    /// Writes a base that covers all increments.
    fn rewrite_base_only(&self, engine: &Engine, manifest: Manifest) -> Result<(), StorageError> {
        let format = engine.config().aof_base_format;
        let temporary = self.temporary_base();
        let first_kept = manifest.increments.last().map_or(1, |part| part.seq + 1);
        let written = base::write(engine, &temporary, format, || (engine.log().tail(), ()))
            .and_then(|()| self.exchange_base(manifest, &temporary, format, first_kept).map(drop));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    /// Where a base is written before it gets its name.
    fn temporary_base(&self) -> std::path::PathBuf {
        self.place.aof_dir().join(format!("temp-rewriteaof-{}.aof", std::process::id()))
    }

    /// Makes the finished file the base; its size.
    fn exchange_base(
        &self,
        mut manifest: Manifest,
        temporary: &std::path::Path,
        format: BaseFormat,
        first_kept: u64,
    ) -> Result<u64, StorageError> {
        let place = &self.place;
        let part = manifest.next_base(place, format);
        let path = place.path(&part);
        fs::rename(temporary, &path)
            .and_then(|()| sync_dir(&place.aof_dir()))
            .map_err(StorageError::file("writing", &path))?;
        let size = fs::metadata(&path).map_or(0, |found| found.len());
        manifest.replace_base(part.clone(), first_kept);
        let mut slot = lock(&self.manifest);
        if let Err(error) = manifest.write(place) {
            // A base that no manifest names is of no use. It may be named where only the directory was not synced.
            if Manifest::read(place).is_ok_and(|found| found.and_then(|found| found.base) != Some(part)) {
                let _ = fs::remove_file(&path);
            }
            return Err(error);
        }
        // From here on the rewrite stands, whatever becomes of the old files.
        if let Err(error) = manifest.delete_history(place) {
            tracing::warn!("Old files of the append only file remain: {error}");
        }
        *slot = Some(manifest);
        Ok(size)
    }

    /// Starts the thread that looks after save points and growth, where either can happen.
    pub(super) fn start_ticking(&self, engine: &Engine) {
        let wanted = engine.log().is_on() || !lock(&self.settings).save_points.is_empty();
        let mut state = lock(&self.state);
        if !wanted || state.ticking || engine.config().maintenance == crate::config::Maintenance::Caller {
            return;
        }
        let weak = engine.downgrade();
        let spawned = std::thread::Builder::new().name("polycache-persist".into()).spawn(move || {
            while tick(&weak) {
                std::thread::sleep(TICK);
            }
        });
        match spawned {
            Ok(_) => state.ticking = true,
            Err(error) => tracing::warn!(%error, "no thread for save points and automatic rewrites"),
        }
    }

    /// Looks whether a save or rewrite is due and starts it. For engines whose maintenance is the caller's.
    pub fn maintain(&self, engine: &Engine) {
        if lock(&self.state).running.is_some() {
            return;
        }
        let started = if self.rewrite_is_due(engine) {
            self.background_rewrite(engine)
        } else if self.save_is_due(engine) {
            self.background_save(engine, Otherwise::Refuse)
        } else {
            return;
        };
        if let Err(error) = started {
            tracing::debug!("Automatic persistence: {error}");
        }
    }

    fn rewrite_is_due(&self, engine: &Engine) -> bool {
        if !engine.log().is_on() {
            return false;
        }
        let settings = lock(&self.settings).clone();
        let state = lock(&self.state);
        let size = state.other_files + engine.log().figures().file_bytes;
        let rests = state.rewrites.consecutive_failures > 0
            && state.rewrites.tried.is_some_and(|tried| {
                // Longer and longer, up to an hour, as the cause may last.
                tried.elapsed() < RETRY_AFTER * (1 << state.rewrites.consecutive_failures.min(10)) as u32
            });
        if settings.rewrite_percentage == 0 || size < settings.rewrite_min_bytes || rests {
            return false;
        }
        let before = state.size_after_rewrite.max(1);
        size.saturating_sub(before).saturating_mul(100) / before >= settings.rewrite_percentage as u64
    }

    fn save_is_due(&self, engine: &Engine) -> bool {
        let changes = self.changes_since_last_save(engine);
        let points = lock(&self.settings).save_points.clone();
        let state = lock(&self.state);
        let since = UnixMillis::now().0.saturating_sub(state.last_save.0) / 1000;
        let rests = !state.saves.ok && state.saves.tried.is_some_and(|tried| tried.elapsed() < RETRY_AFTER);
        !rests && changes > 0 && points.iter().any(|(seconds, wanted)| since > *seconds && changes >= *wanted)
    }
}

/// One look; `false` when the engine is gone.
fn tick(engine: &Weak<crate::engine::Shared>) -> bool {
    let Some(engine) = Engine::upgrade(engine) else { return false };
    let Some(persistence) = engine.persistence() else { return false };
    if lock(&persistence.state).closed {
        return false;
    }
    persistence.maintain(&engine);
    true
}
