//! Clients: what the server knows of a connection, or of an embedded handle.

mod access;
mod clients;
mod entry;
mod filter;
mod hello;
mod help;
mod kill;
mod line;
mod pause;
mod settings;
mod table;

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use polycache_core::blocking::Blocked;
use polycache_core::command::{Args, Host, Protocol, Session, Spec};

pub use clients::Clients;
pub use entry::{Entry, Face, Figures, Texts};
pub use pause::{Held, Pause};
pub use table::COMMANDS;

use self::access::Access;
use crate::admin::LocalWait;
use crate::pubsub::{self, Mailbox, Subscriptions};
use crate::scripting::ScriptWait;
use crate::server::Server;
use crate::stats::CommandIndex;
use crate::tracking::Asked;
use crate::transaction::Transaction;

/// What happens to a client's replies (CLIENT REPLY).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplyMode {
    #[default]
    On,
    Off,
    /// The reply of this command is dropped.
    Skip,
    /// The reply of the next command is dropped.
    SkipNext,
}

/// The state of one client that commands see and change; it belongs to the thread that serves the client.
pub struct Client {
    pub server: Arc<Server>,
    /// What other threads may see of it.
    pub entry: Arc<Entry>,
    /// Unique, never used again.
    pub id: u64,
    pub protocol: Protocol,
    /// It said who it is, or need not.
    pub authenticated: bool,
    access: Access,
    pub reply_mode: ReplyMode,
    pub no_evict: bool,
    /// The last command that was carried out.
    pub last_command: Option<CommandIndex>,
    /// Commands carried out.
    pub commands: u64,
    /// Close once the replies so far are sent.
    pub closing: bool,
    /// The command that ran last is answered when this is over.
    pub wait: Option<LocalWait>,
    /// The last command waits for keys.
    pub blocked: Option<KeyWait>,
    /// Why commands of this client need more than one look, bits of [`special`]; 0 for most.
    pub special: u32,
    /// What it asked for by CLIENT TRACKING.
    pub tracking: Option<Box<Asked>>,
    pub subscriptions: Option<Box<Subscriptions>>,
    /// The last command runs on a thread for scripts.
    pub script: Option<ScriptWait>,
    /// It stands in for another on a thread for scripts.
    pub(crate) is_double: bool,
    /// What it watches and has queued; made when it first does.
    pub transaction: Option<Box<Transaction>>,
}

/// Bits of [`Client::special`].
pub mod special {
    /// It has a mailbox.
    pub const HAS_MAILBOX: u32 = 1 << 0;
    /// It subscribes to something.
    pub const SUBSCRIBER: u32 = 1 << 1;
    /// Commands are queued until EXEC.
    pub const IN_MULTI: u32 = 1 << 2;
    /// EXEC is running its commands.
    pub const EXECUTING: u32 = 1 << 3;
    /// EXEC has run commands that are to be counted.
    pub const HAS_RUN: u32 = 1 << 4;
    /// It listens to everything (MONITOR).
    pub const MONITOR: u32 = 1 << 5;
}

impl Client {
    /// A client on `face`; `entry` is made by [`Clients::register`].
    pub fn new(server: Arc<Server>, entry: Arc<Entry>) -> Client {
        let access = Access::new(&server, entry.face);
        let mut client = Client {
            id: entry.id,
            server,
            entry,
            protocol: Protocol::Resp2,
            authenticated: false,
            access,
            reply_mode: ReplyMode::On,
            no_evict: false,
            last_command: None,
            commands: 0,
            closing: false,
            wait: None,
            blocked: None,
            special: 0,
            tracking: None,
            subscriptions: None,
            script: None,
            is_double: false,
            transaction: None,
        };
        client.log_out();
        client
    }

    /// The client that a server command was called by. Panics for any other host: every face of this crate
    /// calls commands with a `Client`.
    pub fn of(host: &mut dyn Host) -> &mut Client {
        host.as_any().downcast_mut().expect("server commands are called by a Client")
    }

    /// The same client for a script on another thread: its commands never wait.
    pub fn double(&self) -> Client {
        Client {
            server: self.server.clone(),
            entry: self.entry.clone(),
            id: self.id,
            protocol: self.protocol,
            authenticated: self.authenticated,
            access: self.access.clone(),
            reply_mode: self.reply_mode,
            no_evict: self.no_evict,
            last_command: self.last_command,
            commands: self.commands,
            closing: false,
            wait: None,
            blocked: None,
            special: 0,
            tracking: self.tracking.clone(),
            subscriptions: None,
            script: None,
            is_double: true,
            transaction: None,
        }
    }

