//! HyperLogLogs: estimates of how many different elements were seen, byte for byte as Redis and Valkey store them.
//!
//! # Format
//!
//! ```text
//! offset  size  field
//!      0     4  "HYLL"
//!      4     1  0 dense, 1 sparse
//!      5     3  not used
//!      8     8  cached cardinality, little-endian; its highest bit says that it is out of date
//!     16        registers: dense, 16384 of 6 bits from the lowest bit on; sparse, see `sparse.rs`
//! ```
//!
//! # Limits
//! A sparse sketch of more than [`BYTES_MAX`] bytes cannot be valid and is refused unread.

mod dense;
mod estimate;
pub mod fuzz;
mod hash;
mod sparse;

pub use sparse::Run;

use dense::DENSE_BYTES;

/// Registers of a sketch.
pub const REGISTERS: usize = 1 << 14;
/// Bits of an element's hash behind those that choose its register.
const PATTERN_BITS: u32 = 64 - 14;
const HEAD_BYTES: usize = 16;
/// Two bytes for every register would be a waste that nobody makes.
pub const BYTES_MAX: usize = HEAD_BYTES + 2 * REGISTERS;
const MAGIC: &[u8] = b"HYLL";
const STALE: u8 = 0x80;

/// How registers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Dense,
    Sparse,
}

/// Why bytes are no sketch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// They are something else.
    Foreign,
    /// They begin like one.
    Corrupt,
}

/// The registers of a sketch or of several, one byte each.
pub type Registers = [u8; REGISTERS];

/// A sketch being read or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch {
    bytes: Vec<u8>,
}

impl Default for Sketch {
    /// Without elements: sparse, one run of zeroes.
    fn default() -> Self {
        let mut bytes = vec![0; HEAD_BYTES];
        bytes[..4].copy_from_slice(MAGIC);
        bytes[4] = 1;
        bytes.extend(sparse::EMPTY);
        Sketch { bytes }
    }
}

impl Sketch {
    /// The sketch in a string, whose registers are not looked at yet.
    pub fn parse(bytes: Vec<u8>) -> Result<Sketch, Invalid> {
        let is_sketch = bytes.len() >= HEAD_BYTES
            && bytes.starts_with(MAGIC)
            && (bytes[4] == 1 || bytes[4] == 0 && bytes.len() == DENSE_BYTES);
        match is_sketch {
            false => Err(Invalid::Foreign),
            true if bytes.len() > BYTES_MAX => Err(Invalid::Corrupt),
            true => Ok(Sketch { bytes }),
        }
    }

