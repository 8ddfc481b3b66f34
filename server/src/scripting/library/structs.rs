//! `struct`: C structures as strings, after Roberto Ierusalimschy's library.

use std::ffi::c_int;

use super::structs_format::Format;
use crate::scripting::lua::{Body, Kind, Raise, Stack};

const SHORT: &str = "data string too short";

/// Pushes the library.
pub fn open(stack: Stack) {
    let functions: [(&str, Body); 3] = [("pack", pack), ("unpack", unpack), ("size", size)];
    stack.new_table(0, functions.len());
    for (name, body) in functions {
        stack.push_function(body);
        stack.set_field(-2, name);
    }
}

fn format<'a>(stack: Stack) -> Result<Format<'a>, Raise> {
    Ok(Format::new(stack.bytes(1).ok_or_else(|| Raise::kind(stack, 1, "string"))?))
}

fn number(stack: Stack, at: c_int) -> Result<f64, Raise> {
    if stack.is_number(at) { Ok(stack.number(at)) } else { Err(Raise::kind(stack, at, "number")) }
}

/// `struct.pack(format, value...)`
fn pack(stack: Stack) -> Result<c_int, Raise> {
    let mut format = format(stack)?;
    // An argument that is missing is called nil.
    stack.push_nil();
    let mut at = 2;
    let mut out: Vec<u8> = Vec::new();
    while let Some((option, size)) = format.next()? {
        out.resize(out.len() + format.padding(out.len(), option, size), 0);
        match option {
            b'b' | b'B' | b'h' | b'H' | b'l' | b'L' | b'T' | b'i' | b'I' => {
                put_integer(&mut out, number(stack, at)?, size, format.is_big);
                at += 1;
            }
            b'x' => out.push(0),
            b'f' => {
                let value = number(stack, at)? as f32;
                out.extend(if format.is_big { value.to_be_bytes() } else { value.to_le_bytes() });
                at += 1;
            }
            b'd' => {
                let value = number(stack, at)?;
                out.extend(if format.is_big { value.to_be_bytes() } else { value.to_le_bytes() });
                at += 1;
            }
            b'c' | b's' => {
                let text = stack.bytes(at).ok_or_else(|| Raise::kind(stack, at, "string"))?;
                at += 1;
                let size = if size == 0 { text.len() } else { size };
                out.extend_from_slice(
                    text.get(..size).ok_or_else(|| Raise::argument(at, "string too short"))?,
                );
                if option == b's' {
                    out.push(0);
                }
            }
            _ => format.control(option)?,
        }
    }
    stack.push_bytes(&out);
    Ok(1)
}

fn put_integer(out: &mut Vec<u8>, value: f64, size: usize, is_big: bool) {
    // What does not fit is zero, as C on our machines has it.
    let value = if value < 0.0 {
        if value >= -(2f64.powi(63)) { value as i64 as u64 } else { 1 << 63 }
    } else if value < 2f64.powi(64) {
        value as u64
    } else {
        0
    };
    let byte = |place: usize| if place < 8 { (value >> (8 * place)) as u8 } else { 0 };
    if is_big {
        out.extend((0..size).rev().map(byte));
    } else {
        out.extend((0..size).map(byte));
    }
}

fn get_integer(bytes: &[u8], is_big: bool, is_signed: bool) -> f64 {
    let join = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    let mut value = if is_big { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) };
    if !is_signed {
        return value as f64;
    }
    let mask = u64::MAX.wrapping_shl((bytes.len() as u32).wrapping_mul(8).wrapping_sub(1));
    if value & mask != 0 {
        value |= mask;
    }
    value as i64 as f64
}

/// `struct.unpack(format, text [, position])`
fn unpack(stack: Stack) -> Result<c_int, Raise> {
    let mut format = format(stack)?;
    let data = stack.bytes(2).ok_or_else(|| Raise::kind(stack, 2, "string"))?;
    let position = match stack.kind(3) {
        Kind::None | Kind::Nil => 1,
        _ => number(stack, 3)? as i64,
    };
    if position == 0 {
        return Err(Raise::argument(3, "offset must be 1 or greater"));
    }
    let mut at = (position as u64 as usize).wrapping_sub(1);
    stack.set_top(3);
    let mut count = 0;
    while let Some((option, size)) = format.next()? {
        at = at.wrapping_add(format.padding(at, option, size));
        let piece = |at: usize, size: usize| {
            let end = at.checked_add(size).ok_or_else(|| Raise::argument(2, SHORT))?;
            data.get(at..end).ok_or_else(|| Raise::argument(2, SHORT))
        };
        let bytes = piece(at, size)?;
        if !stack.reserve(2) {
            return Err(Raise::text("stack overflow (too many results)"));
        }
        let mut used = size;
        match option {
            b'b' | b'B' | b'h' | b'H' | b'l' | b'L' | b'T' | b'i' | b'I' => {
                stack.push_number(get_integer(bytes, format.is_big, option.is_ascii_lowercase()));
                count += 1;
            }
            b'x' => {}
            b'f' => {
                let mut value: [u8; 4] = bytes.try_into().map_err(|_| Raise::argument(2, SHORT))?;
                if format.is_big {
                    value.reverse();
                }
                stack.push_number(f64::from(f32::from_le_bytes(value)));
                count += 1;
            }
            b'd' => {
                let mut value: [u8; 8] = bytes.try_into().map_err(|_| Raise::argument(2, SHORT))?;
                if format.is_big {
                    value.reverse();
                }
                stack.push_number(f64::from_le_bytes(value));
                count += 1;
            }
            b'c' => {
                if size == 0 {
                    if count == 0 || !stack.is_number(-1) {
                        return Err(Raise::text("format 'c0' needs a previous size"));
                    }
                    let wanted = stack.number(-1);
                    used = if wanted < 0.0 { usize::MAX } else { wanted as usize };
                    stack.pop(1);
                    count -= 1;
                }
                stack.push_bytes(piece(at, used)?);
                count += 1;
            }
            b's' => {
                let text = &data[at..];
                let end = memchr::memchr(0, text).ok_or(Raise::text("unfinished string in data"))?;
                stack.push_bytes(&text[..end]);
                used = end + 1;
                count += 1;
            }
            _ => format.control(option)?,
        }
        at += used;
    }
    stack.push_number((at + 1) as f64);
    Ok(count + 1)
}

/// `struct.size(format)`
fn size(stack: Stack) -> Result<c_int, Raise> {
    let mut format = format(stack)?;
    let mut total = 0usize;
    while let Some((option, size)) = format.next()? {
        total = total.saturating_add(format.padding(total, option, size));
        match option {
            b's' => return Err(Raise::argument(1, "option 's' has no fixed size")),
            b'c' if size == 0 => return Err(Raise::argument(1, "option 'c0' has no fixed size")),
            _ if !option.is_ascii_alphanumeric() => format.control(option)?,
            _ => {}
        }
        total = total.saturating_add(size);
    }
    stack.push_number(total as f64);
    Ok(1)
}
