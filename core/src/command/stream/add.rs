//! XADD, XLEN, XSETID.

use super::trim::{Trim, Trimmed};
use super::{read_stream, reply_id, stream_of, text_of};
use crate::command::args::{integer, is_word};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::stream::{Id, StreamEdit};
use crate::event::class;
use crate::record::{Effect, Str};
use crate::transaction::block::Block;

/// An ID as XADD takes it.
#[derive(Clone, Copy)]
enum Wanted {
    /// `*`
    Next,
    /// `milliseconds-*`
    Within(u64),
    Exactly(Id),
}

impl Wanted {
    fn parse(text: &[u8]) -> Result<Wanted, Failure> {
        if text == b"*" {
            return Ok(Wanted::Next);
        }
        if let Some(millis) = text.strip_suffix(b"-*") {
            return match Id::parse_parts(millis)? {
                (millis, None) => Ok(Wanted::Within(millis)),
                _ => Err(Id::INVALID),
            };
        }
        Id::parse(text, 0).map(Wanted::Exactly)
    }

    /// The ID of an entry behind `last`.
    fn after(self, last: Id, now: u64) -> Result<Id, Failure> {
        const SMALLER: Failure =
            Failure::text("ERR The ID specified in XADD is equal or smaller than the target stream top item");
        let id = match self {
            Wanted::Next if now > last.millis => Id { millis: now, sequence: 0 },
            Wanted::Next => last.next().ok_or(EXHAUSTED)?,
            Wanted::Within(millis) if millis == last.millis => {
                Id { millis, sequence: last.sequence.checked_add(1).ok_or(SMALLER)? }
            }
            Wanted::Within(millis) => Id { millis, sequence: 0 },
            Wanted::Exactly(id) => id,
        };
        if id > last { Ok(id) } else { Err(SMALLER) }
    }
}

const EXHAUSTED: Failure =
    Failure::text("ERR The stream has exhausted the last possible ID, unable to add more items");

/// `XADD key [NOMKSTREAM] [KEEPREF | DELREF | ACKED] [MAXLEN | MINID [= | ~] threshold [LIMIT count]] id field value ...`
pub(super) fn xadd(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const ZERO: Failure = Failure::text("ERR The ID specified in XADD must be greater than 0-0");
    let mut trim = Trim::default();
    let mut makes = true;
    let mut at = 2;
    let wanted = loop {
        let Some(arg) = args.get(at) else { return Err(Failure::wrong_arity("xadd")) };
        if is_word(arg, "NOMKSTREAM") {
            makes = false;
            at += 1;
        } else if !trim.parse_option(args, &mut at)? {
            break Wanted::parse(arg)?;
        }
    };
    trim.check()?;
    let strings = &args[at + 1..];
    if strings.is_empty() || !strings.len().is_multiple_of(2) {
        return Err(Failure::wrong_arity("xadd"));
    }
    if matches!(wanted, Wanted::Exactly(Id::MIN)) {
        return Err(ZERO);
    }
    let now = ctx.now().0;
    let mut entry = ctx.latch(args[1])?;
    let record = entry.record();
    let stream = stream_of(record)?;
    if stream.is_none() && !makes {
        drop(entry);
        ctx.reply.null();
        return Ok(());
    }
    let last = stream.map_or(Id::MIN, |stream| stream.meta.last);
    if last == Id::MAX {
        return Err(EXHAUSTED);
    }
    let id = wanted.after(last, now)?;
    let mut edit = StreamEdit::of(&entry, record)?;
    edit.add(id, strings)?;
    let mut trimmed = Trimmed::default();
    let done = trim.carry_out(stream, &mut edit, ctx.engine.tuning(), &mut trimmed);
    let (text, mut left) = (text_of(id), itoa::Buffer::new());
    let mut effect: Vec<Str<'_>> = Vec::new();
    if ctx.engine.log().is_on() {
        effect.extend([Str::Inline(b"XADD"), Str::Inline(args[1])]);
        if trimmed.from_front > 0 {
            // What was trimmed is trimmed again, whatever sizes mean there.
            let left = left.format(edit.view().len()).as_bytes();
            effect.extend([Str::Inline(b"MAXLEN"), Str::Inline(b"="), Str::Inline(left)]);
        }
        effect.push(text.as_bytes().into());
        effect.extend(strings.iter().map(|string| Str::Inline(string)));
    }
    if trimmed.deletion.has_effects() {
        let mut effects = Block::default();
        entry.gather(&mut effects, &effect);
        trimmed.deletion.note(&entry, &mut effects);
        edit.put(&mut entry, Effect::Commands(&effects));
    } else {
        edit.put(&mut entry, Effect::Command(&effect));
    }
    if trimmed.count() > 0 {
        entry.announce(class::STREAM, "xtrim");
    }
    done?;
    drop(entry);
    reply_id(ctx.reply, id);
    Ok(())
}

/// `XLEN key`
pub(super) fn xlen(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let len = read_stream(ctx, args[1])?.map_or(0, |stream| stream.len());
    ctx.reply.integer(len as i64);
    Ok(())
}

/// `XSETID key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]`
pub(super) fn xsetid(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const NEGATIVE: Failure = Failure::text("ERR entries_added must be positive");
    const BELOW_GIVEN: Failure =
        Failure::text("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
    const BELOW_DELETED: Failure =
        Failure::text("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id");
    const BELOW_TOP: Failure =
        Failure::text("ERR The ID specified in XSETID is smaller than the target stream top item");
    const TOO_FEW: Failure =
        Failure::text("ERR The entries_added specified in XSETID is smaller than the target stream length");
    let last = Id::parse(args[2], 0)?;
    let (mut added, mut max_deleted) = (None, None);
    let mut rest = args[3..].iter();
    while let Some(word) = rest.next() {
        if is_word(word, "ENTRIESADDED") {
            let value = integer(rest.next().ok_or(Failure::SYNTAX)?)?;
            added = Some(u64::try_from(value).map_err(|_| NEGATIVE)?);
        } else if is_word(word, "MAXDELETEDID") {
            let id = Id::parse(rest.next().ok_or(Failure::SYNTAX)?, 0)?;
            if last < id {
                return Err(BELOW_GIVEN);
            }
            max_deleted = Some(id);
        } else {
            return Err(Failure::SYNTAX);
        }
    }
    let mut entry = ctx.latch(args[1])?;
    let record = entry.record();
    let stream = stream_of(record)?.ok_or(Failure::NO_SUCH_KEY)?;
    if last < stream.meta.max_deleted {
        return Err(BELOW_DELETED);
    }
    if let Some(top) = stream.entries().last()? {
        if last < top.id {
            return Err(BELOW_TOP);
        }
        if added.is_some_and(|added| added < stream.len()) {
            return Err(TOO_FEW);
        }
    }
    let mut edit = StreamEdit::of(&entry, record)?;
    edit.meta.last = last;
    edit.meta.added = added.unwrap_or(edit.meta.added);
    edit.meta.max_deleted = max_deleted.filter(|id| *id != Id::MIN).unwrap_or(edit.meta.max_deleted);
    let effect: Vec<Str<'_>> = args.iter().map(|arg| Str::Inline(arg)).collect();
    edit.put(&mut entry, Effect::Command(&effect));
    drop(entry);
    ctx.reply.ok();
    Ok(())
}
