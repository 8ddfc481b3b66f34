//! The one log.

/// A position in the log: the byte offset in the stream of effect commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Lsn(pub u64);
