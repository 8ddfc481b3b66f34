//! Integrity marks in AOF files: an annotation line behind every group of entries that was written at once.
//!
//! Redis skips lines that begin with `#` (up to 1024 bytes), so a marked increment stays loadable there.
//!
//! Format: `#PC:<start>:<length>:<crc>\r\n`, all lower-case hexadecimal. `start` (16 digits) is the log position of the
//! group's first byte, `length` (no leading zeroes) its bytes, which lie directly before the line, and `crc` (8 digits)
//! the CRC-32C of those bytes followed by start and length, each as 8 bytes little-endian. A file begins with the mark
//! of an empty group, which tells that the file is marked at all.

use crc_fast::{CrcAlgorithm, Digest};

use super::Lsn;

/// How a mark's line begins.
pub const MARK_PREFIX: &[u8] = b"#PC:";
/// The longest line: prefix, three numbers, two colons, CR LF.
pub const MARK_BYTES_MAX: usize = 4 + 16 + 1 + 16 + 1 + 8 + 2;

/// The checksum of a group that is still growing.
#[derive(Clone)]
pub struct GroupSum(Digest);

impl Default for GroupSum {
    fn default() -> Self {
        GroupSum(Digest::new(CrcAlgorithm::Crc32Iscsi))
    }
}

impl GroupSum {
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The mark of the bytes so far, which began at `start`.
    pub fn mark(mut self, start: Lsn, len: u64) -> Mark {
        self.0.update(&start.0.to_le_bytes());
        self.0.update(&len.to_le_bytes());
        Mark { start, len, crc: self.0.finalize() as u32 }
    }
}

/// What a mark says of the group before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub start: Lsn,
    pub len: u64,
    pub crc: u32,
}

impl Mark {
    /// The mark that a file begins with.
    pub fn header(start: Lsn) -> Mark {
        GroupSum::default().mark(start, 0)
    }

    /// The log position after the group.
    pub fn end(&self) -> Lsn {
        Lsn(self.start.0.wrapping_add(self.len))
    }

    /// Whether this is the mark of `group`.
    pub fn fits(&self, group: &[u8]) -> bool {
        let mut sum = GroupSum::default();
        sum.update(group);
        sum.mark(self.start, group.len() as u64) == *self
    }

    /// The line, CR LF included.
    pub fn encode(&self) -> Vec<u8> {
        format!("#PC:{:016x}:{:x}:{:08x}\r\n", self.start.0, self.len, self.crc).into_bytes()
    }

    /// Parses a line (without CR LF); `None` unless it is exactly what [`Mark::encode`] makes.
    pub fn parse(line: &[u8]) -> Option<Mark> {
        let text = std::str::from_utf8(line.strip_prefix(MARK_PREFIX)?).ok()?;
        let mut fields = text.split(':');
        let (start, len, crc) = (fields.next()?, fields.next()?, fields.next()?);
        let mark = Mark {
            start: Lsn(u64::from_str_radix(start, 16).ok()?),
            len: u64::from_str_radix(len, 16).ok()?,
            crc: u32::from_str_radix(crc, 16).ok()?,
        };
        // Only the one spelling: a changed byte (a sign, an upper-case digit) must not pass.
        (mark.encode().strip_suffix(b"\r\n") == Some(line)).then_some(mark)
    }
}

#[cfg(all(test, not(shuttle)))]
mod test {
    use super::*;

    #[test]
    fn lines_round_trip_and_any_flip_is_noticed() {
        let mut sum = GroupSum::default();
        sum.update(b"hello ");
        sum.update(b"world");
        let mark = sum.mark(Lsn(0x1234), 11);
        assert!(mark.fits(b"hello world"));
        assert!(!mark.fits(b"hello worle"));
        assert_eq!(mark.end(), Lsn(0x123f));
        let line = mark.encode();
        assert!(line.len() <= MARK_BYTES_MAX);
        let line = line.strip_suffix(b"\r\n").unwrap();
        assert_eq!(Mark::parse(line), Some(mark));
        for index in 0..line.len() {
            for bit in 0..8 {
                let mut flipped = line.to_vec();
                flipped[index] ^= 1 << bit;
                let passes = Mark::parse(&flipped).is_some_and(|mark| mark.fits(b"hello world"));
                assert!(!passes, "flip of bit {bit} in byte {index}");
            }
        }
    }

    #[test]
    fn longest_line_fits_its_bound() {
        let mark = Mark { start: Lsn(u64::MAX), len: u64::MAX, crc: u32::MAX };
        assert_eq!(mark.encode().len(), MARK_BYTES_MAX);
    }
}
