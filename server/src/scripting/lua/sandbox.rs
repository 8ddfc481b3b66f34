//! What scripts find: Lua's libraries without what reaches outside, in tables that nobody can change.
//!
//! Lua 5.1 knows no read-only tables, so each is an empty table with a face: its metatable finds the content, refuses
//! new fields, and does not show itself. Functions that change or read tables past metatables (`rawset`,
//! `table.insert`, `setmetatable`, `next`) look whether it is one of these. The metatable that all strings share hides
//! in the same way (CVE-2025-46818), and `unpack` counts in 64 bits (CVE-2025-46817).

use std::ffi::c_int;

use mlua_sys as lua;

use super::bare;
use super::compile::compile;
use super::function::{Body, Raise};
use super::stack::{GLOBALS, Kind, Reference, Stack};
use crate::limits::SCRIPT_BYTES_MAX;
use crate::scripting::{api, library};

/// What Lua's base library leaves to scripts as it is.
const BASE: &[&str] = &[
    "assert",
    "error",
    "gcinfo",
    "ipairs",
    "rawequal",
    "select",
    "tonumber",
    "tostring",
    "type",
    "xpcall",
    "getmetatable",
    "_VERSION",
];
/// What changes its first argument.
const WRITERS: &[&str] = &["rawset", "setmetatable"];
const TABLE_WRITERS: &[&str] = &["insert", "remove", "sort", "setn"];
const TABLE_READERS: &[&str] = &["foreach", "foreachi", "getn", "maxn", "concat"];

/// What takes a pattern.
const PATTERNS: &[&str] = &["find", "match", "gmatch", "gfind", "gsub"];

/// The worlds that code runs in.
pub struct Worlds {
    /// Of EVAL: the globals, and their content, where KEYS and ARGV go.
    pub eval: World,
    /// Of functions.
    pub functions: World,
    /// Content of a library's globals while it is loaded.
    loading: Reference,
    /// Gives errors their form.
    pub error_handler: Reference,
}

/// One set of globals.
pub struct World {
    globals: Reference,
    metatable: Reference,
    pub content: Reference,
}

/// Fills a new state.
pub fn prepare(stack: Stack) -> Worlds {
    for open in
        [lua::luaopen_base, lua::luaopen_table, lua::luaopen_string, lua::luaopen_math, lua::luaopen_os]
    {
        bare::push(stack, open, 0);
        stack.call(0, 0, 0).unwrap_or(());
    }
    // Content that both worlds share, in one table that each world's copies.
    stack.new_table(0, 48);
    let common = stack.top();
    for name in BASE {
        stack.get_field(GLOBALS, name);
        stack.set_field(common, name);
    }
    for (name, body) in [
        ("unpack", unpack as Body),
        ("load", load),
        ("loadstring", loadstring),
        ("collectgarbage", collectgarbage),
    ] {
        stack.push_function(body);
        stack.set_field(common, name);
    }
    for name in WRITERS {
        stack.get_field(GLOBALS, name);
        bare::push(stack, bare::guarded_write, 1);
        stack.set_field(common, name);
    }
    for name in ["next", "rawget"] {
        stack.get_field(GLOBALS, name);
        bare::push(stack, bare::guarded_read, 1);
        stack.set_field(common, name);
    }
    stack.get_field(GLOBALS, "next");
    stack.get_field(common, "next");
    bare::push(stack, bare::pairs, 2);
    stack.set_field(common, "pairs");
    bare::push(stack, bare::protected_call, 0);
    stack.set_field(common, "pcall");
    libraries(stack, common);

    let loading = loading(stack);
    let eval = world(stack, common, true);
    let functions = world(stack, common, false);
    bare::push(stack, bare::error_handler, 0);
    let error_handler = stack.keep();
    stack.set_top(common - 1);
    let worlds = Worlds { eval, functions, loading, error_handler };
    worlds.eval.enter(stack);
    worlds
}

