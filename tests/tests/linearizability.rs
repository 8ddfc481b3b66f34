//! Histories of several threads must be linearizable: in-process while the table grows, shrinks and is saved, and over
//! several connections of a server. The checker is tested first, with histories that are not.

#[path = "linearizability/checker.rs"]
mod checker;
#[path = "linearizability/engine.rs"]
mod engine;
#[path = "linearizability/server.rs"]
mod server;
