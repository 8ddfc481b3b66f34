//! SPOP and SRANDMEMBER.

use smallvec::{SmallVec, smallvec};

use super::member::read;
use super::{put, whole};
use crate::command::args::{canonical_integer, integer};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::sample::distinct_ranks;
use crate::container::{Set, SetEdit};
use crate::limits::RANDOM_ELEMENTS_MAX;
use crate::record::{Effect, Str};

/// `SPOP key [count]`
pub(super) fn spop(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const NOT_POSITIVE: Failure = Failure::text("ERR value is out of range, must be positive");
    let count = match args[2..] {
        [] => None,
        [count] => {
            Some(canonical_integer(count).and_then(|count| u64::try_from(count).ok()).ok_or(NOT_POSITIVE)?)
        }
        _ => return Err(Failure::SYNTAX),
    };
    let mut entry = ctx.latch(args[1])?;
    let Some(record) = entry.record() else {
        drop(entry);
        match count {
            Some(_) => ctx.reply.set(0),
            None => ctx.reply.null(),
        }
        return Ok(());
    };
    let set = Set::of(ctx.engine, record)?;
    let ranks = distinct_ranks(set.len(), count.unwrap_or(1));
    let popped: SmallVec<[&[u8]; 8]> =
        ranks.iter().map(|&rank| set.at(rank).map(Option::unwrap_or_default)).collect::<Result<_, _>>()?;
    let mut done = Ok(());
    if popped.len() as u64 == set.len() {
        entry.remove(Effect::Del);
    } else if !popped.is_empty() {
        let mut effect: SmallVec<[Str<'_>; 8]> = smallvec![b"SREM".into(), args[1].into()];
        let mut edit = SetEdit::of(ctx.engine, &entry, record)?;
        // From the last on, so that the other ranks stay what they are.
        done = ranks.iter().zip(&popped).rev().try_for_each(|(&rank, &member)| {
            edit.remove_at(rank)?;
            effect.push(member.into());
            Ok(())
        });
        if effect.len() > 2 {
            put(&mut entry, Some(record), edit, &effect);
        }
    }
    drop(entry);
    whole(done)?;
    match count {
        None => ctx.reply.bulk(popped[0]),
        Some(_) => {
            ctx.reply.set(popped.len());
            popped.iter().for_each(|member| ctx.reply.bulk(member));
        }
    }
    Ok(())
}

/// `SRANDMEMBER key [count]`
pub(super) fn srandmember(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let count = match args[2..] {
        [] => None,
        [count] => Some(random_count(count)?),
        _ => return Err(Failure::SYNTAX),
    };
    let set = read(ctx, args[1])?;
    let Some(count) = count else {
        match set.is_empty() {
            true => ctx.reply.null(),
            false => {
                let member = set.at(fastrand::u64(..set.len()))?.unwrap_or_default();
                ctx.reply.bulk(member);
            }
        }
        return Ok(());
    };
    let ranks = random_ranks(set.len(), count)?;
    let members: Vec<&[u8]> =
        ranks.iter().map(|&rank| set.at(rank).map(Option::unwrap_or_default)).collect::<Result<_, _>>()?;
    ctx.reply.array(members.len());
    members.iter().for_each(|member| ctx.reply.bulk(member));
    Ok(())
}

/// The count of SRANDMEMBER and its kin; below zero, elements may repeat.
pub(in crate::command) fn random_count(text: &[u8]) -> Result<i64, Failure> {
    const OUT_OF_RANGE: Failure = Failure::text(
        "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
    );
    integer(text).and_then(|count| if count == i64::MIN { Err(OUT_OF_RANGE) } else { Ok(count) })
}

/// Ranks chosen by chance, in an order by chance: `count` different ones, or `-count` that may repeat.
pub(in crate::command) fn random_ranks(len: u64, count: i64) -> Result<Vec<u64>, Failure> {
    if len == 0 || count == 0 {
        return Ok(Vec::new());
    }
    let Ok(count) = u64::try_from(count) else {
        let count = count.unsigned_abs();
        if count > RANDOM_ELEMENTS_MAX {
            return Err(Failure::OUT_OF_RANGE);
        }
        return Ok((0..count).map(|_| fastrand::u64(..len)).collect());
    };
    let mut ranks = distinct_ranks(len, count);
    fastrand::shuffle(&mut ranks);
    Ok(ranks)
}
