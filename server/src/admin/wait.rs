//! WAITAOF: waits until writes are durable.

use polycache_core::command::args::canonical_integer;
use polycache_core::command::{Args, Ctx, Failure, Outcome};

/// `WAITAOF numlocal numreplicas timeout`
pub(super) fn waitaof(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const LOCAL: Failure = Failure::text("ERR value is out of range, value must between 0 and 1");
    const REPLICAS: Failure = Failure::text("ERR value is out of range, must be positive");
    const TIMEOUT: Failure = Failure::text("ERR timeout is not an integer or out of range");
    const NEGATIVE: Failure = Failure::text("ERR timeout is negative");
    const OFF: Failure =
        Failure::text("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
    let local = canonical_integer(args[1]).ok_or(Failure::NOT_INTEGER)?;
    if !(0..=1).contains(&local) {
        return Err(LOCAL);
    }
    if canonical_integer(args[2]).ok_or(Failure::NOT_INTEGER)? < 0 {
        return Err(REPLICAS);
    }
    if canonical_integer(args[3]).ok_or(TIMEOUT)? < 0 {
        return Err(NEGATIVE);
    }
    if local == 1 && !ctx.engine.log().is_on() {
        return Err(OFF);
    }
    ctx.reply.array(2);
    ctx.reply.integer(0);
    ctx.reply.integer(0);
    Ok(())
}
