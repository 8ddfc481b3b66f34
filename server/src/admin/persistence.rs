//! SAVE, BGSAVE, LASTSAVE, BGREWRITEAOF.

use polycache_core::command::args::is_word;
use polycache_core::command::{Args, Ctx, Failure, Outcome};
use polycache_core::engine::Engine;

const NO_DIRECTORY: Failure = Failure::text("ERR this instance has no directory to save to");

/// The log's end, which is what replicas would count in.
pub(super) fn log_offset(_engine: &Engine) -> u64 {
    0
}

/// `SAVE`
pub(super) fn save(_: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    Err(NO_DIRECTORY)
}

/// `BGSAVE [SCHEDULE | CANCEL]`
pub(super) fn bgsave(_: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    match args[1..] {
        [] => Err(NO_DIRECTORY),
        [word] if is_word(word, "schedule") => Err(NO_DIRECTORY),
        [word] if is_word(word, "cancel") => {
            Err(Failure::text("ERR Background saving is currently not in progress or scheduled"))
        }
        _ => Err(Failure::SYNTAX),
    }
}

/// `LASTSAVE`
pub(super) fn lastsave(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    ctx.reply.integer(0);
    Ok(())
}

/// `BGREWRITEAOF`
pub(super) fn bgrewriteaof(_: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    Err(NO_DIRECTORY)
}

/// Saves before a shutdown; nothing to do without a directory.
pub(super) fn save_now(_: &Engine) -> Result<(), String> {
    Ok(())
}

/// `DEBUG RELOAD [MERGE | NOFLUSH | NOSAVE ...]`
pub(super) fn reload(_: &mut Ctx<'_>, _: &[&[u8]]) -> Outcome {
    Err(NO_DIRECTORY)
}

/// `DEBUG LOADAOF`
pub(super) fn load_aof(_: &mut Ctx<'_>) -> Outcome {
    Err(NO_DIRECTORY)
}

/// Bytes in the log that are not written yet.
pub(super) fn log_buffer_bytes(_: &Engine) -> u64 {
    0
}