fn libraries(stack: Stack, common: c_int) {
    stack.get_field(GLOBALS, "table");
    wrap(stack, TABLE_WRITERS, bare::guarded_write);
    wrap(stack, TABLE_READERS, bare::guarded_read);
    publish(stack, common, "table");
    stack.get_field(GLOBALS, "string");
    wrap(stack, PATTERNS, bare::guarded_pattern);
    publish(stack, common, "string");
    hide_string_metatable(stack, common);
    for name in ["math", "coroutine"] {
        stack.get_field(GLOBALS, name);
        publish(stack, common, name);
    }
    stack.new_table(0, 1);
    stack.get_field(GLOBALS, "os");
    stack.get_field(-1, "clock");
    stack.remove(-2);
    stack.set_field(-2, "clock");
    publish(stack, common, "os");
    library::open(stack, |stack, name| publish(stack, common, name));
}

/// Replaces functions of the table on top by guarded ones.
fn wrap(stack: Stack, names: &[&str], guard: lua::lua_CFunction) {
    for name in names {
        stack.get_field(-1, name);
        bare::push(stack, guard, 1);
        stack.set_field(-2, name);
    }
}

/// Makes the table on top a field that cannot be changed, and pops it.
fn publish(stack: Stack, common: c_int, name: &str) {
    let _ = protect(stack);
    stack.set_field(common, name);
}

/// Puts a face before the table on top. The metatable is kept.
fn protect(stack: Stack) -> Reference {
    stack.new_table(0, 0);
    stack.new_table(0, 3);
    stack.push_value(-3);
    stack.set_field(-2, "__index");
    stack.push_function(refuse);
    stack.set_field(-2, "__newindex");
    stack.push_boolean(false);
    stack.set_field(-2, "__metatable");
    stack.push_value(-1);
    let metatable = stack.keep();
    stack.set_metatable(-2);
    stack.extra().protect(stack.pointer(-1));
    stack.remove(-2);
    metatable
}

fn refuse(_: Stack) -> Result<c_int, Raise> {
    Err(Raise::text("Attempt to modify a readonly table"))
}

/// `getmetatable("")` shows a picture of the real one.
fn hide_string_metatable(stack: Stack, common: c_int) {
    stack.push_bytes(b"");
    stack.metatable(-1);
    stack.new_table(0, 1);
    stack.get_field(common, "string");
    stack.set_field(-2, "__index");
    let _ = protect(stack);
    stack.set_field(-2, "__metatable");
    stack.pop(2);
}

/// Gives the table on top an error for fields that it does not have.
fn miss_loudly(stack: Stack) {
    stack.new_table(0, 2);
    stack.push_function(missing);
    stack.set_field(-2, "__index");
    stack.push_boolean(false);
    stack.set_field(-2, "__metatable");
    stack.set_metatable(-2);
}

fn missing(stack: Stack) -> Result<c_int, Raise> {
    let name = stack.bytes(2).map(|name| String::from_utf8_lossy(name).into_owned());
    let name = name.unwrap_or_else(|| stack.kind_name(2).to_owned());
    Err(Raise::text(format!("Script attempted to access nonexistent global variable '{name}'")))
}

fn world(stack: Stack, common: c_int, is_eval: bool) -> World {
    stack.new_table(0, 64);
    let content = stack.top();
    stack.push_nil();
    while stack.next(common) {
        stack.push_value(-2);
        stack.insert(-2);
        stack.set(content);
    }
    api::open(stack, if is_eval { api::Part::Eval } else { api::Part::Functions });
    let _ = protect(stack);
    stack.push_value(-1);
    stack.set_field(content, "redis");
    stack.set_field(content, "server");
    if is_eval {
        for name in ["__redis__err__handler", "__server__err__handler"] {
            bare::push(stack, bare::error_handler, 0);
            stack.set_field(content, name);
        }
    }
    miss_loudly(stack);
    stack.push_value(content);
    let kept = stack.keep();
    let metatable = protect(stack);
    // `protect` left the face in the content's place.
    stack.push_kept(&kept);
    stack.push_value(-2);
    stack.set_field(-2, "_G");
    stack.pop(1);
    World { globals: stack.keep(), metatable, content: kept }
}

fn loading(stack: Stack) -> Reference {
    stack.new_table(0, 2);
    api::open(stack, api::Part::Loading);
    miss_loudly(stack);
    let _ = protect(stack);
    stack.push_value(-1);
    stack.set_field(-3, "redis");
    stack.set_field(-2, "server");
    miss_loudly(stack);
    stack.keep()
}

impl World {
    /// Makes these the globals of what is compiled from now on.
    pub fn enter(&self, stack: Stack) {
        stack.push_kept(&self.globals);
        stack.replace(GLOBALS);
    }
}

