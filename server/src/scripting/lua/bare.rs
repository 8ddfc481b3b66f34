//! Functions that call Lua's own unprotected: the hook, `pcall`, and what guards tables that must not change.
//!
//! What they call may raise, so their frames own nothing.

use std::ffi::c_int;

use mlua_sys as lua;

use super::memory::Extra;
use super::stack::Stack;
use crate::scripting::run::{PREEMPTED, Verdict};

const READ_ONLY: &[u8] = b"Attempt to modify a readonly table";

/// Called every so many instructions.
pub unsafe extern "C-unwind" fn hook(state: *mut lua::lua_State, _: *mut lua::lua_Debug) {
    let extra = Extra::of(state);
    let stack = Stack { raw: state };
    let verdict = stack.run().map_or(Verdict::GoOn, |run| run.verdict());
    // SAFETY: the frame owns nothing; room is reserved.
    unsafe {
        match verdict {
            Verdict::GoOn => return,
            Verdict::Move => {
                lua::lua_pushlightuserdata(state, std::ptr::without_provenance_mut(PREEMPTED));
            }
            Verdict::End(text) => {
                extra.enter();
                stack.reserve(4);
                stack.new_table(0, 3);
                stack.push_bytes(text.as_bytes());
                stack.set_field(-2, "err");
                extra.leave();
            }
        }
        // From now on at every line, so that a script that catches the error gets it again.
        lua::lua_sethook(state, Some(hook), lua::LUA_MASKLINE, 0);
        lua::lua_error(state);
    }
}

/// `pcall`, which gives the text of the server's errors instead of their table, and passes on that a script must move.
pub unsafe extern "C-unwind" fn protected_call(state: *mut lua::lua_State) -> c_int {
    // SAFETY: the frame owns nothing.
    unsafe {
        let arguments = lua::lua_gettop(state);
        lua::lua_pushboolean(state, 1);
        lua::lua_insert(state, 1);
        if lua::lua_pcall(state, arguments - 1, lua::LUA_MULTRET, 0) == 0 {
            return lua::lua_gettop(state);
        }
        lua::lua_remove(state, 1);
        if lua::lua_istable(state, -1) != 0 {
            lua::lua_pushlstring_(state, c"err".as_ptr(), 3);
            lua::lua_rawget_(state, -2);
            if lua::lua_isstring(state, -1) != 0 {
                lua::lua_replace(state, -2);
            } else {
                lua::lua_settop(state, -2);
            }
        }
        lua::lua_pushboolean(state, 0);
        lua::lua_insert(state, -2);
        2
    }
}

/// Whether the first argument is a table that must not change.
unsafe fn is_protected(state: *mut lua::lua_State) -> bool {
    // SAFETY: the frame owns nothing.
    unsafe { lua::lua_istable(state, 1) != 0 && Extra::of(state).is_protected(lua::lua_topointer(state, 1)) }
}

/// A function that changes its first argument: the original is the first upvalue.
pub unsafe extern "C-unwind" fn guarded_write(state: *mut lua::lua_State) -> c_int {
    // SAFETY: the frame owns nothing; the upvalue is a function of C.
    unsafe {
        if is_protected(state) {
            lua::lua_pushlstring_(state, READ_ONLY.as_ptr().cast(), READ_ONLY.len());
            lua::lua_error(state);
        }
        original(state)
    }
}

/// A function that reads its first argument, behind whose face the content is.
pub unsafe extern "C-unwind" fn guarded_read(state: *mut lua::lua_State) -> c_int {
    // SAFETY: as above; a protected table has a metatable with its content.
    unsafe {
        if is_protected(state) {
            lua::lua_getmetatable(state, 1);
            lua::lua_pushlstring_(state, c"__index".as_ptr(), 7);
            lua::lua_rawget_(state, -2);
            lua::lua_replace(state, 1);
            lua::lua_settop(state, -2);
        }
        original(state)
    }
}

/// Characters of a pattern that may nest calls of the matcher, which takes the C stack for each.
const SPECIALS_MAX: usize = 2000;

