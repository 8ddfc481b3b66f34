//! The rows of the administration's commands; their texts are those of Valkey 9.1's COMMAND DOCS.

mod cluster;
mod command;
mod config;
mod information;
mod latency;
mod memory;
mod module;
mod persistence;
mod replication;

use polycache_core::command::Spec;

/// The tables, one slice each.
pub const TABLES: [&[Spec]; 9] = [
    information::TABLE,
    latency::TABLE,
    command::TABLE,
    config::TABLE,
    memory::TABLE,
    persistence::TABLE,
    cluster::TABLE,
    module::TABLE,
    replication::TABLE,
];
