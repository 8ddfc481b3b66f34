//! SET, SETNX, SETEX, PSETEX.

use super::options::{Condition, Expiry, parse_set};
use crate::command::args::{TimeForm, is_word};
use crate::command::spec::KeyUse;
use crate::command::{Args, Ctx, Outcome};
use crate::event::{EXPIRING, KEEPING};
use crate::record::{Draft, Effect};
use crate::transaction::Entry;

/// `SET key value [NX | XX | IFEQ value | IFNE value | IFDEQ digest | IFDNE digest] [GET] [EX | PX | EXAT | PXAT time |
/// KEEPTTL]`
pub(super) fn set(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    if args.len() == 3 {
        ctx.latch(args[1])?.put(Draft::string(args[2]), Effect::Set);
        ctx.reply.ok();
        return Ok(());
    }
    let options = parse_set(&args[3..], ctx.now())?;
    let mut entry = ctx.latch(args[1])?;
    let old = entry.record();
    let old_value = match (options.get, old) {
        (true, Some(record)) => Some(record.string()?),
        (true, None) => {
            entry.announce_miss();
            None
        }
        _ => None,
    };
    let applies = match (options.condition, old) {
        (Condition::Always, _) => true,
        (Condition::IfAbsent, old) => old.is_none(),
        (Condition::IfPresent, old) => old.is_some(),
        (Condition::If(comparison), old) => comparison.holds(old.map(|record| record.string()).transpose()?),
    };
    if applies {
        put_with_expiry(&mut entry, args[2], options.expiry, ctx);
    }
    drop(entry);
    match (options.get, old_value) {
        (true, Some(value)) => ctx.reply.string(value),
        (false, _) if applies => ctx.reply.ok(),
        _ => ctx.reply.null(),
    }
    Ok(())
}

/// SET reads its key only where GET asks for the old value.
pub(super) fn key_use(args: Args<'_>) -> KeyUse {
    if args.iter().skip(3).any(|word| is_word(word, "GET")) { "RW access update" } else { "OW update" }
}

/// `SETNX key value`
pub(super) fn setnx(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let mut entry = ctx.latch(args[1])?;
    let absent = entry.record().is_none();
    if absent {
        entry.put(Draft::string(args[2]), Effect::Set);
    }
    drop(entry);
    ctx.reply.integer(i64::from(absent));
    Ok(())
}

/// `SETEX key seconds value`
pub(super) fn setex(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    set_for(ctx, args, TimeForm::SECONDS, "setex")
}

/// `PSETEX key milliseconds value`
pub(super) fn psetex(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    set_for(ctx, args, TimeForm::MILLIS, "psetex")
}

fn set_for(ctx: &mut Ctx<'_>, args: Args<'_>, form: TimeForm, command: &str) -> Outcome {
    let at = form.parse_positive(args[2], ctx.now(), command)?;
    let draft = Draft { expire_at: Some(at), ..Draft::string(args[3]) };
    ctx.latch(args[1])?.put(draft, Effect::Set);
    ctx.reply.ok();
    Ok(())
}

/// Puts `value` under a key as a plain SET does, with an expiry that may have passed already.
pub(super) fn put_with_expiry(entry: &mut Entry<'_>, value: &[u8], expiry: Expiry, ctx: &Ctx<'_>) {
    let expire_at = match expiry {
        Expiry::At(at) if at <= ctx.now() => {
            ctx.op.act_as(EXPIRING);
            entry.remove(Effect::Del);
            return;
        }
        Expiry::At(at) => Some(at),
        Expiry::Keep => {
            ctx.op.act_as(KEEPING);
            entry.record().and_then(|record| record.expire_at())
        }
        Expiry::None | Expiry::Persist => None,
    };
    entry.put(Draft { expire_at, ..Draft::string(value) }, Effect::Set);
}
