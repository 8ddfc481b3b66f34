//! The rows of the set commands.

mod combination;
mod member;

use crate::command::Spec;

/// The family's tables, for the registry.
pub const TABLES: [&[Spec]; 2] = [member::TABLE, combination::TABLE];
