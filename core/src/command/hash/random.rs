//! HRANDFIELD.

use super::read;
use super::whole::all;
use crate::command::args::is_word;
use crate::command::set::{random_count, random_ranks};
use crate::command::{Args, Ctx, Failure, Outcome, Protocol};
use crate::container::{Field, Hash};

/// How often a field whose time is over may be met by chance before all others are gathered.
const TRIES: usize = 100;

/// `HRANDFIELD key [count [WITHVALUES]]`
pub(super) fn hrandfield(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (count, with_values) = match args[2..] {
        [] => (None, false),
        [count] => (Some(random_count(count)?), false),
        [count, word] => {
            let count = random_count(count)?;
            if !is_word(word, "WITHVALUES") {
                return Err(Failure::SYNTAX);
            }
            if count.unsigned_abs() > i64::MAX as u64 / 2 {
                return Err(Failure::OUT_OF_RANGE);
            }
            (Some(count), true)
        }
        [count, ..] => {
            random_count(count)?;
            return Err(Failure::SYNTAX);
        }
    };
    let hash = read(ctx, args[1])?;
    let fields = choose(hash, count.unwrap_or(1))?;
    if count.is_none() {
        match fields.first() {
            Some(field) => ctx.reply.bulk(field.name),
            None => ctx.reply.null(),
        }
        return Ok(());
    }
    let is_flat = with_values && ctx.reply.protocol() == Protocol::Resp2;
    ctx.reply.array(if is_flat { 2 * fields.len() } else { fields.len() });
    for field in fields {
        if with_values && !is_flat {
            ctx.reply.array(2);
        }
        ctx.reply.bulk(field.name);
        if with_values {
            ctx.reply.bulk(field.value);
        }
    }
    Ok(())
}

/// `count` different fields, or `-count` that may repeat, in an order by chance; none whose time is over.
fn choose(hash: Hash<'_>, count: i64) -> Result<Vec<Field<'_>>, Failure> {
    let (stored, expired) = (hash.stored_len(), hash.expired_len()?);
    if count < 0 && expired > 0 {
        return repeat(hash, count);
    }
    // So many more that enough of them are left.
    let ranks = random_ranks(stored, count.saturating_add_unsigned(if count > 0 { expired } else { 0 }))?;
    let mut fields = Vec::with_capacity(ranks.len());
    for rank in ranks {
        if count > 0 && fields.len() as u64 == count.unsigned_abs() {
            break;
        }
        fields.extend(hash.at(rank)?);
    }
    Ok(fields)
}

/// Fields that may repeat, of a hash in which the time of some is over.
fn repeat(hash: Hash<'_>, count: i64) -> Result<Vec<Field<'_>>, Failure> {
    // Checks the count.
    let ranks = random_ranks(hash.stored_len(), count)?;
    let mut living: Vec<Field<'_>> = Vec::new();
    let mut fields = Vec::with_capacity(ranks.len());
    'next: for rank in ranks {
        if living.is_empty() {
            let tries = std::iter::once(rank).chain((1..TRIES).map(|_| fastrand::u64(..hash.stored_len())));
            for rank in tries {
                if let Some(field) = hash.at(rank)? {
                    fields.push(field);
                    continue 'next;
                }
            }
            living = all(hash)?;
            if living.is_empty() {
                break;
            }
        }
        fields.push(living[fastrand::usize(..living.len())]);
    }
    Ok(fields)
}
