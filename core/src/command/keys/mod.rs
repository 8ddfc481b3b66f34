//! The commands on keys of any type, and on whole databases.

mod exist;
mod expire;
mod iterate;
mod keyspace;
mod object;
mod rename;
mod restore;
mod table;

pub(in crate::command) use expire::{Conditions, put_expiry};
pub use object::encoding_of;
pub use table::TABLES;
