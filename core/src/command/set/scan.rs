//! SSCAN.

use super::member::read;
use crate::command::args::cursor;
use crate::command::element_scan::{ScanOptions, reply_cursor};
use crate::command::{Args, Ctx, Outcome};

/// `SSCAN key cursor [MATCH pattern] [COUNT count]`
pub(super) fn sscan(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let position = cursor(args[2])?;
    let set = read(ctx, args[1])?;
    let mut found = Vec::new();
    let mut next = 0;
    // Before the options are looked at, as in Redis.
    if !set.is_empty() {
        let options = ScanOptions::parse(&args[3..], false)?;
        next = options.step(set.elements(), position, |item| {
            if options.lets_through(item.key) {
                found.push(item.key);
            }
        })?;
    }
    reply_cursor(ctx.reply, next);
    ctx.reply.array(found.len());
    found.iter().for_each(|member| ctx.reply.bulk(member));
    Ok(())
}
