//! SORT and SORT_RO: the elements of a list, set or sorted set in another order, with values of other keys.
//!
//! # Concurrency
//! Elements come from the immutable state that the key held; weights and values of other keys are read together with
//! it ([`Ctx::read_many`]), and the whole is begun again where something changed between two readings. After
//! [`ATTEMPTS`] of them the last one stands: then the elements are those of one instant, and the values those of another.

mod options;
mod order;
mod pattern;
mod table;

use smallvec::SmallVec;

use super::{Args, Ctx, Failure, Outcome};
use crate::container::{list, set, sorted_set};
use crate::engine::DbIndex;
use crate::index::Damaged;
use crate::record::{Draft, Effect, Kind, Record, Str};
use options::{Options, Writing};
use order::Sorting;
use pattern::Pattern;
pub use table::TABLE;

/// Readings of one command before it takes what it has.
const ATTEMPTS: usize = 8;
/// Elements that one command of the log adds to the stored list.
const ELEMENTS_PER_EFFECT: usize = 4096;

/// `SORT key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC | DESC] [ALPHA] [STORE destination]`
fn sort(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let options = Options::parse(&args[2..], Writing::Allowed)?;
    let Some(destination) = options.store else { return reply(ctx, args[1], &options) };
    let db = ctx.session.db;
    for attempt in 0.. {
        let (reading, rows) = Reading::of_key(ctx, args[1], &options)?;
        let mut builder = list::Builder::new(ctx.engine.tuning());
        let mut values: Vec<Str<'_>> = Vec::new();
        for value in rows.values(&reading) {
            let value = value.unwrap_or(Str::Inline(b""));
            builder.push(&value.to_cow())?;
            values.push(value);
        }
        let mut keys: SmallVec<[(DbIndex, &[u8]); 8]> = SmallVec::new();
        keys.push((db, destination));
        keys.extend(reading.keys.iter().map(|key| (db, key.as_slice())));
        let finished = builder.finish()?;
        let mut latches = ctx.latch_many(&keys)?;
        let is_unchanged =
            (1..keys.len()).zip(&reading.records).all(|(at, old)| is_same(latches.entry(at).record(), *old));
        if !is_unchanged && attempt < ATTEMPTS {
            continue;
        }
        let entry = latches.entry(0);
        let Some(mut finished) = finished else {
            entry.remove(Effect::Del);
            break;
        };
        let draft = Draft { value: finished.value(), expire_at: None, flags: 0, raw: false };
        if ctx.engine.log().is_on() {
            // The result, not the question: a replay finds other values.
            entry.note(&[b"DEL".into(), destination.into()]);
            let mut parts = values.chunks(ELEMENTS_PER_EFFECT).peekable();
            while let Some(part) = parts.next() {
                let mut effect: Vec<Str<'_>> = vec![b"RPUSH".into(), destination.into()];
                effect.extend(part);
                if parts.peek().is_some() {
                    entry.note(&effect);
                } else {
                    entry.put(draft, Effect::Command(&effect));
                    break;
                }
            }
        } else {
            entry.put(draft, Effect::Silent);
        }
        drop(latches);
        ctx.reply.integer(values.len() as i64);
        return Ok(());
    }
    ctx.reply.integer(0);
    Ok(())
}

/// `SORT_RO key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC | DESC] [ALPHA]`
fn sort_ro(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let options = Options::parse(&args[2..], Writing::Refused)?;
    reply(ctx, args[1], &options)
}

fn reply(ctx: &mut Ctx<'_>, key: &[u8], options: &Options<'_>) -> Outcome {
    let (reading, rows) = Reading::of_key(ctx, key, options)?;
    ctx.reply.array(rows.len());
    for value in rows.values(&reading) {
        match value {
            Some(value) => ctx.reply.string(value),
            None => ctx.reply.null(),
        }
    }
    Ok(())
}

fn is_same(left: Option<Record<'_>>, right: Option<Record<'_>>) -> bool {
    left.map(|record| record.as_ptr()) == right.map(|record| record.as_ptr())
}

/// What was read at one instant: the key to sort first, then those that BY means, then those that GET means.
struct Reading<'a> {
    keys: Vec<Vec<u8>>,
    records: SmallVec<[Option<Record<'a>>; 8]>,
}

/// What goes out: for every element of the result, the element or what the GET patterns make of it.
struct Rows<'a> {
    elements: Vec<&'a [u8]>,
    gets: Vec<Get<'a>>,
}

