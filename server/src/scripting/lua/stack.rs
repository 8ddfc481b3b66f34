//! The stack of a Lua state, for functions of ours.
//!
//! # Invariants
//! Held by those who use it, as everywhere in Lua's interface: indices name places of the stack, a place with a value
//! of the kind that the method names where it names one; and room is reserved before more than Lua's guaranteed 20
//! places are used. Bytes stay valid while their string is on the stack.

use std::ffi::{CString, c_int, c_void};
use std::slice;

use mlua_sys as lua;

use super::function::{self, Body};
use super::memory::Extra;

/// The types of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    None,
    Nil,
    Boolean,
    LightUserdata,
    Number,
    String,
    Table,
    Function,
    Userdata,
    Thread,
}

/// Why protected Lua code ended early; the error value is on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    Error,
    Memory,
    Syntax,
}

/// A state's stack, seen from one function.
#[derive(Clone, Copy)]
pub struct Stack {
    pub(super) raw: *mut lua::lua_State,
}

/// The table of values that only we reach.
pub const REGISTRY: c_int = lua::LUA_REGISTRYINDEX;
pub const GLOBALS: c_int = lua::LUA_GLOBALSINDEX;

/// A value kept in the registry.
#[derive(Debug, PartialEq, Eq)]
pub struct Reference(c_int);

impl Stack {
    pub(super) fn extra<'a>(self) -> &'a Extra {
        Extra::of(self.raw)
    }

    pub fn top(&self) -> c_int {
        // SAFETY: see the file's invariants; the same holds for every call below.
        unsafe { lua::lua_gettop(self.raw) }
    }

    pub fn set_top(&self, top: c_int) {
        // SAFETY: as above.
        unsafe { lua::lua_settop(self.raw, top) }
    }

    pub fn pop(&self, count: c_int) {
        self.set_top(-count - 1);
    }

    /// Makes sure of room for `count` more values.
    pub fn reserve(&self, count: c_int) -> bool {
        // SAFETY: as above.
        unsafe { lua::lua_checkstack(self.raw, count) != 0 }
    }

    pub fn kind(&self, at: c_int) -> Kind {
        // SAFETY: as above.
        match unsafe { lua::lua_type(self.raw, at) } {
            lua::LUA_TNIL => Kind::Nil,
            lua::LUA_TBOOLEAN => Kind::Boolean,
            lua::LUA_TLIGHTUSERDATA => Kind::LightUserdata,
            lua::LUA_TNUMBER => Kind::Number,
            lua::LUA_TSTRING => Kind::String,
            lua::LUA_TTABLE => Kind::Table,
            lua::LUA_TFUNCTION => Kind::Function,
            lua::LUA_TUSERDATA => Kind::Userdata,
            lua::LUA_TTHREAD => Kind::Thread,
            _ => Kind::None,
        }
    }

