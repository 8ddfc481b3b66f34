//! The rows of the sorted set commands.

mod block;
mod combine;
mod member;
mod pop;
mod range;

use crate::command::Spec;

/// The family's tables, for the registry.
pub const TABLES: [&[Spec]; 5] = [member::TABLE, range::TABLE, pop::TABLE, block::TABLE, combine::TABLE];
