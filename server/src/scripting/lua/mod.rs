//! Lua 5.1 as far as scripts need it: a state with its bounds, its stack, functions of ours in it, the sandbox.
//!
//! The state is the one that mlua builds and binds (`mlua-sys`). Its safe half is not used: it keeps a registry entry
//! and a protected call for every value that crosses, where a script's cost is a handful of pushes.
//!
//! # Errors and Rust
//! Lua 5.1 raises errors by `longjmp`, which runs no destructors. So no call to Lua that may raise is made while a Rust
//! frame owns anything:
//! - functions of ours ([`function`]) run as a *section*, in which the allocator never refuses; every other reason to
//!   raise (a bad index, a full stack, a metamethod) is excluded by [`Stack`], which uses raw access only. What the
//!   section took too much is noticed when it ends;
//! - an error that one of ours returns is raised by its trampoline once everything is dropped;
//! - calls into Lua code are protected ([`Stack::call`]).

mod bare;
pub mod compile;
pub mod function;
mod memory;
pub mod sandbox;
mod stack;
pub mod state;

pub use function::{Body, Raise};
pub use stack::{Kind, Reference, Stack};
pub use state::State;
