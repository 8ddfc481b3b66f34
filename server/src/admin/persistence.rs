//! SAVE, BGSAVE, LASTSAVE, BGREWRITEAOF, and what of persistence other commands need.
//!
//! The engine does the work, also by itself at save points and when the log has grown; these commands ask for it.

use std::time::Duration;

use polycache_core::command::args::is_word;
use polycache_core::command::{Args, Ctx, Failure, Outcome};
use polycache_core::engine::Engine;
use polycache_core::persistence::{Otherwise, Persistence, Started, StorageError};

/// How often a shutdown looks whether a save under way has ended.
const POLL: Duration = Duration::from_millis(20);

/// The persistence of an engine with a directory.
fn persistence(engine: &Engine) -> Result<&Persistence, Failure> {
    const NO_DIRECTORY: Failure =
        Failure::text("ERR this instance is in memory only: it has no directory to save to");
    engine.persistence().ok_or(NO_DIRECTORY)
}

/// An error of the storage as a reply.
fn failure(error: StorageError) -> Failure {
    match error {
        StorageError::Busy(text) => Failure::text(text),
        other => Failure::new(format!("ERR {other}")),
    }
}

/// Waits until work on the whole keyspace could begin, or gives up as a client's thread does: the work itself waits for
/// as long as a script runs.
fn await_way(ctx: &Ctx<'_>) -> Outcome {
    if !ctx.op.is_in_scope() {
        drop(ctx.engine.gate().close_for_client()?);
    }
    Ok(())
}

/// `SAVE`
pub(super) fn save(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    await_way(ctx)?;
    persistence(ctx.engine)?.save(ctx.engine).map_err(failure)?;
    ctx.reply.ok();
    Ok(())
}

/// `BGSAVE [SCHEDULE | CANCEL]`
pub(super) fn bgsave(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const IDLE: Failure = Failure::text("ERR Background saving is currently not in progress or scheduled");
    let otherwise = match args[1..] {
        [] => Otherwise::Refuse,
        [word] if is_word(word, "schedule") => Otherwise::Schedule,
        [word] if is_word(word, "cancel") => {
            match persistence(ctx.engine)?.cancel_save(ctx.engine).ok_or(IDLE)? {
                Started::Now => ctx.reply.status("Background saving cancelled"),
                Started::Scheduled => ctx.reply.status("Scheduled background saving cancelled"),
            }
            return Ok(());
        }
        _ => return Err(Failure::SYNTAX),
    };
    match persistence(ctx.engine)?.background_save(ctx.engine, otherwise).map_err(failure)? {
        Started::Now => ctx.reply.status("Background saving started"),
        Started::Scheduled => ctx.reply.status("Background saving scheduled"),
    }
    Ok(())
}

/// `LASTSAVE`
pub(super) fn lastsave(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let at = ctx.engine.persistence().map_or(0, |persistence| persistence.last_save().seconds());
    ctx.reply.integer(at as i64);
    Ok(())
}

/// `BGREWRITEAOF`: with the log off it writes a base alone, as in Redis.
pub(super) fn bgrewriteaof(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    match persistence(ctx.engine)?.background_rewrite(ctx.engine).map_err(failure)? {
        Started::Now => ctx.reply.status("Background append only file rewriting started"),
        Started::Scheduled => ctx.reply.status("Background append only file rewriting scheduled"),
    }
    Ok(())
}

/// `DEBUG RELOAD [MERGE | NOFLUSH | NOSAVE ...]`
pub(super) fn reload(ctx: &mut Ctx<'_>, options: &[&[u8]]) -> Outcome {
    const OPTIONS: Failure =
        Failure::text("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.");
    const WHOLE: Failure =
        Failure::text("ERR DEBUG RELOAD replaces all data here: MERGE and NOFLUSH are not supported");
    let mut save = true;
    for option in options {
        match option {
            option if is_word(option, "nosave") => save = false,
            option if is_word(option, "merge") || is_word(option, "noflush") => return Err(WHOLE),
            _ => return Err(OPTIONS),
        }
    }
    await_way(ctx)?;
    let persistence = persistence(ctx.engine)?;
    if save {
        persistence.save(ctx.engine).map_err(failure)?;
    }
    persistence.reload_snapshot(ctx.engine).map_err(failure)?;
    ctx.reply.ok();
    Ok(())
}

/// `DEBUG LOADAOF`: without a log it does nothing, as in Redis.
pub(super) fn load_aof(ctx: &mut Ctx<'_>) -> Outcome {
    await_way(ctx)?;
    let persistence = persistence(ctx.engine)?;
    if ctx.engine.log().is_on() {
        persistence.reload_aof(ctx.engine, ctx.registry).map_err(failure)?;
    }
    ctx.reply.ok();
    Ok(())
}

/// The log's end, which is what replicas would count in.
pub(super) fn log_offset(engine: &Engine) -> u64 {
    engine.log().tail().0
}

/// Saves before a shutdown, in place of a save or rewrite that is under way, as Redis kills its child; nothing to do
/// without a directory.
pub(crate) fn save_before_shutdown(engine: &Engine) -> Result<(), StorageError> {
    let Some(persistence) = engine.persistence() else { return Ok(()) };
    loop {
        match persistence.save(engine) {
            Err(StorageError::Busy(_)) => {
                let status = persistence.status(engine);
                if !status.save_in_progress
                    && !status.rewrite_in_progress
                    && status.current_job_seconds.is_none()
                {
                    // Not busy with work: the engine is closing already.
                    return persistence.save(engine);
                }
                persistence.cancel_work(engine);
                std::thread::sleep(POLL);
            }
            outcome => return outcome,
        }
    }
}
