//! LMOVE, RPOPLPUSH, and the blocking BLMOVE, BRPOPLPUSH: an element from one list to another.

use super::end;
use crate::blocking::{self, Demand, Serving, Timeout};
use crate::command::{Args, Ctx, Failure, Outcome, Reply};
use crate::config::Tuning;
use crate::container::list::{End, List, ranks_at};
use crate::event::class;
use crate::record::{Effect, Kind, Str};
use crate::transaction::Entry;

/// `LMOVE source destination <LEFT | RIGHT> <LEFT | RIGHT>`
pub(super) fn lmove(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    transfer(ctx, args, end(args[3])?, end(args[4])?)
}

/// `RPOPLPUSH source destination`
pub(super) fn rpoplpush(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    transfer(ctx, args, End::Right, End::Left)
}

/// `BLMOVE source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout`
pub(super) fn blmove(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (from, to) = (end(args[3])?, end(args[4])?);
    let timeout = Timeout::seconds(args[5], ctx.now())?;
    let destination = Box::from(args[2]);
    blocking::run(ctx, &args[1..2], timeout, Move { destination, from, to })
}

/// `BRPOPLPUSH source destination timeout`
pub(super) fn brpoplpush(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let timeout = Timeout::seconds(args[3], ctx.now())?;
    let destination = Box::from(args[2]);
    blocking::run(ctx, &args[1..2], timeout, Move { destination, from: End::Right, to: End::Left })
}

fn transfer(ctx: &mut Ctx<'_>, args: Args<'_>, from: End, to: End) -> Outcome {
    let db = ctx.session.db;
    let mut latches = ctx.latch_many(&[(db, args[1]), (db, args[2])])?;
    let (source, destination) = latches.pair(0, 1);
    if source.record().is_none() {
        drop(latches);
        ctx.reply.null();
        return Ok(());
    }
    let value = move_element(source, destination, ctx.engine.tuning(), from, to)?;
    drop(latches);
    ctx.reply.bulk(value);
    Ok(())
}

/// Moves an element of `source`, which has some; without a destination to an end of the same list. Nothing happens
/// where it fails.
fn move_element<'a>(
    source: &mut Entry<'a>,
    destination: Option<&mut Entry<'_>>,
    tuning: &Tuning,
    from: End,
    to: End,
) -> Result<&'a [u8], Failure> {
    let list = List::of(source, tuning)?;
    let (elements, len) = (list.elements(), list.len());
    let ranks = ranks_at(from, 1, len);
    let value = elements.at(ranks.start)?.ok_or(Failure::DAMAGED)?.value;
    let to_key = destination.as_ref().map_or(source.key(), |entry| entry.key());
    let [from_name, to_name] = [from, to].map(|end| Str::Inline(end.name().as_bytes()));
    let effect: [Str<'_>; 5] = [b"LMOVE".into(), source.key().into(), to_key.into(), from_name, to_name];
    let is_classic = from == End::Right && to == End::Left;
    let classic: [Str<'_>; 3] = [b"RPOPLPUSH".into(), source.key().into(), to_key.into()];
    let effect = Effect::Command(if is_classic { &classic } else { &effect });
    let pushed = if to == End::Left { "lpush" } else { "rpush" };
    let popped = if from == End::Left { "lpop" } else { "rpop" };
    match destination {
        Some(destination) => {
            let target = List::of(destination, tuning)?;
            target.push(destination, to, &[value])?.save(destination, effect);
            destination.announce(class::LIST, pushed);
            list.remove(source, ranks)?.save(source, Effect::Silent);
            source.announce_elements(class::LIST, popped);
        }
        None if from == to || len == 1 => {
            source.announce(class::LIST, pushed);
            source.announce(class::LIST, popped);
        }
        None => {
            // The other end is read before anything changes: a damaged node must be found now.
            elements.at(ranks_at(to, 1, len).start)?;
            list.remove(source, ranks)?.save(source, Effect::Silent);
            List::of(source, tuning)?.push(source, to, &[value])?.save(source, effect);
            source.announce(class::LIST, pushed);
            source.announce(class::LIST, popped);
        }
    }
    Ok(value)
}

/// BLMOVE, waiting.
struct Move {
    destination: Box<[u8]>,
    from: End,
    to: End,
}

impl Demand for Move {
    fn kind(&self) -> Kind {
        Kind::List
    }

    fn destination(&self) -> Option<&[u8]> {
        Some(&self.destination)
    }

    fn serve(&self, serving: &mut Serving<'_, '_, '_>, reply: &mut dyn Reply) -> Outcome {
        let tuning = serving.op.engine().tuning();
        let destination = serving.destination.as_deref_mut();
        reply.bulk(move_element(serving.source, destination, tuning, self.from, self.to)?);
        Ok(())
    }

    fn refuse(&self, reply: &mut dyn Reply) {
        reply.null();
    }
}
