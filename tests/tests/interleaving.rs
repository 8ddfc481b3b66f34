//! Scripts of several connections, played on Valkey 9.1.2 and on our server; `src/interleaving/mod.rs` says how they
//! are written. `POLYCACHE_DIFFERENTIAL_PEERS_ONLY=1` plays them on Valkey twice, to test a script.

#[path = "interleaving/isolation.rs"]
mod isolation;
#[path = "interleaving/notifications.rs"]
mod notifications;
#[path = "interleaving/pubsub.rs"]
mod pubsub;
#[path = "interleaving/tracking.rs"]
mod tracking;
#[path = "interleaving/transactions.rs"]
mod transactions;

#[path = "interleaving/access.rs"]
mod access;

#[path = "interleaving/clients.rs"]
mod clients;

#[path = "interleaving/streams.rs"]
mod streams;
