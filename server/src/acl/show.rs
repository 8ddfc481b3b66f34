//! ACL's subcommands that show users, and the form of an entry of its log.

use polycache_core::command::{Args, Ctx, Outcome, Reply};

use super::Reason;
use super::log::Entry;
use super::selector::Selector;
use crate::client::Client;

/// `ACL USERS`
pub(super) fn users(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let users = Client::of(ctx.host).server.acl.users();
    ctx.reply.array(users.len());
    users.iter().for_each(|user| ctx.reply.bulk(&user.name));
    Ok(())
}

/// `ACL LIST`
pub(super) fn list(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let users = Client::of(ctx.host).server.acl.users();
    ctx.reply.array(users.len());
    users.iter().for_each(|user| ctx.reply.bulk(&user.line()));
    Ok(())
}

/// `ACL GETUSER name`
pub(super) fn getuser(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let Some(user) = Client::of(ctx.host).server.acl.user(args[2]) else {
        ctx.reply.null();
        return Ok(());
    };
    let reply = &mut *ctx.reply;
    reply.map(7);
    reply.bulk(b"flags");
    reply.set(user.flags().count());
    user.flags().for_each(|flag| reply.bulk(flag.as_bytes()));
    reply.bulk(b"passwords");
    reply.array(user.passwords.len());
    user.passwords.iter().for_each(|password| reply.bulk(password.to_hex().as_bytes()));
    emit_selector(reply, &user.root);
    reply.bulk(b"selectors");
    reply.array(user.selectors.len());
    for selector in &user.selectors {
        reply.map(4);
        emit_selector(reply, selector);
    }
    Ok(())
}

fn emit_selector(reply: &mut dyn Reply, selector: &Selector) {
    reply.bulk(b"commands");
    reply.bulk(&selector.describe_commands());
    reply.bulk(b"keys");
    reply.bulk(&selector.describe_keys());
    reply.bulk(b"channels");
    reply.bulk(&selector.describe_channels());
    reply.bulk(b"databases");
    // No database at all is shown as nothing here.
    let databases = selector.describe_databases();
    reply.bulk(if databases == "resetdbs" { b"" } else { databases.as_bytes() });
}

impl Entry {
    /// As ACL LOG shows it.
    pub(super) fn emit(&self, reply: &mut dyn Reply, now_ms: u64) {
        let reason = match self.reason {
            Reason::Database => "database",
            Reason::Command => "command",
            Reason::Key => "key",
            Reason::Channel => "channel",
            Reason::Auth => "auth",
        };
        reply.map(10);
        reply.bulk(b"count");
        reply.integer(self.count as i64);
        reply.bulk(b"reason");
        reply.bulk(reason.as_bytes());
        reply.bulk(b"context");
        reply.bulk(self.context.name().as_bytes());
        reply.bulk(b"object");
        reply.bulk(&self.object);
        reply.bulk(b"username");
        reply.bulk(&self.user);
        reply.bulk(b"age-seconds");
        reply.double(now_ms.saturating_sub(self.updated_ms) as f64 / 1000.0);
        reply.bulk(b"client-info");
        reply.bulk(self.client.as_bytes());
        reply.bulk(b"entry-id");
        reply.integer(self.id as i64);
        reply.bulk(b"timestamp-created");
        reply.integer(self.created_ms as i64);
        reply.bulk(b"timestamp-last-updated");
        reply.integer(self.updated_ms as i64);
    }
}

/// `ACL HELP`
pub(super) fn help(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    crate::admin::help(
        ctx,
        "ACL",
        &[
            "CAT [<category>]",
            "    List all commands that belong to <category>, or all command categories",
            "    when no category is specified.",
            "DELUSER <username> [<username> ...]",
            "    Delete a list of users.",
            "DRYRUN <username> <command> [<arg> ...]",
            "    Returns whether the user can execute the given command without executing the command.",
            "GETUSER <username>",
            "    Get the user's details.",
            "GENPASS [<bits>]",
            "    Generate a secure 256-bit user password. The optional `bits` argument can",
            "    be used to specify a different size.",
            "LIST",
            "    Show users details in config file format.",
            "LOAD",
            "    Reload users from the ACL file.",
            "LOG [<count> | RESET]",
            "    Show the ACL log entries.",
            "SAVE",
            "    Save the current config to the ACL file.",
            "SETUSER <username> <rule> [<rule> ...]",
            "    Create or modify a user with the specified rules.",
            "USERS",
            "    List all the registered usernames.",
            "WHOAMI",
            "    Return the current connection username.",
        ],
    )
}
