//! CLIENT KILL and CLIENT UNBLOCK.

use polycache_core::command::args::{integer, is_word};
use polycache_core::command::{Args, Ctx, Failure, Outcome};

use super::Client;
use super::filter::Filters;

/// CLIENT KILL ip:port, or CLIENT KILL filters.
pub fn kill(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let client = Client::of(ctx.host);
    let server = client.server.clone();
    if let [_, _, address] = args {
        let entry = server.clients.list().into_iter().find(|entry| entry.addr.as_bytes() == *address);
        let Some(entry) = entry else { return Err(Failure::text("ERR No such client")) };
        if entry.id == client.id {
            client.closing = true
        } else {
            entry.kill()
        }
        ctx.reply.ok();
        return Ok(());
    }
    let filters = Filters::parse(&args[2..], true, &server)?;
    client.publish(ctx.session);
    let mut killed = 0;
    for entry in server.clients.list() {
        if (filters.skip_me && entry.id == client.id) || !filters.matches(&entry, &server) {
            continue;
        }
        killed += 1;
        // The caller still gets its answer.
        if entry.id == client.id { client.closing = true } else { entry.kill() }
    }
    ctx.reply.integer(killed);
    Ok(())
}

/// CLIENT UNBLOCK id [TIMEOUT|ERROR].
pub fn unblock(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const UNBLOCKED: Failure = Failure::text("UNBLOCKED client unblocked via CLIENT UNBLOCK");
    let with_error = match args {
        [_, _, _] => false,
        [_, _, _, reason, ..] if is_word(reason, "timeout") => false,
        [_, _, _, reason, ..] if is_word(reason, "error") => true,
        _ => {
            return Err(Failure::text("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"));
        }
    };
    let id = u64::try_from(integer(args[2])?).ok();
    let waiter = id.and_then(|id| Client::of(ctx.host).server.clients.find(id)?.waiter());
    let was_blocked =
        waiter.is_some_and(|waiter| if with_error { waiter.refuse(&UNBLOCKED) } else { waiter.give_up() });
    ctx.reply.integer(i64::from(was_blocked));
    Ok(())
}
