//! Base64 (RFC 4648, padded), as keys with any bytes are sent.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const fn values() -> [u8; 256] {
    let mut table = [0xff; 256];
    let mut at = 0;
    while at < 64 {
        table[ALPHABET[at] as usize] = at as u8;
        at += 1;
    }
    table
}

/// The value of each letter; 0xff is none.
static VALUES: [u8; 256] = values();

/// Appends the bytes that `text` stands for; `false` if it is no base64, or its last bits are not zero.
pub fn decode(out: &mut impl Extend<u8>, text: &[u8]) -> bool {
    if text.is_empty() || !text.len().is_multiple_of(4) {
        return false;
    }
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    if padding > 2 {
        return false;
    }
    let digits = text.len() - padding;
    for (index, chunk) in text.chunks_exact(4).enumerate() {
        let mut word = 0u32;
        for (at, byte) in chunk.iter().enumerate() {
            let value = if index * 4 + at >= digits { 0 } else { VALUES[usize::from(*byte)] };
            if value == 0xff {
                return false;
            }
            word = word << 6 | u32::from(value);
        }
        let bytes = word.to_be_bytes();
        let count = if index * 4 + 4 > digits { 3 - padding } else { 3 };
        if bytes[1 + count..].iter().any(|byte| *byte != 0) {
            return false;
        }
        out.extend(bytes[1..1 + count].iter().copied());
    }
    true
}

/// Appends `bytes` in base64.
pub fn encode(out: &mut Vec<u8>, bytes: &[u8]) {
    for chunk in bytes.chunks(3) {
        let mut word = [0; 4];
        word[1..=chunk.len()].copy_from_slice(chunk);
        let word = u32::from_be_bytes(word);
        for place in 0..4 {
            let digit = word >> (18 - 6 * place) & 63;
            out.push(if place <= chunk.len() { ALPHABET[digit as usize] } else { b'=' });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        for len in 0..60u8 {
            let bytes: Vec<u8> = (0..len).map(|byte| byte.wrapping_mul(37)).collect();
            let (mut text, mut back) = (Vec::new(), Vec::new());
            encode(&mut text, &bytes);
            assert_eq!(decode(&mut back, &text), len > 0);
            assert_eq!(back, bytes);
        }
        for bad in ["a", "ab", "abc", "abcd=", "a===", "ab=c", "abc!", "====", "ab==cdef", "ab\n="] {
            assert!(!decode(&mut Vec::new(), bad.as_bytes()), "{bad}");
        }
    }
}
