//! A client without a socket: how bindings carry out commands by name.

use std::sync::Arc;

use polycache_core::command::{Args, Reply, Session};

use crate::Client;
use crate::client::Face;
use crate::server::Server;

/// Carries out commands on the calling thread. Cheap to make: one per thread or per handle of a binding.
pub struct Handle {
    client: Client,
    session: Session,
}

impl Handle {
    pub fn new(server: Arc<Server>) -> Handle {
        let entry = server.clients.register(Face::Embedded, String::new(), String::new());
        Handle { client: Client::new(server, entry), session: Session::default() }
    }

    /// Carries out one command; every outcome, errors too, goes to `reply`. With `appendfsync always` it returns
    /// when what it wrote is durable.
    pub fn execute(&mut self, _args: Args<'_>, _reply: &mut dyn Reply) {
        let _ = (&mut self.client, &mut self.session);
        todo!("lands with the engine")
    }
}
