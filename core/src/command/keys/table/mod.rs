//! The rows of the commands on keys and databases.

mod expiry;
mod key;
mod keyspace;

use crate::command::Spec;

/// The family's tables, for the registry.
pub const TABLES: [&[Spec]; 3] = [key::TABLE, expiry::TABLE, keyspace::TABLE];
