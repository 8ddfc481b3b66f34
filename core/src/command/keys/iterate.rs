//! KEYS, SCAN, RANDOMKEY, DBSIZE.

use smallvec::SmallVec;

use crate::command::args::{cursor, echoed, integer, is_word};
use crate::command::element_scan::{NO_SCORES_REFUSED, NO_VALUES_REFUSED};
use crate::command::glob::Glob;
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::record::{Kind, Record};

/// How many keys SCAN looks at where COUNT does not say.
const SCAN_COUNT_DEFAULT: usize = 10;
/// How many chains of the index SCAN looks at for each key of its COUNT.
const CHAINS_PER_KEY: usize = 10;
/// How many chains, and later records, are asked for ahead of the one that is looked at.
const CHAINS_AHEAD: u64 = 2;
const RECORDS_AHEAD: usize = 12;
/// How many chains RANDOMKEY picks by chance.
const RANDOM_TRIES: usize = 64;

/// `KEYS pattern`
pub(super) fn keys(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let pattern = Glob::new(args[1]);
    if let Some(key) = pattern.literal() {
        let found = ctx.peek(key)?.is_some();
        ctx.reply.array(usize::from(found));
        if found {
            ctx.reply.bulk(key);
        }
        return Ok(());
    }
    let (index, pin) = (ctx.op.index(ctx.session.db), ctx.op.pin());
    let mut found: Vec<Record<'_>> = Vec::new();
    // At a fixed size of the table no key is met twice.
    index.freeze();
    for chain in 0..index.chains() {
        index.prefetch_chain(chain + CHAINS_AHEAD, pin);
        for (slot, word) in index.slots(chain, pin) {
            // Damaged records are passed over: reading them tells, and so does the scrub.
            if let Ok(Some(record)) = index.visited(slot, word, pin)
                && !ctx.op.is_absent(&record)
                && pattern.matches(record.key())
            {
                found.push(record);
            }
        }
    }
    index.thaw();
    ctx.reply.array(found.len());
    for (at, record) in found.iter().enumerate() {
        // Seen above, but with many keys no longer in the cache.
        if let Some(later) = found.get(at + RECORDS_AHEAD) {
            later.prefetch();
        }
        ctx.reply.bulk(record.key());
    }
    Ok(())
}

/// What SCAN lets through.
struct Filter<'a> {
    pattern: Option<Glob<'a>>,
    kind: Option<Kind>,
    count: usize,
}

impl<'a> Filter<'a> {
    fn parse(words: &[&'a [u8]]) -> Result<Filter<'a>, Failure> {
        let mut filter = Filter { pattern: None, kind: None, count: SCAN_COUNT_DEFAULT };
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            if is_word(word, "NOVALUES") {
                return Err(NO_VALUES_REFUSED);
            }
            if is_word(word, "NOSCORES") {
                return Err(NO_SCORES_REFUSED);
            }
            let value = words.next().ok_or(Failure::SYNTAX)?;
            if is_word(word, "COUNT") {
                filter.count = usize::try_from(integer(value)?)
                    .ok()
                    .filter(|count| *count > 0)
                    .ok_or(Failure::SYNTAX)?;
            } else if is_word(word, "MATCH") {
                filter.pattern = Some(Glob::new(value));
            } else if is_word(word, "TYPE") {
                filter.kind = Some(kind_of_name(value)?);
            } else {
                return Err(Failure::SYNTAX);
            }
        }
        Ok(filter)
    }

    fn lets_through(&self, record: &Record<'_>) -> bool {
        self.kind.is_none_or(|kind| kind == record.kind())
            && self.pattern.is_none_or(|pattern| pattern.matches(record.key()))
    }
}

fn kind_of_name(name: &[u8]) -> Result<Kind, Failure> {
    [Kind::String, Kind::List, Kind::Set, Kind::SortedSet, Kind::Hash, Kind::Stream]
        .into_iter()
        .find(|kind| is_word(name, kind.name()))
        .ok_or_else(|| Failure::new(format!("ERR unknown type name '{}'", echoed(name))))
}

/// `SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]`
pub(super) fn scan(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let position = cursor(args[1])?;
    let filter = Filter::parse(&args[2..])?;
    let (index, pin) = (ctx.op.index(ctx.session.db), ctx.op.pin());
    let mut found: Vec<Record<'_>> = Vec::new();
    let (mut next, mut seen) = (position, 0);
    // Chains may be empty, so their number is bounded besides that of the keys.
    for _ in 0..filter.count.saturating_mul(CHAINS_PER_KEY) {
        next = index.scan_step(next, pin, &mut |record| {
            seen += 1;
            if !ctx.op.is_absent(&record) && filter.lets_through(&record) {
                found.push(record);
            }
        });
        if next == 0 || seen >= filter.count {
            break;
        }
    }
    ctx.reply.array(2);
    ctx.reply.bulk(itoa::Buffer::new().format(next).as_bytes());
    ctx.reply.array(found.len());
    for record in found {
        ctx.reply.bulk(record.key());
    }
    Ok(())
}

/// `RANDOMKEY`
pub(super) fn randomkey(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    match random_record(ctx) {
        Some(record) => ctx.reply.bulk(record.key()),
        None => ctx.reply.null(),
    }
    Ok(())
}

/// A live record of a chain chosen by chance, or of the next chain that has one.
fn random_record<'a>(ctx: &Ctx<'a>) -> Option<Record<'a>> {
    let (index, pin) = (ctx.op.index(ctx.session.db), ctx.op.pin());
    let chains = index.chains();
    if index.is_empty() {
        return None;
    }
    let live_in = |chain: u64| -> SmallVec<[Record<'a>; 8]> {
        index
            .slots(chain, pin)
            .into_iter()
            .filter_map(|(slot, word)| index.visited(slot, word, pin).ok().flatten())
            .filter(|record| !ctx.op.is_absent(record))
            .collect()
    };
    // In a table that is filled as it should be, a few tries are enough; otherwise the whole of it is searched.
    let start = fastrand::u64(..chains);
    let chosen = (0..RANDOM_TRIES)
        .map(|_| fastrand::u64(..chains))
        .chain((0..chains).map(|step| (start + step) % chains))
        .map(live_in)
        .find(|records| !records.is_empty())?;
    Some(chosen[fastrand::usize(..chosen.len())])
}

/// `DBSIZE`
pub(super) fn dbsize(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let keys = ctx.engine.len(ctx.session.db);
    ctx.reply.integer(keys as i64);
    Ok(())
}
