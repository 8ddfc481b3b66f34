//! The snapshot file that an index may be opened from.

use crate::record::OwnedRecord;

/// A record of the snapshot file fails its check: it is an error for its key, never wrong data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

/// Gives access to the records of a mapped snapshot by their file offsets. Implementations check what they give out.
pub trait Backing: Send + Sync {
    /// Where the file is mapped: the address of offset zero.
    fn base(&self) -> usize;
    /// Checks a page of the table ([`super::pages`]) before anybody looks at it.
    fn check_page(&self, page: u64) -> Result<(), Damaged>;
    /// The key of the record at `offset`.
    fn key(&self, offset: u64) -> Result<&[u8], Damaged>;
    /// The record at `offset` as it stands in the file, frame and padding included: for copying it to another file.
    fn stored(&self, offset: u64) -> Result<&[u8], Damaged>;
    /// Whether the record at `offset` is a large container, whose trees lie elsewhere in the file.
    fn is_large(&self, offset: u64) -> bool;
    /// A copy of the record at `offset`, in memory.
    fn load(&self, offset: u64) -> Result<OwnedRecord, Damaged>;
}
