//! ZCARD, ZSCORE, ZMSCORE, ZRANK, ZREVRANK, ZCOUNT, ZLEXCOUNT, ZSCAN.

use smallvec::SmallVec;

use super::read;
use super::words::{lex_range, score_range};
use crate::command::args::{cursor, is_word};
use crate::command::element_scan::{ScanOptions, reply_cursor};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::sorted_set::Member;
use crate::double;

/// `ZCARD key`
pub(super) fn zcard(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let members = read(ctx, args[1])?.len();
    ctx.reply.integer(members as i64);
    Ok(())
}

/// `ZSCORE key member`
pub(super) fn zscore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    match read(ctx, args[1])?.score(args[2])? {
        Some(score) => ctx.reply.double(score),
        None => ctx.reply.null(),
    }
    Ok(())
}

/// `ZMSCORE key member [member ...]`
pub(super) fn zmscore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let set = read(ctx, args[1])?;
    let scores: SmallVec<[Option<f64>; 16]> =
        args[2..].iter().map(|member| set.score(member)).collect::<Result<_, _>>()?;
    ctx.reply.array(scores.len());
    for score in scores {
        match score {
            Some(score) => ctx.reply.double(score),
            None => ctx.reply.null(),
        }
    }
    Ok(())
}

/// `ZRANK key member [WITHSCORE]`
pub(super) fn zrank(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    rank(ctx, args, "zrank", false)
}

/// `ZREVRANK key member [WITHSCORE]`
pub(super) fn zrevrank(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    rank(ctx, args, "zrevrank", true)
}

fn rank(ctx: &mut Ctx<'_>, args: Args<'_>, command: &str, from_end: bool) -> Outcome {
    let with_score = match args[3..] {
        [] => false,
        [word] if is_word(word, "WITHSCORE") => true,
        [_] => return Err(Failure::SYNTAX),
        _ => return Err(Failure::wrong_arity(command)),
    };
    let set = read(ctx, args[1])?;
    let Some(score) = set.score(args[2])? else {
        if with_score {
            ctx.reply.null_array();
        } else {
            ctx.reply.null();
        }
        return Ok(());
    };
    let rank = set.rank(Member { score, name: args[2] })?;
    let rank = if from_end { set.len() - 1 - rank } else { rank };
    if with_score {
        ctx.reply.array(2);
    }
    ctx.reply.integer(rank as i64);
    if with_score {
        ctx.reply.double(score);
    }
    Ok(())
}

/// `ZCOUNT key min max`
pub(super) fn zcount(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let range = score_range(args[2], args[3])?;
    let ranks = read(ctx, args[1])?.ranks_by_score(range)?;
    ctx.reply.integer((ranks.end - ranks.start) as i64);
    Ok(())
}

/// `ZLEXCOUNT key min max`
pub(super) fn zlexcount(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let range = lex_range(args[2], args[3])?;
    let ranks = read(ctx, args[1])?.ranks_by_name(range, false)?;
    ctx.reply.integer((ranks.end - ranks.start) as i64);
    Ok(())
}

/// `ZSCAN key cursor [MATCH pattern] [COUNT count] [NOSCORES]`
pub(super) fn zscan(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let position = cursor(args[2])?;
    let set = read(ctx, args[1])?;
    let mut found: Vec<Member<'_>> = Vec::new();
    let (mut next, mut with_scores) = (0, true);
    // Before the options are looked at, as in Redis.
    if !set.is_empty() {
        let options = ScanOptions::parse_scored(&args[3..])?;
        with_scores = !options.no_values;
        next = set.scan(position, options.count(), |member| {
            if options.lets_through(member.name) {
                found.push(member);
            }
        })?;
    }
    reply_cursor(ctx.reply, next);
    ctx.reply.array(if with_scores { found.len() * 2 } else { found.len() });
    for member in found {
        ctx.reply.bulk(member.name);
        if with_scores {
            // Valkey prints what stands in a listpack, and of a skiplist all digits.
            let text =
                if set.is_packed() { double::text(member.score) } else { double::general(member.score) };
            ctx.reply.bulk(&text);
        }
    }
    Ok(())
}
