//! The memory between the writers of entries and the writer of the file: one ring of bytes, indexed by log position.
//!
//! Concurrency: the ring itself synchronizes nothing. Whoever copies in owns a reservation of that range
//! ([`super::order`]); whoever reads holds a prefix that the sequencer found complete and has not released yet.
//!
//! Invariants: the capacity is a power of two and a multiple of a page, so that the io_uring backend can register
//! the whole ring as one buffer.

use memmap2::MmapMut;

/// A ring of bytes at a stable address.
///
/// It has pages of its own: the kernel holds on to them while it writes, and a fork copies such pages earlier than
/// others. Blocks of the allocator beside it would then be older in the child than what points to them.
pub struct Ring {
    base: *mut u8,
    capacity: usize,
    _pages: MmapMut,
}

// SAFETY: the ring is plain memory; the order's reservations and releases keep accesses to a byte apart in time.
unsafe impl Send for Ring {}
// SAFETY: as above; all access goes through the unsafe methods, whose callers prove exclusion.
unsafe impl Sync for Ring {}

impl Ring {
    /// A ring of at least `capacity` bytes, rounded up to a power of two. Untouched pages cost no memory.
    pub fn new(capacity: usize) -> Ring {
        let capacity = capacity.next_power_of_two().max(super::RING_BYTES_MIN);
        let mut pages = MmapMut::map_anon(capacity).expect("memory for the log's ring");
        Ring { base: pages.as_mut_ptr(), capacity, _pages: pages }
    }

    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The first byte of the ring, for registering it with the kernel.
    pub fn base(&self) -> *mut u8 {
        self.base
    }

    /// Copies `bytes` in at log position `at`.
    ///
    /// # Safety
    /// The caller owns `[at, at + bytes.len())` by a reservation, the range lies within `capacity` of the released
    /// position, and nobody else accesses it.
    pub unsafe fn copy_in(&self, at: u64, bytes: &[u8]) {
        debug_assert!(bytes.len() <= self.capacity);
        let index = (at as usize) & (self.capacity - 1);
        let first = bytes.len().min(self.capacity - index);
        // SAFETY: `index + first <= capacity`, and the rest fits below `index` as the caller's range fits the ring;
        // the caller owns the bytes, so nothing overlaps.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.base.add(index), first);
            std::ptr::copy_nonoverlapping(bytes.as_ptr().add(first), self.base, bytes.len() - first);
        }
    }

    /// The bytes from log position `from` to `to`, in two pieces where they wrap.
    ///
    /// # Safety
    /// The range is complete (its copies happened before) and is not released while the slices live.
    pub unsafe fn slices(&self, from: u64, to: u64) -> (&[u8], &[u8]) {
        let len = (to - from) as usize;
        debug_assert!(len <= self.capacity);
        let index = (from as usize) & (self.capacity - 1);
        let first = len.min(self.capacity - index);
        // SAFETY: both pieces lie within the allocation, and the caller promises that nobody writes to them.
        unsafe {
            (
                std::slice::from_raw_parts(self.base.add(index), first),
                std::slice::from_raw_parts(self.base, len - first),
            )
        }
    }
}
