//! ZRANGE in all its forms and names, and ZRANGESTORE.

use std::ops::Range;

use super::words::{lex_range, score_range};
use super::{read, reply_members};
use crate::command::args::{integer, is_word};
use crate::command::store::store;
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::SortedSet;
use crate::container::sorted_set::{Combined, LexRange, Member, ScoreRange};
use crate::engine::Engine;

/// `ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]`
pub(super) fn zrange(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_range(ctx, args[1], &Query::parse(&args[2..], Form::ANY)?)
}

/// `ZREVRANGE key start stop [WITHSCORES]`
pub(super) fn zrevrange(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_range(ctx, args[1], &Query::parse(&args[2..], Form::fixed(By::Rank, true))?)
}

/// `ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]`
pub(super) fn zrangebyscore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_range(ctx, args[1], &Query::parse(&args[2..], Form::fixed(By::Score, false))?)
}

/// `ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]`
pub(super) fn zrevrangebyscore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_range(ctx, args[1], &Query::parse(&args[2..], Form::fixed(By::Score, true))?)
}

/// `ZRANGEBYLEX key min max [LIMIT offset count]`
pub(super) fn zrangebylex(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_range(ctx, args[1], &Query::parse(&args[2..], Form::fixed(By::Name, false))?)
}

/// `ZREVRANGEBYLEX key max min [LIMIT offset count]`
pub(super) fn zrevrangebylex(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_range(ctx, args[1], &Query::parse(&args[2..], Form::fixed(By::Name, true))?)
}

/// `ZRANGESTORE destination key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count]`
pub(super) fn zrangestore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let query = Query::parse(&args[3..], Form { stores: true, ..Form::ANY })?;
    let stored = store(ctx, args[1], &args[2..3], |engine, records| {
        let set = SortedSet::of_optional(engine, records[0])?;
        let mut members = query.members(set)?;
        query.drop_signs(engine, &mut members);
        Ok(Box::new(Combined::new(members)))
    })?;
    ctx.reply.integer(stored as i64);
    Ok(())
}

fn reply_range(ctx: &mut Ctx<'_>, key: &[u8], query: &Query<'_>) -> Outcome {
    let members = query.members(read(ctx, key)?)?;
    reply_members(ctx.reply, members.into_iter(), query.with_scores);
    Ok(())
}

/// What the bounds of a range are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Name,
}

/// What a command's name leaves to its words.
#[derive(Clone, Copy)]
struct Form {
    by: Option<By>,
    reversed: Option<bool>,
    stores: bool,
}

impl Form {
    const ANY: Form = Form { by: None, reversed: None, stores: false };

    fn fixed(by: By, reversed: bool) -> Form {
        Form { by: Some(by), reversed: Some(reversed), stores: false }
    }
}

/// A range, as it was asked for.
struct Query<'a> {
    bounds: Bounds<'a>,
    reversed: bool,
    offset: i64,
    count: i64,
    with_scores: bool,
}

enum Bounds<'a> {
    Rank(i64, i64),
    Score(ScoreRange),
    Name(LexRange<'a>),
}

