//! LPUSH, RPUSH, LPUSHX, RPUSHX.

use smallvec::SmallVec;

use crate::command::{Args, Ctx, Outcome};
use crate::container::list::{End, List};
use crate::record::{Effect, Str};

/// What becomes of a list that does not exist.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Create,
    Leave,
}

/// `LPUSH key element [element ...]`
pub(super) fn lpush(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    push(ctx, args, End::Left, Missing::Create)
}

/// `RPUSH key element [element ...]`
pub(super) fn rpush(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    push(ctx, args, End::Right, Missing::Create)
}

/// `LPUSHX key element [element ...]`
pub(super) fn lpushx(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    push(ctx, args, End::Left, Missing::Leave)
}

/// `RPUSHX key element [element ...]`
pub(super) fn rpushx(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    push(ctx, args, End::Right, Missing::Leave)
}

fn push(ctx: &mut Ctx<'_>, args: Args<'_>, end: End, missing: Missing) -> Outcome {
    let mut entry = ctx.latch(args[1])?;
    let list = List::of(&entry, ctx.engine.tuning())?;
    if list.is_empty() && missing == Missing::Leave {
        ctx.reply.integer(0);
        return Ok(());
    }
    let changed = list.push(&entry, end, &args[2..])?;
    let len = changed.len();
    if ctx.engine.log().is_on() {
        let name: &[u8] = if end == End::Left { b"LPUSH" } else { b"RPUSH" };
        let mut effect: SmallVec<[Str<'_>; 8]> = SmallVec::with_capacity(args.len());
        effect.push(name.into());
        effect.extend(args[1..].iter().map(|&arg| Str::Inline(arg)));
        changed.save(&mut entry, Effect::Command(&effect));
    } else {
        changed.save(&mut entry, Effect::Command(&[]));
    }
    drop(entry);
    ctx.reply.integer(len as i64);
    Ok(())
}
