//! INFO clients and memcached.

use polycache_core::command::Ctx;

use super::Text;
use crate::client::Face;
use crate::server::Server;

pub(super) fn write(text: &mut Text, _: &Ctx<'_>, server: &Server) {
    text.section("Clients");
    text.line("connected_clients", server.clients.connected());
    text.line("cluster_connections", 0);
    text.line("maxclients", server.settings.load().maxclients);
    text.line("client_recent_max_input_buffer", 0);
    text.line("client_recent_max_output_buffer", 0);
    text.line("blocked_clients", 0);
    text.line("tracking_clients", 0);
    text.line("pubsub_clients", 0);
    text.line("watching_clients", 0);
    text.line("clients_in_timeout_table", 0);
    text.line("total_watched_keys", 0);
    text.line("total_blocking_keys", 0);
    text.line("total_blocking_keys_on_nokey", 0);
}

pub(super) fn write_memcached(text: &mut Text, _: &Ctx<'_>, server: &Server) {
    let settings = server.settings.load();
    let connections = server.clients.list().iter().filter(|entry| entry.face == Face::Memcached).count();
    text.section("Memcached");
    text.line("memcached_enabled", super::bit(settings.memcached_port != 0));
    text.line("memcached_connections", connections);
    text.line("memcached_max_item_size", settings.memcached_max_item_size);
}
