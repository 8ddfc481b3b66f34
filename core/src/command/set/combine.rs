//! SINTER, SUNION, SDIFF, their STORE forms, and SINTERCARD.

use smallvec::SmallVec;

use crate::command::args::{canonical_integer, is_word};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::gathered::set_of;
use crate::container::set_algebra::{Operation, combine};
use crate::container::{Finished, Set};
use crate::engine::{DbIndex, Engine};
use crate::record::{Draft, Effect, Record, Str};
use crate::transaction::Latches;

/// Times that a STORE form computes without latches before it keeps writers waiting.
const STORE_ATTEMPTS: usize = 3;

/// `SINTER key [key ...]`
pub(super) fn sinter(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_members(ctx, args, Operation::Intersection)
}

/// `SUNION key [key ...]`
pub(super) fn sunion(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_members(ctx, args, Operation::Union)
}

/// `SDIFF key [key ...]`
pub(super) fn sdiff(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_members(ctx, args, Operation::Difference)
}

fn reply_members(ctx: &mut Ctx<'_>, args: Args<'_>, operation: Operation) -> Outcome {
    let members = combine(operation, &read_sets(ctx, &args[1..])?, u64::MAX)?;
    ctx.reply.set(members.len());
    members.iter().for_each(|member| ctx.reply.bulk(member));
    Ok(())
}

/// `SINTERCARD numkeys key [key ...] [LIMIT limit]`
pub(super) fn sintercard(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const NO_KEYS: Failure = Failure::text("ERR numkeys should be greater than 0");
    const TOO_MANY: Failure = Failure::text("ERR Number of keys can't be greater than number of args");
    const NEGATIVE: Failure = Failure::text("ERR LIMIT can't be negative");
    let keys = canonical_integer(args[1]).filter(|keys| *keys > 0).ok_or(NO_KEYS)?;
    let keys = usize::try_from(keys).unwrap_or(usize::MAX);
    if keys > args.len() - 2 {
        return Err(TOO_MANY);
    }
    let (keys, words) = args[2..].split_at(keys);
    let mut limit = 0;
    for pair in words.chunks(2) {
        let [word, value] = pair else { return Err(Failure::SYNTAX) };
        if !is_word(word, "LIMIT") {
            return Err(Failure::SYNTAX);
        }
        limit = canonical_integer(value).and_then(|limit| u64::try_from(limit).ok()).ok_or(NEGATIVE)?;
    }
    let limit = if limit == 0 { u64::MAX } else { limit };
    let members = combine(Operation::Intersection, &read_sets(ctx, keys)?, limit)?;
    ctx.reply.integer(members.len() as i64);
    Ok(())
}

fn read_sets<'a>(ctx: &Ctx<'a>, keys: &[&[u8]]) -> Result<Vec<Set<'a>>, Failure> {
    sets(ctx.engine, &ctx.read_many(keys)?)
}

fn sets<'a>(engine: &'a Engine, records: &[Option<Record<'a>>]) -> Result<Vec<Set<'a>>, Failure> {
    records.iter().map(|&record| Set::of_optional(engine, record)).collect()
}

/// `SINTERSTORE destination key [key ...]`
pub(super) fn sinterstore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    store(ctx, args, Operation::Intersection, b"SINTERSTORE")
}

/// `SUNIONSTORE destination key [key ...]`
pub(super) fn sunionstore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    store(ctx, args, Operation::Union, b"SUNIONSTORE")
}

/// `SDIFFSTORE destination key [key ...]`
pub(super) fn sdiffstore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    store(ctx, args, Operation::Difference, b"SDIFFSTORE")
}

/// Computes without latches, then stores if the sources are still the same; after some attempts, under latches.
fn store(ctx: &mut Ctx<'_>, args: Args<'_>, operation: Operation, name: &[u8]) -> Outcome {
    let db = ctx.session.db;
    let keys: SmallVec<[(DbIndex, &[u8]); 8]> = args[1..].iter().map(|&key| (db, key)).collect();
    let mut effect: SmallVec<[Str<'_>; 8]> = args.iter().map(|&word| word.into()).collect();
    effect[0] = name.into();
    for attempt in 0..=STORE_ATTEMPTS {
        let stored = if attempt < STORE_ATTEMPTS {
            let records = ctx.read_many(&args[2..])?;
            let result = Computed::new(ctx.engine, operation, &records)?;
            let mut latches = ctx.latch_many(&keys)?;
            let is_unchanged = (1..keys.len()).zip(&records).all(|(position, old)| {
                let now = latches.entry(position).record();
                now.map(|record| record.as_ptr()) == old.map(|record| record.as_ptr())
            });
            if !is_unchanged {
                continue;
            }
            result.put(&mut latches, &effect)
        } else {
            let mut latches = ctx.latch_many(&keys)?;
            let records: SmallVec<[Option<Record<'_>>; 8]> =
                (1..keys.len()).map(|position| latches.entry(position).record()).collect();
            let result = Computed::new(ctx.engine, operation, &records)?;
            result.put(&mut latches, &effect)
        };
        ctx.reply.integer(stored as i64);
        break;
    }
    Ok(())
}

/// The result of a STORE form, ready to be put.
struct Computed {
    members: u64,
    finished: Finished,
    raw: bool,
}

impl Computed {
    fn new(
        engine: &Engine,
        operation: Operation,
        records: &[Option<Record<'_>>],
    ) -> Result<Computed, Failure> {
        let members = combine(operation, &sets(engine, records)?, u64::MAX)?;
        let (finished, raw) = set_of(engine, &members)?.expect("members of a set differ");
        Ok(Computed { members: members.len() as u64, finished, raw })
    }

    /// Puts the set at the first of the keys; returns its size.
    fn put(mut self, latches: &mut Latches<'_>, effect: &[Str<'_>]) -> u64 {
        let entry = latches.entry(0);
        if self.members == 0 {
            entry.remove(Effect::Del);
        } else {
            let draft = Draft { value: self.finished.value(), expire_at: None, flags: 0, raw: self.raw };
            entry.put(draft, Effect::Command(effect));
        }
        self.members
    }
}
