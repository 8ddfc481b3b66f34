//! Reads files and values, whatever the bytes: nothing is believed that has not arrived.

mod file;
mod hash;
mod module;
mod source;
mod stream;
mod string;
mod value;

pub use file::{Checksum, Summary, read_file};

use std::io::Read;

use source::Source;

use super::error::{Damage, RdbError};
use super::format::Dialect;
use super::visitor::{ValueVisitor, Visit};

/// A buffer that grew beyond this is given back after the value.
const KEPT_BYTES_MAX: usize = 1 << 20;

/// Reads values from a source; the buffers are kept from one to the next.
pub struct Reader<R> {
    source: Source<R>,
    dialect: Dialect,
    buffers: Buffers,
}

/// Room for what is taken apart.
#[derive(Default)]
struct Buffers {
    /// A packed value, or a string element.
    value: Vec<u8>,
    /// The field that belongs to a value.
    field: Vec<u8>,
    /// Where in the input the packed value began.
    ends: Vec<usize>,
}

impl<R: Read> Reader<R> {
    pub fn new(input: R, dialect: Dialect, buffer_bytes: usize) -> Reader<R> {
        Reader { source: Source::new(input, buffer_bytes), dialect, buffers: Buffers::default() }
    }

    /// Reads the value of type `code`, whose type byte has been read.
    pub fn value<V: ValueVisitor>(&mut self, code: u8, visitor: &mut V) -> Result<(), RdbError> {
        let mut buffers = std::mem::take(&mut self.buffers);
        let result = value::read(&mut self.source, self.dialect, code, &mut buffers, visitor);
        for buffer in [&mut buffers.value, &mut buffers.field] {
            if buffer.capacity() > KEPT_BYTES_MAX {
                *buffer = Vec::new();
            }
        }
        self.buffers = buffers;
        result
    }
}

/// Where a packed value lies, for telling of its damage.
#[derive(Clone, Copy)]
struct Place {
    /// The offset in the input where its string begins.
    offset: u64,
}

impl Place {
    fn damage(self, damage: Damage) -> RdbError {
        RdbError::corrupt(self.offset, format!("{}, at byte {} of the value", damage.reason, damage.at))
    }

    fn corrupt(self, at: usize, reason: &'static str) -> RdbError {
        self.damage(Damage::new(at, reason))
    }
}

/// Turns a visitor's answer into ours.
trait Heard {
    fn at(self, offset: u64) -> Result<(), RdbError>;
}

impl Heard for Visit {
    fn at(self, offset: u64) -> Result<(), RdbError> {
        self.map_err(|stop| RdbError::stopped(offset, stop))
    }
}
