//! LZF, the compression of strings.
//!
//! Format: a byte below 32 is followed by that many bytes and one more, as they are. Any other byte refers back: its
//! upper three bits are the length less two (7: the next byte is added), its lower five with the byte behind them the
//! distance less one.

use super::error::Damage;

/// The farthest that a reference reaches back.
const DISTANCE_MAX: usize = 1 << 13;
/// The longest reference.
const MATCH_MAX: usize = 2 + 7 + 255;
/// The longest run of bytes as they are.
const RUN_MAX: usize = 32;
/// The table of what was seen has a slot for every byte of a short string, and at most so many.
const SLOT_BITS_MAX: u32 = 14;
const SLOT_BITS_MIN: u32 = 6;
/// A byte of compressed data stands for at most this many: three bytes give [`MATCH_MAX`].
const GAIN_MAX: u64 = (MATCH_MAX / 3) as u64;

/// Whether `packed` bytes can be `len` bytes at all: what is claimed beyond is not worth trying.
pub fn is_plausible(packed: u64, len: u64) -> bool {
    len <= packed.saturating_mul(GAIN_MAX)
}

/// Replaces `out` by what `packed` stands for, which must be `len` bytes. Memory is taken as bytes come out.
pub fn decompress(packed: &[u8], len: usize, out: &mut Vec<u8>) -> Result<(), Damage> {
    out.clear();
    let mut at = 0;
    while let Some(&control) = packed.get(at) {
        let start = at;
        at += 1;
        let control = usize::from(control);
        if control < RUN_MAX {
            let run = control + 1;
            let Some(bytes) = packed.get(at..at + run) else {
                return Err(Damage::new(start, "compressed data ends in the middle of a run"));
            };
            if out.len() + run > len {
                return Err(Damage::new(start, "compressed data is longer than its header says"));
            }
            out.extend_from_slice(bytes);
            at += run;
            continue;
        }
        let mut count = control >> 5;
        if count == 7 {
            let Some(&more) = packed.get(at) else {
                return Err(Damage::new(start, "compressed data ends in the middle of a reference"));
            };
            count += usize::from(more);
            at += 1;
        }
        count += 2;
        let Some(&low) = packed.get(at) else {
            return Err(Damage::new(start, "compressed data ends in the middle of a reference"));
        };
        at += 1;
        let distance = ((control & 0x1f) << 8 | usize::from(low)) + 1;
        if distance > out.len() {
            return Err(Damage::new(start, "compressed data refers to before its beginning"));
        }
        if out.len() + count > len {
            return Err(Damage::new(start, "compressed data is longer than its header says"));
        }
        copy_back(out, distance, count);
    }
    if out.len() != len {
        return Err(Damage::new(packed.len(), "compressed data is shorter than its header says"));
    }
    Ok(())
}

/// Appends `count` bytes from `distance` back; what is appended may be read again.
fn copy_back(out: &mut Vec<u8>, distance: usize, count: usize) {
    let from = out.len() - distance;
    let mut left = count;
    while left > 0 {
        // From `from` to the end is a whole number of periods, so twice as much can be taken each time.
        let step = left.min(out.len() - from);
        out.extend_from_within(from..from + step);
        left -= step;
    }
}

/// Compresses strings; the table is kept between them.
pub struct Compressor {
    /// Where a group of three bytes was seen last, plus one.
    seen: Box<[u32]>,
    out: Vec<u8>,
}

impl Compressor {
    pub fn new() -> Compressor {
        Compressor { seen: vec![0; 1 << SLOT_BITS_MAX].into_boxed_slice(), out: Vec::new() }
    }