    /// The string to store.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn encoding(&self) -> Encoding {
        if self.bytes[4] == 0 { Encoding::Dense } else { Encoding::Sparse }
    }

    fn body(&self) -> &[u8] {
        &self.bytes[HEAD_BYTES..]
    }

    /// The cardinality as it was counted last, unless elements have come since.
    pub fn cached(&self) -> Option<u64> {
        let mut cached = [0; 8];
        cached.copy_from_slice(&self.bytes[8..HEAD_BYTES]);
        (cached[7] & STALE == 0).then(|| u64::from_le_bytes(cached))
    }

    /// Counts, and remembers that.
    pub fn count(&mut self) -> Result<u64, Invalid> {
        let count = estimate::estimate(&*self.registers()?);
        self.bytes[8..HEAD_BYTES].copy_from_slice(&count.to_le_bytes());
        Ok(count)
    }

    /// Marks the cached cardinality as out of date.
    pub fn forget_count(&mut self) {
        self.bytes[15] |= STALE;
    }

    /// All registers.
    pub fn registers(&self) -> Result<Box<Registers>, Invalid> {
        let mut registers = Box::new([0; REGISTERS]);
        self.merge_into(&mut registers)?;
        Ok(registers)
    }

    /// Raises `registers` to those of this sketch.
    pub fn merge_into(&self, registers: &mut Registers) -> Result<(), Invalid> {
        match self.encoding() {
            Encoding::Dense => {
                for (at, register) in registers.iter_mut().enumerate() {
                    *register = (*register).max(dense::get(self.body(), at));
                }
                Ok(())
            }
            Encoding::Sparse => sparse::merge_into(self.body(), registers),
        }
    }

    /// The runs of a sparse sketch, as they stand; `None` of a dense one.
    pub fn runs(&self) -> Option<Vec<Run>> {
        (self.encoding() == Encoding::Sparse).then(|| sparse::runs(self.body()).collect())
    }

    /// Adds an element; whether a register changed. A sparse sketch becomes dense above `sparse_bytes_max`.
    pub fn add(&mut self, element: &[u8], sparse_bytes_max: u64) -> Result<bool, Invalid> {
        let (register, count) = hash::pattern(element);
        self.raise(register, count, sparse_bytes_max)
    }

    /// Sets a register that is lower than `count`; whether it was.
    pub fn raise(&mut self, register: usize, count: u8, sparse_bytes_max: u64) -> Result<bool, Invalid> {
        let changed = match self.encoding() {
            Encoding::Dense => dense::raise(&mut self.bytes[HEAD_BYTES..], register, count),
            Encoding::Sparse => {
                let mut body = self.bytes.split_off(HEAD_BYTES);
                let room = usize::try_from(sparse_bytes_max).unwrap_or(usize::MAX).saturating_sub(HEAD_BYTES);
                let raised = sparse::raise(&mut body, register, count, room);
                self.bytes.append(&mut body);
                match raised? {
                    sparse::Raised::Unchanged => false,
                    sparse::Raised::Changed => true,
                    sparse::Raised::TooLarge => {
                        self.make_dense()?;
                        dense::raise(&mut self.bytes[HEAD_BYTES..], register, count)
                    }
                }
            }
        };
        if changed {
            self.forget_count();
        }
        Ok(changed)
    }

    /// Stores all registers in full; whether they were not.
    pub fn make_dense(&mut self) -> Result<bool, Invalid> {
        if self.encoding() == Encoding::Dense {
            return Ok(false);
        }
        let registers = self.registers()?;
        self.set_registers(&registers);
        Ok(true)
    }

    /// Replaces all registers, densely.
    pub fn set_registers(&mut self, registers: &Registers) {
        self.bytes.truncate(HEAD_BYTES);
        self.bytes.resize(DENSE_BYTES, 0);
        self.bytes[4] = 0;
        for (at, &register) in registers.iter().enumerate() {
            dense::set(&mut self.bytes[HEAD_BYTES..], at, register);
        }
    }
}

/// The estimate for registers that were merged.
pub fn estimate(registers: &Registers) -> u64 {
    estimate::estimate(registers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn estimates_are_close() {
        let (mut sparse, mut dense) = (Sketch::default(), Sketch::default());
        dense.make_dense().unwrap();
        for number in 1..=200_000u64 {
            let element = number.to_string();
            let changed = dense.add(element.as_bytes(), 3000).unwrap();
            assert_eq!(sparse.add(element.as_bytes(), 3000).unwrap(), changed);
            if [1, 10, 100, 1000, 10_000, 200_000].contains(&number) {
                let count = dense.clone().count().unwrap();
                assert_eq!(sparse.clone().count().unwrap(), count);
                assert!(
                    count.abs_diff(number) as f64 <= (number as f64 * 0.05).max(1.0),
                    "{count} of {number}"
                );
            }
        }
        assert_eq!(sparse.bytes(), dense.bytes());
    }

    proptest! {
        #[test]
        fn both_forms_hold_the_same(
            raises in proptest::collection::vec((0usize..REGISTERS, 1u8..=51), 0..300),
            near in proptest::collection::vec((0usize..90, 1u8..5), 0..300),
            room in 16u64..4000,
        ) {
            let (mut sketch, mut model) = (Sketch::default(), [0; REGISTERS]);
            for (register, count) in raises.into_iter().chain(near) {
                let changed = sketch.raise(register, count, room).unwrap();
                prop_assert_eq!(changed, model[register] < count);
                model[register] = model[register].max(count);
            }
            prop_assert!(sketch.encoding() == Encoding::Dense || sketch.bytes().len() as u64 <= room.max(18));
            prop_assert_eq!(*sketch.registers().unwrap(), model);
            sketch.make_dense().unwrap();
            prop_assert_eq!(*sketch.registers().unwrap(), model);
        }

        #[test]
        fn garbage_is_refused_or_read(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = Sketch::default().bytes()[..HEAD_BYTES].to_vec();
            bytes.extend(body);
            fuzz::read(&bytes);
        }
    }
}
