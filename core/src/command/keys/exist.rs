//! DEL, UNLINK, EXISTS, TOUCH, TYPE.

use smallvec::SmallVec;

use crate::command::{Args, Ctx, Outcome};
use crate::engine::DbIndex;
use crate::record::{Effect, Kind};

/// `DEL key [key ...]`
pub(super) fn del(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let deleted = if let [_, key] = args {
        usize::from(ctx.latch(key)?.remove(Effect::Del))
    } else {
        let db = ctx.session.db;
        let keys: SmallVec<[(DbIndex, &[u8]); 8]> = args[1..].iter().map(|key| (db, *key)).collect();
        let mut latches = ctx.latch_many(&keys)?;
        (0..keys.len()).filter(|at| latches.entry(*at).remove(Effect::Del)).count()
    };
    ctx.reply.integer(deleted as i64);
    Ok(())
}

/// `UNLINK key [key ...]`: memory is always freed later here, so this is DEL.
pub(super) fn unlink(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    del(ctx, args)
}

/// `EXISTS key [key ...]`
pub(super) fn exists(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let found = match args {
        [_, key] => usize::from(ctx.peek(key)?.is_some()),
        _ => ctx.read_many(&args[1..])?.iter().flatten().count(),
    };
    ctx.reply.integer(found as i64);
    Ok(())
}

/// `TOUCH key [key ...]`
pub(super) fn touch(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let found = ctx.read_many(&args[1..])?.iter().flatten().count();
    ctx.reply.integer(found as i64);
    Ok(())
}

/// `TYPE key`
pub(super) fn type_of(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let kind = ctx.peek(args[1])?.map_or(Kind::Absent, |record| record.kind());
    ctx.reply.status(kind.name());
    Ok(())
}
