//! `cmsgpack`: the library's table and how much is unpacked at once.
//!
//! Format: <https://github.com/msgpack/msgpack/blob/master/spec.md>, without binary and extension types, as in Redis.

use std::ffi::c_int;

use super::pack_read::Unpacker;
use super::pack_write::pack_value;
use crate::scripting::lua::{Body, Raise, Stack};

/// Pushes the library.
pub fn open(stack: Stack) {
    let functions: [(&str, Body); 4] =
        [("pack", pack), ("unpack", unpack), ("unpack_one", unpack_one), ("unpack_limit", unpack_limit)];
    stack.new_table(0, 8);
    for (name, body) in functions {
        stack.push_function(body);
        stack.set_field(-2, name);
    }
    for (name, text) in [
        ("_NAME", "cmsgpack"),
        ("_VERSION", "lua-cmsgpack 0.4.0"),
        ("_COPYRIGHT", "Copyright (C) 2012, Redis Ltd."),
        ("_DESCRIPTION", "MessagePack C implementation for Lua"),
    ] {
        stack.push_bytes(text.as_bytes());
        stack.set_field(-2, name);
    }
}

/// `cmsgpack.pack(value...)`
fn pack(stack: Stack) -> Result<c_int, Raise> {
    let count = stack.top();
    if count == 0 {
        return Err(Raise::argument(0, "MessagePack pack needs input."));
    }
    let mut out = Vec::new();
    for at in 1..=count {
        if !stack.reserve(1) {
            return Err(Raise::argument(0, "Too many arguments for MessagePack pack."));
        }
        stack.push_value(at);
        pack_value(stack, &mut out, 0);
        stack.pop(1);
    }
    stack.push_bytes(&out);
    Ok(1)
}

/// `cmsgpack.unpack(text)`
fn unpack(stack: Stack) -> Result<c_int, Raise> {
    unpack_some(stack, 0, 0)
}

/// `cmsgpack.unpack_one(text [, offset])`
fn unpack_one(stack: Stack) -> Result<c_int, Raise> {
    let offset = integer(stack, 2, 0)?;
    stack.set_top(1);
    unpack_some(stack, 1, offset)
}

/// `cmsgpack.unpack_limit(text, limit [, offset])`
fn unpack_limit(stack: Stack) -> Result<c_int, Raise> {
    if !stack.is_number(2) {
        return Err(Raise::kind(stack, 2, "number"));
    }
    let (limit, offset) = (integer(stack, 2, 0)?, integer(stack, 3, 0)?);
    stack.set_top(1);
    unpack_some(stack, limit, offset)
}

fn integer(stack: Stack, at: c_int, otherwise: i32) -> Result<i32, Raise> {
    if stack.top() < at || stack.kind(at) == crate::scripting::lua::Kind::Nil {
        return Ok(otherwise);
    }
    if stack.is_number(at) {
        Ok(stack.number(at) as i64 as i32)
    } else {
        Err(Raise::kind(stack, at, "number"))
    }
}

fn unpack_some(stack: Stack, limit: i32, offset: i32) -> Result<c_int, Raise> {
    let text = stack.bytes(1).ok_or_else(|| Raise::kind(stack, 1, "string"))?;
    let len = text.len();
    if limit < 0 || offset < 0 {
        return Err(Raise::text(format!(
            "Invalid request to unpack with offset of {offset} and limit of {len}."
        )));
    }
    let rest = text
        .get(offset as usize..)
        .ok_or_else(|| Raise::text(format!("Start offset {offset} greater than input length {len}.")))?;
    let is_all = limit == 0 && offset == 0;
    let limit = if is_all { i32::MAX } else { limit };
    if !is_all {
        // The place of the next offset.
        stack.push_nil();
    }
    let place = stack.top();
    let mut unpacker = Unpacker::new(stack, rest);
    let mut count = 0;
    while !unpacker.is_done() && count < limit {
        unpacker.value(0)?;
        count += 1;
    }
    if is_all {
        return Ok(count);
    }
    let left = unpacker.left();
    stack.push_number(if left == 0 { -1.0 } else { (len - left) as f64 });
    stack.replace(place);
    Ok(count + 1)
}
