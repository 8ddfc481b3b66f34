//! A blocking command's way: carried out at once, or entered as a waiter.

use smallvec::SmallVec;

use super::{Blocked, Demand, Serving, Timeout};
use crate::command::{Ctx, Outcome};
use crate::engine::DbIndex;

/// Carries out `demand` on the first of `keys` that satisfies it, or blocks the client until one does.
pub fn run(ctx: &mut Ctx<'_>, keys: &[&[u8]], timeout: Timeout, demand: impl Demand) -> Outcome {
    let op = ctx.op;
    let destination = demand.destination().map(<[u8]>::to_vec);
    if let ([key], None) = (keys, &destination) {
        let mut entry = ctx.latch(key)?;
        if demand.check(0, entry.record())? {
            let mut serving = Serving { op, position: 0, source: &mut entry, destination: None };
            return demand.serve(&mut serving, ctx.reply);
        }
        enter(ctx, keys, timeout, demand);
        return Ok(());
    }
    let db = ctx.session.db;
    let all = keys.iter().copied().chain(destination.as_deref());
    let places: SmallVec<[(DbIndex, &[u8]); 8]> = all.map(|key| (db, key)).collect();
    let mut latches = ctx.latch_many(&places)?;
    for position in 0..keys.len() {
        if !demand.check(position, latches.entry(position).record())? {
            continue;
        }
        let (source, destination) = match destination {
            Some(_) => latches.pair(position, keys.len()),
            None => (latches.entry(position), None),
        };
        return demand.serve(&mut Serving { op, position, source, destination }, ctx.reply);
    }
    enter(ctx, keys, timeout, demand);
    Ok(())
}

/// Blocks the client. The caller holds the latches of all `keys`: no write falls between its look and this.
fn enter(ctx: &mut Ctx<'_>, keys: &[&[u8]], timeout: Timeout, demand: impl Demand) {
    if !ctx.host.may_block() {
        return demand.refuse(ctx.reply);
    }
    let mut distinct: Vec<(Box<[u8]>, usize)> = Vec::with_capacity(keys.len());
    for (position, key) in keys.iter().enumerate() {
        // Few keys, as a rule; many are sorted out below.
        if keys.len() > SCANNED_KEYS_MAX || !keys[..position].contains(key) {
            distinct.push((Box::from(*key), position));
        }
    }
    if keys.len() > SCANNED_KEYS_MAX {
        distinct.sort();
        distinct.dedup_by(|later, earlier| later.0 == earlier.0);
    }
    let (protocol, deadline) = (ctx.reply.protocol(), timeout.deadline());
    let has_timeout = deadline.is_some();
    let blocking = ctx.engine.blocking();
    let waiter = blocking.enter(ctx.session.db, distinct, Box::new(demand), protocol, has_timeout);
    ctx.host.block(Blocked::new(ctx.engine.clone(), waiter, deadline));
}

/// Up to so many keys each is compared with all before it.
const SCANNED_KEYS_MAX: usize = 16;
