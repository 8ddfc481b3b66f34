//! Builds listpacks; [`super::listpack`] has the format.

use super::canonical_integer;
use super::listpack::{COUNT_UNKNOWN, END, HEADER_BYTES, length_behind};

/// A listpack that is being built; one may be used for many, one after another.
#[derive(Clone, Debug)]
pub struct ListpackBuilder {
    bytes: Vec<u8>,
    count: u64,
}

impl Default for ListpackBuilder {
    fn default() -> ListpackBuilder {
        ListpackBuilder { bytes: vec![0; HEADER_BYTES], count: 0 }
    }
}

impl ListpackBuilder {
    /// Empties it.
    pub fn clear(&mut self) {
        self.bytes.truncate(HEADER_BYTES);
        self.count = 0;
    }

    /// Number of elements.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Bytes that the finished listpack will have.
    pub fn len(&self) -> usize {
        self.bytes.len() + 1
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Appends an element; as a number where it is one.
    pub fn push(&mut self, element: &[u8]) {
        if element.len() <= 20
            && let Some(number) = canonical_integer(element)
        {
            return self.push_integer(number);
        }
        let start = self.bytes.len();
        match element.len() {
            len @ 0..=63 => self.bytes.push(0x80 | len as u8),
            len @ 64..=4095 => self.bytes.extend([0xe0 | (len >> 8) as u8, len as u8]),
            len => {
                self.bytes.push(0xf0);
                self.bytes.extend((len as u32).to_le_bytes());
            }
        }
        self.bytes.extend_from_slice(element);
        self.close(start);
    }

    /// Appends a number.
    pub fn push_integer(&mut self, number: i64) {
        let start = self.bytes.len();
        let bytes = number.to_le_bytes();
        let (code, width) = match number {
            0..=127 => {
                self.bytes.push(number as u8);
                return self.close(start);
            }
            -4096..=4095 => {
                let bits = (number as u16) & 0x1fff;
                self.bytes.extend([0xc0 | (bits >> 8) as u8, bits as u8]);
                return self.close(start);
            }
            -32_768..=32_767 => (0xf1, 2),
            -8_388_608..=8_388_607 => (0xf2, 3),
            -2_147_483_648..=2_147_483_647 => (0xf3, 4),
            _ => (0xf4, 8),
        };
        self.bytes.push(code);
        self.bytes.extend_from_slice(&bytes[..width]);
        self.close(start);
    }

    /// Appends all elements of another one.
    pub fn append(&mut self, other: &ListpackBuilder) {
        self.bytes.extend_from_slice(&other.bytes[HEADER_BYTES..]);
        self.count += other.count;
    }

    fn close(&mut self, start: usize) {
        let (length, size) = length_behind(self.bytes.len() - start);
        self.bytes.extend_from_slice(&length[..size]);
        self.count += 1;
    }

    /// The finished listpack; [`ListpackBuilder::clear`] comes before the next. `len()` must fit 32 bits.
    pub fn finish(&mut self) -> &[u8] {
        self.bytes.push(END);
        let total = self.bytes.len() as u32;
        self.bytes[..4].copy_from_slice(&total.to_le_bytes());
        let count = self.count.min(u64::from(COUNT_UNKNOWN)) as u16;
        self.bytes[4..6].copy_from_slice(&count.to_le_bytes());
        &self.bytes
    }
}
