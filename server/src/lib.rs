//! Polycache as a server: RESP and memcached over one engine, as a library (bindings serve the engine that they
//! hold) and as the program `polycache-server`.

pub mod acl;
pub mod admin;
pub mod client;
pub mod config;
pub mod embedded;
pub mod limits;
pub mod memcached;
pub mod metrics;
pub mod migrate;
pub mod net;
pub mod program;
pub mod pubsub;
pub mod resp;
pub mod scripting;
pub mod server;
pub mod stats;
pub mod tracking;
pub mod transaction;

pub use client::Client;
pub use server::{Running, Server, StartError, registry};

/// The version that INFO, HELLO and the banner name.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The Redis version whose commands and replies are spoken; clients choose their features by it.
pub const REDIS_VERSION: &str = "7.2.4";

/// The Valkey whose scripts we run: what `server.VALKEY_VERSION` says.
pub const VALKEY_VERSION: &str = "9.1.2";
