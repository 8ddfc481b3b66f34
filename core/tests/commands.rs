//! Commands against an engine in memory: what they reply and what they leave behind.
//!
//! The expectations were captured from Valkey 9.1.2.

#[path = "commands/bitmap.rs"]
mod bitmap;
#[path = "commands/concurrent_containers.rs"]
mod concurrent_containers;
#[path = "commands/effects.rs"]
mod effects;
#[path = "commands/hash.rs"]
mod hash;
#[path = "commands/keys.rs"]
mod keys;
#[path = "commands/restore.rs"]
mod restore;
#[path = "commands/scores.rs"]
mod scores;
#[path = "commands/session.rs"]
mod session;
#[path = "commands/set.rs"]
mod set;
#[path = "commands/sort.rs"]
mod sort;
#[path = "commands/stream.rs"]
mod stream;
#[path = "commands/stream_effects.rs"]
mod stream_effects;
#[path = "commands/string.rs"]
mod string;
#[path = "commands/table.rs"]
mod table;
#[path = "commands/threads.rs"]
mod threads;
