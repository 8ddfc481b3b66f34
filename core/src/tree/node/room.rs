//! The room behind a node's entries, where a writer adds amendments (`amend.rs`) that older readers do not look at.
//!
//! # Concurrency
//! Amendments are bytes that nobody changes once they count as used. The holder of the latch of the key whose tree alone
//! has the node writes behind them, and counts them then; readers look no further than what is counted, and skip what
//! is newer than their tree.

use std::sync::atomic::Ordering;

use super::{Fill, NEWEST, Node, room_offset};

impl<'a> Node<'a> {
    /// Bytes for amendments.
    pub(super) fn room(self) -> usize {
        if self.is_mapped() { 0 } else { usize::from(self.head().room) }
    }

    #[inline]
    pub(crate) fn has_amendments(self) -> bool {
        // ORDERING: a reader that must see an amendment found the tree through a record that was published after it.
        !self.is_mapped() && self.head().room != 0 && self.head().extra.load(Ordering::Relaxed) != 0
    }

    /// The amendments so far, those that the tree of this number does not have yet among them.
    #[inline]
    pub(crate) fn amendments(self) -> &'a [u8] {
        if self.is_mapped() || self.head().room == 0 {
            return &[];
        }
        // ORDERING: pairs with `append`: up to here they are written.
        let used = self.head().extra.load(Ordering::Acquire) as usize;
        // SAFETY: `append` keeps within the room, which the allocation has behind the node, and nobody writes to what
        // it has published.
        unsafe { std::slice::from_raw_parts(self.room_start(), used) }
    }

    pub(crate) fn number(self) -> u64 {
        self.number & NEWEST
    }

    fn room_start(self) -> *mut u8 {
        // SAFETY: inside the allocation, or one behind it where there is no room.
        unsafe { self.head.as_ptr().cast::<u8>().add(room_offset(self.len())) }
    }

    /// Bytes of room that are left.
    #[inline]
    pub(crate) fn room_left(self) -> usize {
        if self.is_mapped() || self.head().room == 0 {
            return 0;
        }
        // ORDERING: only the caller, who holds the latch, changes it.
        usize::from(self.head().room) - self.head().extra.load(Ordering::Relaxed) as usize
    }

    /// Adds an amendment of `len` bytes, written by `fill`.
    ///
    /// # Safety
    /// The caller holds the latch of the key whose tree alone has this node, and `len` bytes are left.
    #[inline]
    pub(crate) unsafe fn append(self, len: usize, fill: impl FnOnce(&mut Fill)) {
        debug_assert!(len <= self.room_left());
        // ORDERING: only the latch's holder writes it.
        let used = self.head().extra.load(Ordering::Relaxed);
        // SAFETY: `len` bytes are left behind what is used.
        let mut room = Fill { at: unsafe { self.room_start().add(used as usize) }, left: len };
        fill(&mut room);
        debug_assert_eq!(room.left, 0, "measured wrongly");
        // ORDERING: pairs with `amendments`.
        self.head().extra.store(used + len as u32, Ordering::Release);
    }
}