/// One GET of one row.
enum Get<'a> {
    Value(Option<Str<'a>>),
    Element(usize),
}

impl<'a> Rows<'a> {
    fn len(&self) -> usize {
        if self.gets.is_empty() { self.elements.len() } else { self.gets.len() }
    }

    fn values<'r>(&'r self, _: &'r Reading<'a>) -> impl Iterator<Item = Option<Str<'a>>> + 'r {
        let plain = if self.gets.is_empty() { self.elements.as_slice() } else { &[] };
        let gets = self.gets.iter().map(|get| match get {
            Get::Value(value) => *value,
            Get::Element(at) => Some(Str::Inline(self.elements[*at])),
        });
        plain.iter().map(|element| Some(Str::Inline(element))).chain(gets)
    }
}

impl<'a> Reading<'a> {
    /// Reads and sorts what a key holds.
    fn of_key(ctx: &Ctx<'a>, key: &[u8], options: &Options<'_>) -> Result<(Reading<'a>, Rows<'a>), Failure> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let is_last = attempt == ATTEMPTS;
            let source = ctx.read(key)?;
            let sorting = Sorting::of(source.map(|record| record.kind()), options);
            let elements = sorting.load(source)?;
            let mut keys = vec![key.to_vec()];
            let by = sorting.by();
            if let Some(by) = by {
                keys.extend(elements.iter().map(|element| by.key(element)));
            }
            let records = read(ctx, &keys, source)?;
            if !is_last && !is_same(records[0], source) {
                continue;
            }
            let weight = |at: usize| match by {
                Some(by) => by.value(ctx, records[at + 1]),
                None => Ok(None),
            };
            let elements = sorting.sort(elements, weight)?;
            let mut places = Vec::new();
            let weights = keys.len();
            for element in &elements {
                for get in &options.get {
                    places.push(match get {
                        Pattern::Element => None,
                        Pattern::Nothing => Some(usize::MAX),
                        Pattern::Key { .. } => {
                            keys.push(get.key(element));
                            Some(keys.len() - 1)
                        }
                    });
                }
            }
            let records = if keys.len() == weights {
                records
            } else {
                let again = read(ctx, &keys, source)?;
                let is_one_instant = again.iter().zip(&records).all(|(now, old)| is_same(*now, *old));
                if !is_last && !is_one_instant {
                    continue;
                }
                again
            };
            let mut gets = Vec::with_capacity(places.len());
            for (at, place) in places.iter().enumerate() {
                let pattern = &options.get[at % options.get.len()];
                gets.push(match place {
                    None => Get::Element(at / options.get.len()),
                    Some(place) => Get::Value(pattern.value(ctx, records.get(*place).copied().flatten())?),
                });
            }
            return Ok((Reading { keys, records }, Rows { elements, gets }));
        }
    }
}

/// The records of keys at one instant; the first of them was read already.
fn read<'a>(
    ctx: &Ctx<'a>,
    keys: &[Vec<u8>],
    first: Option<Record<'a>>,
) -> Result<SmallVec<[Option<Record<'a>>; 8]>, Failure> {
    if keys.len() == 1 {
        return Ok(SmallVec::from_elem(first, 1));
    }
    let keys: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
    ctx.read_many(&keys)
}

/// Number of elements of what can be sorted.
fn len_of(record: Record<'_>) -> Result<u64, Failure> {
    match record.kind() {
        Kind::List | Kind::Set | Kind::SortedSet => {
            Ok(crate::container::Elements::of(record.body(), 0).len())
        }
        _ => Err(Failure::WRONG_TYPE),
    }
}

/// All elements of what can be sorted, in its own order.
fn elements_of(record: Record<'_>) -> Result<Vec<&[u8]>, Damaged> {
    let mut elements = Vec::new();
    match record.kind() {
        Kind::List => {
            let mut walk = crate::container::Elements::of(record.body(), 0).walk(0)?;
            while let Some(item) = walk.next()? {
                elements.push(item.value);
            }
        }
        Kind::Set => {
            let mut members = set::members_of(record)?;
            while let Some(member) = members.next()? {
                elements.push(member);
            }
        }
        _ => {
            let mut members = sorted_set::members_of(record)?;
            while let Some(member) = members.next()? {
                elements.push(member.name);
            }
        }
    }
    Ok(elements)
}
