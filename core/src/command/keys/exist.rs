//! DEL, UNLINK, EXISTS, TOUCH, TYPE.

use smallvec::SmallVec;

use crate::command::{Args, Ctx, Failure, Outcome};
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
        [_, key] => usize::from(ctx.look(key)?.is_some()),
        _ => count_present(ctx, args, Access::Untouched)?,
    };
    ctx.reply.integer(found as i64);
    Ok(())
}

/// `TOUCH key [key ...]`
pub(super) fn touch(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let found = count_present(ctx, args, Access::Touched)?;
    ctx.reply.integer(found as i64);
    Ok(())
}

/// Whether counting keys is a use of them, whatever CLIENT NO-TOUCH says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Touched,
    Untouched,
}

/// How many of the keys exist at one instant.
fn count_present(ctx: &mut Ctx<'_>, args: Args<'_>, access: Access) -> Result<usize, Failure> {
    let asked = std::mem::replace(&mut ctx.session.no_touch, access == Access::Untouched);
    let records = ctx.read_many(&args[1..]);
    ctx.session.no_touch = asked;
    Ok(records?.iter().flatten().count())
}

/// `TYPE key`
pub(super) fn type_of(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let kind = ctx.look(args[1])?.map_or(Kind::Absent, |record| record.kind());
    ctx.reply.status(kind.name());
    Ok(())
}
