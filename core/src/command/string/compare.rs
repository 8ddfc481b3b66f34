//! DELIFEQ, and the comparison that it shares with SET IFEQ.

use crate::command::{Args, Ctx, Outcome};
use crate::record::{Effect, Str};

/// Whether a value has exactly these bytes.
pub(super) fn equals(value: Str<'_>, bytes: &[u8]) -> bool {
    if value.len() != bytes.len() {
        return false;
    }
    let mut rest = bytes;
    value.pieces().all(|piece| {
        let (expected, behind) = rest.split_at(piece.len());
        rest = behind;
        piece == expected
    })
}

/// `DELIFEQ key value`
pub(super) fn delifeq(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let mut entry = ctx.latch(args[1])?;
    let deleted = match entry.record() {
        Some(record) if equals(record.string()?, args[2]) => entry.remove(Effect::Del),
        _ => false,
    };
    drop(entry);
    ctx.reply.integer(i64::from(deleted));
    Ok(())
}
