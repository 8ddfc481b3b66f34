//! ZPOPMIN, ZPOPMAX, ZMPOP.

use std::ops::Range;

use smallvec::SmallVec;

use super::remove::remove_ranks;
use super::reply_members;
use crate::command::args::{canonical_integer, is_word};
use crate::command::{Args, Ctx, Failure, Outcome, Protocol};
use crate::container::SortedSet;
use crate::container::sorted_set::Member;
use crate::engine::DbIndex;
use crate::transaction::Entry;

/// Which members go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Min,
    Max,
}

impl End {
    fn parse(word: &[u8]) -> Result<End, Failure> {
        match word {
            word if is_word(word, "MIN") => Ok(End::Min),
            word if is_word(word, "MAX") => Ok(End::Max),
            _ => Err(Failure::SYNTAX),
        }
    }

    fn ranks(self, count: u64, len: u64) -> Range<u64> {
        let count = count.min(len);
        match self {
            End::Min => 0..count,
            End::Max => len - count..len,
        }
    }
}

/// `ZPOPMIN key [count]`
pub(super) fn zpopmin(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    pop_one_key(ctx, args, End::Min)
}

/// `ZPOPMAX key [count]`
pub(super) fn zpopmax(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    pop_one_key(ctx, args, End::Max)
}

fn pop_one_key(ctx: &mut Ctx<'_>, args: Args<'_>, end: End) -> Outcome {
    const NOT_POSITIVE: Failure = Failure::text("ERR value is out of range, must be positive");
    let count = match args[2..] {
        [] => None,
        [count] => {
            Some(canonical_integer(count).and_then(|count| u64::try_from(count).ok()).ok_or(NOT_POSITIVE)?)
        }
        _ => return Err(Failure::SYNTAX),
    };
    let mut entry = ctx.latch(args[1])?;
    let popped = take(&mut entry, end, count.unwrap_or(1))?;
    drop(entry);
    match (count, popped.as_slice()) {
        // Without a count a single pair, whatever the protocol.
        (None, [member]) if ctx.reply.protocol() == Protocol::Resp3 => {
            ctx.reply.array(2);
            ctx.reply.bulk(member.name);
            ctx.reply.double(member.score);
        }
        _ => reply_members(ctx.reply, popped.into_iter(), true),
    }
    Ok(())
}

/// Takes up to `count` members out of the sorted set at `entry`, and logs that.
pub(super) fn take<'a>(
    entry: &mut Entry<'a>,
    end: End,
    count: u64,
) -> Result<SmallVec<[Member<'a>; 4]>, Failure> {
    let set = SortedSet::of_optional(entry.op().engine(), entry.record())?;
    let ranks = end.ranks(count, set.len());
    // The old record is given up through the epoch: its members can be read until the operation ends.
    let mut popped = SmallVec::new();
    set.for_each(ranks.clone(), end == End::Max, |member| popped.push(member))?;
    let command = entry.op().act_as(if end == End::Min { "zpopmin" } else { "zpopmax" });
    remove_ranks(entry, ranks)?;
    entry.op().act_as(command);
    Ok(popped)
}

/// What ZMPOP and BZMPOP say behind the number of keys.
pub(super) struct Request<'a> {
    pub keys: &'a [&'a [u8]],
    pub end: End,
    pub count: u64,
}

impl<'a> Request<'a> {
    /// Parses `numkeys key [key ...] MIN | MAX [COUNT count]`.
    pub(super) fn parse(words: &'a [&'a [u8]]) -> Result<Request<'a>, Failure> {
        const NO_KEYS: Failure = Failure::text("ERR numkeys should be greater than 0");
        const NO_COUNT: Failure = Failure::text("ERR count should be greater than 0");
        let keys = canonical_integer(words[0]).filter(|keys| *keys > 0).ok_or(NO_KEYS)?;
        let keys = usize::try_from(keys).unwrap_or(usize::MAX);
        let (keys, rest) = words[1..].split_at_checked(keys).ok_or(Failure::SYNTAX)?;
        let (end, rest) = rest.split_first().ok_or(Failure::SYNTAX)?;
        let end = End::parse(end)?;
        let count = match rest {
            [] => 1,
            [word, count, more @ ..] if is_word(word, "COUNT") => {
                let count = canonical_integer(count).filter(|count| *count > 0).ok_or(NO_COUNT)?;
                if !more.is_empty() {
                    return Err(Failure::SYNTAX);
                }
                count as u64
            }
            _ => return Err(Failure::SYNTAX),
        };
        Ok(Request { keys, end, count })
    }
}

/// `ZMPOP numkeys key [key ...] MIN | MAX [COUNT count]`
pub(super) fn zmpop(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let request = Request::parse(&args[1..])?;
    let keys: SmallVec<[(DbIndex, &[u8]); 8]> =
        request.keys.iter().map(|&key| (ctx.session.db, key)).collect();
    let mut latches = ctx.latch_many(&keys)?;
    for (position, key) in request.keys.iter().enumerate() {
        let popped = take(latches.entry(position), request.end, request.count)?;
        if !popped.is_empty() {
            drop(latches);
            reply_popped(ctx.reply, key, popped);
            return Ok(());
        }
    }
    drop(latches);
    ctx.reply.null_array();
    Ok(())
}

/// The key, and its members in pairs in either protocol.
pub(super) fn reply_popped(
    reply: &mut dyn crate::command::Reply,
    key: &[u8],
    popped: SmallVec<[Member<'_>; 4]>,
) {
    reply.array(2);
    reply.bulk(key);
    reply.array(popped.len());
    for member in popped {
        reply.array(2);
        reply.bulk(member.name);
        reply.double(member.score);
    }
}
