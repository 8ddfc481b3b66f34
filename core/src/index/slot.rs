//! The slot word: a tag, a pointer and four state bits in 64 bits.
//!
//! ```text
//! 63        48 47                       4  3      2      1       0
//! +-----------+--------------------------+-----+------+-------+-------+
//! | tag       | address or file offset   | TTL |MAPPED|FENCED |LATCHED|
//! +-----------+--------------------------+-----+------+-------+-------+
//! ```
//!
//! The address is that of a record (a multiple of 16); with MAPPED it is the record's offset in the snapshot file that
//! the index was opened from. Zero is an empty slot.

use std::ptr::NonNull;

use crate::record::Record;
use crate::record::header::Header;

/// A writer holds the key; readers pass.
pub const LATCHED: u64 = 1;
/// A multi-key writer holds the key; readers wait.
pub const FENCED: u64 = 1 << 1;
/// The record still lies in the snapshot file.
pub const MAPPED: u64 = 1 << 2;
/// The record has an expiry, or fields that have one: the sweep and the volatile policies need not look at the others.
pub const TTL: u64 = 1 << 3;

const TAG_SHIFT: u32 = 48;
const ADDRESS: u64 = (1 << TAG_SHIFT) - 16;

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word(pub u64);

impl Word {
    pub const EMPTY: Word = Word(0);

    /// The word for a record in memory.
    #[inline]
    pub fn new(hash: u64, record: Record<'_>) -> Word {
        let address = record.as_ptr().as_ptr().expose_provenance() as u64;
        debug_assert_eq!(address & !ADDRESS, 0, "records are 16-byte aligned and below 2^48");
        let ttl = if record.may_be_absent() || record.has_volatile_fields() { TTL } else { 0 };
        Word(tag(hash) | address | ttl)
    }

    /// The word for a record at `offset` of a snapshot file.
    pub fn mapped(hash: u64, offset: u64, expires: bool) -> Word {
        debug_assert_eq!(offset & !ADDRESS, 0);
        Word(tag(hash) | offset | MAPPED | if expires { TTL } else { 0 })
    }

    #[inline]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    #[inline]
    pub fn has(self, bit: u64) -> bool {
        self.0 & bit != 0
    }

    #[inline]
    pub fn with(self, bits: u64) -> Word {
        Word(self.0 | bits)
    }

    #[inline]
    pub fn without(self, bits: u64) -> Word {
        Word(self.0 & !bits)
    }

    /// Whether the word may be that of a key with this hash.
    #[inline]
    pub fn has_tag_of(self, hash: u64) -> bool {
        (self.0 ^ hash) >> TAG_SHIFT == 0
    }

    /// Address or file offset.
    #[inline]
    pub fn address(self) -> u64 {
        self.0 & ADDRESS
    }

    /// The record in memory; `None` where the slot is empty or the record still in the file.
    #[inline]
    pub fn pointer(self) -> Option<NonNull<Header>> {
        if self.has(MAPPED) {
            return None;
        }
        NonNull::new(std::ptr::with_exposed_provenance_mut(self.address() as usize))
    }

    /// The record in memory.
    ///
    /// # Safety
    /// The word was loaded from a slot with acquire ordering under an epoch pin (or exclusive access) that lasts `'a`.
    #[inline]
    pub unsafe fn record<'a>(self) -> Option<Record<'a>> {
        // SAFETY: slots hold only published records, which are retired to the epoch when replaced.
        self.pointer().map(|header| unsafe { Record::from_raw(header) })
    }
}

fn tag(hash: u64) -> u64 {
    hash >> TAG_SHIFT << TAG_SHIFT
}
