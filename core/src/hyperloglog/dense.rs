//! Registers of six bits, one behind the other from the lowest bit on.

use super::{HEAD_BYTES, REGISTERS};

const BITS: usize = 6;
const MASK: u16 = (1 << BITS) - 1;
/// Bytes of a dense sketch with its head.
pub(super) const DENSE_BYTES: usize = HEAD_BYTES + REGISTERS * BITS / 8;

/// The two bytes that a register lies in; the last one ends with its byte.
fn pair(body: &[u8], register: usize) -> (u16, usize) {
    let at = register * BITS / 8;
    let high = body.get(at + 1).copied().unwrap_or(0);
    (u16::from_le_bytes([body[at], high]), register * BITS % 8)
}

pub(super) fn get(body: &[u8], register: usize) -> u8 {
    let (pair, shift) = pair(body, register);
    (pair >> shift & MASK) as u8
}

pub(super) fn set(body: &mut [u8], register: usize, count: u8) {
    let (pair, shift) = pair(body, register);
    let [low, high] = (pair & !(MASK << shift) | (u16::from(count) & MASK) << shift).to_le_bytes();
    let at = register * BITS / 8;
    body[at] = low;
    if let Some(byte) = body.get_mut(at + 1) {
        *byte = high;
    }
}

pub(super) fn raise(body: &mut [u8], register: usize, count: u8) -> bool {
    let is_lower = get(body, register) < count;
    if is_lower {
        set(body, register, count);
    }
    is_lower
}
