//! TIME and ROLE: who and when the server is.

use polycache_core::command::{Args, Ctx, Outcome};
use std::time::{SystemTime, UNIX_EPOCH};

/// `TIME`
pub(super) fn time(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    ctx.reply.array(2);
    ctx.reply.bulk(itoa::Buffer::new().format(since.as_secs()).as_bytes());
    ctx.reply.bulk(itoa::Buffer::new().format(since.subsec_micros()).as_bytes());
    Ok(())
}

/// `ROLE`: a master without replicas.
pub(super) fn role(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    ctx.reply.array(3);
    ctx.reply.bulk(b"master");
    ctx.reply.integer(super::persistence::log_offset(ctx.engine) as i64);
    ctx.reply.array(0);
    Ok(())
}
