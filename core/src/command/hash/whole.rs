//! HLEN, HGETALL, HKEYS, HVALS.

use super::read;
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::{Field, Hash};

/// `HLEN key`
pub(super) fn hlen(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let fields = read(ctx, args[1])?.len()?;
    ctx.reply.integer(fields as i64);
    Ok(())
}

/// `HGETALL key`
pub(super) fn hgetall(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let fields = all(read(ctx, args[1])?)?;
    ctx.reply.map(fields.len());
    for field in fields {
        ctx.reply.bulk(field.name);
        ctx.reply.bulk(field.value);
    }
    Ok(())
}

/// `HKEYS key`
pub(super) fn hkeys(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let fields = all(read(ctx, args[1])?)?;
    ctx.reply.array(fields.len());
    fields.iter().for_each(|field| ctx.reply.bulk(field.name));
    Ok(())
}

/// `HVALS key`
pub(super) fn hvals(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let fields = all(read(ctx, args[1])?)?;
    ctx.reply.array(fields.len());
    fields.iter().for_each(|field| ctx.reply.bulk(field.value));
    Ok(())
}

/// All fields: replies begin with their number, and a damaged one must be an error instead.
pub(super) fn all(hash: Hash<'_>) -> Result<Vec<Field<'_>>, Failure> {
    let mut found = Vec::with_capacity(hash.stored_len() as usize);
    let mut fields = hash.fields()?;
    while let Some(field) = fields.next()? {
        found.push(field);
    }
    Ok(found)
}
