//! Differential tests: the same random commands to two servers, every reply and the final states compared.
//!
//! `grammar` makes commands from templates, `commands` is the table of templates, `families` and `streams` the tables of data types, `allowed` reads what may differ
//! from `tests/differences.md`, `coverage` that no row of the command table is missed, `session` runs a script against both sides, `shrink` makes a failing one small.

pub mod allowed;
pub mod commands;
#[cfg(test)]
mod coverage;
pub mod documented;
pub mod families;
pub mod grammar;
pub mod memcached;
pub mod scores;
pub mod session;
pub mod shrink;
pub mod streams;
pub mod transactions;

/// A number from the environment, for longer or repeated runs.
pub fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text:?} is not a number")),
        Err(_) => default,
    }
}
