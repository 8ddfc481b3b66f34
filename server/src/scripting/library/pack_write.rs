//! `cmsgpack.pack`: from values to MessagePack.

use crate::limits::MESSAGE_PACK_DEPTH_MAX;
use crate::scripting::lua::{Kind, Stack};

/// Places that a level of nesting takes.
const PLACES: i32 = 6;

/// Writes the value on top, which stays. What nests too deeply is nil, as in Redis.
pub fn pack_value(stack: Stack, out: &mut Vec<u8>, depth: usize) {
    match stack.kind(-1) {
        Kind::String => pack_string(stack.bytes(-1).unwrap_or_default(), out),
        Kind::Number => pack_number(stack.number(-1), out),
        Kind::Boolean => out.push(if stack.boolean(-1) { 0xc3 } else { 0xc2 }),
        Kind::Table if depth < MESSAGE_PACK_DEPTH_MAX && stack.reserve(PLACES) => {
            pack_table(stack, out, depth);
        }
        _ => out.push(0xc0),
    }
}

fn pack_string(bytes: &[u8], out: &mut Vec<u8>) {
    match bytes.len() {
        len @ 0..32 => out.push(0xa0 | len as u8),
        len @ 32..0x100 => out.extend_from_slice(&[0xd9, len as u8]),
        len => sized(len, 0xda, out),
    }
    out.extend_from_slice(bytes);
}

/// A length in two or four bytes.
fn sized(len: usize, marker: u8, out: &mut Vec<u8>) {
    match u16::try_from(len) {
        Ok(len) => {
            out.push(marker);
            out.extend_from_slice(&len.to_be_bytes());
        }
        Err(_) => {
            out.push(marker + 1);
            // Lua's tables and strings stay below 2^32 elements.
            out.extend_from_slice(&(len as u32).to_be_bytes());
        }
    }
}

fn pack_number(value: f64, out: &mut Vec<u8>) {
    if value == value.floor() && value >= -(2f64.powi(63)) && value < 2f64.powi(63) {
        return pack_integer(value as i64, out);
    }
    let short = value as f32;
    if f64::from(short) == value {
        out.push(0xca);
        out.extend_from_slice(&short.to_be_bytes());
    } else {
        out.push(0xcb);
        out.extend_from_slice(&value.to_be_bytes());
    }
}

fn pack_integer(value: i64, out: &mut Vec<u8>) {
    match value {
        0..=0x7f => out.push(value as u8),
        0x80..=0xff => out.extend_from_slice(&[0xcc, value as u8]),
        0x100..=0xffff => {
            out.push(0xcd);
            out.extend_from_slice(&(value as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(0xce);
            out.extend_from_slice(&(value as u32).to_be_bytes());
        }
        0x1_0000_0000.. => {
            out.push(0xcf);
            out.extend_from_slice(&value.to_be_bytes());
        }
        -32..0 => out.push(value as u8),
        -128..-32 => out.extend_from_slice(&[0xd0, value as u8]),
        -0x8000..-128 => {
            out.push(0xd1);
            out.extend_from_slice(&(value as i16).to_be_bytes());
        }
        -0x8000_0000..-0x8000 => {
            out.push(0xd2);
            out.extend_from_slice(&(value as i32).to_be_bytes());
        }
        _ => {
            out.push(0xd3);
            out.extend_from_slice(&value.to_be_bytes());
        }
    }
}

fn pack_table(stack: Stack, out: &mut Vec<u8>, depth: usize) {
    let (pairs, is_array) = shape(stack);
    if is_array {
        match pairs {
            0..16 => out.push(0x90 | pairs as u8),
            _ => sized(pairs, 0xdc, out),
        }
        for index in 1..=pairs {
            stack.get_index(-1, index as i32);
            pack_value(stack, out, depth + 1);
            stack.pop(1);
        }
        return;
    }
    match pairs {
        0..16 => out.push(0x80 | pairs as u8),
        _ => sized(pairs, 0xde, out),
    }
    stack.push_nil();
    while stack.next(-2) {
        stack.push_value(-2);
        pack_value(stack, out, depth + 1);
        stack.pop(1);
        pack_value(stack, out, depth + 1);
        stack.pop(1);
    }
}

/// Pairs of the table on top, and whether their keys are 1 to that number.
fn shape(stack: Stack) -> (usize, bool) {
    let (mut pairs, mut max, mut is_array) = (0, 0.0f64, true);
    stack.push_nil();
    while stack.next(-2) {
        stack.pop(1);
        pairs += 1;
        let key = stack.number(-1);
        is_array &= stack.kind(-1) == Kind::Number && key > 0.0 && key == key.floor();
        max = max.max(key);
    }
    (pairs, is_array && max == pairs as f64)
}
