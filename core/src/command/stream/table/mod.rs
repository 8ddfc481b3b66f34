//! The rows of the stream commands.

mod entry;
mod group;
mod info;

use crate::command::Spec;

/// The family's tables, for the registry.
pub const TABLES: [&[Spec]; 3] = [entry::TABLE, group::TABLE, info::TABLE];
