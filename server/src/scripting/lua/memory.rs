//! The memory of a Lua state: counted, bounded, and where what belongs to the state is found from inside.
//!
//! # Concurrency
//! A state belongs to one thread at a time; its figures are read by others.

use std::alloc::{Layout, alloc, dealloc, realloc};
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use mlua_sys::{lua_State, lua_getallocf};

use crate::scripting::run::Run;

/// Lua's objects hold pointers and doubles.
const ALIGN: usize = 8;

/// What a state carries: the allocator's figures, and the run under way.
pub struct Extra {
    used: AtomicUsize,
    limit: Cell<usize>,
    /// In a section of ours nothing is refused: see `mod.rs`.
    sections: Cell<u32>,
    /// The script that runs, for functions that it calls.
    run: Cell<*const Run<'static>>,
    /// Addresses of the tables that scripts must not change: few, and looked at only by functions that write tables.
    protected: Cell<[*const c_void; PROTECTED_MAX]>,
    protected_count: Cell<usize>,
}

/// Protected tables of one state.
const PROTECTED_MAX: usize = 32;

impl Extra {
    pub fn new(limit: usize) -> Extra {
        Extra {
            used: AtomicUsize::new(0),
            limit: Cell::new(limit),
            sections: Cell::new(0),
            run: Cell::new(ptr::null()),
            protected: Cell::new([ptr::null(); PROTECTED_MAX]),
            protected_count: Cell::new(0),
        }
    }

    /// What `state` carries.
    #[inline]
    pub fn of<'a>(state: *mut lua_State) -> &'a Extra {
        let mut extra = ptr::null_mut();
        // SAFETY: every state that this crate makes has an `Extra` for its allocator, which outlives it.
        unsafe {
            lua_getallocf(state, &mut extra);
            &*extra.cast::<Extra>()
        }
    }

    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed) // ORDERING: a figure.
    }

    pub fn set_limit(&self, bytes: usize) {
        self.limit.set(bytes);
    }

    pub fn is_over(&self) -> bool {
        self.used() > self.limit.get()
    }

    /// Begins a section in which no allocation is refused.
    #[inline]
    pub fn enter(&self) {
        self.sections.set(self.sections.get() + 1);
    }

    #[inline]
    pub fn leave(&self) {
        self.sections.set(self.sections.get() - 1);
    }

    /// Lets Lua code run inside a section: its allocations may be refused. Gives what [`Extra::resume`] takes.
    pub fn suspend(&self) -> u32 {
        self.sections.replace(0)
    }

    pub fn resume(&self, sections: u32) {
        self.sections.set(sections);
    }

    pub fn set_run(&self, run: *const Run<'static>) -> *const Run<'static> {
        self.run.replace(run)
    }

    /// The run under way; null where there is none.
    #[inline]
    pub fn run(&self) -> *const Run<'static> {
        self.run.get()
    }

    pub fn protect(&self, table: *const c_void) {
        let mut all = self.protected.get();
        let count = self.protected_count.get();
        all[count] = table;
        self.protected.set(all);
        self.protected_count.set(count + 1);
    }

    pub fn is_protected(&self, table: *const c_void) -> bool {
        self.protected.get()[..self.protected_count.get()].contains(&table)
    }

    fn change(&self, old: usize, new: usize) {
        // ORDERING: a figure with one writer.
        self.used.store(self.used() - old + new, Ordering::Relaxed);
    }
}

/// Lua's allocator: `new` bytes in place of `old` at `block`.
///
/// # Safety
/// As `lua_Alloc`, with an [`Extra`] behind `extra`.
pub unsafe extern "C" fn allocate(
    extra: *mut c_void,
    block: *mut c_void,
    old: usize,
    new: usize,
) -> *mut c_void {
    // SAFETY: the state was made with it.
    let extra = unsafe { &*extra.cast::<Extra>() };
    let layout = |bytes| Layout::from_size_align(bytes, ALIGN).ok();
    let old = if block.is_null() { 0 } else { old };
    if new == 0 {
        if let Some(layout) = layout(old).filter(|_| old > 0) {
            // SAFETY: Lua says how large the block is.
            unsafe { dealloc(block.cast(), layout) };
        }
        extra.change(old, 0);
        return ptr::null_mut();
    }
    if new > old && extra.sections.get() == 0 && extra.used() - old + new > extra.limit.get() {
        return ptr::null_mut();
    }
    let Some(wanted) = layout(new) else { return ptr::null_mut() };
    // SAFETY: as above; sizes are not zero.
    let moved = unsafe {
        match layout(old) {
            Some(layout) if old > 0 => realloc(block.cast(), layout, new),
            _ => alloc(wanted),
        }
    };
    if !moved.is_null() {
        extra.change(old, new);
    }
    moved.cast()
}
