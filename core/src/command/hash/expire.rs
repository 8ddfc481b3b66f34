//! The HEXPIRE family, the HTTL family, and HPERSIST.

use super::change::{BAD_COUNT, Change, change_fields, counted, split};
use super::read;
use crate::command::args::{TimeBase, TimeForm, TimeUnit, integer, is_word};
use crate::command::keys::Conditions;
use crate::command::{Args, Ctx, Failure, Outcome};

/// The reply for a field that is not there.
const NO_FIELD: i64 = -2;
/// The reply for a field without an expiry.
const NO_EXPIRY: i64 = -1;

/// `HEXPIRE key seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]`
pub(super) fn hexpire(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    set_expiry(ctx, args, TimeForm::SECONDS, "hexpire")
}

/// `HPEXPIRE key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]`
pub(super) fn hpexpire(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    set_expiry(ctx, args, TimeForm::MILLIS, "hpexpire")
}

/// `HEXPIREAT key unix-time-seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]`
pub(super) fn hexpireat(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    set_expiry(ctx, args, TimeForm::UNIX_SECONDS, "hexpireat")
}

/// `HPEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]`
pub(super) fn hpexpireat(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    set_expiry(ctx, args, TimeForm::UNIX_MILLIS, "hpexpireat")
}

fn set_expiry(ctx: &mut Ctx<'_>, args: Args<'_>, form: TimeForm, command: &str) -> Outcome {
    let (conditions, names) = split(args, 3, 3, 1, Conditions::parse)?;
    let at = form.parse_not_negative(args[2], ctx.now(), command)?;
    let change = Change::expire_at(at, ctx.now());
    let done = if change == Change::Expire { 2 } else { 1 };
    let replies = change_fields(ctx, args[1], names, change, NO_FIELD, |edit, _, name| {
        Ok(match edit.view().get(name)? {
            None => (NO_FIELD, false),
            Some(field) if !conditions.hold(field.expire_at, at) => (0, false),
            Some(_) => (done, true),
        })
    })?;
    reply_integers(ctx, &replies);
    Ok(())
}

/// `HPERSIST key FIELDS numfields field [field ...]`
pub(super) fn hpersist(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let names = plain_fields(args)?.ok_or(BAD_COUNT)?;
    let replies = change_fields(ctx, args[1], names, Change::Persist, NO_FIELD, |edit, _, name| {
        Ok(match edit.view().get(name)?.map(|field| field.expire_at) {
            None => (NO_FIELD, false),
            Some(None) => (NO_EXPIRY, false),
            Some(Some(_)) => (1, true),
        })
    })?;
    reply_integers(ctx, &replies);
    Ok(())
}

/// The fields of `command key FIELDS numfields field [field ...]`; `None` if they are not as many.
pub(super) fn plain_fields<'a>(args: Args<'a>) -> Result<Option<&'a [&'a [u8]]>, Failure> {
    if !is_word(args[2], "FIELDS") {
        return Err(Failure::SYNTAX);
    }
    Ok(counted(integer(args[3])?, &args[4..], 1))
}

/// `HTTL key FIELDS numfields field [field ...]`
pub(super) fn httl(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_expiry(ctx, args, TimeForm::SECONDS)
}

/// `HPTTL key FIELDS numfields field [field ...]`
pub(super) fn hpttl(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_expiry(ctx, args, TimeForm::MILLIS)
}

/// `HEXPIRETIME key FIELDS numfields field [field ...]`
pub(super) fn hexpiretime(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_expiry(ctx, args, TimeForm::UNIX_SECONDS)
}

/// `HPEXPIRETIME key FIELDS numfields field [field ...]`
pub(super) fn hpexpiretime(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_expiry(ctx, args, TimeForm::UNIX_MILLIS)
}

/// Replies when fields expire. Seconds are rounded.
fn reply_expiry(ctx: &mut Ctx<'_>, args: Args<'_>, form: TimeForm) -> Outcome {
    let names = plain_fields(args)?.ok_or(Failure::SYNTAX)?;
    let hash = read(ctx, args[1])?;
    let base = if form.base == TimeBase::Now { ctx.now().0 } else { 0 };
    let mut replies = Vec::with_capacity(names.len());
    for name in names {
        replies.push(match hash.get(name)?.map(|field| field.expire_at) {
            None => NO_FIELD,
            Some(None) => NO_EXPIRY,
            Some(Some(at)) => {
                let millis = at.0.saturating_sub(base);
                (match form.unit {
                    TimeUnit::Millis => millis,
                    TimeUnit::Seconds => millis.saturating_add(500) / 1000,
                }) as i64
            }
        });
    }
    reply_integers(ctx, &replies);
    Ok(())
}

fn reply_integers(ctx: &mut Ctx<'_>, replies: &[i64]) {
    ctx.reply.array(replies.len());
    replies.iter().for_each(|&reply| ctx.reply.integer(reply));
}
