//! Spare blocks: the memory of freed records, kept by a thread for its next ones.
//!
//! A write that replaces a record frees one of much the same size a few hundred writes later, when nobody can see it
//! any more. That block is still in the processor's cache, while the one that an allocator would give out next has
//! not been touched for as long as the whole data takes to be rewritten. Using the block again saves two cache misses
//! of the four or five of a write, and two calls of the allocator.
//!
//! # Limits
//! A thread keeps [`KEPT_BYTES_MAX`] in blocks of up to [`BLOCK_BYTES_MAX`]; the rest goes to the allocator, as does
//! everything when the thread ends.

use std::alloc::{Layout, dealloc};
use std::cell::Cell;
use std::ptr::{self, NonNull};

use super::header::ALIGN;

/// Larger blocks are not kept: copying the value outweighs what is saved.
const BLOCK_BYTES_MAX: usize = 512;
/// What a thread keeps at most.
const KEPT_BYTES_MAX: usize = 128 * 1024;

/// One list for each length of blocks.
const LISTS: usize = BLOCK_BYTES_MAX / ALIGN + 1;

/// Sanitizers and interpreters are to see every allocation and release.
const IS_ON: bool = !cfg!(any(sanitizer, miri));

/// The first bytes of a block that is kept.
struct Block {
    next: *mut Block,
}

/// What a thread keeps.
struct Spare {
    lists: [Cell<*mut Block>; LISTS],
    bytes_left: Cell<usize>,
    /// What is kept will be released when the thread ends.
    is_guarded: Cell<bool>,
}

thread_local! {
    // Apart from its guard, as what needs no destructor is reached without asking whether it has run.
    static SPARE: Spare = const {
        Spare { lists: [const { Cell::new(ptr::null_mut()) }; LISTS], bytes_left: Cell::new(0), is_guarded: Cell::new(false) }
    };
    static GUARD: Guard = const { Guard };
}

/// A block of exactly this layout, if the thread keeps one.
#[inline]
pub fn take(layout: Layout) -> Option<NonNull<u8>> {
    if !IS_ON || layout.size() > BLOCK_BYTES_MAX {
        return None;
    }
    SPARE.with(|spare| {
        let list = &spare.lists[layout.size() / ALIGN];
        let block = NonNull::new(list.get())?;
        // SAFETY: `keep` wrote the link, and nobody else has the block.
        list.set(unsafe { block.as_ref() }.next);
        spare.bytes_left.set(spare.bytes_left.get() + layout.size());
        Some(block.cast())
    })
}

/// Keeps a block, or releases it.
///
/// # Safety
/// `block` was allocated with `layout`, whose alignment and granularity are [`ALIGN`], and nobody uses it any more.
#[inline]
pub unsafe fn keep(block: NonNull<u8>, layout: Layout) {
    let is_kept = IS_ON
        && layout.size() <= BLOCK_BYTES_MAX
        && SPARE.with(|spare| {
            let left = spare.bytes_left.get();
            if left < layout.size() && !begin(spare, layout.size()) {
                return false;
            }
            let list = &spare.lists[layout.size() / ALIGN];
            let block = block.cast::<Block>();
            // SAFETY: the caller's promise: the block is ours, aligned, and has at least ALIGN bytes.
            unsafe { block.write(Block { next: list.get() }) };
            list.set(block.as_ptr());
            spare.bytes_left.set(spare.bytes_left.get() - layout.size());
            true
        });
    if !is_kept {
        // SAFETY: the caller's promise.
        unsafe { dealloc(block.as_ptr(), layout) };
    }
}

/// Arranges for the release of what a thread keeps, once; whether `bytes` can be kept.
#[cold]
fn begin(spare: &Spare, bytes: usize) -> bool {
    // A thread that is past its destructors keeps nothing.
    if spare.is_guarded.get() || GUARD.try_with(|_| ()).is_err() {
        return false;
    }
    spare.is_guarded.set(true);
    spare.bytes_left.set(KEPT_BYTES_MAX);
    bytes <= KEPT_BYTES_MAX
}

/// Releases what the thread keeps.
struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        SPARE.with(|spare| {
            spare.bytes_left.set(0);
            for (number, list) in spare.lists.iter().enumerate() {
                let mut next = list.replace(ptr::null_mut());
                while let Some(block) = NonNull::new(next) {
                    // SAFETY: `keep` wrote the link, and nobody else has the block.
                    next = unsafe { block.as_ref() }.next;
                    let layout = Layout::from_size_align(number * ALIGN, ALIGN).expect("as it was allocated");
                    // SAFETY: blocks of this list were allocated with this layout.
                    unsafe { dealloc(block.as_ptr().cast(), layout) };
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::alloc::alloc;

    use super::*;

    fn block(layout: Layout) -> NonNull<u8> {
        // SAFETY: the layout is not empty.
        NonNull::new(unsafe { alloc(layout) }).unwrap()
    }

    #[test]
    fn gives_back_what_it_was_given_up_to_its_limit() {
        std::thread::spawn(|| {
            let (small, large) = (Layout::from_size_align(96, ALIGN).unwrap(), BLOCK_BYTES_MAX + ALIGN);
            let large = Layout::from_size_align(large, ALIGN).unwrap();
            assert_eq!(take(small), None);
            let kept: Vec<_> = (0..2 * KEPT_BYTES_MAX / 96).map(|_| block(small)).collect();
            for &block in &kept {
                // SAFETY: allocated with the layout just now.
                unsafe { keep(block, small) };
            }
            // SAFETY: allocated with the layout just now.
            unsafe { keep(block(large), large) };
            assert_eq!(take(large), None);
            let mut count = 0;
            while let Some(block) = take(small) {
                assert_eq!(block, kept[KEPT_BYTES_MAX / 96 - 1 - count], "the last one comes first");
                count += 1;
                // SAFETY: taken just now, allocated with the layout.
                unsafe { dealloc(block.as_ptr(), small) };
            }
            assert_eq!(count, if IS_ON { KEPT_BYTES_MAX / 96 } else { 0 });
            // SAFETY: allocated with the layout just now; released when the thread ends.
            unsafe { keep(block(small), small) };
        })
        .join()
        .unwrap();
    }
}
