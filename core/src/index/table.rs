//! The bucket array: segments that never move, addressed by linear hashing.
//!
//! Segment 0 holds the first [`FIRST`] buckets, segment `k` as many as all segments before it. With `size` buckets in
//! use and `low` the largest power of two not above it, a hash belongs to bucket `hash % 2low`, or, where that is not
//! in use yet, to `hash % low`. Growing by one bucket therefore splits exactly one chain (see `resize.rs`), and the
//! memory of the table follows the number of keys instead of doubling.
//!
//! # Concurrency
//! A reader computes the bucket from the state (size and a count of moves), scans the chain, and believes a miss only
//! if the state is still the same: whoever moves a key first copies it, then changes the state, then clears the old copy.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;

use super::bucket::Bucket;
use crate::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

/// Buckets of the first segment.
pub const FIRST: u64 = if cfg!(shuttle) { 1 } else { 16 };
/// Segments of the largest table: more buckets than memory can hold.
pub const SEGMENTS: usize = 40;

/// Bits of the state that hold the size.
const SIZE_BITS: u32 = 40;

/// The size of a table and its count of moves at one instant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct State(u64);

impl State {
    /// Buckets in use.
    #[inline]
    pub fn size(self) -> u64 {
        self.0 & ((1 << SIZE_BITS) - 1)
    }
}

/// See the module's documentation.
pub struct Table {
    segments: [AtomicPtr<Bucket>; SEGMENTS],
    /// Buckets in use, at least [`FIRST`], and above them a count of the times that keys were moved.
    state: AtomicU64,
    /// Segments that lie in a mapped snapshot and are not ours to free.
    mapped_segments: usize,
}

// SAFETY: the table is shared through atomics only; buckets are plain memory that it owns.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}

impl Default for Table {
    fn default() -> Table {
        let table = Table {
            segments: std::array::from_fn(|_| AtomicPtr::new(std::ptr::null_mut())),
            state: AtomicU64::new(FIRST),
            mapped_segments: 0,
        };
        table.add_segment_for(0);
        table
    }
}

impl Table {
    /// A table of `size` buckets whose bucket array is mapped at `buckets`.
    ///
    /// # Safety
    /// `buckets` points to `size.next_power_of_two()` buckets, private to this table and writable for its lifetime;
    /// those from `size` on are zero. `size` is at least [`FIRST`].
    pub unsafe fn mapped(buckets: NonNull<Bucket>, size: u64) -> Table {
        let mut segments = [const { std::ptr::null_mut() }; SEGMENTS];
        let mut count = 0;
        for (segment, pointer) in segments.iter_mut().enumerate() {
            let start = segment_start(segment);
            if start >= size {
                break;
            }
            // SAFETY: `start < size`, inside the mapped array.
            *pointer = unsafe { buckets.as_ptr().add(start as usize) };
            count = segment + 1;
        }
        Table { segments: segments.map(AtomicPtr::new), state: AtomicU64::new(size), mapped_segments: count }
    }

    /// Buckets in use and the count of moves.
    #[inline]
    pub fn state(&self) -> State {
        State(self.state.load(Ordering::SeqCst))
    }

    /// Buckets in use.
    #[inline]
    pub fn size(&self) -> u64 {
        self.state().size()
    }

    /// Makes `size` the number of buckets in use, and tells readers that keys have been copied elsewhere. Only for the
    /// holder of the resize lock.
    pub fn publish(&self, size: u64) {
        // ORDERING: only the holder of the resize lock writes the state.
        let moves = self.state.load(Ordering::Relaxed) >> SIZE_BITS;
        self.state.store(moves.wrapping_add(1) << SIZE_BITS | size, Ordering::SeqCst);
    }

    /// The first bucket of chain `index`; `None` if a shrinking table gave it up since the caller read the size.
    #[inline]
    pub fn head(&self, index: u64) -> Option<&Bucket> {
        let (segment, offset) = locate(index);
        // ORDERING: pairs with the release in `add_segment_for`: the buckets are zeroed.
        let start = NonNull::new(self.segments[segment].load(Ordering::Acquire))?;
        // SAFETY: `locate` stays inside the segment; segments are freed through the epoch, and callers are pinned.
        Some(unsafe { start.add(offset as usize).as_ref() })
    }

    /// Makes sure that bucket `index` exists. Only for the holder of the resize lock.
    pub fn add_segment_for(&self, index: u64) {
        let segment = locate(index).0;
        // ORDERING: only the holder of the resize lock writes segments.
        if self.segments[segment].load(Ordering::Relaxed).is_null() {
            let start = allocate(segment_len(segment));
            // ORDERING: see `head`.
            self.segments[segment].store(start.as_ptr(), Ordering::Release);
        }
    }

