//! The hash of elements: MurmurHash2 for 64-bit machines (Austin Appleby, MurmurHash64A), which the format prescribes.

use super::{PATTERN_BITS, REGISTERS};

const SEED: u64 = 0xadc8_3b19;
const FACTOR: u64 = 0xc6a4_a793_5bd1_e995;
const SHIFT: u32 = 47;

fn murmur(bytes: &[u8]) -> u64 {
    let mut hash = SEED ^ (bytes.len() as u64).wrapping_mul(FACTOR);
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        let mut value = [0; 8];
        value.copy_from_slice(word);
        let mut value = u64::from_le_bytes(value).wrapping_mul(FACTOR);
        value ^= value >> SHIFT;
        hash = (hash ^ value.wrapping_mul(FACTOR)).wrapping_mul(FACTOR);
    }
    let rest = words.remainder();
    if !rest.is_empty() {
        let mut value = [0; 8];
        value[..rest.len()].copy_from_slice(rest);
        hash = (hash ^ u64::from_le_bytes(value)).wrapping_mul(FACTOR);
    }
    hash = (hash ^ hash >> SHIFT).wrapping_mul(FACTOR);
    hash ^ hash >> SHIFT
}

/// The register of an element, and the length of the run of zeroes in its hash with the one that ends it.
pub(super) fn pattern(element: &[u8]) -> (usize, u8) {
    let hash = murmur(element);
    let register = hash as usize % REGISTERS;
    let pattern = hash >> (64 - PATTERN_BITS) | 1 << PATTERN_BITS;
    (register, pattern.trailing_zeros() as u8 + 1)
}
