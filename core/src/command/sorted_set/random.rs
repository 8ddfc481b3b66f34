//! ZRANDMEMBER.

use super::{read, reply_members};
use crate::command::args::is_word;
use crate::command::set::{random_count, random_ranks};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::sorted_set::Member;

/// `ZRANDMEMBER key [count [WITHSCORES]]`
pub(super) fn zrandmember(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let Some(count) = args.get(2) else {
        let set = read(ctx, args[1])?;
        let member = if set.is_empty() { None } else { set.at(fastrand::u64(..set.len()))? };
        match member {
            Some(member) => ctx.reply.bulk(member.name),
            None => ctx.reply.null(),
        }
        return Ok(());
    };
    let count = random_count(count)?;
    let with_scores = match args[3..] {
        [] => false,
        [word] if is_word(word, "WITHSCORES") => true,
        _ => return Err(Failure::SYNTAX),
    };
    if with_scores && count.unsigned_abs() > i64::MAX as u64 / 2 {
        return Err(Failure::OUT_OF_RANGE);
    }
    let set = read(ctx, args[1])?;
    let none = Member { score: 0.0, name: b"" };
    let members: Vec<Member<'_>> = random_ranks(set.len(), count)?
        .into_iter()
        .map(|rank| set.at(rank).map(|member| member.unwrap_or(none)))
        .collect::<Result<_, _>>()?;
    reply_members(ctx.reply, members.into_iter(), with_scores);
    Ok(())
}