/// A function that takes a pattern as its second argument.
pub unsafe extern "C-unwind" fn guarded_pattern(state: *mut lua::lua_State) -> c_int {
    // SAFETY: the frame owns nothing; a string stays on the stack while it is looked at.
    unsafe {
        if lua::lua_type(state, 2) == lua::LUA_TSTRING {
            let mut len = 0;
            let start = lua::lua_tolstring(state, 2, &mut len);
            let is_special = |byte: &&u8| b"^$*+?.([%-)".contains(byte);
            if len > SPECIALS_MAX
                && std::slice::from_raw_parts(start.cast::<u8>(), len).iter().filter(is_special).count()
                    > SPECIALS_MAX
            {
                lua::luaL_error(state, c"pattern too complex".as_ptr());
            }
        }
        original(state)
    }
}

unsafe fn original(state: *mut lua::lua_State) -> c_int {
    // SAFETY: as above.
    unsafe {
        match lua::lua_tocfunction(state, lua::lua_upvalueindex(1)) {
            Some(function) => function(state),
            None => 0,
        }
    }
}

/// `pairs`: `next` as it was for tables of scripts, the guarded one for others. Upvalues: both.
pub unsafe extern "C-unwind" fn pairs(state: *mut lua::lua_State) -> c_int {
    // SAFETY: the frame owns nothing.
    unsafe {
        lua::luaL_checktype(state, 1, lua::LUA_TTABLE);
        let next = if is_protected(state) { 2 } else { 1 };
        lua::lua_pushvalue(state, lua::lua_upvalueindex(next));
        lua::lua_pushvalue(state, 1);
        lua::lua_pushnil(state);
        3
    }
}

/// Gives errors that leave a script their form: a table with the text and the place.
pub unsafe extern "C-unwind" fn error_handler(state: *mut lua::lua_State) -> c_int {
    // SAFETY: the frame owns nothing; the description is filled before it is read.
    unsafe {
        lua::lua_settop(state, 1);
        if lua::lua_islightuserdata(state, 1) != 0 && lua::lua_touserdata(state, 1).addr() == PREEMPTED {
            return 1;
        }
        if lua::lua_istable(state, 1) == 0 {
            lua::lua_createtable(state, 0, 3);
            lua::lua_pushlstring_(state, c"ERR ".as_ptr(), 4);
            push_text(state, 1);
            lua::lua_concat(state, 2);
            lua::lua_setfield(state, -2, c"err".as_ptr());
            lua::lua_replace(state, 1);
        }
        let mut place: lua::lua_Debug = std::mem::zeroed();
        let mut level = 1;
        loop {
            if lua::lua_getstack(state, level, &mut place) == 0 {
                return 1;
            }
            lua::lua_getinfo(state, c"nSl".as_ptr(), &mut place);
            // Where a function of C raised it, its caller is meant.
            let in_c = std::ffi::CStr::from_ptr(place.what) == c"C";
            if !in_c || level == 2 {
                break;
            }
            level += 1;
        }
        lua::lua_pushstring_(state, place.source);
        lua::lua_setfield(state, 1, c"source".as_ptr());
        lua::lua_pushnumber(state, f64::from(place.currentline));
        lua::lua_setfield(state, 1, c"line".as_ptr());
        1
    }
}

/// Pushes what `tostring` would say of plain values.
unsafe fn push_text(state: *mut lua::lua_State, at: c_int) {
    // SAFETY: as above.
    unsafe {
        match lua::lua_type(state, at) {
            lua::LUA_TNUMBER | lua::LUA_TSTRING => {
                lua::lua_pushvalue(state, at);
                lua::lua_tolstring(state, -1, std::ptr::null_mut());
            }
            lua::LUA_TBOOLEAN => {
                let text = if lua::lua_toboolean(state, at) != 0 { c"true" } else { c"false" };
                lua::lua_pushstring_(state, text.as_ptr());
            }
            lua::LUA_TNIL | lua::LUA_TNONE => lua::lua_pushstring_(state, c"nil".as_ptr()),
            kind => {
                let name = lua::lua_typename(state, kind);
                lua::lua_pushfstring(state, c"%s: %p".as_ptr(), name, lua::lua_topointer(state, at));
            }
        }
    }
}

/// Pushes a function of this file, or of Lua's libraries, with the top `upvalues` values.
pub fn push(stack: Stack, function: lua::lua_CFunction, upvalues: c_int) {
    // SAFETY: see `stack.rs`.
    unsafe { lua::lua_pushcclosure(stack.raw, function, upvalues) }
}