    /// Gives up the segment that begins with bucket `index`, if one does; the caller retires what is returned.
    /// Only for the holder of the resize lock, with no bucket from `index` on in use.
    pub fn remove_segment_at(&self, index: u64) -> Option<Segment> {
        let (segment, offset) = locate(index);
        // Mapped segments are not ours to free, and their room is used again when the table grows.
        if offset != 0 || segment < self.mapped_segments.max(1) {
            return None;
        }
        // ORDERING: readers that still see the old pointer are pinned; the segment is freed through the epoch.
        let start = NonNull::new(self.segments[segment].swap(std::ptr::null_mut(), Ordering::AcqRel))?;
        Some(Segment { start, buckets: segment_len(segment) })
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        for (segment, pointer) in self.segments.iter().enumerate().skip(self.mapped_segments) {
            // ORDERING: exclusive access.
            if let Some(start) = NonNull::new(pointer.load(Ordering::Relaxed)) {
                drop(Segment { start, buckets: segment_len(segment) });
            }
        }
    }
}

/// The bucket that a hash belongs to in a table of `size` buckets.
#[inline]
pub fn bucket_of(hash: u64, size: u64) -> u64 {
    let low = 1 << size.ilog2();
    let wide = hash & (2 * low - 1);
    if wide < size { wide } else { hash & (low - 1) }
}

/// The chain that splits when a table of `size` buckets grows, and takes back when it shrinks to `size`.
pub fn sibling(size: u64) -> u64 {
    size - (1 << size.ilog2())
}

#[inline]
fn locate(index: u64) -> (usize, u64) {
    if index < FIRST {
        return (0, index);
    }
    let segment = (index / FIRST).ilog2() as usize + 1;
    (segment, index - segment_start(segment))
}

fn segment_start(segment: usize) -> u64 {
    if segment == 0 { 0 } else { FIRST << (segment - 1) }
}

fn segment_len(segment: usize) -> u64 {
    if segment == 0 { FIRST } else { FIRST << (segment - 1) }
}

/// Segments from this size on are mapped from the operating system, which gives zero pages as they are touched; an
/// allocator may write its zeroes itself, and a table that is half in use would be paid for whole.
const MAPPED_BYTES_MIN: usize = 64 * 1024;

/// Memory of one segment; freed on drop.
pub struct Segment {
    start: NonNull<Bucket>,
    buckets: u64,
}

// SAFETY: plain memory.
unsafe impl Send for Segment {}

impl Drop for Segment {
    fn drop(&mut self) {
        let layout = layout(self.buckets);
        if layout.size() < MAPPED_BYTES_MIN {
            // SAFETY: `allocate` made it with the same layout, and nobody uses it any more.
            unsafe { dealloc(self.start.as_ptr().cast(), layout) };
        } else {
            // SAFETY: `allocate` mapped exactly this range, and nobody uses it any more.
            unsafe { libc::munmap(self.start.as_ptr().cast(), layout.size()) };
        }
    }
}

/// Zeroed buckets.
fn allocate(buckets: u64) -> NonNull<Bucket> {
    let layout = layout(buckets);
    let start = if layout.size() < MAPPED_BYTES_MIN {
        // SAFETY: the layout is not empty.
        unsafe { alloc_zeroed(layout) }
    } else {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: a fresh anonymous mapping touches nothing that exists.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), layout.size(), protection, flags, -1, 0) };
        if start == libc::MAP_FAILED { std::ptr::null_mut() } else { start.cast() }
    };
    let Some(start) = NonNull::new(start.cast::<Bucket>()) else { handle_alloc_error(layout) };
    if cfg!(shuttle) {
        // The model checker's atomics are not plain integers.
        for index in 0..buckets {
            // SAFETY: inside the allocation.
            unsafe { start.add(index as usize).write(Bucket::default()) };
        }
    }
    start
}

fn layout(buckets: u64) -> Layout {
    Layout::array::<Bucket>(buckets as usize).expect("segments are bounded by memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_cover_all_buckets_once() {
        let mut expected = 0;
        for segment in 0..12 {
            assert_eq!(segment_start(segment), expected);
            assert_eq!(locate(expected), (segment, 0));
            expected += segment_len(segment);
            assert_eq!(locate(expected - 1), (segment, segment_len(segment) - 1));
        }
    }

    #[test]
    fn growing_moves_only_keys_of_the_split_chain() {
        for size in FIRST..4 * FIRST + 3 {
            for hash in 0..16 * FIRST {
                let (old, new) = (bucket_of(hash, size), bucket_of(hash, size + 1));
                assert!(old < size && new <= size);
                assert!(old == new || (new == size && old == sibling(size)));
            }
        }
    }
}