    /// `bytes` compressed, if that saves at least four bytes. They are at most 4 GiB.
    pub fn compress(&mut self, bytes: &[u8]) -> Option<&[u8]> {
        let room = bytes.len().checked_sub(4).filter(|_| u32::try_from(bytes.len()).is_ok())?;
        let bits = bytes.len().ilog2().clamp(SLOT_BITS_MIN, SLOT_BITS_MAX);
        self.seen[..1 << bits].fill(0);
        self.out.clear();
        let (mut at, mut run_start) = (0, 0);
        while at + 2 < bytes.len() {
            let slot = slot_of(&bytes[at..at + 3], bits);
            let candidate = (self.seen[slot] as usize).checked_sub(1);
            self.seen[slot] = at as u32 + 1;
            let found = candidate.filter(|candidate| {
                at - candidate <= DISTANCE_MAX && bytes[*candidate..candidate + 3] == bytes[at..at + 3]
            });
            let Some(candidate) = found else {
                at += 1;
                continue;
            };
            let limit = MATCH_MAX.min(bytes.len() - at);
            let same = bytes[candidate..].iter().zip(&bytes[at..at + limit]);
            let len = same.take_while(|(old, new)| old == new).count();
            self.run(&bytes[run_start..at]);
            self.reference(at - candidate, len);
            if self.out.len() > room {
                return None;
            }
            // Places inside of the reference are remembered too: that finds more.
            for inner in at + 1..(at + len).min(bytes.len() - 2) {
                self.seen[slot_of(&bytes[inner..inner + 3], bits)] = inner as u32 + 1;
            }
            at += len;
            run_start = at;
        }
        self.run(&bytes[run_start..]);
        (self.out.len() <= room).then_some(&self.out)
    }

    fn run(&mut self, bytes: &[u8]) {
        for run in bytes.chunks(RUN_MAX) {
            self.out.push(run.len() as u8 - 1);
            self.out.extend_from_slice(run);
        }
    }

    fn reference(&mut self, distance: usize, len: usize) {
        let (distance, len) = (distance - 1, len - 2);
        let high = (distance >> 8) as u8;
        if len < 7 {
            self.out.push((len as u8) << 5 | high);
        } else {
            self.out.extend([7 << 5 | high, (len - 7) as u8]);
        }
        self.out.push(distance as u8);
    }
}

fn slot_of(three: &[u8], bits: u32) -> usize {
    let number = u32::from_le_bytes([three[0], three[1], three[2], 0]);
    (number.wrapping_mul(0x9e37_79b1) >> (32 - bits)) as usize
}

#[cfg(test)]
mod test {
    use proptest::prelude::*;

    use super::*;

    fn round_trip(bytes: &[u8]) -> Option<usize> {
        let mut compressor = Compressor::new();
        let packed = compressor.compress(bytes)?.to_vec();
        assert!(is_plausible(packed.len() as u64, bytes.len() as u64));
        let mut out = Vec::new();
        decompress(&packed, bytes.len(), &mut out).expect("our own data");
        assert!(out == bytes);
        Some(packed.len())
    }

    #[test]
    fn what_repeats_becomes_short() {
        assert!(round_trip(&[b'a'; 100_000]).expect("smaller") < 1500);
        let text = b"the same words again and again ".repeat(50);
        assert!(round_trip(&text).expect("smaller") < 100);
        assert_eq!(round_trip(b"abc"), None);
    }

    #[test]
    fn damage_is_noticed() {
        let mut out = Vec::new();
        for (packed, len) in [
            (&[5, 1, 2][..], 6),
            (&[0, 1, 0x20][..], 4),
            (&[0, 1, 0xe0, 9][..], 20),
            (&[0, 1, 0x20, 7][..], 4),
            (&[0, 1][..], 2),
            (&[1, 1, 1][..], 1),
            (&[0, 1, 0xe0, 0xff, 0][..], 5),
        ] {
            assert!(decompress(packed, len, &mut out).is_err(), "{packed:?}");
        }
        assert!(!is_plausible(100, 1 << 40));
    }

    proptest! {
        #[test]
        fn everything_comes_back(bytes in prop::collection::vec(0_u8..4, 0..2000)) {
            round_trip(&bytes);
        }

        #[test]
        fn no_bytes_are_too_odd(packed in prop::collection::vec(any::<u8>(), 0..200), len in 0_usize..4000) {
            let mut out = Vec::new();
            let _ = decompress(&packed, len, &mut out);
            prop_assert!(out.len() <= len);
        }
    }
}
