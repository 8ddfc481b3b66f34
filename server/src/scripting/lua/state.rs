//! A Lua state: made, sandboxed, dropped.

use std::ptr::NonNull;

use mlua_sys as lua;

use super::memory::{Extra, allocate};
use super::stack::Stack;
use crate::scripting::run::Run;

/// A state with its memory. It belongs to one thread at a time.
pub struct State {
    raw: NonNull<lua::lua_State>,
    extra: Box<Extra>,
}

// SAFETY: nothing of a state is tied to the thread that made it.
unsafe impl Send for State {}

/// Instructions between two looks at the clock and at whether the script is to end.
const HOOK_EVERY: i32 = 10_000;

impl State {
    /// A state without libraries; `None` where there is no memory.
    pub fn new(limit_bytes: usize) -> Option<State> {
        let extra = Box::new(Extra::new(usize::MAX));
        // SAFETY: the allocator's data outlives the state, which `drop` closes first.
        let raw = unsafe { lua::lua_newstate(allocate, (&raw const *extra).cast_mut().cast()) };
        let state = State { raw: NonNull::new(raw)?, extra };
        state.extra.set_limit(limit_bytes);
        // SAFETY: the state is new and nothing runs in it.
        unsafe { lua::lua_sethook(raw, Some(super::bare::hook), lua::LUA_MASKCOUNT, HOOK_EVERY) };
        Some(state)
    }

    /// Bytes that it holds.
    pub fn used_bytes(&self) -> usize {
        self.extra.used()
    }

    pub fn set_limit(&self, bytes: usize) {
        self.extra.set_limit(bytes);
    }

    /// Works on the state's stack; Lua code is reached only through protected calls.
    pub fn with<R>(&mut self, work: impl FnOnce(Stack) -> R) -> R {
        self.extra.enter();
        let stack = Stack { raw: self.raw.as_ptr() };
        let top = stack.top();
        let result = work(stack);
        stack.set_top(top);
        self.extra.leave();
        result
    }

    /// As [`State::with`]; functions that are called meanwhile find `run`.
    pub fn with_run<R>(&mut self, run: &Run<'_>, work: impl FnOnce(Stack) -> R) -> R {
        // The lifetime is given up only while `run` is borrowed.
        let old = self.extra.set_run((&raw const *run).cast());
        // SAFETY: as in `new`. A script that was to end had the hook called for every line.
        unsafe {
            lua::lua_sethook(self.raw.as_ptr(), Some(super::bare::hook), lua::LUA_MASKCOUNT, HOOK_EVERY)
        };
        let result = self.with(work);
        self.extra.set_run(old);
        result
    }
}

impl Stack {
    /// The run that called the function of ours that runs now.
    pub fn run<'a>(self) -> Option<&'a Run<'a>> {
        // SAFETY: `with_run` borrows it for as long as it is set.
        unsafe { self.extra().run().cast::<Run<'a>>().as_ref() }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.extra.enter();
        // SAFETY: nothing runs in it.
        unsafe { lua::lua_close(self.raw.as_ptr()) };
    }
}
