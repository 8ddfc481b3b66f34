//! HSCAN.

use crate::command::args::cursor;
use crate::command::element_scan::{ScanOptions, reply_cursor};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::Hash;

/// `HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]`
pub(super) fn hscan(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let position = cursor(args[2])?;
    let Some(record) = ctx.read(args[1])? else {
        reply_cursor(ctx.reply, 0);
        ctx.reply.array(0);
        return Ok(());
    };
    let hash = Hash::of(ctx.engine, record, ctx.now())?;
    let options = ScanOptions::parse(&args[3..], true)?;
    let mut seen = Vec::new();
    let next = options.step(hash.elements(), position, |item| {
        if options.lets_through(item.key) {
            seen.push(item);
        }
    })?;
    let mut found = Vec::with_capacity(seen.len());
    for item in seen {
        found.extend(hash.scanned(item).map_err(Failure::from)?);
    }
    reply_cursor(ctx.reply, next);
    ctx.reply.array(if options.no_values { found.len() } else { 2 * found.len() });
    for field in found {
        ctx.reply.bulk(field.name);
        if !options.no_values {
            ctx.reply.bulk(field.value);
        }
    }
    Ok(())
}
