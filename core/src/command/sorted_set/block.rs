//! BZPOPMIN, BZPOPMAX, BZMPOP.

use super::pop::{End, Request, reply_popped, take};
use crate::blocking::{self, Demand, Serving, Timeout};
use crate::command::{Args, Ctx, Outcome, Reply};
use crate::record::Kind;

/// `BZPOPMIN key [key ...] timeout`
pub(super) fn bzpopmin(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    pop_one(ctx, args, End::Min)
}

/// `BZPOPMAX key [key ...] timeout`
pub(super) fn bzpopmax(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    pop_one(ctx, args, End::Max)
}

fn pop_one(ctx: &mut Ctx<'_>, args: Args<'_>, end: End) -> Outcome {
    let last = args.len() - 1;
    let timeout = Timeout::seconds(args[last], ctx.now())?;
    blocking::run(ctx, &args[1..last], timeout, Pop { end, count: 1, is_nested: false })
}

/// `BZMPOP timeout numkeys key [key ...] MIN | MAX [COUNT count]`
pub(super) fn bzmpop(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let timeout = Timeout::seconds(args[1], ctx.now())?;
    let request = Request::parse(&args[2..])?;
    let demand = Pop { end: request.end, count: request.count, is_nested: true };
    blocking::run(ctx, request.keys, timeout, demand)
}

/// Members of a sorted set.
struct Pop {
    end: End,
    count: u64,
    /// BZMPOP's reply has its members in an array.
    is_nested: bool,
}

impl Demand for Pop {
    fn kind(&self) -> Kind {
        Kind::SortedSet
    }

    fn serve(&self, serving: &mut Serving<'_, '_, '_>, reply: &mut dyn Reply) -> Outcome {
        let key = serving.source.key();
        let popped = take(serving.source, self.end, self.count)?;
        match popped.as_slice() {
            [member] if !self.is_nested => {
                reply.array(3);
                reply.bulk(key);
                reply.bulk(member.name);
                reply.double(member.score);
            }
            _ => reply_popped(reply, key, popped),
        }
        Ok(())
    }
}
