//! The rows of the string commands.

mod many;
mod partial;
mod whole;

use crate::command::Spec;

/// The family's tables, for the registry.
pub const TABLES: [&[Spec]; 3] = [whole::TABLE, partial::TABLE, many::TABLE];
