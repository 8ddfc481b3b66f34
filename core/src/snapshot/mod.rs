//! Snapshots: the table and its records in a file, saved without stopping anybody and opened without reading it.
//!
//! ```text
//! save      a cut through all databases, walked and written     (save, encode, writer, stream, temporary)
//! open      map, check what frames the rest, serve              (mapped, table, frame)
//! scrub     read table and records in the background            (scrub)
//! check     read a file that nobody has open; rescue what can   (check)
//! ```
//!
//! # Invariants
//! - The file at the target's name is whole at any moment: a new one is renamed into place after an fsync.
//! - Nothing of a file is followed or served before its checksum was looked at.
//! - Damage of what frames the rest refuses to open; a damaged part of a table is an error for every key that may have
//!   been there, and is found when one of them is asked for, or by the scrub.
//! - A damaged record stays an error for its key, also through later saves, until it is repaired or overwritten by a
//!   whole-database command.

mod check;
mod encode;
mod error;
mod format;
mod frame;
mod fuzz;
mod mapped;
mod permit;
mod restore;
mod save;
mod scrub;
mod stream;
mod table;
mod temporary;
mod trees;
mod writer;

pub use check::{DatabaseReport, Report, check, repair};
pub use error::{OpenError, Problem, SaveError};
pub use format::{Header, Section, is_snapshot};
pub use fuzz::fuzz;
pub use permit::Snapshots;
pub use restore::{Restored, restore};
pub use save::{Saved, save};
pub use scrub::ScrubStatus;
pub use temporary::remove_stale;
