//! Commands: one table, one dispatcher, and the context a handler works in.

mod ctx;
mod failure;
mod registry;
mod reply;
pub mod spec;

pub use ctx::{Ctx, Host, NoHost, Session};
pub use failure::Failure;
pub use registry::{Registry, dispatch};
pub use reply::{NoReply, Protocol, Reply, Value, ValueReply};
pub use spec::Spec;

/// The arguments of a command; `args[0]` is its name as it was sent.
pub type Args<'a> = &'a [&'a [u8]];
/// A handler's result; the dispatcher emits a failure as the error reply.
pub type Outcome = Result<(), Failure>;
/// Carries out one command.
pub type Handler = fn(&mut Ctx<'_>, Args<'_>) -> Outcome;
