//! LPOP, RPOP, LMPOP, and the blocking BLPOP, BRPOP, BLMPOP.

use std::ops::Range;

use super::at_least;
use crate::blocking::{self, Demand, Serving, Timeout};
use crate::command::args::is_word;
use crate::command::{Args, Ctx, Failure, Outcome, Reply};
use crate::config::Tuning;
use crate::container::Elements;
use crate::container::list::{End, List, ranks_at};
use crate::event::class;
use crate::record::{Effect, Kind};
use crate::transaction::Entry;

const NEGATIVE_COUNT: Failure = Failure::text("ERR value is out of range, must be positive");

/// `LPOP key [count]`
pub(super) fn lpop(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    pop(ctx, args, End::Left)
}

/// `RPOP key [count]`
pub(super) fn rpop(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    pop(ctx, args, End::Right)
}

fn pop(ctx: &mut Ctx<'_>, args: Args<'_>, end: End) -> Outcome {
    let count = match args {
        [_, _] => None,
        [_, _, count] => Some(at_least(count, 0, NEGATIVE_COUNT)?),
        _ => return Err(Failure::wrong_arity(if end == End::Left { "lpop" } else { "rpop" })),
    };
    let mut entry = ctx.latch(args[1])?;
    if entry.record().is_none() {
        match count {
            Some(_) => ctx.reply.null_array(),
            None => ctx.reply.null(),
        }
        return Ok(());
    }
    let popped = Popped::take(&mut entry, ctx.engine.tuning(), end, count.unwrap_or(1))?;
    drop(entry);
    match count {
        Some(_) => popped.emit(ctx.reply),
        None => {
            popped.first(|value| ctx.reply.bulk(value))?;
            Ok(())
        }
    }
}

/// `LMPOP numkeys key [key ...] <LEFT | RIGHT> [COUNT count]`
pub(super) fn lmpop(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let (keys, demand) = parse_mpop(&args[1..])?;
    // One key after the other, as each by itself is atomic; but none may slip between two looks.
    if let [key] = keys {
        let mut entry = ctx.latch(key)?;
        if !demand.check(0, entry.record())? {
            ctx.reply.null_array();
            return Ok(());
        }
        let mut serving = Serving { op: ctx.op, position: 0, source: &mut entry, destination: None };
        return demand.serve(&mut serving, ctx.reply);
    }
    let db = ctx.session.db;
    let places: Vec<_> = keys.iter().map(|&key| (db, key)).collect();
    let mut latches = ctx.latch_many(&places)?;
    for position in 0..keys.len() {
        let source = latches.entry(position);
        if demand.check(position, source.record())? {
            let mut serving = Serving { op: ctx.op, position, source, destination: None };
            return demand.serve(&mut serving, ctx.reply);
        }
    }
    drop(latches);
    ctx.reply.null_array();
    Ok(())
}

/// `BLMPOP timeout numkeys key [key ...] <LEFT | RIGHT> [COUNT count]`
pub(super) fn blmpop(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    // The timeout is read last, as Valkey does.
    let (keys, demand) = parse_mpop(&args[2..])?;
    let timeout = Timeout::seconds(args[1], ctx.now())?;
    blocking::run(ctx, keys, timeout, demand)
}

/// `BLPOP key [key ...] timeout`
pub(super) fn blpop(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    blocking_pop(ctx, args, End::Left)
}

/// `BRPOP key [key ...] timeout`
pub(super) fn brpop(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    blocking_pop(ctx, args, End::Right)
}

fn blocking_pop(ctx: &mut Ctx<'_>, args: Args<'_>, end: End) -> Outcome {
    let last = args.len() - 1;
    let timeout = Timeout::seconds(args[last], ctx.now())?;
    blocking::run(ctx, &args[1..last], timeout, Pop { end, count: 1, shape: Shape::Pair })
}

