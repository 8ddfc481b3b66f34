//! Functions of ours that Lua calls.

use std::borrow::Cow;
use std::ffi::{c_int, c_void};
use std::mem::transmute;
use std::panic::{AssertUnwindSafe, catch_unwind};

use mlua_sys as lua;

use super::memory::Extra;
use super::stack::Stack;

/// A function: its arguments are on the stack from 1 on; how many of the top values are its results.
pub type Body = fn(Stack) -> Result<c_int, Raise>;

/// An error that a function raises.
#[derive(Debug)]
pub enum Raise {
    /// The value on top.
    Top,
    /// A message behind the place in the script that called.
    Text(Cow<'static, str>),
    /// A message by itself.
    Bare(Cow<'static, str>),
    /// A table with this text as `err`, an error of the server's own.
    Reply(Cow<'static, str>),
    /// What is wrong with an argument.
    Argument(c_int, Cow<'static, str>),
}

impl Raise {
    pub fn text(text: impl Into<Cow<'static, str>>) -> Raise {
        Raise::Text(text.into())
    }

    pub fn reply(text: impl Into<Cow<'static, str>>) -> Raise {
        Raise::Reply(text.into())
    }

    pub fn argument(number: c_int, text: impl Into<Cow<'static, str>>) -> Raise {
        Raise::Argument(number, text.into())
    }

    /// The message of a value of the wrong type.
    pub fn kind(stack: Stack, at: c_int, wanted: &str) -> Raise {
        Raise::argument(at, format!("{wanted} expected, got {}", stack.kind_name(at)))
    }
}

/// What a body ended with, in one number that owns nothing.
const ERROR: c_int = -1;
const ARGUMENT: c_int = -2;

/// Pushes a function.
pub fn push(stack: Stack, body: Body, upvalues: c_int) {
    // SAFETY: the address comes back as the function that it is (`trampoline`).
    unsafe {
        lua::lua_pushlightuserdata(stack.raw, body as *mut c_void);
        stack.insert(-upvalues - 1);
        lua::lua_pushcclosure(stack.raw, trampoline, upvalues + 1);
    }
}

/// Runs a body as a section, and raises its error when nothing is left that needs dropping.
unsafe extern "C-unwind" fn trampoline(state: *mut lua::lua_State) -> c_int {
    // SAFETY: `push` put a body there. What is raised passes no frame that owns anything: this one does not.
    unsafe {
        let body = lua::lua_touserdata(state, lua::lua_upvalueindex(1));
        let body: Body = transmute::<*mut c_void, Body>(body);
        match run(state, body) {
            ERROR => lua::lua_error(state),
            argument if argument <= ARGUMENT => {
                lua::luaL_argerror(state, ARGUMENT - argument, lua::lua_tostring(state, -1))
            }
            results => results,
        }
    }
}

fn run(state: *mut lua::lua_State, body: Body) -> c_int {
    let extra = Extra::of(state);
    let stack = Stack { raw: state };
    extra.enter();
    let outcome = catch_unwind(AssertUnwindSafe(|| body(stack)));
    let mut ended = match outcome {
        Ok(Ok(results)) => results,
        Ok(Err(raise)) => raised(stack, raise),
        Err(_) => raised(stack, Raise::Bare("internal error".into())),
    };
    if extra.is_over() {
        // Lua's collector does not run for us in need.
        stack.collector(lua::LUA_GCCOLLECT, 0);
        if extra.is_over() {
            ended = raised(stack, Raise::Bare("not enough memory".into()));
        }
    }
    extra.leave();
    ended
}

/// Pushes the value to raise.
fn raised(stack: Stack, raise: Raise) -> c_int {
    stack.reserve(4);
    match raise {
        Raise::Top => ERROR,
        Raise::Text(text) => {
            let mut message = place(stack);
            message.extend_from_slice(text.as_bytes());
            stack.push_bytes(&message);
            ERROR
        }
        Raise::Bare(text) => {
            stack.push_bytes(text.as_bytes());
            ERROR
        }
        Raise::Reply(text) => {
            stack.new_table(0, 3);
            stack.push_bytes(text.as_bytes());
            stack.set_field(-2, "err");
            ERROR
        }
        Raise::Argument(number, text) => {
            stack.push_bytes(text.as_bytes());
            ARGUMENT - number
        }
    }
}

/// `user_script:1: `, where the function that called is in Lua.
fn place(stack: Stack) -> Vec<u8> {
    // SAFETY: the frame of the caller exists while it waits for us; the text is on the stack while it is copied.
    unsafe {
        lua::luaL_where(stack.raw, 1);
        let place = stack.bytes(-1).unwrap_or_default().to_vec();
        stack.pop(1);
        place
    }
}
