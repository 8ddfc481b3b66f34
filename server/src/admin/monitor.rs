//! MONITOR: a client that is told of every command, whichever face it came by.
//!
//! A line is what Valkey sends: `+1700000000.123456 [0 127.0.0.1:5000] "set" "k" "v"`, secrets hidden. Administrative
//! commands are not told of, nor are commands that were refused.
//!
//! *Concurrency:* whoever carries out a command puts the line into the mailboxes of all who listen. While nobody does a
//! turn pays one load.
//!
//! *Limits:* who does not read is closed once `client-output-buffer-limit normal` is exceeded or, where that has no
//! limit, `replica`'s.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use polycache_core::command::spec::flag;
use polycache_core::command::{Args, Ctx, Failure, Outcome, Spec};

use super::redact::shown;
use crate::client::{Client, Face, special};
use crate::pubsub::{Mailbox, Message};
use crate::server::Server;

/// All who listen.
#[derive(Default)]
pub struct Monitors {
    count: AtomicUsize,
    mailboxes: Mutex<Vec<Arc<Mailbox>>>,
}

impl Monitors {
    /// Whether anybody listens.
    #[inline]
    pub fn any(&self) -> bool {
        self.count.load(Ordering::Relaxed) != 0 // ORDERING: a switch; a turn late does no harm.
    }

    fn add(&self, mailbox: Arc<Mailbox>) {
        let mut mailboxes = self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner);
        mailboxes.push(mailbox);
        self.count.store(mailboxes.len(), Ordering::Relaxed); // ORDERING: see `any`.
    }

    /// Client `id` listens no more.
    pub fn remove(&self, id: u64) {
        let mut mailboxes = self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner);
        mailboxes.retain(|mailbox| mailbox.id != id);
        self.count.store(mailboxes.len(), Ordering::Relaxed); // ORDERING: see `any`.
    }

    /// Tells of a command that `who` (an address, `lua`, ...) carried out in database `db`.
    #[cold]
    pub fn tell(&self, server: &Server, spec: &Spec, db: u8, who: &str, args: Args<'_>) {
        if spec.flags & (flag::ADMIN | flag::SKIP_MONITOR) == 0 {
            self.tell_words(server, db, who, args);
        }
    }

    /// The same, of what is no command of the table.
    #[cold]
    pub fn tell_words(&self, server: &Server, db: u8, who: &str, args: Args<'_>) {
        let limits = server.settings.load().client_output_buffer_limit;
        let limit =
            [limits.normal.hard_bytes, limits.replica.hard_bytes].into_iter().find(|bytes| *bytes != 0);
        let message = Arc::new(Message::line(line(db, who, args)));
        let mailboxes = self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for mailbox in mailboxes {
            if mailbox.deliver(&message, limit.unwrap_or(0)).is_err() {
                tracing::warn!("closing the monitor {}: it does not read", mailbox.id);
                self.remove(mailbox.id);
            }
        }
    }
}

fn line(db: u8, who: &str, args: Args<'_>) -> Vec<u8> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut line = format!("+{}.{:06} [{db} {who}]", since.as_secs(), since.subsec_micros()).into_bytes();
    for position in 0..args.len() {
        line.extend_from_slice(b" \"");
        quote(&shown(args, position), &mut line);
        line.push(b'"');
    }
    line.extend_from_slice(b"\r\n");
    line
}

/// Bytes as Redis shows them between quotes.
fn quote(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        match byte {
            b'\\' | b'"' => out.extend_from_slice(&[b'\\', *byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x07 => out.extend_from_slice(b"\\a"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x20..0x7f => out.push(*byte),
            byte => out.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
        }
    }
}

/// `MONITOR`
pub(super) fn monitor(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    const CONNECTIONS: Failure = Failure::text("ERR MONITOR is for connections");
    const BLOCKING: Failure = Failure::text("ERR MONITOR isn't allowed for DENY BLOCKING client");
    let may_block = ctx.host.may_block();
    let client = Client::of(ctx.host);
    if client.entry.face != Face::Resp {
        return Err(CONNECTIONS);
    }
    if !may_block {
        return Err(BLOCKING);
    }
    // As in Redis, who listens already gets no answer.
    if client.special & special::MONITOR == 0 {
        client.special |= special::MONITOR;
        let mailbox = client.mailbox();
        // The reply comes first.
        ctx.reply.ok();
        client.server.monitors.add(mailbox);
    }
    Ok(())
}

/// Ends MONITOR for this client, if it listens.
pub fn leave(client: &mut Client) {
    if client.special & special::MONITOR != 0 {
        client.special &= !special::MONITOR;
        client.server.monitors.remove(client.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_quoted_and_secrets_hidden() {
        let text = line(3, "127.0.0.1:5", &[b"SET", b"a \"q\" \\ \x00\xff\n\r\t\x07\x08", b"v"]);
        let text = String::from_utf8(text).unwrap();
        assert!(
            text.ends_with(
                "[3 127.0.0.1:5] \"SET\" \"a \\\"q\\\" \\\\ \\x00\\xff\\n\\r\\t\\a\\b\" \"v\"\r\n"
            )
        );
        let text = String::from_utf8(line(0, "lua", &[b"AUTH", b"x"])).unwrap();
        assert!(text.ends_with("[0 lua] \"AUTH\" \"(redacted)\"\r\n"));
    }
}