    /// The kind's name as Lua's messages have it.
    pub fn kind_name(&self, at: c_int) -> &'static str {
        match self.kind(at) {
            Kind::None => "no value",
            Kind::Nil => "nil",
            Kind::Boolean => "boolean",
            Kind::LightUserdata | Kind::Userdata => "userdata",
            Kind::Number => "number",
            Kind::String => "string",
            Kind::Table => "table",
            Kind::Function => "function",
            Kind::Thread => "thread",
        }
    }

    /// The bytes of a string; of a number, which becomes a string. `None` for other values.
    pub fn bytes<'a>(self, at: c_int) -> Option<&'a [u8]> {
        let mut len = 0;
        // SAFETY: as above; the string stays on the stack while its bytes are used.
        unsafe {
            let start = lua::lua_tolstring(self.raw, at, &mut len);
            (!start.is_null()).then(|| slice::from_raw_parts(start.cast(), len))
        }
    }

    /// A number's value; of a string that reads as a number, too. 0 for others.
    pub fn number(&self, at: c_int) -> f64 {
        // SAFETY: as above.
        unsafe { lua::lua_tonumber(self.raw, at) }
    }

    /// Whether it is a number or a string that reads as one.
    pub fn is_number(&self, at: c_int) -> bool {
        // SAFETY: as above.
        unsafe { lua::lua_isnumber(self.raw, at) != 0 }
    }

    pub fn boolean(&self, at: c_int) -> bool {
        // SAFETY: as above.
        unsafe { lua::lua_toboolean(self.raw, at) != 0 }
    }

    /// Length of a string, border of a table.
    pub fn len(&self, at: c_int) -> usize {
        // SAFETY: as above.
        unsafe { lua::lua_objlen(self.raw, at) }
    }

    /// The identity of a table, a function or a light value.
    pub fn pointer(&self, at: c_int) -> *const c_void {
        // SAFETY: as above.
        unsafe { lua::lua_topointer(self.raw, at) }
    }

    pub fn push_nil(&self) {
        // SAFETY: as above.
        unsafe { lua::lua_pushnil(self.raw) }
    }

    pub fn push_boolean(&self, value: bool) {
        // SAFETY: as above.
        unsafe { lua::lua_pushboolean(self.raw, c_int::from(value)) }
    }

    pub fn push_number(&self, value: f64) {
        // SAFETY: as above.
        unsafe { lua::lua_pushnumber(self.raw, value) }
    }

    pub fn push_bytes(&self, bytes: &[u8]) {
        // SAFETY: as above.
        unsafe { lua::lua_pushlstring_(self.raw, bytes.as_ptr().cast(), bytes.len()) }
    }

    /// A light value: `cjson.null` is the one with address 0.
    pub fn push_light(&self, address: usize) {
        // SAFETY: as above; nobody follows the address.
        unsafe { lua::lua_pushlightuserdata(self.raw, std::ptr::without_provenance_mut(address)) }
    }

    pub fn push_value(&self, at: c_int) {
        // SAFETY: as above.
        unsafe { lua::lua_pushvalue(self.raw, at) }
    }

    pub fn push_function(&self, body: Body) {
        self.push_closure(body, 0);
    }

    /// A function with the top `upvalues` values, which are popped: [`Stack::upvalue`] 1 and so on.
    pub fn push_closure(&self, body: Body, upvalues: c_int) {
        function::push(*self, body, upvalues);
    }

    /// The index of an upvalue of the function that runs.
    pub fn upvalue(number: c_int) -> c_int {
        // The first is the function itself.
        lua::lua_upvalueindex(number + 1)
    }

    pub fn new_table(&self, elements: usize, fields: usize) {
        let bounded = |count: usize| c_int::try_from(count).unwrap_or(c_int::MAX);
        // SAFETY: as above.
        unsafe { lua::lua_createtable(self.raw, bounded(elements), bounded(fields)) }
    }

    pub fn insert(&self, at: c_int) {
        // SAFETY: as above.
        unsafe { lua::lua_insert(self.raw, at) }
    }

    pub fn remove(&self, at: c_int) {
        // SAFETY: as above.
        unsafe { lua::lua_remove(self.raw, at) }
    }

    pub fn replace(&self, at: c_int) {
        // SAFETY: as above.
        unsafe { lua::lua_replace(self.raw, at) }
    }

    /// Pushes a value of ours that needs no dropping: a userdata without metatable.
    pub fn push_owned<T>(&self, value: T) {
        const { assert!(!std::mem::needs_drop::<T>() && align_of::<T>() <= 8) };
        // SAFETY: the block is as large as the value, and aligned as Lua aligns all.
        unsafe { lua::lua_newuserdata(self.raw, size_of::<T>()).cast::<T>().write(value) }
    }

    /// The value that [`Stack::push_owned`] pushed, at `at`; it lives as long as a function that has it as upvalue.
    pub fn owned<'a, T>(self, at: c_int) -> &'a T {
        // SAFETY: only functions of ours have such upvalues, of the type that they ask for.
        unsafe { &*lua::lua_touserdata(self.raw, at).cast::<T>() }
    }

    /// Replaces the key on top by its value in the table at `at`.
    pub fn get(&self, at: c_int) {
        // SAFETY: as above; raw access calls no metamethod.
        unsafe { lua::lua_rawget_(self.raw, at) }
    }

    /// Pushes the element `index` of the table at `at`.
    pub fn get_index(&self, at: c_int, index: c_int) {
        // SAFETY: as above.
        unsafe { lua::lua_rawgeti_(self.raw, at, index) }
    }

    /// Pushes the field `name` of the table at `at`; gives its kind.
    pub fn get_field(&self, at: c_int, name: &str) -> Kind {
        self.push_bytes(name.as_bytes());
        self.get(if at < 0 && at > REGISTRY { at - 1 } else { at });
        self.kind(-1)
    }

    /// Sets the key below the top to the value on top, and pops both. The key is neither nil nor NaN.
    pub fn set(&self, at: c_int) {
        // SAFETY: as above.
        unsafe { lua::lua_rawset(self.raw, at) }
    }

    /// Sets element `index` to the value on top, and pops it.
    pub fn set_index(&self, at: c_int, index: c_int) {
        // SAFETY: as above.
        unsafe { lua::lua_rawseti_(self.raw, at, index) }
    }

    /// Sets the field `name` to the value on top, and pops it.
    pub fn set_field(&self, at: c_int, name: &str) {
        self.push_bytes(name.as_bytes());
        self.insert(-2);
        self.set(if at < 0 && at > REGISTRY { at - 1 } else { at });
    }

    /// Replaces the key on top by the next key and its value; `false` at the end, which leaves neither.
    pub fn next(&self, at: c_int) -> bool {
        // SAFETY: as above; the key came from this table, which has not changed.
        unsafe { lua::lua_next(self.raw, at) != 0 }
    }

    /// Takes the table on top as metatable of the value at `at`.
    pub fn set_metatable(&self, at: c_int) {
        // SAFETY: as above.
        unsafe { lua::lua_setmetatable(self.raw, at) };
    }

    /// Pushes the metatable, if there is one.
    pub fn metatable(&self, at: c_int) -> bool {
        // SAFETY: as above.
        unsafe { lua::lua_getmetatable(self.raw, at) != 0 }
    }

    /// Keeps the value on top, which is popped.
    pub fn keep(&self) -> Reference {
        // SAFETY: as above.
        Reference(unsafe { lua::luaL_ref(self.raw, REGISTRY) })
    }

    pub fn push_kept(&self, reference: &Reference) {
        self.get_index(REGISTRY, reference.0);
    }

    pub fn forget(&self, reference: Reference) {
        // SAFETY: as above.
        unsafe { lua::luaL_unref(self.raw, REGISTRY, reference.0) }
    }

    /// Calls the function below its `arguments`, all of which are popped; errors pass through the function at `handler`
    /// (0: none) and are left on top.
    pub fn call(&self, arguments: c_int, results: c_int, handler: c_int) -> Result<(), Failed> {
        let extra = self.extra();
        let sections = extra.suspend();
        // SAFETY: as above; protected.
        let status = unsafe { lua::lua_pcall(self.raw, arguments, results, handler) };
        extra.resume(sections);
        match status {
            0 => Ok(()),
            lua::LUA_ERRMEM => Err(Failed::Memory),
            _ => Err(Failed::Error),
        }
    }

    /// Compiles text, and pushes the function or the message.
    pub(super) fn load(&self, source: &[u8], name: &[u8]) -> Result<(), Failed> {
        let name: Vec<u8> = name.iter().copied().take_while(|byte| *byte != 0).collect();
        let name = CString::new(name).unwrap_or_default();
        // SAFETY: as above; the parser runs protected.
        match unsafe { lua::luaL_loadbuffer(self.raw, source.as_ptr().cast(), source.len(), name.as_ptr()) } {
            0 => Ok(()),
            lua::LUA_ERRMEM => Err(Failed::Memory),
            _ => Err(Failed::Syntax),
        }
    }

    /// `collectgarbage` with one of its numbers.
    pub(super) fn collector(&self, what: c_int, data: c_int) -> c_int {
        // SAFETY: as above; no value of a script has a finalizer.
        unsafe { lua::lua_gc(self.raw, what, data) }
    }
}