    /// Changes the dialect of the replies.
    pub fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
        self.entry.set_protocol(protocol);
    }

    /// Its mailbox.
    pub fn mailbox(&mut self) -> Arc<Mailbox> {
        self.special |= special::HAS_MAILBOX;
        self.entry.mailbox_of(pubsub::here)
    }

    /// Whether somebody sent it something.
    #[inline]
    pub fn has_mail(&self) -> bool {
        self.entry.own_mailbox().is_some_and(|mailbox| mailbox.has_mail())
    }

    pub fn is_subscriber(&self) -> bool {
        self.special & special::SUBSCRIBER != 0
    }

    /// Its transaction, open or not.
    pub fn transaction(&mut self) -> &mut Transaction {
        self.transaction.get_or_insert_default()
    }

    /// Ends the transaction without running it; nothing is watched any more.
    pub fn discard(&mut self) {
        self.special &= !special::IN_MULTI;
        self.transaction = None;
    }

    /// A command was refused: the transaction, if there is one, will not be run.
    pub fn spoil_transaction(&mut self) {
        if self.special & special::IN_MULTI != 0 {
            self.transaction().has_failed = true;
        }
    }

    /// Its mailbox, if others can send it something.
    pub fn own_mailbox(&self) -> Option<&Arc<Mailbox>> {
        self.entry.own_mailbox()
    }

    /// Ends all subscriptions.
    pub fn unsubscribe(&mut self) {
        if let Some(mut subscriptions) = self.subscriptions.take() {
            subscriptions.clear(&self.server.pubsub, self.id);
            self.publish_subscriptions();
        }
    }

    /// Publishes how many subscriptions there are.
    pub fn publish_subscriptions(&mut self) {
        let counts = self.subscriptions.as_ref().map_or([0; 3], |subscriptions| subscriptions.counts());
        for (figure, count) in self.entry.figures.subscriptions.iter().zip(counts) {
            figure.store(count, Ordering::Relaxed); // ORDERING: a figure, see `entry.rs`.
        }
        if counts == [0; 3] {
            self.subscriptions = None;
            self.special &= !special::SUBSCRIBER;
        } else {
            self.special |= special::SUBSCRIBER;
        }
    }

    /// Publishes what commands changed.
    pub fn publish(&self, session: &Session) {
        let figures = &self.entry.figures;
        // ORDERING: figures, see `entry.rs`.
        figures.db.store(session.db, Ordering::Relaxed);
        figures.no_touch.store(session.no_touch, Ordering::Relaxed);
        figures.no_evict.store(self.no_evict, Ordering::Relaxed);
        figures.command.store(self.last_command.map_or(0, |index| index.0 + 1), Ordering::Relaxed);
        figures.commands.store(self.commands, Ordering::Relaxed);
        if self.transaction.is_some() || figures.queued.load(Ordering::Relaxed) != 0 {
            self.publish_transaction();
        }
    }

    #[cold]
    fn publish_transaction(&self) {
        let figures = &self.entry.figures;
        // ORDERING: figures, see `entry.rs`.
        let transaction = self.transaction.as_ref();
        let is_open = self.special & special::IN_MULTI != 0;
        figures.in_multi.store(is_open, Ordering::Relaxed);
        figures.watched.store(transaction.map_or(0, |transaction| transaction.watched()), Ordering::Relaxed);
        // As Valkey shows it: none before the first MULTI, 0 after the last.
        let queued = transaction.map_or(0, |transaction| transaction.queue.len());
        let had = figures.queued.load(Ordering::Relaxed) != 0 || is_open || queued > 0;
        figures.queued.store(queued + usize::from(had), Ordering::Relaxed);
        let bytes = transaction.map_or(0, |transaction| transaction.queue.bytes());
        figures.queued_bytes.store(bytes, Ordering::Relaxed);
    }
}

impl Host for Client {
    fn as_any(&mut self) -> &mut dyn Any {
        self
    }

    fn may_block(&self) -> bool {
        self.entry.face != Face::Memcached && !self.is_double && self.special & special::EXECUTING == 0
    }

    fn will_run(&mut self, spec: &Spec, args: Args<'_>) {
        self.remember_reads(spec, args);
    }

    fn block(&mut self, blocked: Blocked) {
        self.entry.set_waiter(Some(blocked.waiter().clone()));
        self.blocked = Some(KeyWait { blocked, is_muted: self.reply_mode != ReplyMode::On });
    }
}

/// A command that waits for keys.
pub struct KeyWait {
    pub blocked: Blocked,
    /// Its reply is not wanted (CLIENT REPLY).
    pub is_muted: bool,
}

impl Drop for Client {
    fn drop(&mut self) {
        if self.is_double {
            return;
        }
        if self.entry.face == Face::Memcached {
            self.server.memcached.watchers.connection("conn_close", &self.entry);
        }
        self.unsubscribe();
        self.stop_tracking();
        crate::admin::monitor::leave(self);
        self.server.clients.remove(self.id);
    }
}
