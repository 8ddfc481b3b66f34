//! `bit`: operations on 32 bits, as Lua BitOp has them.

use std::ffi::c_int;

use crate::scripting::lua::{Body, Raise, Stack};

/// Pushes the library.
pub fn open(stack: Stack) {
    let functions: [(&str, Body); 12] = [
        ("tobit", |stack| unary(stack, |value| value)),
        ("bnot", |stack| unary(stack, |value| !value)),
        ("bswap", |stack| unary(stack, i32::swap_bytes)),
        ("band", |stack| fold(stack, |one, other| one & other)),
        ("bor", |stack| fold(stack, |one, other| one | other)),
        ("bxor", |stack| fold(stack, |one, other| one ^ other)),
        ("lshift", |stack| shift(stack, |value, by| value << by)),
        ("rshift", |stack| shift(stack, |value, by| (value as u32 >> by) as i32)),
        ("arshift", |stack| shift(stack, |value, by| value >> by)),
        ("rol", |stack| shift(stack, i32::rotate_left)),
        ("ror", |stack| shift(stack, i32::rotate_right)),
        ("tohex", tohex),
    ];
    stack.new_table(0, functions.len());
    for (name, body) in functions {
        stack.push_function(body);
        stack.set_field(-2, name);
    }
}

/// An argument's value modulo 2^32, rounded to the nearest.
fn argument(stack: Stack, at: c_int) -> Result<i32, Raise> {
    if !stack.is_number(at) {
        return Err(Raise::kind(stack, at, "number"));
    }
    // The sum's last bits are the integer, as the original has it: doubles have 52 bits behind the first.
    let biased = stack.number(at) + 6_755_399_441_055_744.0;
    Ok(biased.to_bits() as i32)
}

fn unary(stack: Stack, change: fn(i32) -> i32) -> Result<c_int, Raise> {
    let value = argument(stack, 1)?;
    stack.push_number(f64::from(change(value)));
    Ok(1)
}

fn fold(stack: Stack, join: fn(i32, i32) -> i32) -> Result<c_int, Raise> {
    let mut value = argument(stack, 1)?;
    for at in 2..=stack.top() {
        value = join(value, argument(stack, at)?);
    }
    stack.push_number(f64::from(value));
    Ok(1)
}

fn shift(stack: Stack, change: fn(i32, u32) -> i32) -> Result<c_int, Raise> {
    let value = argument(stack, 1)?;
    let by = argument(stack, 2)? as u32 & 31;
    stack.push_number(f64::from(change(value, by)));
    Ok(1)
}

/// `bit.tohex(value [, digits])`: negative numbers of digits make capitals.
fn tohex(stack: Stack) -> Result<c_int, Raise> {
    let value = argument(stack, 1)? as u32;
    let digits = if stack.top() < 2 { 8 } else { argument(stack, 2)? };
    let text = if digits < 0 { format!("{value:08X}") } else { format!("{value:08x}") };
    let count = digits.unsigned_abs().min(8) as usize;
    stack.push_bytes(&text.as_bytes()[8 - count..]);
    Ok(1)
}
