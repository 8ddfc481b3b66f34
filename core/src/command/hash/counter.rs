//! HINCRBY and HINCRBYFLOAT.

use crate::command::args::{canonical_integer, integer};
use crate::command::string::Extended;
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::{FieldExpiry, HashEdit};

/// `HINCRBY key field increment`
pub(super) fn hincrby(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const NOT_INTEGER: Failure = Failure::text("ERR hash value is not an integer");
    let increment = integer(args[3])?;
    let mut sum = 0;
    replace(ctx, args, |old| {
        let old = old.map_or(Some(0), canonical_integer).ok_or(NOT_INTEGER)?;
        sum = old.checked_add(increment).ok_or(Failure::OVERFLOW)?;
        Ok(sum.to_string())
    })?;
    ctx.reply.integer(sum);
    Ok(())
}

/// `HINCRBYFLOAT key field increment`
pub(super) fn hincrbyfloat(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const NOT_FLOAT: Failure = Failure::text("ERR hash value is not a float");
    const INFINITE: Failure = Failure::text("ERR value is NaN or Infinity");
    const NOT_FINITE: Failure = Failure::text("ERR increment would produce NaN or Infinity");
    let increment = Extended::parse(args[3]).ok_or(Failure::NOT_FLOAT)?;
    if increment.is_infinite() {
        return Err(INFINITE);
    }
    let sum = replace(ctx, args, |old| {
        let old = old.map_or(Some(Extended::ZERO), Extended::parse).ok_or(NOT_FLOAT)?;
        Ok(old.add(increment).ok_or(NOT_FINITE)?.to_text())
    })?;
    ctx.reply.bulk(sum.as_bytes());
    Ok(())
}

/// Replaces the value of the field `args[2]`, leaving its expiry; the effect has the resulting value.
fn replace(
    ctx: &Ctx<'_>,
    args: Args<'_>,
    change: impl FnOnce(Option<&[u8]>) -> Result<String, Failure>,
) -> Result<String, Failure> {
    let (key, name) = (args[1], args[2]);
    let mut entry = ctx.latch(key)?;
    let old = entry.record();
    let mut edit = HashEdit::of_optional(ctx.engine, &entry, old, ctx.now())?;
    let field = edit.view().get(name)?;
    let expire_at = field.and_then(|field| field.expire_at);
    let value = change(field.map(|field| field.value))?;
    edit.set(name, value.as_bytes(), expire_at.map_or(FieldExpiry::None, FieldExpiry::At))?;
    let (name, text) = (name.into(), value.as_bytes().into());
    match expire_at {
        None => edit.put(&mut entry, old, &[b"HSET".into(), key.into(), name, text])?,
        Some(at) => {
            let mut digits = itoa::Buffer::new();
            let at = digits.format(at.0).as_bytes().into();
            let head = [b"HSETEX".into(), key.into(), b"PXAT".into(), at];
            let tail = [b"FIELDS".into(), b"1".into(), name, text];
            edit.put(&mut entry, old, &[head, tail].concat())?;
        }
    }
    Ok(value)
}
