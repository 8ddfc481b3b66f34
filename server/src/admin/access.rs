//! ACL, as far as clients ask for it when they connect: there is one user, `default`, who may do everything.

use polycache_core::command::{Args, Ctx, Outcome};

use crate::client::Client;

/// `ACL WHOAMI`
pub(super) fn whoami(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    ctx.reply.bulk(b"default");
    Ok(())
}

/// `ACL USERS`
pub(super) fn users(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    ctx.reply.array(1);
    ctx.reply.bulk(b"default");
    Ok(())
}

/// `ACL LIST`: the password shows as the digest that Redis shows, of nothing but its presence.
pub(super) fn list(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let open = Client::of(ctx.host).server.settings.load().requirepass.is_empty();
    ctx.reply.array(1);
    let password = if open { "nopass" } else { "(password)" };
    ctx.reply.bulk(format!("user default on {password} ~* &* +@all").as_bytes());
    Ok(())
}

/// `ACL HELP`
pub(super) fn help(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    super::help(
        ctx,
        "ACL",
        &[
            "LIST",
            "    Show users details in config file format.",
            "USERS",
            "    List all the registered usernames.",
            "WHOAMI",
            "    Return the current connection username.",
        ],
    )
}
