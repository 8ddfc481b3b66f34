//! The EXPIRE family, the TTL family, and PERSIST.

use crate::clock::UnixMillis;
use crate::command::args::{TimeBase, TimeForm, TimeUnit, echoed, is_word};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::event::EXPIRING;
use crate::record::{Draft, Effect, Marks, Record};
use crate::transaction::Entry;

/// `EXPIRE key seconds [NX | XX | GT | LT]`
pub(super) fn expire(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    set_expiry(ctx, args, TimeForm::SECONDS, "expire")
}

/// `PEXPIRE key milliseconds [NX | XX | GT | LT]`
pub(super) fn pexpire(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    set_expiry(ctx, args, TimeForm::MILLIS, "pexpire")
}

/// `EXPIREAT key unix-time-seconds [NX | XX | GT | LT]`
pub(super) fn expireat(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    set_expiry(ctx, args, TimeForm::UNIX_SECONDS, "expireat")
}

/// `PEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT]`
pub(super) fn pexpireat(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    set_expiry(ctx, args, TimeForm::UNIX_MILLIS, "pexpireat")
}

/// When an expiry is set, seen from the one that is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::command) struct Conditions {
    /// NX: only where there is none.
    absent: bool,
    /// XX: only where there is one.
    present: bool,
    /// GT: only to a later time; none is the latest.
    greater: bool,
    /// LT: only to an earlier time.
    less: bool,
}

impl Conditions {
    pub(in crate::command) fn parse(words: &[&[u8]]) -> Result<Conditions, Failure> {
        const NX_ALONE: Failure =
            Failure::text("ERR NX and XX, GT or LT options at the same time are not compatible");
        const GT_OR_LT: Failure = Failure::text("ERR GT and LT options at the same time are not compatible");
        let mut conditions = Conditions::default();
        for word in words {
            let condition = match word {
                w if is_word(w, "NX") => &mut conditions.absent,
                w if is_word(w, "XX") => &mut conditions.present,
                w if is_word(w, "GT") => &mut conditions.greater,
                w if is_word(w, "LT") => &mut conditions.less,
                _ => {
                    let word = echoed(word);
                    return Err(Failure::new(format!("ERR Unsupported option {word}")));
                }
            };
            *condition = true;
        }
        let Conditions { absent, present, greater, less } = conditions;
        match () {
            () if absent && (present || greater || less) => Err(NX_ALONE),
            () if greater && less => Err(GT_OR_LT),
            () => Ok(conditions),
        }
    }

    pub(in crate::command) fn hold(self, old: Option<UnixMillis>, new: UnixMillis) -> bool {
        match old {
            None => !self.present && !self.greater,
            Some(_) if self.absent => false,
            Some(old) => (!self.greater || new > old) && (!self.less || new < old),
        }
    }
}

fn set_expiry(ctx: &mut Ctx<'_>, args: Args<'_>, form: TimeForm, command: &str) -> Outcome {
    let conditions = Conditions::parse(&args[3..])?;
    let at = form.parse_any(args[2], ctx.now(), command)?;
    let mut entry = ctx.latch(args[1])?;
    let applied = match entry.record() {
        Some(record) if conditions.hold(record.expire_at(), at) => {
            if at <= ctx.now() {
                ctx.op.act_as(EXPIRING);
                entry.remove(Effect::Del);
            } else {
                put_expiry(&mut entry, record, args[1], Some(at))?;
            }
            true
        }
        _ => false,
    };
    drop(entry);
    ctx.reply.integer(i64::from(applied));
    Ok(())
}

/// `PERSIST key`
pub(super) fn persist(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let mut entry = ctx.latch(args[1])?;
    let applied = match entry.record() {
        Some(record) if record.expire_at().is_some() => {
            put_expiry(&mut entry, record, args[1], None)?;
            true
        }
        _ => false,
    };
    drop(entry);
    ctx.reply.integer(i64::from(applied));
    Ok(())
}

/// Gives a key another expiry and leaves the rest of it alone.
pub(in crate::command) fn put_expiry(
    entry: &mut Entry<'_>,
    record: Record<'_>,
    key: &[u8],
    expire_at: Option<UnixMillis>,
) -> Outcome {
    let draft = Draft { expire_at, ..Draft::like(record) };
    // Any write over RESP makes a new CAS number; what is out of date stays so.
    let marks = Marks { cas: None, ..record.marks() };
    match expire_at {
        Some(at) => {
            let mut digits = itoa::Buffer::new();
            let at = digits.format(at.0).as_bytes();
            entry.put_marked(draft, marks, Effect::Command(&[b"PEXPIREAT".into(), key.into(), at.into()]));
        }
        None => entry.put_marked(draft, marks, Effect::Command(&[b"PERSIST".into(), key.into()])),
    }
    Ok(())
}

/// `TTL key`
pub(super) fn ttl(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_expiry(ctx, args, TimeForm::SECONDS)
}

/// `PTTL key`
pub(super) fn pttl(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_expiry(ctx, args, TimeForm::MILLIS)
}

/// `EXPIRETIME key`
pub(super) fn expiretime(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_expiry(ctx, args, TimeForm::UNIX_SECONDS)
}

/// `PEXPIRETIME key`
pub(super) fn pexpiretime(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    reply_expiry(ctx, args, TimeForm::UNIX_MILLIS)
}

/// Replies when a key expires: -2 for no key, -1 for never. Seconds are rounded.
fn reply_expiry(ctx: &mut Ctx<'_>, args: Args<'_>, form: TimeForm) -> Outcome {
    let reply = match ctx.look(args[1])?.map(|record| record.expire_at()) {
        None => -2,
        Some(None) => -1,
        Some(Some(at)) => {
            let millis = match form.base {
                TimeBase::Epoch => at.0,
                TimeBase::Now => at.0.saturating_sub(ctx.now().0),
            };
            (match form.unit {
                TimeUnit::Millis => millis,
                TimeUnit::Seconds => millis.saturating_add(500) / 1000,
            }) as i64
        }
    };
    ctx.reply.integer(reply);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Conditions, Failure> {
        let words: Vec<&[u8]> = text.split_ascii_whitespace().map(str::as_bytes).collect();
        Conditions::parse(&words)
    }

    #[test]
    fn conditions_compare_with_the_expiry_that_is_there() {
        let (early, late) = (UnixMillis(10), UnixMillis(20));
        for (words, old, new, expected) in [
            ("", None, early, true),
            ("", Some(late), early, true),
            ("NX", None, early, true),
            ("NX", Some(late), early, false),
            ("XX", None, early, false),
            ("XX", Some(late), early, true),
            ("GT", None, late, false),
            ("GT", Some(early), late, true),
            ("gt", Some(late), late, false),
            ("LT", None, late, true),
            ("LT", Some(late), early, true),
            ("LT", Some(late), late, false),
            ("XX GT", Some(early), late, true),
            ("XX LT", None, late, false),
        ] {
            assert_eq!(parse(words).unwrap().hold(old, new), expected, "{words} {old:?} {new:?}");
        }
        assert!(parse("NX GT").unwrap_err().0.starts_with("ERR NX and XX"));
        assert!(parse("LT GT").unwrap_err().0.starts_with("ERR GT and LT"));
        assert_eq!(parse("Foo").unwrap_err().0, "ERR Unsupported option Foo");
    }
}
