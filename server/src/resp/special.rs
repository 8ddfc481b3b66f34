//! What only some clients need around a command: those that subscribe or monitor.

use polycache_core::command::spec::flag;
use polycache_core::command::{Failure, Protocol, Spec};

use crate::client::{Client, special};
use crate::limits::TURN_OUTPUT_BYTES;
use crate::server::Server;
use crate::stats::CommandIndex;

/// What a RESP2 client may do while it subscribes: it could not tell other replies from messages.
const OF_SUBSCRIBERS: &[&str] = &[
    "ping",
    "subscribe",
    "ssubscribe",
    "sunsubscribe",
    "psubscribe",
    "unsubscribe",
    "punsubscribe",
    "quit",
    "reset",
];

/// Whether the client may call the command now.
#[cold]
pub(super) fn admit(
    client: &Client,
    server: &Server,
    spec: &Spec,
    index: CommandIndex,
) -> Result<(), Failure> {
    if client.special & special::MONITOR != 0 && spec.flags & (flag::READONLY | flag::WRITE) != 0 {
        return Err(Failure::text("ERR Replica can't interact with the keyspace"));
    }
    let is_bound = client.special & special::SUBSCRIBER != 0 && client.protocol == Protocol::Resp2;
    if is_bound && !OF_SUBSCRIBERS.contains(&spec.name) {
        let name = server.stats.command_name(index);
        return Err(Failure::new(format!(
            "ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
        )));
    }
    Ok(())
}

/// Whether the replies of a command are messages: CLIENT REPLY does not hold these back.
pub(super) fn replies_are_messages(spec: &Spec) -> bool {
    spec.group == "pubsub" && spec.name.ends_with("subscribe")
}

/// Behind the reply to `command`, if that is known, comes what it sent to its own client. CLIENT CACHING is good for one
/// command, or one transaction, but for CLIENT's own.
#[cold]
pub(super) fn after(client: &mut Client, server: &Server, command: Option<CommandIndex>, out: &mut Vec<u8>) {
    let is_client =
        || command.is_some_and(|command| server.stats.command_name(command).starts_with("client|"));
    if let Some(asked) = &mut client.tracking
        && asked.caching
        && client.special & special::IN_MULTI == 0
        && !is_client()
    {
        asked.caching = false;
    }
    if let Some(mailbox) = client.own_mailbox().filter(|mailbox| mailbox.has_mail()) {
        mailbox.take_encoded(client.protocol, out, TURN_OUTPUT_BYTES);
    }
}
