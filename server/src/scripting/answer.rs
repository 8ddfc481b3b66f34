//! A script's result, as a reply to its caller.

use polycache_core::command::Reply;

use super::lua::{Kind, Stack};
use crate::limits::ANSWER_DEPTH_MAX;

/// Places that a nested value takes.
const PLACES: i32 = 6;

/// Says the value on top, and pops it.
pub fn answer(stack: Stack, reply: &mut dyn Reply, is_resp3: bool) {
    nested(stack, reply, is_resp3, 0);
}

fn nested(stack: Stack, reply: &mut dyn Reply, is_resp3: bool, depth: usize) {
    if depth > ANSWER_DEPTH_MAX || !stack.reserve(PLACES) {
        reply.error("ERR reached lua stack limit");
        stack.pop(1);
        return;
    }
    match stack.kind(-1) {
        Kind::String => reply.bulk(stack.bytes(-1).unwrap_or_default()),
        Kind::Boolean if is_resp3 => reply.boolean(stack.boolean(-1)),
        Kind::Boolean if stack.boolean(-1) => reply.integer(1),
        Kind::Number => reply.integer(integer(stack.number(-1))),
        Kind::Table => table(stack, reply, is_resp3, depth + 1),
        _ => reply.null(),
    }
    stack.pop(1);
}

/// As C makes an integer of a double on the machines that we know: what does not fit is the smallest.
fn integer(value: f64) -> i64 {
    if value >= -(2f64.powi(63)) && value < 2f64.powi(63) { value as i64 } else { i64::MIN }
}

/// Says the table on top, by the field that says what it is.
fn table(stack: Stack, reply: &mut dyn Reply, is_resp3: bool, depth: usize) {
    let top = stack.top();
    if is_field(stack, "err", Kind::String) {
        let text = String::from_utf8_lossy(stack.bytes(-1).unwrap_or_default());
        reply.error(text.strip_prefix('-').unwrap_or(&text));
    } else if is_field(stack, "ok", Kind::String) {
        let text = String::from_utf8_lossy(stack.bytes(-1).unwrap_or_default());
        if text.contains(['\r', '\n']) {
            reply.status(&text.replace(['\r', '\n'], " "));
        } else {
            reply.status(&text);
        }
    } else if is_field(stack, "double", Kind::Number) {
        reply.double(stack.number(-1));
    } else if is_field(stack, "map", Kind::Table) {
        reply.map(count(stack));
        stack.push_nil();
        while stack.next(-2) {
            // A copy: what reads a number as text would change the key.
            stack.push_value(-2);
            nested(stack, reply, is_resp3, depth);
            nested(stack, reply, is_resp3, depth);
        }
    } else if is_field(stack, "set", Kind::Table) {
        reply.set(count(stack));
        stack.push_nil();
        while stack.next(-2) {
            stack.pop(1);
            stack.push_value(-1);
            nested(stack, reply, is_resp3, depth);
        }
    } else if is_field(stack, "big_number", Kind::String) {
        let text = stack.bytes(-1).unwrap_or_default();
        reply.big_number(
            &text
                .iter()
                .map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte })
                .collect::<Vec<_>>(),
        );
    } else if is_field(stack, "verbatim_string", Kind::Table) && is_verbatim(stack) {
        let format = String::from_utf8_lossy(stack.bytes(-2).unwrap_or_default());
        reply.verbatim(&format, stack.bytes(-1).unwrap_or_default());
    } else {
        stack.set_top(top);
        let mut len = 0;
        loop {
            stack.get_index(-1, len + 1);
            let is_end = stack.kind(-1) == Kind::Nil;
            stack.pop(1);
            if is_end {
                break;
            }
            len += 1;
        }
        reply.array(len as usize);
        for index in 1..=len {
            stack.get_index(-1, index);
            nested(stack, reply, is_resp3, depth);
        }
    }
    stack.set_top(top);
}

/// Whether the table on top has the field as that; it is pushed if so.
fn is_field(stack: Stack, name: &str, kind: Kind) -> bool {
    let is = stack.get_field(-1, name) == kind;
    if !is {
        stack.pop(1);
    }
    is
}

/// Pushes format and text of a verbatim string.
fn is_verbatim(stack: Stack) -> bool {
    stack.get_field(-1, "format") == Kind::String && { stack.get_field(-2, "string") == Kind::String }
}

/// Pairs of the table on top.
fn count(stack: Stack) -> usize {
    let mut count = 0;
    stack.push_nil();
    while stack.next(-2) {
        stack.pop(1);
        count += 1;
    }
    count
}
