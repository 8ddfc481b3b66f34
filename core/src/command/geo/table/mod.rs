//! The rows of the geo commands.

mod position;
mod search;

use crate::command::Spec;

/// The family's tables, for the registry.
pub const TABLES: [&[Spec]; 2] = [position::TABLE, search::TABLE];
