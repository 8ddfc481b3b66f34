//! The commands of publishing and subscribing.

use std::sync::Arc;

use polycache_core::command::glob::Glob;
use polycache_core::command::{Args, Ctx, Failure, Outcome, Protocol};

use super::hub::Namespace;
use crate::client::{Client, Face, special};

const NOT_HERE: Failure =
    Failure::text("ERR subscribing is for connections: a program subscribes through its own calls");

/// SUBSCRIBE channel [channel ...].
pub fn subscribe(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    enter(ctx, args, Namespace::Channels, "subscribe")
}

/// PSUBSCRIBE pattern [pattern ...].
pub fn psubscribe(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    enter(ctx, args, Namespace::Patterns, "psubscribe")
}

/// SSUBSCRIBE shardchannel [shardchannel ...].
pub fn ssubscribe(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    enter(ctx, args, Namespace::Shards, "ssubscribe")
}

/// UNSUBSCRIBE [channel ...].
pub fn unsubscribe(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    leave(ctx, args, Namespace::Channels, "unsubscribe")
}

/// PUNSUBSCRIBE [pattern ...].
pub fn punsubscribe(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    leave(ctx, args, Namespace::Patterns, "punsubscribe")
}

/// SUNSUBSCRIBE [shardchannel ...].
pub fn sunsubscribe(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    leave(ctx, args, Namespace::Shards, "sunsubscribe")
}

fn enter(ctx: &mut Ctx<'_>, args: Args<'_>, namespace: Namespace, word: &str) -> Outcome {
    if Client::of(ctx.host).entry.face != Face::Resp {
        return Err(NOT_HERE);
    }
    for name in &args[1..] {
        let client = Client::of(ctx.host);
        let (server, mailbox) = (client.server.clone(), client.mailbox());
        let subscriptions = client.subscriptions.get_or_insert_default();
        subscriptions.subscribe(&server.pubsub, namespace, name, &mailbox);
        let count = subscriptions.count(namespace);
        confirm(ctx, word, Some(name), count);
    }
    Client::of(ctx.host).publish_subscriptions();
    Ok(())
}

fn leave(ctx: &mut Ctx<'_>, args: Args<'_>, namespace: Namespace, word: &str) -> Outcome {
    let client = Client::of(ctx.host);
    let names: Vec<Arc<[u8]>> = match (&mut client.subscriptions, &args[1..]) {
        (Some(subscriptions), []) => subscriptions.list(namespace),
        (_, names) => names.iter().map(|&name| name.into()).collect(),
    };
    if names.is_empty() {
        let count = client.subscriptions.as_ref().map_or(0, |subscriptions| subscriptions.count(namespace));
        confirm(ctx, word, None, count);
    }
    for name in names {
        let client = Client::of(ctx.host);
        let (server, id) = (client.server.clone(), client.id);
        let count = match &mut client.subscriptions {
            None => 0,
            Some(subscriptions) => {
                subscriptions.unsubscribe(&server.pubsub, namespace, &name, id);
                subscriptions.count(namespace)
            }
        };
        // What was published before comes before.
        let mut earlier = Vec::new();
        let is_executing = client.special & special::EXECUTING != 0;
        if let Some(mailbox) = client.own_mailbox().filter(|mailbox| !is_executing && mailbox.has_mail()) {
            mailbox.take_encoded(client.protocol, &mut earlier, usize::MAX);
        }
        ctx.reply.encoded(&earlier);
        confirm(ctx, word, Some(&name), count);
    }
    Client::of(ctx.host).publish_subscriptions();
    Ok(())
}

fn confirm(ctx: &mut Ctx<'_>, word: &str, name: Option<&[u8]>, count: usize) {
    ctx.reply.push(3);
    ctx.reply.bulk(word.as_bytes());
    match name {
        Some(name) => ctx.reply.bulk(name),
        None => ctx.reply.null(),
    }
    ctx.reply.integer(count as i64);
}

