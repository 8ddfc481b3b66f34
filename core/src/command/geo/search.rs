//! GEOSEARCH, GEOSEARCHSTORE, GEORADIUS, GEORADIUSBYMEMBER and their read-only forms.

use super::query::{Form, Found, Query};
use super::{reply_distance, reply_point};
use crate::command::store::store;
use crate::command::{Args, Ctx, Failure, Outcome};
use crate::container::SortedSet;
use crate::container::sorted_set::{Combined, Member};
use crate::engine::Engine;
use crate::record::Record;

/// `GEORADIUS key longitude latitude radius unit [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]
/// [STORE key | STOREDIST key]`
pub(super) fn georadius(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    search(ctx, args, 1, Form::Radius { may_store: true })
}

/// GEORADIUS without STORE.
pub(super) fn georadius_ro(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    search(ctx, args, 1, Form::Radius { may_store: false })
}

/// `GEORADIUSBYMEMBER key member radius unit ...`, as GEORADIUS
pub(super) fn georadiusbymember(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    search(ctx, args, 1, Form::RadiusByMember { may_store: true })
}

/// GEORADIUSBYMEMBER without STORE.
pub(super) fn georadiusbymember_ro(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    search(ctx, args, 1, Form::RadiusByMember { may_store: false })
}

/// `GEOSEARCH key FROMMEMBER member | FROMLONLAT longitude latitude BYRADIUS radius unit | BYBOX width height unit |
/// BYPOLYGON vertices longitude latitude ... [ASC | DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]`
pub(super) fn geosearch(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    search(ctx, args, 1, Form::Search)
}

/// `GEOSEARCHSTORE destination source ... [STOREDIST]`, as GEOSEARCH
pub(super) fn geosearchstore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    search(ctx, args, 2, Form::SearchStore)
}

/// What the words ask for, and the set to search.
fn prepare<'w, 's>(
    args: Args<'w>,
    form: Form,
    engine: &'s Engine,
    record: Option<Record<'s>>,
) -> Result<(Query<'w>, SortedSet<'s>), Failure> {
    let set = record.map(|record| SortedSet::of(engine, record)).transpose()?;
    Ok((Query::parse(args, form, set)?, set.unwrap_or(SortedSet::empty(engine))))
}

fn search(ctx: &mut Ctx<'_>, args: Args<'_>, source: usize, form: Form) -> Outcome {
    let (query, set) = prepare(args, form, ctx.engine, ctx.read(args[source])?)?;
    let Some(destination) = query.destination else {
        let found = query.search(set)?;
        reply_found(ctx, &query, &found);
        return Ok(());
    };
    let stored = store(ctx, destination, &args[source..source + 1], |engine, records| {
        // Read again: who is where may have changed since.
        let (query, set) = prepare(args, form, engine, records[0])?;
        let score = |found: &Found<'_>| {
            if query.stores_distances { found.distance / query.unit } else { found.member.score }
        };
        let found = query.search(set)?;
        Ok(Box::new(Combined::new(
            found.iter().map(|found| Member { score: score(found), name: found.member.name }).collect(),
        )))
    })?;
    ctx.reply.integer(stored as i64);
    Ok(())
}

fn reply_found(ctx: &mut Ctx<'_>, query: &Query<'_>, found: &[Found<'_>]) {
    let options = [query.with_distance, query.with_hash, query.with_point];
    let options = options.into_iter().filter(|&option| option).count();
    ctx.reply.array(found.len());
    for found in found {
        if options > 0 {
            ctx.reply.array(1 + options);
        }
        ctx.reply.bulk(found.member.name);
        if query.with_distance {
            reply_distance(ctx.reply, found.distance / query.unit);
        }
        if query.with_hash {
            ctx.reply.integer(found.member.score as i64);
        }
        if query.with_point {
            reply_point(ctx.reply, found.point);
        }
    }
}