impl Worlds {
    /// Shows libraries what they may use while they are loaded, or everything.
    pub fn set_loading(&self, stack: Stack, is_loading: bool) {
        stack.push_kept(&self.functions.metatable);
        stack.push_kept(if is_loading { &self.loading } else { &self.functions.content });
        stack.set_field(-2, "__index");
        stack.pop(1);
    }
}

/// `unpack(table [, from [, to]])`
fn unpack(stack: Stack) -> Result<c_int, Raise> {
    if stack.kind(1) != Kind::Table {
        return Err(Raise::kind(stack, 1, "table"));
    }
    let integer = |at| match stack.kind(at) {
        Kind::None | Kind::Nil => Ok(None),
        _ if stack.is_number(at) => Ok(Some(stack.number(at) as i64 as i32)),
        _ => Err(Raise::kind(stack, at, "number")),
    };
    let from = i64::from(integer(2)?.unwrap_or(1));
    let to = integer(3)?.map_or(stack.len(1) as i64, i64::from);
    if from > to {
        return Ok(0);
    }
    let count = to - from + 1;
    match c_int::try_from(count) {
        Ok(count) if count < c_int::MAX && stack.reserve(count) => {
            for index in from..=to {
                stack.get_index(1, index as c_int);
            }
            Ok(count)
        }
        _ => Err(Raise::text("too many results to unpack")),
    }
}

/// `loadstring(text [, name])`
fn loadstring(stack: Stack) -> Result<c_int, Raise> {
    let source = stack.bytes(1).ok_or_else(|| Raise::kind(stack, 1, "string"))?;
    let name = stack.bytes(2).unwrap_or(source);
    Ok(compiled(stack, source, name))
}

/// `load(function [, name])`: the pieces are gathered before the parser begins.
fn load(stack: Stack) -> Result<c_int, Raise> {
    if stack.kind(1) != Kind::Function {
        return Err(Raise::kind(stack, 1, "function"));
    }
    let name = stack.bytes(2).unwrap_or(b"=(load)");
    let mut source = Vec::new();
    loop {
        stack.push_value(1);
        if stack.call(0, 1, 0).is_err() {
            if stack.kind(-1) == Kind::LightUserdata {
                return Err(Raise::Top);
            }
            stack.push_nil();
            stack.insert(-2);
            return Ok(2);
        }
        match stack.kind(-1) {
            Kind::Nil => break,
            Kind::String | Kind::Number => {
                let piece = stack.bytes(-1).unwrap_or_default();
                if piece.is_empty() || source.len() > SCRIPT_BYTES_MAX {
                    break;
                }
                source.extend_from_slice(piece);
            }
            _ => {
                stack.push_nil();
                stack.push_bytes(b"reader function must return a string");
                return Ok(2);
            }
        }
        stack.pop(1);
    }
    Ok(compiled(stack, &source, name))
}

fn compiled(stack: Stack, source: &[u8], name: &[u8]) -> c_int {
    match compile(stack, source, name) {
        Ok(()) => 1,
        Err(_) => {
            stack.push_nil();
            stack.insert(-2);
            2
        }
    }
}

/// `collectgarbage([what])`: what changes how the collector works is ignored, as the state is not the script's own.
fn collectgarbage(stack: Stack) -> Result<c_int, Raise> {
    let what = match stack.kind(1) {
        Kind::None | Kind::Nil => b"collect",
        _ => stack.bytes(1).ok_or_else(|| Raise::kind(stack, 1, "string"))?,
    };
    let result = match what {
        b"collect" => f64::from(stack.collector(lua::LUA_GCCOLLECT, 0)),
        b"step" => {
            let done = stack.collector(lua::LUA_GCSTEP, 0) != 0;
            stack.push_boolean(done);
            return Ok(1);
        }
        b"count" => {
            f64::from(stack.collector(lua::LUA_GCCOUNT, 0))
                + f64::from(stack.collector(lua::LUA_GCCOUNTB, 0)) / 1024.0
        }
        b"stop" | b"restart" | b"setpause" | b"setstepmul" => 0.0,
        other => {
            let text = format!("invalid option '{}'", String::from_utf8_lossy(other));
            return Err(Raise::argument(1, text));
        }
    };
    stack.push_number(result);
    Ok(1)
}
