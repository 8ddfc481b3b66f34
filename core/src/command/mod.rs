//! Commands: one table, one dispatcher, and the context a handler works in.

pub mod args;
pub mod bitmap;
mod ctx;
pub mod echo;
mod element_scan;
mod failure;
pub mod glob;
pub mod keys;
mod registry;
mod reply;
pub mod set;
pub mod spec;
pub mod string;

pub use ctx::{Ctx, Host, NoHost, Session};
pub use failure::Failure;
pub use keys::encoding_of;
pub use registry::{Registry, dispatch, execute};
pub use reply::{NoReply, Protocol, Reply, Value, ValueReply};
pub use spec::Spec;

/// The tables of the engine's own commands; a face adds its own families to them.
pub const TABLES: [&[Spec]; 10] = {
    let ([whole, partial, many], [key, expiry, keyspace, restore]) = (string::TABLES, keys::TABLES);
    let [member, combination] = set::TABLES;
    [whole, partial, many, bitmap::TABLE, member, combination, key, expiry, keyspace, restore]
};

/// The arguments of a command; `args[0]` is its name as it was sent.
pub type Args<'a> = &'a [&'a [u8]];
/// A handler's result; the dispatcher emits a failure as the error reply.
pub type Outcome = Result<(), Failure>;
/// Carries out one command.
pub type Handler = fn(&mut Ctx<'_>, Args<'_>) -> Outcome;
