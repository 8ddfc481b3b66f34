//! LPOS: where an element is.

use super::at_least;
use crate::command::args::{canonical_integer, is_word};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::list::elements;

/// LPOS' options.
struct Options {
    /// Which match is the first to be told, from the end where it is negative; never zero.
    rank: i64,
    /// How many matches; zero is all. Without it the answer is one number.
    count: Option<u64>,
    /// How many elements are compared; zero is all.
    max_len: u64,
}

/// `LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len]`
pub(super) fn lpos(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let options = parse(&args[3..])?;
    let elements = elements(ctx.read(args[1])?)?;
    let len = elements.len();
    let is_backwards = options.rank < 0;
    let most = match options.count {
        None => 1,
        Some(0) => u64::MAX,
        Some(count) => count,
    };
    let compared = if options.max_len == 0 { len } else { len.min(options.max_len) };
    let mut passed = options.rank.unsigned_abs() - 1;
    let mut found: Vec<u64> = Vec::new();
    let mut walk = elements.walk(if is_backwards { len } else { 0 })?;
    for step in 0..compared {
        if found.len() as u64 == most {
            break;
        }
        let item = if is_backwards { walk.previous()? } else { walk.next()? };
        if item.is_none_or(|item| item.value != args[2]) {
            continue;
        }
        if passed > 0 {
            passed -= 1;
        } else {
            found.push(if is_backwards { len - 1 - step } else { step });
        }
    }
    match (options.count, found.first()) {
        (None, Some(&rank)) => ctx.reply.integer(rank as i64),
        (None, None) => ctx.reply.null(),
        (Some(_), _) => {
            ctx.reply.array(found.len());
            found.iter().for_each(|&rank| ctx.reply.integer(rank as i64));
        }
    }
    Ok(())
}

fn parse(words: &[&[u8]]) -> Result<Options, Failure> {
    const RANK_ZERO: Failure = Failure::text(
        "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start \
         from the end of the list",
    );
    const RANK_RANGE: Failure = Failure::text(
        "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
    );
    const COUNT: Failure = Failure::text("ERR COUNT can't be negative");
    const MAX_LEN: Failure = Failure::text("ERR MAXLEN can't be negative");
    let mut options = Options { rank: 1, count: None, max_len: 0 };
    for pair in words.chunks(2) {
        let [word, text] = pair else { return Err(Failure::SYNTAX) };
        if is_word(word, "RANK") {
            options.rank = match canonical_integer(text).ok_or(Failure::NOT_INTEGER)? {
                0 => return Err(RANK_ZERO),
                i64::MIN => return Err(RANK_RANGE),
                rank => rank,
            };
        } else if is_word(word, "COUNT") {
            options.count = Some(at_least(text, 0, COUNT)?);
        } else if is_word(word, "MAXLEN") {
            options.max_len = at_least(text, 0, MAX_LEN)?;
        } else {
            return Err(Failure::SYNTAX);
        }
    }
    Ok(options)
}
