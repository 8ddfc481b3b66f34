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
    let filters = Filters::parse(&args[2..], true)?;
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

/// CLIENT UNBLOCK id [TIMEOUT|ERROR]: no command blocks yet, so nobody is blocked.
pub fn unblock(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    match args {
        [_, _, _] => {}
        [_, _, _, reason, ..] if is_word(reason, "timeout") || is_word(reason, "error") => {}
        _ => {
            return Err(Failure::text("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"));
        }
    }
    integer(args[2])?;
    ctx.reply.integer(0);
    Ok(())
}
