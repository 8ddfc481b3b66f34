//! The payload of FUNCTION DUMP: libraries one behind the other, as in a file; then version and checksum.

use super::crc64::crc64;
use super::format::{Dialect, opcode};
use super::payload::FOOTER_BYTES;
use super::read::Reader;
use super::visitor::FileVisitor;
use super::write::PayloadWriter;
use super::{Options, Stop};

/// Why a payload is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionsError {
    /// Too short, of a version that is not read, or with a wrong checksum.
    Footer,
    /// Something else than libraries.
    Body,
}

/// A payload of these codes.
pub fn write_functions<'a>(codes: impl Iterator<Item = &'a [u8]>, options: Options) -> Result<Vec<u8>, Stop> {
    let mut writer = PayloadWriter::payload(options);
    for code in codes {
        writer.function(code)?;
    }
    writer.finish_payload()
}

/// Delivers the codes in a payload.
pub fn read_functions(payload: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<(), FunctionsError> {
    let (body, footer) = payload.split_last_chunk::<FOOTER_BYTES>().ok_or(FunctionsError::Footer)?;
    let version = u16::from_le_bytes([footer[0], footer[1]]);
    let dialect = Dialect::of_version(u32::from(version)).ok_or(FunctionsError::Footer)?;
    let (summed, sum) = payload.split_last_chunk::<8>().ok_or(FunctionsError::Footer)?;
    if u64::from_le_bytes(*sum) != crc64(summed) {
        return Err(FunctionsError::Footer);
    }
    let mut reader = Reader::new(body, dialect, body.len());
    reader.functions(found).map_err(|_| FunctionsError::Body)
}

const _: () = assert!(opcode::FUNCTION2 == 245);