/// The arguments of LMPOP from `numkeys` on.
fn parse_mpop<'a, 'b>(words: &'b [&'a [u8]]) -> Result<(&'b [&'a [u8]], Pop), Failure> {
    const NUMKEYS: Failure = Failure::text("ERR numkeys should be greater than 0");
    const COUNT: Failure = Failure::text("ERR count should be greater than 0");
    let numkeys = usize::try_from(at_least(words[0], 1, NUMKEYS)?).unwrap_or(usize::MAX);
    let keys = words[1..].get(..numkeys).ok_or(Failure::SYNTAX)?;
    let [end, options @ ..] = &words[1 + numkeys..] else { return Err(Failure::SYNTAX) };
    let end = super::end(end)?;
    let count = match options {
        [] => 1,
        [word, count, rest @ ..] if is_word(word, "COUNT") => {
            let count = at_least(count, 1, COUNT)?;
            if !rest.is_empty() {
                return Err(Failure::SYNTAX);
            }
            count
        }
        _ => return Err(Failure::SYNTAX),
    };
    Ok((keys, Pop { end, count, shape: Shape::KeyAndElements }))
}

/// Pops of the first list that has elements.
struct Pop {
    end: End,
    count: u64,
    shape: Shape,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Key and element, as BLPOP.
    Pair,
    /// Key and array of elements, as LMPOP.
    KeyAndElements,
}

impl Demand for Pop {
    fn kind(&self) -> Kind {
        Kind::List
    }

    fn serve(&self, serving: &mut Serving<'_, '_, '_>, reply: &mut dyn Reply) -> Outcome {
        let tuning = serving.op.engine().tuning();
        let popped = Popped::take(serving.source, tuning, self.end, self.count)?;
        reply.array(2);
        reply.bulk(serving.source.key());
        match self.shape {
            Shape::Pair => popped.first(|value| reply.bulk(value)),
            Shape::KeyAndElements => popped.emit(reply),
        }
    }
}

/// Elements that were taken from a list: they live as long as the operation.
struct Popped<'a> {
    elements: Elements<'a>,
    ranks: Range<u64>,
    end: End,
}

impl<'a> Popped<'a> {
    /// Takes up to `count` elements from one end.
    fn take(entry: &mut Entry<'a>, tuning: &Tuning, end: End, count: u64) -> Result<Popped<'a>, Failure> {
        let list = List::of(entry, tuning)?;
        let elements = list.elements();
        let ranks = ranks_at(end, count, list.len());
        let popped = Popped { elements, ranks: ranks.clone(), end };
        if ranks.is_empty() {
            return Ok(popped);
        }
        let count = ranks.end - ranks.start;
        let changed = list.remove(entry, ranks)?;
        let name: &[u8] = if end == End::Left { b"LPOP" } else { b"RPOP" };
        let mut number = itoa::Buffer::new();
        let effect = [name.into(), entry.key().into(), number.format(count).as_bytes().into()];
        changed.save(entry, Effect::Command(if count == 1 { &effect[..2] } else { &effect }));
        entry.announce_elements(class::LIST, if end == End::Left { "lpop" } else { "rpop" });
        Ok(popped)
    }

    /// Shows the only element.
    fn first(&self, show: impl FnOnce(&[u8])) -> Outcome {
        let item = self.elements.at(self.ranks.start)?;
        show(item.ok_or(Failure::DAMAGED)?.value);
        Ok(())
    }

    /// Emits the elements in the order in which they were taken.
    fn emit(&self, reply: &mut dyn Reply) -> Outcome {
        let count = self.ranks.end - self.ranks.start;
        reply.array(count as usize);
        let mut walk = match self.end {
            End::Left => self.elements.walk(self.ranks.start)?,
            End::Right => self.elements.walk(self.ranks.end)?,
        };
        for _ in 0..count {
            let item = if self.end == End::Left { walk.next()? } else { walk.previous()? };
            reply.bulk(item.ok_or(Failure::DAMAGED)?.value);
        }
        Ok(())
    }
}
