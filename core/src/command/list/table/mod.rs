//! The rows of the list commands.

mod ends;
mod within;

use crate::command::Spec;

/// The family's tables, for the registry.
pub const TABLES: [&[Spec]; 2] = [ends::TABLE, within::TABLE];
