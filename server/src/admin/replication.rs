//! Commands of replication and of the cluster, as a server answers them that has no replicas, follows nobody and is no
//! node of a cluster.

use polycache_core::command::args::{canonical_integer, is_word};
use polycache_core::command::{Args, Ctx, Failure, Outcome};

/// `REPLICAOF NO ONE`, which is how it is; `REPLICAOF host port` is refused.
pub(super) fn replicaof(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const REFUSED: Failure =
        Failure::text("ERR replication is not supported yet: this server cannot follow another");
    const PORT: Failure = Failure::text("ERR Invalid master port");
    if !(is_word(args[1], "no") && is_word(args[2], "one")) {
        let port = canonical_integer(args[2]).filter(|port| (0..=65535).contains(port));
        return Err(if port.is_some() { REFUSED } else { PORT });
    }
    ctx.reply.ok();
    Ok(())
}

/// `FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]`
pub(super) fn failover(_: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const NONE_TO_ABORT: Failure = Failure::text("ERR No failover in progress.");
    const NO_REPLICAS: Failure = Failure::text("ERR FAILOVER requires connected replicas.");
    const NO_TIME: Failure = Failure::text("ERR FAILOVER timeout must be greater than 0");
    let mut rest = &args[1..];
    // Each word once.
    let (mut timeout, mut to, mut force) = (false, false, false);
    loop {
        rest = match rest {
            [] => return Err(NO_REPLICAS),
            [word] if is_word(word, "abort") && args.len() == 2 => return Err(NONE_TO_ABORT),
            [word, milliseconds, rest @ ..] if is_word(word, "timeout") && !timeout => {
                timeout = true;
                if canonical_integer(milliseconds).ok_or(Failure::NOT_INTEGER)? <= 0 {
                    return Err(NO_TIME);
                }
                rest
            }
            [word, _, port, rest @ ..] if is_word(word, "to") && !to => {
                to = true;
                canonical_integer(port).ok_or(Failure::NOT_INTEGER)?;
                rest
            }
            [word, rest @ ..] if is_word(word, "force") && !force => {
                force = true;
                rest
            }
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

/// `CLUSTER KEYSLOT key`: needs no cluster.
pub(super) fn keyslot(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    ctx.reply.integer(slot_of(args[2]).into());
    Ok(())
}

/// The hash slot of a key: CRC-16/XMODEM of its hash tag, the bytes between the first `{` and the next `}` where there
/// are any, else of the whole key. Source: the specification of Redis Cluster, "Hash tags".
fn slot_of(key: &[u8]) -> u16 {
    const SLOTS: u16 = 16384;
    let tag = key.iter().position(|byte| *byte == b'{').map(|at| &key[at + 1..]);
    let tag = tag.and_then(|rest| rest.iter().position(|byte| *byte == b'}').map(|end| &rest[..end]));
    let hashed = tag.filter(|tag| !tag.is_empty()).unwrap_or(key);
    let sum = hashed.iter().fold(0u16, |sum, byte| {
        (0..8).fold(sum ^ u16::from(*byte) << 8, |sum, _| sum << 1 ^ if sum >> 15 == 1 { 0x1021 } else { 0 })
    });
    sum % SLOTS
}

/// `CLUSTER ...`, `ASKING`
pub(super) fn cluster_is_off(_: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    Err(Failure::text("ERR This instance has cluster support disabled"))
}
