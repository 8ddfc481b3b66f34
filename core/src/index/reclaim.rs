//! Retiring records and buckets to the epoch, with a bound on how much garbage a thread leaves lying.

use std::cell::Cell;
use std::ptr::NonNull;

use crossbeam_epoch::Guard;

use super::bucket::Bucket;
use crate::record::header::Header;
use crate::record::{OwnedRecord, Record};
use crate::tree::RootSet;

/// Garbage that a thread keeps before it asks the collector to look; large values must not wait for a full bag.
const GARBAGE_BYTES_MAX: usize = 256 * 1024;

/// Pieces of garbage after which a thread asks the collector to look. A look frees at most 512 (8 bags of 64), and
/// pinning alone makes it look only every 128 pins: threads that write more than 4 records under one pin, as
/// pipelines do, would make garbage faster than it is freed. Half as many keep it ahead.
const GARBAGE_PIECES_MAX: usize = 256;

thread_local! {
    /// Bytes and pieces since the last look.
    static GARBAGE: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// Frees a record, but for the trees that another has `taken` over, once no pinned thread can see it.
///
/// # Safety
/// The record is unreachable for threads that pin from now on, and is retired once.
#[inline]
pub unsafe fn retire(pin: &Guard, record: NonNull<Header>, taken: RootSet) {
    // SAFETY: still allocated: it is retired just now.
    let bytes = unsafe { Record::from_raw(record) }.record_bytes();
    // SAFETY: the caller's promise; the closure runs when nobody can see the record.
    unsafe { pin.defer_unchecked(move || drop(OwnedRecord::without(record, taken))) };
    count(pin, 1, bytes);
}

/// Frees an overflow bucket once no pinned thread can see it.
///
/// # Safety
/// As for [`retire`]; the bucket came from a `Box`.
pub unsafe fn retire_bucket(pin: &Guard, bucket: NonNull<Bucket>) {
    // SAFETY: the caller's promise.
    unsafe { pin.defer_unchecked(move || drop(Box::from_raw(bucket.as_ptr()))) };
    count(pin, 1, size_of::<Bucket>());
}

/// Counts what a thread has retired, and asks the collector to look where that is enough.
#[inline]
pub fn count(pin: &Guard, pieces: usize, bytes: usize) {
    let (all_bytes, all_pieces) = GARBAGE.get();
    let (all_bytes, pieces) = (all_bytes + bytes, all_pieces + pieces);
    if all_bytes > GARBAGE_BYTES_MAX || pieces >= GARBAGE_PIECES_MAX {
        GARBAGE.set((0, 0));
        pin.flush();
    } else {
        GARBAGE.set((all_bytes, pieces));
    }
}
