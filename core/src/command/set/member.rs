//! SADD, SREM, SMOVE, SISMEMBER, SMISMEMBER, SCARD, SMEMBERS.

use smallvec::{SmallVec, smallvec};

use super::{put, whole};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::{Set, SetEdit};
use crate::event::class;
use crate::record::Str;
use crate::transaction::Entry;

/// The set at a key, empty where there is none.
pub(super) fn read<'a>(ctx: &Ctx<'a>, key: &[u8]) -> Result<Set<'a>, Failure> {
    Set::of_optional(ctx.engine, ctx.read(key)?)
}

/// `SADD key member [member ...]`
pub(super) fn sadd(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (key, members) = (args[1], &args[2..]);
    let mut entry = ctx.latch(key)?;
    let old = entry.record();
    let mut edit = match old {
        Some(record) => SetEdit::of(ctx.engine, &entry, record)?,
        None => SetEdit::new(ctx.engine, members[0], members.len() as u64)?,
    };
    let mut effect: SmallVec<[Str<'_>; 8]> = smallvec![b"SADD".into(), key.into()];
    let done = edit.expect(members.len() as u64).and_then(|()| {
        members.iter().try_for_each(|&member| {
            if edit.add(member)? {
                effect.push(member.into());
            }
            Ok(())
        })
    });
    let added = effect.len() - 2;
    if added > 0 {
        put(&mut entry, old, edit, &effect);
    }
    drop(entry);
    whole(done)?;
    ctx.reply.integer(added as i64);
    Ok(())
}

/// `SREM key member [member ...]`
pub(super) fn srem(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (key, members) = (args[1], &args[2..]);
    let mut entry = ctx.latch(key)?;
    let Some(record) = entry.record() else {
        drop(entry);
        ctx.reply.integer(0);
        return Ok(());
    };
    let mut edit = SetEdit::of(ctx.engine, &entry, record)?;
    let mut effect: SmallVec<[Str<'_>; 8]> = smallvec![b"SREM".into(), key.into()];
    let done = members.iter().try_for_each(|&member| {
        if edit.remove(member)? {
            effect.push(member.into());
        }
        Ok(())
    });
    let removed = effect.len() - 2;
    if removed > 0 {
        put(&mut entry, Some(record), edit, &effect);
    }
    drop(entry);
    whole(done)?;
    ctx.reply.integer(removed as i64);
    Ok(())
}

/// `SMOVE source destination member`
pub(super) fn smove(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let db = ctx.session.db;
    let mut latches = ctx.latch_many(&[(db, args[1]), (db, args[2])])?;
    let moved = match latches.entry(0).record() {
        None => false,
        Some(source) => {
            let set = Set::of(ctx.engine, source)?;
            Set::of_optional(ctx.engine, latches.entry(1).record())?;
            let is_there = set.contains(args[3])?;
            if is_there && args[1] != args[2] {
                // The source is told of first.
                let mark = ctx.op.gathered.mark();
                add_one(ctx, latches.entry(1), args[3])?;
                let added = ctx.op.gathered.mark();
                let entry = latches.entry(0);
                let mut edit = SetEdit::of(ctx.engine, entry, source)?;
                if edit.remove(args[3])? {
                    put(entry, Some(source), edit, &[b"SREM".into(), args[1].into(), args[3].into()]);
                    entry.announce_elements(class::SET, "srem");
                    ctx.op.gathered.put_behind(mark, added);
                }
            }
            is_there
        }
    };
    drop(latches);
    ctx.reply.integer(i64::from(moved));
    Ok(())
}

/// Adds a member to the set at `entry`, which may have it.
fn add_one(ctx: &Ctx<'_>, entry: &mut Entry<'_>, member: &[u8]) -> Outcome {
    let old = entry.record();
    let mut edit = match old {
        Some(record) => SetEdit::of(ctx.engine, entry, record)?,
        None => SetEdit::new(ctx.engine, member, 1)?,
    };
    if edit.add(member)? {
        let key = entry.key();
        put(entry, old, edit, &[b"SADD".into(), key.into(), member.into()]);
        entry.announce(class::SET, "sadd");
    }
    Ok(())
}

/// `SISMEMBER key member`
pub(super) fn sismember(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let is_member = read(ctx, args[1])?.contains(args[2])?;
    ctx.reply.integer(i64::from(is_member));
    Ok(())
}

/// `SMISMEMBER key member [member ...]`
pub(super) fn smismember(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let set = read(ctx, args[1])?;
    let found: SmallVec<[bool; 16]> =
        args[2..].iter().map(|member| set.contains(member)).collect::<Result<_, _>>()?;
    ctx.reply.array(found.len());
    found.iter().for_each(|&is_member| ctx.reply.integer(i64::from(is_member)));
    Ok(())
}

/// `SCARD key`
pub(super) fn scard(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let members = read(ctx, args[1])?.len();
    ctx.reply.integer(members as i64);
    Ok(())
}

/// `SMEMBERS key`
pub(super) fn smembers(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let set = read(ctx, args[1])?;
    let mut found = Vec::with_capacity(set.len() as usize);
    let mut members = set.members()?;
    while let Some(member) = members.next()? {
        found.push(member);
    }
    ctx.reply.set(found.len());
    found.iter().for_each(|member| ctx.reply.bulk(member));
    Ok(())
}
