//! INFO clients and memcached.

use std::sync::atomic::Ordering;

use super::Text;
use crate::client::{Face, Held};
use crate::server::Server;

/// What the buffers of all clients hold, in bytes.
#[derive(Default)]
pub(in crate::admin) struct Buffers {
    pub total: usize,
    pub input_max: usize,
    pub output_max: usize,
}

impl Buffers {
    pub fn of(server: &Server) -> Buffers {
        let mut buffers = Buffers::default();
        for entry in server.clients.list() {
            // ORDERING: figures, independent of each other.
            let input = entry.figures.input_bytes.load(Ordering::Relaxed)
                + entry.figures.input_free.load(Ordering::Relaxed);
            let output = entry.figures.output_bytes.load(Ordering::Relaxed);
            buffers.total += input + output;
            buffers.input_max = buffers.input_max.max(input);
            buffers.output_max = buffers.output_max.max(output);
        }
        buffers
    }
}

pub(super) fn write(text: &mut Text, server: &Server) {
    text.section("Clients");
    text.line("connected_clients", server.clients.connected());
    text.line("cluster_connections", 0);
    text.line("maxclients", server.settings.load().maxclients);
    let buffers = Buffers::of(server);
    text.line("client_recent_max_input_buffer", buffers.input_max);
    text.line("client_recent_max_output_buffer", buffers.output_max);
    let blocking = server.engine.blocking();
    let (keys, keys_for_absence) = blocking.keys();
    text.line("blocked_clients", blocking.waiting());
    text.line("tracking_clients", server.tracking.clients());
    text.line("pubsub_clients", server.pubsub.subscribed_clients());
    text.line("watching_clients", 0);
    text.line("clients_in_timeout_table", blocking.with_timeout());
    text.line("total_watched_keys", 0);
    text.line("total_blocking_keys", keys);
    text.line("total_blocking_keys_on_nokey", keys_for_absence);
    let (reason, actions, remaining_ms) = match server.clients.pause.remaining() {
        None => ("none", "none", 0),
        Some((remaining_ms, Held::Everything)) => ("client_pause", "all", remaining_ms),
        Some((remaining_ms, Held::Writes)) => ("client_pause", "write", remaining_ms),
    };
    text.line("paused_reason", reason);
    text.line("paused_actions", actions);
    text.line("paused_timeout_milliseconds", remaining_ms);
}

pub(super) fn write_memcached(text: &mut Text, server: &Server) {
    let settings = server.settings.load();
    let connections = server.clients.list().iter().filter(|entry| entry.face == Face::Memcached).count();
    text.section("Memcached");
    text.line("memcached_enabled", super::bit(settings.memcached_port != 0));
    text.line("memcached_connections", connections);
    text.line("memcached_max_item_size", settings.memcached_max_item_size);
}
