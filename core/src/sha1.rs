//! SHA-1, as far as it names things: scripts by their source, data sets by their content (DEBUG DIGEST). Not for security.
//!
//! Format: FIPS 180-4, section 6.1.

/// Bytes of a digest.
pub const DIGEST_BYTES: usize = 20;
/// Bytes that are mixed in at once.
const BLOCK_BYTES: usize = 64;
/// Bytes of the message's length at its end.
const LENGTH_BYTES: usize = 8;

/// A digest.
pub type Sum = [u8; DIGEST_BYTES];

/// The digest of what is added to it.
#[derive(Clone)]
pub struct Sha1 {
    state: [u32; 5],
    /// The beginning of the next block.
    block: [u8; BLOCK_BYTES],
    /// Bytes added so far.
    length: u64,
}

impl Default for Sha1 {
    fn default() -> Self {
        Sha1 {
            state: [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0],
            block: [0; BLOCK_BYTES],
            length: 0,
        }
    }
}

impl Sha1 {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Sum {
        let mut sha1 = Sha1::default();
        sha1.add(bytes);
        sha1.finish()
    }

    pub fn add(&mut self, mut bytes: &[u8]) {
        let mut filled = (self.length % BLOCK_BYTES as u64) as usize;
        self.length += bytes.len() as u64;
        while filled + bytes.len() >= BLOCK_BYTES {
            let (now, later) = bytes.split_at(BLOCK_BYTES - filled);
            self.block[filled..].copy_from_slice(now);
            self.mix();
            bytes = later;
            filled = 0;
        }
        self.block[filled..filled + bytes.len()].copy_from_slice(bytes);
    }

    pub fn finish(mut self) -> Sum {
        let bits = self.length * 8;
        let filled = (self.length % BLOCK_BYTES as u64) as usize;
        let room = if filled < BLOCK_BYTES - LENGTH_BYTES { BLOCK_BYTES } else { 2 * BLOCK_BYTES };
        let mut padding = [0; 2 * BLOCK_BYTES];
        padding[0] = 0x80;
        let zeroes = room - filled - LENGTH_BYTES;
        padding[zeroes..zeroes + LENGTH_BYTES].copy_from_slice(&bits.to_be_bytes());
        self.add(&padding[..room - filled]);
        let mut sum = [0; DIGEST_BYTES];
        for (bytes, word) in sum.chunks_exact_mut(4).zip(self.state) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        sum
    }

    fn mix(&mut self) {
        let mut words = [0u32; 80];
        for (word, bytes) in words.iter_mut().zip(self.block.chunks_exact(4)) {
            *word = bytes.iter().fold(0, |word, &byte| word << 8 | u32::from(byte));
        }
        for at in 16..80 {
            words[at] = (words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16]).rotate_left(1);
        }
        let [mut a, mut b, mut c, mut d, mut e] = self.state;
        for (round, word) in words.into_iter().enumerate() {
            let (choice, constant) = match round / 20 {
                0 => (b & c | !b & d, 0x5a82_7999),
                1 => (b ^ c ^ d, 0x6ed9_eba1),
                2 => (b & c | b & d | c & d, 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6_u32),
            };
            let next = a
                .rotate_left(5)
                .wrapping_add(choice)
                .wrapping_add(e)
                .wrapping_add(constant)
                .wrapping_add(word);
            (a, b, c, d, e) = (next, a, b.rotate_left(30), c, d);
        }
        for (state, add) in self.state.iter_mut().zip([a, b, c, d, e]) {
            *state = state.wrapping_add(add);
        }
    }
}

/// A digest in hexadecimal digits.
pub fn hex(sum: &Sum) -> String {
    use std::fmt::Write;
    sum.iter().fold(String::with_capacity(2 * DIGEST_BYTES), |mut text, byte| {
        write!(text, "{byte:02x}").expect("strings take anything");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_sums() {
        for (text, sum) in [
            ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
            ),
        ] {
            assert_eq!(hex(&Sha1::of(text.as_bytes())), sum, "{text}");
        }
        assert_eq!(hex(&Sha1::of(&vec![b'a'; 1_000_000])), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    }

    #[test]
    fn pieces_make_the_same_sum() {
        let bytes: Vec<u8> = (0..300u32).map(|number| number as u8).collect();
        for cut in 0..bytes.len() {
            let mut sha1 = Sha1::default();
            sha1.add(&bytes[..cut]);
            sha1.add(&bytes[cut..]);
            assert_eq!(sha1.finish(), Sha1::of(&bytes), "{cut}");
        }
    }
}
