//! Clients: what the server knows of a connection, or of an embedded handle.

mod clients;
mod commands;
mod entry;
mod filter;
mod hello;
mod kill;
mod line;
mod pause;
mod settings;
mod table;

use std::any::Any;
use std::sync::Arc;

use polycache_core::command::{Host, Protocol};

pub use clients::Clients;
pub use entry::{Entry, Face, Figures, Texts};
pub use pause::{Held, Pause};
pub use table::COMMANDS;

use crate::server::Server;

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
    pub authenticated: bool,
    pub reply_mode: ReplyMode,
    pub no_evict: bool,
    /// Close once the replies so far are sent.
    pub closing: bool,
}

impl Client {
    /// A client on `face`; `entry` is made by [`Clients::register`].
    pub fn new(server: Arc<Server>, entry: Arc<Entry>) -> Client {
        let authenticated = entry.face == Face::Embedded || server.settings.load().requirepass.is_empty();
        Client {
            id: entry.id,
            server,
            entry,
            protocol: Protocol::Resp2,
            authenticated,
            reply_mode: ReplyMode::On,
            no_evict: false,
            closing: false,
        }
    }

    /// The client that a server command was called by. Panics for any other host: every face of this crate
    /// calls commands with a `Client`.
    pub fn of(host: &mut dyn Host) -> &mut Client {
        host.as_any().downcast_mut().expect("server commands are called by a Client")
    }
}

impl Host for Client {
    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.server.clients.remove(self.id);
    }
}
