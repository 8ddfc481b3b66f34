//! MULTI, EXEC, DISCARD.

use polycache_core::command::{Args, Ctx, Failure, NoReply, Outcome, execute};
use polycache_core::transaction::Scope;
use smallvec::SmallVec;

use super::queue::Transaction;
use crate::acl;
use crate::client::{Client, special};
use crate::stats::CommandIndex;

/// A command that a transaction ran.
pub struct Ran {
    pub index: CommandIndex,
    pub ticks: u64,
    pub has_failed: bool,
}

/// `MULTI`
pub(super) fn multi(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let client = Client::of(ctx.host);
    if client.special & special::IN_MULTI != 0 {
        return Err(Failure::text("ERR MULTI calls can not be nested"));
    }
    client.transaction().is_open = true;
    client.special |= special::IN_MULTI;
    ctx.reply.ok();
    Ok(())
}

/// `DISCARD`
pub(super) fn discard(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let client = Client::of(ctx.host);
    if client.special & special::IN_MULTI == 0 {
        return Err(Failure::text("ERR DISCARD without MULTI"));
    }
    client.discard();
    ctx.reply.ok();
    Ok(())
}

/// `EXEC`
pub(super) fn exec(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let client = Client::of(ctx.host);
    if client.special & special::IN_MULTI == 0 {
        return Err(Failure::text("ERR EXEC without MULTI"));
    }
    client.special &= !special::IN_MULTI;
    let mut transaction = client.transaction.take().expect("MULTI made it");
    let outcome = if transaction.has_failed {
        Err(Failure::text("EXECABORT Transaction discarded because of previous errors."))
    } else {
        run(ctx, &mut transaction)
    };
    transaction.clear();
    let client = Client::of(ctx.host);
    if !transaction.ran.is_empty() {
        client.special |= special::HAS_RUN;
    }
    client.transaction = Some(transaction);
    outcome
}

/// Runs the queued commands as one; the reply is the array of theirs, or null where a watched key has changed.
pub fn run(ctx: &mut Ctx<'_>, transaction: &mut Transaction) -> Outcome {
    let Transaction { queue, watched, ran, .. } = transaction;
    let (engine, op) = (ctx.engine, ctx.op);
    if queue.needs_memory
        && let Err(failure) = engine.admit_write(op, true)
    {
        let reason = &failure.0;
        return Err(Failure::new(format!("EXECABORT Transaction discarded because of: {reason}")));
    }
    // Scripts see for themselves whether there is any; in the scope nobody makes it.
    if queue.is_exclusive {
        engine.make_room(op);
    }
    op.forget_time();
    let scope = if queue.is_exclusive {
        Scope::exclusive(op)?
    } else {
        let mut keys = SmallVec::new();
        queue.keys(engine, ctx.session.db, &mut keys);
        keys.extend(watched.iter().map(|watched| (watched.db, &*watched.key)));
        Scope::keyed(op, &keys)?
    };
    for watched in watched.iter() {
        if watched.has_changed(op)? {
            drop(scope);
            ctx.reply.null_array();
            return Ok(());
        }
    }
    ctx.reply.array(queue.len());
    Client::of(ctx.host).special |= special::EXECUTING;
    let ticks = &Client::of(ctx.host).server.clone().stats.ticks;
    let mut began = ticks.now();
    let mut nobody = NoReply;
    for command in &queue.commands {
        let args = queue.args(command);
        let errors = ctx.reply.errors();
        let client = Client::of(ctx.host);
        let refusal = if client.is_guarded() {
            acl::refusal(client, ctx.session.db, command.spec, &args, acl::Context::Multi)
        } else {
            None
        };
        match refusal {
            Some(failure) => ctx.reply.error(&failure.0),
            None => {
                // Who has killed itself is told no more.
                let is_closing = Client::of(ctx.host).closing;
                let mut inner = Ctx {
                    engine,
                    op,
                    session: &mut *ctx.session,
                    reply: if is_closing { &mut nobody } else { &mut *ctx.reply },
                    host: &mut *ctx.host,
                    registry: ctx.registry,
                };
                execute(command.spec, &mut inner, &args);
                let db = inner.session.db;
                let client = Client::of(ctx.host);
                if client.server.monitors.any() {
                    client.server.monitors.tell(&client.server, command.spec, db, &client.entry.addr, &args);
                }
            }
        }
        let now = ticks.now();
        let has_failed = ctx.reply.errors() > errors;
        ran.push(Ran { index: command.index, ticks: now.wrapping_sub(began), has_failed });
        began = now;
    }
    Client::of(ctx.host).special &= !special::EXECUTING;
    drop(scope);
    Ok(())
}
