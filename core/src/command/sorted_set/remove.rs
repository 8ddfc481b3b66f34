//! ZREM, ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZREMRANGEBYLEX.

use std::ops::Range;

use smallvec::{SmallVec, smallvec};

use super::words::{lex_range, score_range};
use super::{put, whole};
use crate::command::args::integer;
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::sorted_set::Member;
use crate::container::{SortedSet, SortedSetEdit};
use crate::record::{Effect, Str};
use crate::transaction::Entry;

/// `ZREM key member [member ...]`
pub(super) fn zrem(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let mut entry = ctx.latch(args[1])?;
    let mut edit = SortedSetEdit::of(&entry)?;
    let mut effect: SmallVec<[Str<'_>; 8]> = smallvec![b"ZREM".into(), args[1].into()];
    let done = args[2..].iter().try_for_each(|&name| {
        if let Some(score) = edit.view().score(name)? {
            effect.push(name.into());
            edit.remove(Member { score, name })?;
        }
        Ok(())
    });
    let removed = effect.len() - 2;
    if removed > 0 {
        put(&mut entry, edit, Effect::Command(&effect));
    }
    drop(entry);
    whole(done)?;
    ctx.reply.integer(removed as i64);
    Ok(())
}

/// `ZREMRANGEBYRANK key start stop`
pub(super) fn zremrangebyrank(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (start, stop) = (integer(args[2])?, integer(args[3])?);
    remove_range(ctx, args[1], |set| Ok(super::range::ranks(start, stop, set.len())))
}

/// `ZREMRANGEBYSCORE key min max`
pub(super) fn zremrangebyscore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let range = score_range(args[2], args[3])?;
    remove_range(ctx, args[1], |set| Ok(set.ranks_by_score(range)?))
}

/// `ZREMRANGEBYLEX key min max`
pub(super) fn zremrangebylex(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let range = lex_range(args[2], args[3])?;
    remove_range(ctx, args[1], |set| Ok(set.ranks_by_name(range, false)?))
}

fn remove_range(
    ctx: &mut Ctx<'_>,
    key: &[u8],
    ranks: impl FnOnce(SortedSet<'_>) -> Result<Range<u64>, Failure>,
) -> Outcome {
    let mut entry = ctx.latch(key)?;
    let ranks = ranks(SortedSet::of_optional(ctx.engine, entry.record())?)?;
    let done = remove_ranks(&mut entry, ranks.clone());
    drop(entry);
    done?;
    ctx.reply.integer((ranks.end - ranks.start) as i64);
    Ok(())
}

/// Removes a range of ranks from the sorted set at `entry`, and logs that.
pub(super) fn remove_ranks(entry: &mut Entry<'_>, ranks: Range<u64>) -> Outcome {
    if ranks.is_empty() {
        return Ok(());
    }
    let mut edit = SortedSetEdit::of(entry)?;
    if ranks == (0..edit.len()) {
        entry.remove(Effect::Del);
        return Ok(());
    }
    let (mut first, mut last) = (itoa::Buffer::new(), itoa::Buffer::new());
    let done = edit.remove_ranks(ranks.clone());
    // Whatever the bounds were: ranks mean the same in every form of the set.
    let effect: [Str<'_>; 4] = [
        b"ZREMRANGEBYRANK".into(),
        entry.key().into(),
        first.format(ranks.start).as_bytes().into(),
        last.format(ranks.end - 1).as_bytes().into(),
    ];
    put(entry, edit, Effect::Command(&effect));
    whole(done)
}