/// PUBLISH channel message.
pub fn publish(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let receivers = Client::of(ctx.host).server.pubsub.publish(args[1], args[2]);
    ctx.reply.integer(receivers as i64);
    Ok(())
}

/// SPUBLISH shardchannel message.
pub fn spublish(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let receivers = Client::of(ctx.host).server.pubsub.publish_to_shard(args[1], args[2]);
    ctx.reply.integer(receivers as i64);
    Ok(())
}

/// PING [message].
pub fn ping(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let client = ctx.host.as_any().downcast_mut::<Client>();
    let is_subscriber =
        client.is_some_and(|client| client.protocol == Protocol::Resp2 && client.is_subscriber());
    match args {
        [_] | [_, _] if is_subscriber => {
            ctx.reply.array(2);
            ctx.reply.bulk(b"pong");
            ctx.reply.bulk(args.get(1).copied().unwrap_or_default());
        }
        [_] => ctx.reply.status("PONG"),
        [_, message] => ctx.reply.bulk(message),
        _ => return Err(Failure::wrong_arity("ping")),
    }
    Ok(())
}

/// PUBSUB CHANNELS [pattern].
pub fn channels(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    names(ctx, args, Namespace::Channels)
}

/// PUBSUB SHARDCHANNELS [pattern].
pub fn shardchannels(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    names(ctx, args, Namespace::Shards)
}

fn names(ctx: &mut Ctx<'_>, args: Args<'_>, namespace: Namespace) -> Outcome {
    let pattern = match args {
        [_, _] => b"*",
        [_, _, pattern] => *pattern,
        _ => {
            let name = polycache_core::command::args::echoed(args[1]);
            return Err(Failure::new(format!(
                "ERR unknown subcommand or wrong number of arguments for '{name}'. Try PUBSUB HELP."
            )));
        }
    };
    let names = Client::of(ctx.host).server.pubsub.channel_names(namespace, &Glob::new(pattern));
    ctx.reply.array(names.len());
    names.iter().for_each(|name| ctx.reply.bulk(name));
    Ok(())
}

/// PUBSUB NUMSUB [channel ...].
pub fn numsub(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    counts(ctx, args, Namespace::Channels)
}

/// PUBSUB SHARDNUMSUB [shardchannel ...].
pub fn shardnumsub(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    counts(ctx, args, Namespace::Shards)
}

fn counts(ctx: &mut Ctx<'_>, args: Args<'_>, namespace: Namespace) -> Outcome {
    let server = Client::of(ctx.host).server.clone();
    ctx.reply.array(2 * (args.len() - 2));
    for name in &args[2..] {
        ctx.reply.bulk(name);
        ctx.reply.integer(server.pubsub.subscribers(namespace, name) as i64);
    }
    Ok(())
}

/// PUBSUB NUMPAT.
pub fn numpat(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let patterns = Client::of(ctx.host).server.pubsub.patterns();
    ctx.reply.integer(patterns as i64);
    Ok(())
}

/// PUBSUB HELP.
pub fn help(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    const LINES: &[&str] = &[
        "PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "CHANNELS [<pattern>]",
        "    Return the currently active channels matching a <pattern> (default: '*').",
        "NUMPAT",
        "    Return number of subscriptions to patterns.",
        "NUMSUB [<channel> ...]",
        "    Return the number of subscribers for the specified channels, excluding",
        "    pattern subscriptions(default: no channels).",
        "SHARDCHANNELS [<pattern>]",
        "    Return the currently active shard level channels matching a <pattern> (default: '*').",
        "SHARDNUMSUB [<shardchannel> ...]",
        "    Return the number of subscribers for the specified shard level channel(s)",
        "HELP",
        "    Print this help.",
    ];
    ctx.reply.array(LINES.len());
    LINES.iter().for_each(|line| ctx.reply.status(line));
    Ok(())
}
