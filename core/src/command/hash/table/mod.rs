//! The rows of the hash commands.

mod expiry;
mod field;

use crate::command::Spec;

/// The family's tables, for the registry.
pub const TABLES: [&[Spec]; 2] = [field::TABLE, expiry::TABLE];
