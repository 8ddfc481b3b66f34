//! Commands of replication and of the cluster, as a server answers them that has no replicas, follows nobody and is no
//! node of a cluster.

use polycache_core::command::args::{canonical_integer, is_word};
use polycache_core::command::{Args, Ctx, Failure, Outcome};

/// `REPLICAOF NO ONE`, which is how it is; `REPLICAOF host port` is refused.
pub(super) fn replicaof(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const REFUSED: Failure =
        Failure::text("ERR replication is not supported yet: this server cannot follow another");
    if !(is_word(args[1], "no") && is_word(args[2], "one")) {
        return Err(REFUSED);
    }
    ctx.reply.ok();
    Ok(())
}

/// `FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]`
pub(super) fn failover(_: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const NONE_TO_ABORT: Failure = Failure::text("ERR No failover in progress.");
    const NO_REPLICAS: Failure = Failure::text("ERR FAILOVER requires connected replicas.");
    let mut rest = &args[1..];
    loop {
        rest = match rest {
            [] => return Err(NO_REPLICAS),
            [word] if is_word(word, "abort") && args.len() == 2 => return Err(NONE_TO_ABORT),
            [word, milliseconds, rest @ ..] if is_word(word, "timeout") => {
                canonical_integer(milliseconds).ok_or(Failure::NOT_INTEGER)?;
                rest
            }
            [word, _, port, rest @ ..] if is_word(word, "to") => {
                canonical_integer(port).ok_or(Failure::NOT_INTEGER)?;
                rest
            }
            [word, rest @ ..] if is_word(word, "force") => rest,
            _ => return Err(Failure::SYNTAX),
        }
    }
}

/// `REPLCONF`, `SYNC`, `PSYNC`: what a replica says that wants to follow this server.
pub(super) fn no_replicas(_: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    Err(Failure::text("ERR replication is not supported yet: this server takes no replicas"))
}

/// `READONLY`, `READWRITE`: without replicas there is no difference.
pub(super) fn acknowledge(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    ctx.reply.ok();
    Ok(())
}

/// `CLUSTER ...`, `ASKING`
pub(super) fn cluster_is_off(_: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    Err(Failure::text("ERR This instance has cluster support disabled"))
}
