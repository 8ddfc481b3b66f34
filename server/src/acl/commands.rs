//! ACL's subcommands that change users, and those that ask what one may do.

use std::collections::BTreeSet;
use std::sync::Arc;

use polycache_core::command::args::{echoed, integer, is_word};
use polycache_core::command::{Args, Ctx, Failure, Outcome, Registry};

use super::log::now_ms;
use super::password::hex;
use super::{DEFAULT_USER, Rows, User, rows};
use crate::client::Client;

const NO_FILE: Failure = Failure::text(
    "ERR This instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a configuration file set) in order to store users in the configuration.",
);

/// The most random bits of ACL GENPASS.
const PASSWORD_BITS_MAX: i64 = 4096;
/// Those without a number.
const PASSWORD_BITS: i64 = 256;
/// Entries that ACL LOG shows without a number.
const LOG_ENTRIES: i64 = 10;

/// The error for a subcommand that exists, called with arguments that it does not take.
fn wrong_arguments(args: Args<'_>) -> Failure {
    let name = echoed(&args[1][..args[1].len().min(128)]);
    Failure::new(format!("ERR unknown subcommand or wrong number of arguments for '{name}'. Try ACL HELP."))
}

/// `ACL WHOAMI`
pub(super) fn whoami(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let name = Client::of(ctx.host).user().name.clone();
    ctx.reply.bulk(&name);
    Ok(())
}

/// `ACL SETUSER name [rule ...]`
pub(super) fn setuser(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let client = Client::of(ctx.host);
    let server = client.server.clone();
    let settings = server.settings.load();
    server
        .acl
        .set_user(args[2], &args[3..], &settings)
        .map_err(|text| Failure::new(String::from_utf8_lossy(&text)))?;
    client.refresh_access();
    wake_subscribers(client);
    ctx.reply.ok();
    Ok(())
}

/// Has subscribers look whether they may still hear what they subscribe to.
fn wake_subscribers(client: &Client) {
    for entry in client.server.clients.list() {
        if entry.id != client.id && entry.is_subscriber() {
            entry.wake();
        }
    }
}

/// `ACL DELUSER name [name ...]`
pub(super) fn deluser(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    if args[2..].contains(&DEFAULT_USER) {
        return Err(Failure::text("ERR The 'default' user cannot be removed"));
    }
    let client = Client::of(ctx.host);
    let removed = client.server.acl.remove(&args[2..]);
    close_all(client, &removed);
    ctx.reply.integer(removed.len() as i64);
    Ok(())
}

/// Closes the connections of users that are gone; the caller's own once it has its answer.
fn close_all(client: &mut Client, gone: &BTreeSet<Arc<[u8]>>) {
    for entry in client.server.clients.list() {
        if entry.id != client.id && gone.contains(&entry.texts().user) {
            entry.kill();
        }
    }
    client.refresh_access();
}

/// `ACL LOAD`
pub(super) fn load(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let client = Client::of(ctx.host);
    let server = client.server.clone();
    let settings = server.settings.load();
    if settings.acl_file.is_empty() {
        return Err(NO_FILE);
    }
    let old = server.acl.load(&settings).map_err(|reason| Failure::new(format!("ERR {reason}")))?;
    let mut gone = BTreeSet::new();
    for name in old.into_keys() {
        if server.acl.user(&name).is_none() {
            gone.insert(name);
        }
    }
    close_all(client, &gone);
    wake_subscribers(client);
    ctx.reply.ok();
    Ok(())
}

/// `ACL SAVE`
pub(super) fn save(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let server = &Client::of(ctx.host).server;
    let settings = server.settings.load();
    if settings.acl_file.is_empty() {
        return Err(NO_FILE);
    }
    server.acl.save(&settings.acl_file).map_err(|error| {
        tracing::warn!("ACL SAVE: {}: {error}", settings.acl_file);
        Failure::text(
            "ERR There was an error trying to save the ACLs. Please check the server logs for more information",
        )
    })?;
    ctx.reply.ok();
    Ok(())
}

/// `ACL DRYRUN user command [argument ...]`
pub(super) fn dryrun(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let acl = &Client::of(ctx.host).server.acl;
    let user: Arc<User> =
        acl.user(args[2]).ok_or_else(|| Failure::new(format!("ERR User '{}' not found", echoed(args[2]))))?;
    let line = &args[3..];
    let unknown = || Failure::new(format!("ERR Command '{}' not found", echoed(line[0])));
    let mut spec = ctx.registry.lookup(line[0]).ok_or_else(unknown)?;
    if let (false, Some(name)) = (spec.subcommands.is_empty(), line.get(1)) {
        spec = Registry::subcommand(spec, name).ok_or_else(unknown)?;
    }
    let name = acl.name_of(spec);
    if !spec.arity_fits(line.len()) {
        return Err(Failure::wrong_arity(name));
    }
    match acl.may(&user, ctx.session.db, spec, line) {
        Ok(()) => ctx.reply.ok(),
        Err(denied) => ctx.reply.bulk(&denied.describe(&user, name, line)),
    }
    Ok(())
}

/// `ACL GENPASS [bits]`
pub(super) fn genpass(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let bits = match args[2..] {
        [] => PASSWORD_BITS,
        [bits] => integer(bits)?,
        _ => return Err(wrong_arguments(args)),
    };
    if !(1..=PASSWORD_BITS_MAX).contains(&bits) {
        return Err(Failure::new(format!(
            "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to {PASSWORD_BITS_MAX}"
        )));
    }
    let mut random = vec![0; bits.div_euclid(8) as usize + 1];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut random))
        .map_err(|error| Failure::new(format!("ERR no random numbers: {error}")))?;
    let digits = (bits as usize).div_ceil(4);
    ctx.reply.bulk(&hex(&random).as_bytes()[..digits]);
    Ok(())
}

/// `ACL CAT [category]`
pub(super) fn cat(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    match args[2..] {
        [] => {
            ctx.reply.array(rows::CATEGORIES.len());
            rows::CATEGORIES.iter().for_each(|name| ctx.reply.bulk(name.as_bytes()));
        }
        [name] => {
            let category = Rows::category(name)
                .ok_or_else(|| Failure::new(format!("ERR Unknown category '{}'", echoed(name))))?;
            let server = Client::of(ctx.host).server.clone();
            let members = || server.acl.rows.iter().filter(|(_, row)| row.categories & category != 0);
            ctx.reply.array(members().count());
            members().for_each(|(_, row)| ctx.reply.bulk(row.name.as_bytes()));
        }
        _ => return Err(wrong_arguments(args)),
    }
    Ok(())
}

/// `ACL LOG [count | RESET]`
pub(super) fn log(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let server = Client::of(ctx.host).server.clone();
    let count = match args[2..] {
        [] => LOG_ENTRIES,
        [word] if is_word(word, "reset") => {
            server.acl.log.clear();
            ctx.reply.ok();
            return Ok(());
        }
        [count] => integer(count)?,
        _ => return Err(wrong_arguments(args)),
    };
    let entries = server.acl.log.newest(usize::try_from(count).unwrap_or(0));
    let now = now_ms();
    ctx.reply.array(entries.len());
    for entry in entries {
        entry.emit(ctx.reply, now);
    }
    Ok(())
}
