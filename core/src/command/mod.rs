//! Commands: one table, one dispatcher, and the context a handler works in.

pub mod args;
pub mod bitmap;
mod ctx;
mod element_scan;
mod failure;
pub mod geo;
pub mod glob;
pub mod hash;
pub mod hyperloglog;
pub mod keys;
pub mod list;
mod registry;
mod reply;
pub mod set;
pub mod sort;
pub mod sorted_set;
pub mod spec;
mod store;
pub mod stream;
pub mod string;

pub use ctx::{Ctx, Host, NoHost, Session};
pub use failure::Failure;
pub use keys::encoding_of;
pub use registry::{Registry, dispatch, execute};
pub use reply::{NoReply, Protocol, Reply, Value, ValueReply};
pub use spec::Spec;

/// The tables of the engine's own commands; a face adds its own families to them.
pub const TABLES: &[&[Spec]] = &[
    string::TABLES[0],
    string::TABLES[1],
    string::TABLES[2],
    bitmap::TABLE,
    list::TABLES[0],
    list::TABLES[1],
    set::TABLES[0],
    set::TABLES[1],
    hash::TABLES[0],
    hash::TABLES[1],
    sorted_set::TABLES[0],
    sorted_set::TABLES[1],
    sorted_set::TABLES[2],
    sorted_set::TABLES[3],
    sorted_set::TABLES[4],
    geo::TABLES[0],
    geo::TABLES[1],
    hyperloglog::TABLE,
    stream::TABLES[0],
    stream::TABLES[1],
    stream::TABLES[2],
    keys::TABLES[0],
    keys::TABLES[1],
    keys::TABLES[2],
    keys::TABLES[3],
    sort::TABLE,
];

/// The arguments of a command; `args[0]` is its name as it was sent.
pub type Args<'a> = &'a [&'a [u8]];
/// A handler's result; the dispatcher emits a failure as the error reply.
pub type Outcome = Result<(), Failure>;
/// Carries out one command.
pub type Handler = fn(&mut Ctx<'_>, Args<'_>) -> Outcome;
