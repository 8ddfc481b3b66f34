//! WAITAOF: waits until writes are durable. WAIT: there are no replicas that could have them.
//!
//! A connection waits by itself, its thread serves others meanwhile; a thread that calls the command itself blocks.

use std::time::Duration;

use polycache_core::command::args::canonical_integer;
use polycache_core::command::{Args, Ctx, Failure, Outcome, Reply};
use polycache_core::log::Lsn;

use crate::client::{Client, Face, special};

/// What a connection waits for before WAITAOF is answered.
#[derive(Clone, Copy, Debug)]
pub struct LocalWait {
    pub lsn: Lsn,
    /// `None`: for as long as it takes.
    pub timeout: Option<Duration>,
    /// The client wants no reply.
    pub is_muted: bool,
}

/// `WAITAOF numlocal numreplicas timeout`: how many of each have what this client wrote on their disks.
///
/// The wait is for one fsync, which is asked for, whatever `appendfsync` says. There are no replicas: waiting for
/// some would last until the timeout and end with none, so they are not waited for.
pub(super) fn waitaof(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const LOCAL: Failure = Failure::text("ERR value is out of range, value must between 0 and 1");
    const REPLICAS: Failure = Failure::text("ERR value is out of range, must be positive");
    const OFF: Failure =
        Failure::text("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
    let local = canonical_integer(args[1]).ok_or(Failure::NOT_INTEGER)?;
    if !(0..=1).contains(&local) {
        return Err(LOCAL);
    }
    canonical_integer(args[2]).filter(|replicas| *replicas >= 0).ok_or(REPLICAS)?;
    let timeout_ms = parse_timeout(ctx, args[3])?;
    let log = ctx.engine.log();
    if local == 1 && !log.is_on() {
        return Err(OFF);
    }
    let durable = if local == 1 {
        let timeout = (timeout_ms > 0).then(|| Duration::from_millis(timeout_ms));
        let client = Client::of(ctx.host);
        let lsn = log.tail();
        if client.special & special::EXECUTING != 0 {
            // A transaction waits for nothing.
            answer(ctx.reply, log.watermark().durable() >= lsn);
            return Ok(());
        }
        if client.entry.face != Face::Embedded && log.watermark().durable() < lsn {
            log.request_sync(lsn);
            client.wait = Some(LocalWait { lsn, timeout, is_muted: false });
            return Ok(());
        }
        log.sync_blocking(timeout).is_ok()
    } else {
        log.is_on() && log.watermark().durable() >= log.tail()
    };
    answer(ctx.reply, durable);
    Ok(())
}

/// `WAIT numreplicas timeout`: how many replicas have what this client wrote. As for WAITAOF, none is not waited for.
pub(super) fn wait(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    canonical_integer(args[1]).ok_or(Failure::NOT_INTEGER)?;
    parse_timeout(ctx, args[2])?;
    ctx.reply.integer(0);
    Ok(())
}

/// Milliseconds; 0 is for as long as it takes.
fn parse_timeout(ctx: &Ctx<'_>, text: &[u8]) -> Result<u64, Failure> {
    const NOT_INTEGER: Failure = Failure::text("ERR timeout is not an integer or out of range");
    const TOO_LONG: Failure = Failure::text("ERR timeout is out of range");
    const NEGATIVE: Failure = Failure::text("ERR timeout is negative");
    let timeout_ms = canonical_integer(text).ok_or(NOT_INTEGER)?;
    let timeout_ms = u64::try_from(timeout_ms).map_err(|_| NEGATIVE)?;
    if timeout_ms.saturating_add(ctx.now().0) > i64::MAX as u64 {
        return Err(TOO_LONG);
    }
    Ok(timeout_ms)
}

/// The reply: how many have the writes on their disks, here and at replicas.
pub fn answer(reply: &mut dyn Reply, durable: bool) {
    reply.array(2);
    reply.integer(i64::from(durable));
    reply.integer(0);
}
