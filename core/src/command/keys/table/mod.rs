//! The rows of the commands on keys and databases.

mod expiry;
mod key;
mod keyspace;
mod restore;

use crate::command::Spec;

/// The family's tables, for the registry.
pub const TABLES: [&[Spec]; 4] = [key::TABLE, expiry::TABLE, keyspace::TABLE, restore::TABLE];
