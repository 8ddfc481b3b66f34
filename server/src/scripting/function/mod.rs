//! Functions: libraries that the engine keeps as sources, what they register, and the commands on them.
//!
//! The engine's libraries (`core/src/libraries.rs`) are the truth: files and the log bring them without running them.
//! [`Functions`] is what they registered, made when somebody asks and they have changed. Every machine loads a library
//! when one of its functions is first called there, so what a library keeps in variables of its own is kept once for
//! each machine.

pub mod command;
mod dump;
mod library;
mod load;
mod registry;
mod show;

pub use library::{Library, Registered};
pub use load::register;
pub use registry::Functions;
