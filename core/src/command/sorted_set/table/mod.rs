//! The rows of the sorted set commands.

mod combine;
mod member;
mod pop;
mod range;

use crate::command::Spec;

/// The family's tables, for the registry.
pub const TABLES: [&[Spec]; 4] = [member::TABLE, range::TABLE, pop::TABLE, combine::TABLE];
