//! HSET, HMSET, HSETNX, HGET, HMGET, HDEL, HEXISTS, HSTRLEN.

use smallvec::{SmallVec, smallvec};

use super::read;
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::{Before, FieldExpiry, HashEdit};
use crate::record::Str;

/// `HSET key field value [field value ...]`
pub(super) fn hset(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let created = set_pairs(ctx, args, "hset")?;
    ctx.reply.integer(created);
    Ok(())
}

/// `HMSET key field value [field value ...]`
pub(super) fn hmset(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    set_pairs(ctx, args, "hmset")?;
    ctx.reply.ok();
    Ok(())
}

/// Sets all pairs; how many fields were not there before.
fn set_pairs(ctx: &Ctx<'_>, args: Args<'_>, command: &str) -> Result<i64, Failure> {
    let (key, words) = (args[1], &args[2..]);
    if !words.len().is_multiple_of(2) {
        return Err(Failure::wrong_arity(command));
    }
    let mut entry = ctx.latch(key)?;
    let old = entry.record();
    let mut edit = HashEdit::of_optional(ctx.engine, &entry, old, ctx.now())?;
    let mut effect: SmallVec<[Str<'_>; 8]> = smallvec![b"HSET".into(), key.into()];
    let mut created = 0;
    let done = edit.expect(words).and_then(|()| {
        words.chunks_exact(2).try_for_each(|pair| {
            let before = edit.set(pair[0], pair[1], FieldExpiry::None)?;
            created += i64::from(before != Before::There);
            effect.extend(pair.iter().map(|&word| word.into()));
            Ok(())
        })
    });
    // What was done before a damaged node was met is put and logged like any change.
    if effect.len() > 2 {
        edit.put(&mut entry, old, &effect)?;
    }
    drop(entry);
    done?;
    Ok(created)
}

/// `HSETNX key field value`
pub(super) fn hsetnx(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let [_, key, name, value] = *args else { return Err(Failure::SYNTAX) };
    let mut entry = ctx.latch(key)?;
    let old = entry.record();
    let mut edit = HashEdit::of_optional(ctx.engine, &entry, old, ctx.now())?;
    let is_there = edit.view().get(name)?.is_some();
    if !is_there {
        edit.set(name, value, FieldExpiry::None)?;
        edit.put(&mut entry, old, &[b"HSET".into(), key.into(), name.into(), value.into()])?;
    }
    drop(entry);
    ctx.reply.integer(i64::from(!is_there));
    Ok(())
}

/// `HGET key field`
pub(super) fn hget(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    match read(ctx, args[1])?.get(args[2])? {
        Some(field) => ctx.reply.bulk(field.value),
        None => ctx.reply.null(),
    }
    Ok(())
}

/// `HMGET key field [field ...]`
pub(super) fn hmget(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let hash = read(ctx, args[1])?;
    let found: SmallVec<[Option<&[u8]>; 16]> = args[2..]
        .iter()
        .map(|name| Ok(hash.get(name)?.map(|field| field.value)))
        .collect::<Result<_, Failure>>()?;
    reply_values(ctx, &found);
    Ok(())
}

/// An array of values, absent ones among them.
pub(super) fn reply_values(ctx: &mut Ctx<'_>, values: &[Option<&[u8]>]) {
    ctx.reply.array(values.len());
    for value in values {
        match value {
            Some(value) => ctx.reply.bulk(value),
            None => ctx.reply.null(),
        }
    }
}

/// `HDEL key field [field ...]`
pub(super) fn hdel(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (key, names) = (args[1], &args[2..]);
    let mut entry = ctx.latch(key)?;
    let Some(record) = entry.record() else {
        drop(entry);
        ctx.reply.integer(0);
        return Ok(());
    };
    let mut edit = HashEdit::of(ctx.engine, &entry, record, ctx.now())?;
    let mut effect: SmallVec<[Str<'_>; 8]> = smallvec![b"HDEL".into(), key.into()];
    let mut removed = 0;
    let done = names.iter().try_for_each(|&name| {
        let before = edit.remove(name)?;
        if before != Before::Absent {
            effect.push(name.into());
        }
        removed += i64::from(before == Before::There);
        Ok(())
    });
    if effect.len() > 2 {
        edit.put(&mut entry, Some(record), &effect)?;
    }
    drop(entry);
    done.map_err(|damaged: crate::index::Damaged| Failure::from(damaged))?;
    ctx.reply.integer(removed);
    Ok(())
}

/// `HEXISTS key field`
pub(super) fn hexists(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let is_there = read(ctx, args[1])?.get(args[2])?.is_some();
    ctx.reply.integer(i64::from(is_there));
    Ok(())
}

/// `HSTRLEN key field`
pub(super) fn hstrlen(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let bytes = read(ctx, args[1])?.get(args[2])?.map_or(0, |field| field.value.len());
    ctx.reply.integer(bytes as i64);
    Ok(())
}
