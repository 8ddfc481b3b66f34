//! Commands that wait: scripts of several connections against Valkey, and races in which no element may get lost.

#[path = "blocking/clients.rs"]
mod clients;
#[path = "blocking/races.rs"]
mod races;
#[path = "blocking/scripts.rs"]
mod scripts;