impl<'a> Query<'a> {
    /// Reads the bounds and the words behind them.
    fn parse(words: &[&'a [u8]], form: Form) -> Result<Query<'a>, Failure> {
        const LIMIT_BY_RANK: Failure = Failure::text(
            "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
        );
        const SCORES_BY_LEX: Failure =
            Failure::text("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
        let (mut by, mut reversed) = (form.by, form.reversed);
        let (mut offset, mut count, mut with_scores) = (0, -1, false);
        let mut rest = &words[2..];
        while let Some((word, after)) = rest.split_first() {
            rest = after;
            if !form.stores && is_word(word, "WITHSCORES") {
                with_scores = true;
            } else if let (true, [first, second, after @ ..]) = (is_word(word, "LIMIT"), rest) {
                (offset, count) = (integer(first)?, integer(second)?);
                rest = after;
            } else if reversed.is_none() && is_word(word, "REV") {
                reversed = Some(true);
            } else if by.is_none() && is_word(word, "BYLEX") {
                by = Some(By::Name);
            } else if by.is_none() && is_word(word, "BYSCORE") {
                by = Some(By::Score);
            } else {
                return Err(Failure::SYNTAX);
            }
        }
        let (by, reversed) = (by.unwrap_or(By::Rank), reversed.unwrap_or(false));
        if count != -1 && by == By::Rank {
            return Err(LIMIT_BY_RANK);
        }
        if with_scores && by == By::Name {
            return Err(SCORES_BY_LEX);
        }
        let (min, max) = if reversed { (words[1], words[0]) } else { (words[0], words[1]) };
        let bounds = match by {
            By::Rank => Bounds::Rank(integer(words[0])?, integer(words[1])?),
            By::Score => Bounds::Score(score_range(min, max)?),
            By::Name => Bounds::Name(lex_range(min, max)?),
        };
        Ok(Query { bounds, reversed, offset, count, with_scores })
    }

    /// The members of the range, in the order asked for.
    fn members<'s>(&self, set: SortedSet<'s>) -> Result<Vec<Member<'s>>, Failure> {
        let ranks = self.ranks(set)?;
        let mut members = Vec::with_capacity((ranks.end - ranks.start) as usize);
        set.for_each(ranks, self.reversed, |member| members.push(member))?;
        Ok(members)
    }

    /// Drops the sign of zeroes that Valkey would put into a listpack: its destination begins as one, unless there are
    /// too many members and it knows that, and ends as one with the first member that does not fit.
    fn drop_signs(&self, engine: &Engine, members: &mut [Member<'_>]) {
        let tuning = engine.tuning();
        let (most, longest) = (tuning.zset_max_listpack_entries(), tuning.zset_max_listpack_value());
        if matches!(self.bounds, Bounds::Rank(..)) && members.len() as u64 > most {
            return;
        }
        let fits = |(at, member): &(usize, &mut Member<'_>)| {
            (*at as u64) < most && member.name.len() as u64 <= longest
        };
        let packed = members.iter_mut().enumerate().take_while(fits);
        packed.for_each(|(_, member)| member.score += 0.0);
    }

    fn ranks(&self, set: SortedSet<'_>) -> Result<Range<u64>, Failure> {
        let all = match self.bounds {
            Bounds::Rank(start, stop) => {
                let ranks = ranks(start, stop, set.len());
                let len = set.len();
                let mirrored = len - ranks.end..len - ranks.start;
                return Ok(if self.reversed { mirrored } else { ranks });
            }
            Bounds::Score(range) => set.ranks_by_score(range)?,
            Bounds::Name(range) => set.ranks_by_name(range, self.reversed)?,
        };
        // A negative offset counts from the end of the range in Valkey's skiplists, and passes over everything in its
        // listpacks; a negative count takes everything.
        let len = all.end - all.start;
        let skipped = match u64::try_from(self.offset) {
            Ok(offset) => offset.min(len),
            Err(_) if set.is_packed() => len,
            Err(_) => len.checked_add_signed(self.offset).unwrap_or(len),
        };
        let taken = u64::try_from(self.count).map_or(len, |count| count).min(len - skipped);
        Ok(if self.reversed {
            let end = all.end - skipped;
            end - taken..end
        } else {
            let start = all.start + skipped;
            start..start + taken
        })
    }
}

/// The ranks from `start` to `stop`, both included, negative ones counted from the end.
pub(super) fn ranks(start: i64, stop: i64, len: u64) -> Range<u64> {
    let from_end = |rank: i64| if rank < 0 { rank.saturating_add_unsigned(len) } else { rank };
    // A last rank in front of the first member leaves nothing.
    match (u64::try_from(from_end(start).max(0)), u64::try_from(from_end(stop))) {
        (Ok(start), Ok(stop)) if start <= stop && start < len => start..stop.min(len - 1) + 1,
        _ => 0..0,
    }
}
