//! Servers under measurement, started alike and pinned to one core.

use std::time::Duration;

use polycache_tests::support::{Kind, Server, ServerOptions};

use crate::load::Load;
use crate::machine;

/// Ours or a peer, with one thread that serves.
pub struct Subject {
    pub server: Server,
    pub name: &'static str,
}

/// Flags of a server that keeps everything in memory.
pub fn volatile() -> ServerOptions {
    ServerOptions::new().flag("save", "").flag("appendonly", "no")
}

impl Subject {
    /// Starts with the flags given and one serving thread.
    pub fn start(kind: Kind, options: ServerOptions) -> Self {
        let name = match kind {
            Kind::Polycache => "Polycache",
            Kind::Valkey => "Valkey 9.1.2",
            Kind::Redis => "Redis 7",
            Kind::Memcached => "memcached",
        };
        let options = match kind {
            Kind::Memcached => options,
            _ => options.flag("io-threads", 1),
        };
        let server = Server::start(kind, options);
        machine::pin_process(server.process_id(), machine::SERVER_CORE);
        Self { server, name }
    }

    /// Runs a load; nanoseconds of the server's CPU per operation, and the time it took.
    pub fn measure(&self, load: &Load, port: u16, operations: usize) -> Result<(f64, Duration), String> {
        let before = machine::cpu_nanoseconds(self.server.process_id());
        let took = load.run(port).map_err(|error| format!("{}: {error}", self.name))?;
        let after = machine::cpu_nanoseconds(self.server.process_id());
        Ok(((after - before) as f64 / operations as f64, took))
    }
}
