//! The one log.

pub(crate) mod entry;

use crate::engine::DbIndex;
use crate::record::Str;

/// A position in the log: the byte offset in the stream of effect commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Lsn(pub u64);

/// Stand-in until the log lands: always off.
pub struct Log {}

impl Log {
    pub fn new() -> Log {
        Log {}
    }
    pub fn is_on(&self) -> bool {
        false
    }
    pub fn append(&self, _db: DbIndex, _flags: u32, _args: &[Str<'_>]) -> Lsn {
        unreachable!("off")
    }
    pub fn append_block(&self, _db: DbIndex, _bytes: &[u8]) -> Lsn {
        unreachable!("off")
    }
}
