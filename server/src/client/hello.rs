//! HELLO, AUTH, and the small commands of a connection: ECHO, SELECT, RESET, QUIT.

use polycache_core::command::args::{database, is_word};
use polycache_core::command::{Args, Ctx, Failure, Outcome, Protocol, Reply};

use super::settings::checked_text;
use super::{Client, ReplyMode};
use crate::acl::{Context, DEFAULT_USER};

const WRONG_PASSWORD: Failure =
    Failure::text("WRONGPASS invalid username-password pair or user is disabled.");

/// HELLO [protover [AUTH user password] [SETNAME name]].
pub fn hello(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let client = Client::of(ctx.host);
    let mut protocol = client.protocol;
    if let Some(version) = args.get(1) {
        protocol = match polycache_core::command::args::integer(version) {
            Ok(2) => Protocol::Resp2,
            Ok(3) => Protocol::Resp3,
            Ok(_) => return Err(Failure::text("NOPROTO unsupported protocol version")),
            Err(_) => return Err(Failure::text("ERR Protocol version is not an integer or out of range")),
        };
    }
    let mut rest = args.get(2..).unwrap_or_default();
    let (mut credentials, mut name) = (None, None);
    loop {
        rest = match rest {
            [] => break,
            [option, user, password, rest @ ..] if is_word(option, "auth") => {
                credentials = Some((*user, *password));
                rest
            }
            [option, value, rest @ ..] if is_word(option, "setname") => {
                name = Some(*value);
                rest
            }
            [option, ..] => {
                let option = polycache_core::command::args::echoed(option);
                return Err(Failure::new(format!("ERR Syntax error in HELLO option '{option}'")));
            }
        };
    }
    if let Some((user, password)) = credentials {
        log_in(client, user, password, args[0])?;
    }
    if !client.authenticated {
        return Err(Failure::text(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
        ));
    }
    if let Some(name) = name {
        client.entry.texts().name = checked_text(name, "Client names")?;
    }
    client.set_protocol(protocol);
    ctx.reply.switch(protocol);
    let id = client.id as i64;
    introduce(ctx.reply, protocol, id);
    Ok(())
}

fn introduce(reply: &mut dyn Reply, protocol: Protocol, id: i64) {
    reply.map(7);
    reply.bulk(b"server");
    reply.bulk(b"redis");
    reply.bulk(b"version");
    reply.bulk(crate::REDIS_VERSION.as_bytes());
    reply.bulk(b"proto");
    reply.integer(if protocol == Protocol::Resp3 { 3 } else { 2 });
    reply.bulk(b"id");
    reply.integer(id);
    reply.bulk(b"mode");
    reply.bulk(b"standalone");
    reply.bulk(b"role");
    reply.bulk(b"master");
    reply.bulk(b"modules");
    reply.array(0);
}

/// AUTH [user] password.
pub fn auth(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let client = Client::of(ctx.host);
    match args {
        [_, password] => {
            if client.server.acl.default_user().needs_no_password {
                return Err(Failure::text(
                    "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
                ));
            }
            log_in(client, DEFAULT_USER, password, args[0])?;
        }
        [_, user, password] => log_in(client, user, password, args[0])?,
        _ => return Err(Failure::SYNTAX),
    }
    ctx.reply.ok();
    Ok(())
}

/// Checks a user's password; `command` is the word that was used for it.
fn log_in(client: &mut Client, user: &[u8], password: &[u8], command: &[u8]) -> Outcome {
    if client.authenticate(user, password, command, Context::TopLevel) { Ok(()) } else { Err(WRONG_PASSWORD) }
}

/// ECHO message.
pub fn echo(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    ctx.reply.bulk(args[1]);
    Ok(())
}

/// SELECT index.
pub fn select(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let db = database(ctx.engine, args[1])?;
    if usize::from(db) >= ctx.engine.config().databases {
        return Err(Failure::DB_INDEX);
    }
    ctx.session.db = db;
    ctx.reply.ok();
    Ok(())
}

/// RESET: as if the connection were new.
pub fn reset(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let client = Client::of(ctx.host);
    client.unsubscribe();
    client.discard();
    client.stop_tracking();
    ctx.op.tell_reads(false);
    crate::admin::monitor::leave(client);
    client.log_out();
    client.set_protocol(Protocol::Resp2);
    client.reply_mode = ReplyMode::On;
    client.no_evict = false;
    client.entry.texts().name.clear();
    ctx.session.db = 0;
    ctx.session.no_touch = false;
    ctx.reply.switch(Protocol::Resp2);
    ctx.reply.status("RESET");
    Ok(())
}

/// QUIT.
pub fn quit(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    ctx.reply.ok();
    Client::of(ctx.host).closing = true;
    Ok(())
}
