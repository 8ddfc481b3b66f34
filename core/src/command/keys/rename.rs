//! RENAME, RENAMENX, COPY, MOVE: a record under another name.

use crate::command::args::{database, is_word};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::engine::DbIndex;
use crate::event::class;
use crate::record::{Draft, Effect, Marks, Record, Str};

const SAME_OBJECTS: Failure = Failure::text("ERR source and destination objects are the same");

/// What becomes of a destination that exists.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Existing {
    Replace,
    Keep,
}

/// A value that is out of date stays so under another name; it gets a CAS number of its own.
fn lasting(record: Record<'_>) -> Marks {
    Marks { cas: None, fetched: false, ..record.marks() }
}

/// `RENAME key newkey`
pub(super) fn rename(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    move_name(ctx, args, Existing::Replace)?;
    ctx.reply.ok();
    Ok(())
}

/// `RENAMENX key newkey`
pub(super) fn renamenx(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let renamed = move_name(ctx, args, Existing::Keep)?;
    ctx.reply.integer(i64::from(renamed));
    Ok(())
}

fn move_name(ctx: &mut Ctx<'_>, args: Args<'_>, existing: Existing) -> Result<bool, Failure> {
    let (db, from, to) = (ctx.session.db, args[1], args[2]);
    if from == to {
        return ctx.peek(from)?.map(|_| false).ok_or(Failure::NO_SUCH_KEY);
    }
    let mut latches = ctx.latch_many(&[(db, from), (db, to)])?;
    let record = latches.entry(0).record().ok_or(Failure::NO_SUCH_KEY)?;
    if existing == Existing::Keep && latches.entry(1).record().is_some() {
        return Ok(false);
    }
    // One command in the log moves a value of any length; what it removes needs none of its own.
    let effect = [Str::Inline(b"RENAME"), from.into(), to.into()];
    latches.entry(1).put_marked(Draft::like(record), lasting(record), Effect::Command(&effect));
    latches.entry(0).announce(class::GENERIC, "rename_from");
    latches.entry(1).announce(class::GENERIC, "rename_to");
    latches.entry(0).remove(Effect::Silent);
    Ok(true)
}

/// `COPY source destination [DB destination-db] [REPLACE]`
pub(super) fn copy(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (from, to) = (args[1], args[2]);
    let mut target: DbIndex = ctx.session.db;
    let mut existing = Existing::Keep;
    let mut words = args[3..].iter();
    while let Some(word) = words.next() {
        if is_word(word, "REPLACE") {
            existing = Existing::Replace;
        } else if is_word(word, "DB") {
            target = database(ctx.engine, words.next().ok_or(Failure::SYNTAX)?)?;
        } else {
            return Err(Failure::SYNTAX);
        }
    }
    if target == ctx.session.db && from == to {
        return Err(SAME_OBJECTS);
    }
    let mut latches = ctx.latch_many(&[(ctx.session.db, from), (target, to)])?;
    let copied = match latches.entry(0).record() {
        Some(record) if existing == Existing::Replace || latches.entry(1).record().is_none() => {
            // Logged from where the source is; one command copies a value of any length.
            let mut number = itoa::Buffer::new();
            let number = number.format(target).as_bytes();
            let effect: [Str<'_>; 6] =
                [b"COPY".into(), from.into(), to.into(), b"DB".into(), number.into(), b"REPLACE".into()];
            latches.entry(0).note(&effect);
            latches.entry(1).put_marked(Draft::like(record), lasting(record), Effect::Silent);
            true
        }
        _ => false,
    };
    drop(latches);
    ctx.reply.integer(i64::from(copied));
    Ok(())
}

/// `MOVE key db`
pub(super) fn move_key(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let key = args[1];
    let target = database(ctx.engine, args[2])?;
    if target == ctx.session.db {
        return Err(SAME_OBJECTS);
    }
    let mut latches = ctx.latch_many(&[(ctx.session.db, key), (target, key)])?;
    let record = latches.entry(0).record();
    let moved = match record {
        Some(record) if latches.entry(1).record().is_none() => {
            let mut number = itoa::Buffer::new();
            let effect: [Str<'_>; 3] = [b"MOVE".into(), key.into(), number.format(target).as_bytes().into()];
            latches.entry(1).put_marked(Draft::like(record), lasting(record), Effect::Silent);
            latches.entry(0).announce(class::GENERIC, "move_from");
            latches.entry(1).announce(class::GENERIC, "move_to");
            latches.entry(0).remove(Effect::Command(&effect))
        }
        _ => false,
    };
    drop(latches);
    ctx.reply.integer(i64::from(moved));
    Ok(())
}
