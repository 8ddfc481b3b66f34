//! Nodes that lie in a mapped snapshot file: found by address, checked the first time they are touched.
//!
//! A file's nodes begin at multiples of [`FILE_ALIGN`], and a word in a node counts backwards from it: children are
//! written before their parents, so damaged words cannot make a loop.
//!
//! Regions are registered while a file is mapped. Their list only grows by a few words per file ever mapped, so that
//! readers need no lock.

use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};

use super::node::{BLOB, CHILD_BYTES, Child, HAS_BLOBS, HEAD_BYTES, LEVEL_MAX, STATE};
use super::packed::{Packed, Parsed};
use crate::index::Damaged;

/// Nodes in a file begin at multiples of this.
pub const FILE_ALIGN: usize = 64;

static REGIONS: AtomicPtr<Region> = AtomicPtr::new(std::ptr::null_mut());

/// A mapped file, or a part of one, that may hold nodes.
struct Region {
    start: usize,
    end: usize,
    is_live: AtomicBool,
    /// One bit for each place where a node may begin: set once the node there has been checked.
    checked: Box<[AtomicU64]>,
    next: *mut Region,
}

/// Keeps a region registered.
#[derive(Debug)]
pub struct Registration(*mut Region);

// SAFETY: regions are never freed, and their fields are plain or atomic.
unsafe impl Send for Registration {}
// SAFETY: as above.
unsafe impl Sync for Registration {}

/// Lets nodes be read in `bytes`, until the registration is dropped.
///
/// # Safety
/// `bytes` stay mapped and unchanged until the registration is dropped and no pinned thread can hold a word into them.
pub unsafe fn register(bytes: &[u8]) -> Registration {
    let start = bytes.as_ptr().expose_provenance();
    let places = bytes.len().div_ceil(FILE_ALIGN).div_ceil(64);
    let region = Box::into_raw(Box::new(Region {
        start,
        end: start + bytes.len(),
        is_live: AtomicBool::new(true),
        checked: (0..places).map(|_| AtomicU64::new(0)).collect(),
        next: std::ptr::null_mut(),
    }));
    // ORDERING: publishes the region to readers.
    let mut first = REGIONS.load(Ordering::Acquire);
    loop {
        // SAFETY: not published yet.
        unsafe { (*region).next = first };
        match REGIONS.compare_exchange(first, region, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return Registration(region),
            Err(now) => first = now,
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // SAFETY: regions are never freed.
        // ORDERING: whoever maps something else at this address registers it afterwards.
        unsafe { (*self.0).is_live.store(false, Ordering::Release) };
    }
}

/// The live region that contains `address`.
fn region_of(address: usize) -> Option<&'static Region> {
    // ORDERING: pairs with `register`.
    let mut at = REGIONS.load(Ordering::Acquire);
    // SAFETY: regions are never freed.
    while let Some(region) = unsafe { at.as_ref() } {
        // ORDERING: pairs with the end of the registration.
        if (region.start..region.end).contains(&address) && region.is_live.load(Ordering::Acquire) {
            return Some(region);
        }
        at = region.next;
    }
    None
}

/// Checks the node at `address`, once.
#[inline]
pub fn check(address: usize) -> Result<(), Damaged> {
    let region = region_of(address).ok_or(Damaged)?;
    let offset = address - region.start;
    if !offset.is_multiple_of(FILE_ALIGN) {
        return Err(Damaged);
    }
    let place = offset / FILE_ALIGN;
    let (word, bit) = (&region.checked[place / 64], 1 << (place % 64));
    // ORDERING: the bit says something about a file that does not change.
    if word.load(Ordering::Relaxed) & bit == 0 {
        // SAFETY: the registration promises that the region is mapped and does not change.
        let bytes = unsafe {
            let start = std::ptr::with_exposed_provenance::<u8>(region.start);
            std::slice::from_raw_parts(start, region.end - region.start)
        };
        verify(bytes, offset)?;
        // ORDERING: as above.
        word.fetch_or(bit, Ordering::Relaxed);
    }
    Ok(())
}

/// Checks the node at `at` of a file's bytes: checksum, lengths, structure, and that what it points to comes before it.
/// Returns its length.
pub fn verify(bytes: &[u8], at: usize) -> Result<usize, Damaged> {
    let rest = bytes.get(at..).filter(|rest| rest.len() >= HEAD_BYTES).ok_or(Damaged)?;
    let number =
        |at: usize| u32::from_le_bytes([rest[at], rest[at + 1], rest[at + 2], rest[at + 3]]) as usize;
    let (len, level, flags, key_len) = (number(4), rest[8], rest[9], number(12));
    if len < HEAD_BYTES + 2 || len > rest.len() || flags & !HAS_BLOBS != 0 {
        return Err(Damaged);
    }
    if crc_fast::crc32_iscsi(&rest[4..len]) as usize != number(0) {
        return Err(Damaged);
    }
    let payload = &rest[HEAD_BYTES..len];
    if level == BLOB {
        return if key_len <= payload.len() { Ok(len) } else { Err(Damaged) };
    }
    // The node that a word leads to must begin before this one, and have the level that belongs there.
    let leads_to = |word: u64, level: u8| {
        let back = usize::try_from(word & !STATE).ok()?;
        let child = at.checked_sub(back).filter(|&child| child < at && child.is_multiple_of(FILE_ALIGN))?;
        (bytes[child + 8] == level).then_some(())
    };
    if level == 0 {
        let packed = Packed::check(payload, flags & HAS_BLOBS != 0)?;
        for index in 0..packed.count() {
            if let Parsed::Big(word) = packed.parsed(index) {
                leads_to(word, BLOB).ok_or(Damaged)?;
            }
        }
        return if packed.is_empty() { Err(Damaged) } else { Ok(len) };
    }
    if level > LEVEL_MAX {
        return Err(Damaged);
    }
    let packed = Packed::check_ends(payload)?;
    if packed.is_empty() {
        return Err(Damaged);
    }
    for index in 0..packed.count() {
        let raw = packed.raw(index);
        if raw.len() < CHILD_BYTES {
            return Err(Damaged);
        }
        leads_to(Child::read(raw).word, level - 1).ok_or(Damaged)?;
    }
    Ok(len)
}
