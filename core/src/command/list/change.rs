//! LSET, LINSERT, LREM, LTRIM: changes within a list.

use super::{range, rank};
use crate::command::args::{canonical_integer, integer, is_word};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::Elements;
use crate::container::list::List;
use crate::index::Damaged;
use crate::record::{Effect, Str};

/// `LSET key index element`
pub(super) fn lset(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let mut entry = ctx.latch(args[1])?;
    if entry.record().is_none() {
        return Err(Failure::NO_SUCH_KEY);
    }
    let list = List::of(&entry, ctx.engine.tuning())?;
    let rank = rank(integer(args[2])?, list.len()).ok_or(Failure::INDEX_OUT_OF_RANGE)?;
    let mut number = itoa::Buffer::new();
    let number = number.format(rank).as_bytes();
    let effect: [Str<'_>; 4] = [b"LSET".into(), args[1].into(), number.into(), args[3].into()];
    list.set(&entry, rank, args[3])?.save(&mut entry, Effect::Command(&effect));
    drop(entry);
    ctx.reply.ok();
    Ok(())
}

/// `LINSERT key <BEFORE | AFTER> pivot element`
pub(super) fn linsert(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let behind = match args[2] {
        word if is_word(word, "BEFORE") => 0,
        word if is_word(word, "AFTER") => 1,
        _ => return Err(Failure::SYNTAX),
    };
    let (pivot, element) = (args[3], args[4]);
    let mut entry = ctx.latch(args[1])?;
    if entry.record().is_none() {
        ctx.reply.integer(0);
        return Ok(());
    }
    let list = List::of(&entry, ctx.engine.tuning())?;
    let mut len = -1;
    if let Some(&rank) = ranks_of(list.elements(), pivot, 1)?.first() {
        let where_: &[u8] = if behind == 0 { b"BEFORE" } else { b"AFTER" };
        let effect: [Str<'_>; 5] =
            [b"LINSERT".into(), args[1].into(), where_.into(), pivot.into(), element.into()];
        let changed = list.insert(&entry, rank + behind, &[element])?;
        len = changed.len() as i64;
        changed.save(&mut entry, Effect::Command(&effect));
    }
    drop(entry);
    ctx.reply.integer(len);
    Ok(())
}

/// `LREM key count element`
pub(super) fn lrem(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const OUT_OF_RANGE: Failure = Failure::text(
        "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
    );
    let count = canonical_integer(args[2]).ok_or(Failure::NOT_INTEGER)?;
    if count == i64::MIN {
        return Err(OUT_OF_RANGE);
    }
    let mut entry = ctx.latch(args[1])?;
    let list = List::of(&entry, ctx.engine.tuning())?;
    let ranks = ranks_of(list.elements(), args[3], count)?;
    if !ranks.is_empty() {
        let mut number = itoa::Buffer::new();
        let number = number.format(count).as_bytes();
        let effect: [Str<'_>; 4] = [b"LREM".into(), args[1].into(), number.into(), args[3].into()];
        list.remove_ranks(&entry, &ranks)?.save(&mut entry, Effect::Command(&effect));
    }
    drop(entry);
    ctx.reply.integer(ranks.len() as i64);
    Ok(())
}

/// The ascending ranks of the elements that equal `value`: the first `count`, the last where it is negative, all where
/// it is zero.
fn ranks_of(elements: Elements<'_>, value: &[u8], count: i64) -> Result<Vec<u64>, Damaged> {
    let most =
        if count == 0 { usize::MAX } else { usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX) };
    let len = elements.len();
    let mut ranks = Vec::new();
    let mut walk = elements.walk(if count < 0 { len } else { 0 })?;
    for step in 0..len {
        if ranks.len() == most {
            break;
        }
        let item = if count < 0 { walk.previous()? } else { walk.next()? };
        if item.is_some_and(|item| item.value == value) {
            ranks.push(if count < 0 { len - 1 - step } else { step });
        }
    }
    if count < 0 {
        ranks.reverse();
    }
    Ok(ranks)
}

/// `LTRIM key start stop`
pub(super) fn ltrim(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (start, stop) = (integer(args[2])?, integer(args[3])?);
    let mut entry = ctx.latch(args[1])?;
    let list = List::of(&entry, ctx.engine.tuning())?;
    let len = list.len();
    let kept = range(start, stop, len);
    if kept != (0..len) {
        let (mut first, mut last) = (itoa::Buffer::new(), itoa::Buffer::new());
        let (first, last) = (first.format(kept.start), last.format(kept.end.saturating_sub(1)));
        let effect: [Str<'_>; 4] =
            [b"LTRIM".into(), args[1].into(), first.as_bytes().into(), last.as_bytes().into()];
        list.keep(&entry, kept)?.save(&mut entry, Effect::Command(&effect));
    }
    drop(entry);
    ctx.reply.ok();
    Ok(())
}
