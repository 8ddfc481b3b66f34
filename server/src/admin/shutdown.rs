//! SHUTDOWN: saves where that is wanted, then lets the program end.

use polycache_core::command::args::is_word;
use polycache_core::command::{Args, Ctx, Failure, Outcome};

use crate::client::{Client, Face};

/// `SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [SAFE] [FAILOVER] | ABORT`
pub(super) fn shutdown(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (mut save, mut force, mut abort) = (None, false, false);
    for word in &args[1..] {
        match word {
            word if is_word(word, "save") && save != Some(false) => save = Some(true),
            word if is_word(word, "nosave") && save != Some(true) => save = Some(false),
            word if is_word(word, "force") => force = true,
            // There are no replicas to wait for, and no cluster to leave.
            word if is_word(word, "now") || is_word(word, "safe") || is_word(word, "failover") => {}
            word if is_word(word, "abort") => abort = true,
            _ => return Err(Failure::SYNTAX),
        }
    }
    if abort {
        // A shutdown is never in progress: it waits for nobody.
        let alone = args.len() == 2;
        return Err(if alone { Failure::text("ERR No shutdown in progress.") } else { Failure::SYNTAX });
    }
    let client = Client::of(ctx.host);
    if client.entry.face == Face::Embedded {
        return Err(Failure::text("ERR SHUTDOWN is for servers; close the handle instead"));
    }
    let settings = client.server.settings.load();
    let wanted = save.unwrap_or(!settings.save.is_empty());
    // What is acknowledged from here on would not be saved. This command is itself a turn.
    if wanted && !client.server.turns.hold(1) {
        return Err(Failure::text("ERR A shutdown is already in progress."));
    }
    if wanted && let Err(error) = super::persistence::save_before_shutdown(ctx.engine) {
        tracing::error!("saving before the shutdown failed: {error}");
        if !force {
            client.server.turns.release();
            return Err(Failure::text("ERR Errors trying to SHUTDOWN. Check logs."));
        }
    }
    tracing::info!("a client asked for the shutdown");
    client.closing = true;
    client.server.request_stop();
    Ok(())
}
