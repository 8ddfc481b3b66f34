//! XDEL, XDELEX and XACKDEL.

use super::references::{Deletion, Fate, References, note_ids};
use super::stream_of;
use crate::command::args::{canonical_integer, is_word};
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::stream::{Id, StreamEdit};
use crate::record::Effect;
use crate::transaction::block::Block;

fn parse_ids(texts: &[&[u8]]) -> Result<Vec<Id>, Failure> {
    texts.iter().map(|text| Id::parse(text, 0)).collect()
}

/// `XDEL key id ...`
pub(super) fn xdel(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let mut entry = ctx.latch(args[1])?;
    let record = entry.record();
    let Some(stream) = stream_of(record)? else {
        drop(entry);
        ctx.reply.integer(0);
        return Ok(());
    };
    let ids = parse_ids(&args[2..])?;
    let mut found = false;
    for id in &ids {
        found |= stream.entries().get(*id)?.is_some();
    }
    let mut deleted = Vec::new();
    if found {
        let mut edit = StreamEdit::of(&entry, record)?;
        let done = ids.into_iter().try_for_each(|id| {
            if edit.delete(id)? {
                deleted.push(id);
            }
            Ok::<(), Failure>(())
        });
        let mut effects = Block::default();
        note_ids(&entry, &mut effects, &[b"XDEL".into(), args[1].into()], &deleted);
        edit.put(&mut entry, Effect::Commands(&effects));
        done?;
    }
    drop(entry);
    ctx.reply.integer(deleted.len() as i64);
    Ok(())
}

/// `[KEEPREF | DELREF | ACKED] IDS numids id ...`, in any order.
fn parse(mut words: Args<'_>) -> Result<(References, Vec<Id>), Failure> {
    const COUNT: Failure = Failure::text("ERR Number of IDs must be a positive integer");
    const TOO_FEW: Failure = Failure::text("ERR The `numids` parameter must match the number of arguments");
    const NO_IDS: Failure = Failure::text("ERR IDS option is required");
    let (mut references, mut ids) = (None, None);
    while let [word, rest @ ..] = words {
        words = rest;
        if let (None, Some(found)) = (references, References::parse(word)) {
            references = Some(found);
        } else if let (true, [count, rest @ ..]) = (is_word(word, "IDS") && ids.is_none(), rest) {
            let count = canonical_integer(count).filter(|count| *count > 0).ok_or(COUNT)?;
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            let (texts, rest) = rest.split_at_checked(count).ok_or(TOO_FEW)?;
            ids = Some(parse_ids(texts)?);
            words = rest;
        } else {
            return Err(Failure::SYNTAX);
        }
    }
    Ok((references.unwrap_or_default(), ids.ok_or(NO_IDS)?))
}

/// `XDELEX key [KEEPREF | DELREF | ACKED] IDS numids id ...`
pub(super) fn xdelex(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    delete(ctx, args, None, &args[2..])
}

/// `XACKDEL key group [KEEPREF | DELREF | ACKED] IDS numids id ...`
pub(super) fn xackdel(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    delete(ctx, args, Some(args[2]), &args[3..])
}

fn delete(ctx: &mut Ctx<'_>, args: Args<'_>, group: Option<&[u8]>, words: Args<'_>) -> Outcome {
    let (references, ids) = parse(words)?;
    let mut entry = ctx.latch(args[1])?;
    let record = entry.record();
    let mut fates = Vec::with_capacity(ids.len());
    if let Some(stream) = stream_of(record)? {
        let mut deletion = Deletion::new(stream, references)?;
        let position = group.and_then(|name| deletion.group(name));
        let mut edit = StreamEdit::of(&entry, record)?;
        let done = ids.iter().try_for_each(|id| {
            fates.push(match (group, position) {
                (None, _) => deletion.delete(&mut edit, *id)?,
                (Some(_), Some(position)) => deletion.acknowledge_and_delete(&mut edit, position, *id)?,
                (Some(_), None) => Fate::Missing,
            });
            Ok::<(), Failure>(())
        });
        if deletion.has_effects() || done.is_err() {
            let mut effects = Block::default();
            deletion.note(&entry, &mut effects);
            edit.put(&mut entry, Effect::Commands(&effects));
        }
        done?;
    } else {
        fates.resize(ids.len(), Fate::Missing);
    }
    drop(entry);
    ctx.reply.array(fates.len());
    fates.into_iter().for_each(|fate| ctx.reply.integer(fate as i64));
    Ok(())
}
