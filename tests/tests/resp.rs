//! RESP over sockets: what clients do right, and everything they do wrong.

#[path = "resp/garbage.rs"]
mod garbage;
#[path = "resp/limits.rs"]
mod limits;
#[path = "resp/memory.rs"]
mod memory;
#[path = "resp/pipelines.rs"]
mod pipelines;
#[path = "resp/sessions.rs"]
mod sessions;
