//! The payload of DUMP and RESTORE: a value on its own.
//!
//! Format: type, value, version (u16 little-endian), CRC-64 of all before (u64 little-endian). There is no magic: the
//! version tells the dialect.

use std::fmt;

use super::crc64::crc64;
use super::error::RdbError;
use super::format::Dialect;
use super::read::Reader;
use super::visitor::ValueVisitor;

/// Bytes behind the value.
pub const FOOTER_BYTES: usize = 10;
/// A payload that is longer is read through a buffer of this size.
const BUFFER_BYTES: usize = 64 * 1024;

/// Why a payload is refused. RESTORE has a text for each.
#[derive(Debug)]
pub enum PayloadError {
    /// Too short, of a version that is not read, or with a wrong checksum.
    Footer,
    /// The value.
    Value(RdbError),
}

impl fmt::Display for PayloadError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PayloadError::Footer => out.write_str("DUMP payload version or checksum are wrong"),
            PayloadError::Value(_) => out.write_str("Bad data format"),
        }
    }
}

impl std::error::Error for PayloadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            PayloadError::Footer => None,
            PayloadError::Value(error) => Some(error),
        }
    }
}

/// Checks version and checksum before anything is read; the dialect, the type and the value's bytes.
pub fn check(payload: &[u8]) -> Result<(Dialect, u8, &[u8]), PayloadError> {
    let (body, footer) = payload.split_last_chunk::<FOOTER_BYTES>().ok_or(PayloadError::Footer)?;
    let version = u16::from_le_bytes([footer[0], footer[1]]);
    let dialect = Dialect::of_version(u32::from(version)).ok_or(PayloadError::Footer)?;
    let (summed, sum) = payload.split_last_chunk::<8>().ok_or(PayloadError::Footer)?;
    if u64::from_le_bytes(*sum) != crc64(summed) {
        return Err(PayloadError::Footer);
    }
    let (code, value) = body.split_first().ok_or(PayloadError::Footer)?;
    Ok((dialect, *code, value))
}

/// Delivers the value of a payload. A value without elements that is no string or stream is for the visitor to refuse.
pub fn read_payload<V: ValueVisitor>(payload: &[u8], visitor: &mut V) -> Result<(), PayloadError> {
    let (dialect, code, value) = check(payload)?;
    let mut reader = Reader::new(value, dialect, value.len().min(BUFFER_BYTES));
    reader.value(code, visitor).map_err(PayloadError::Value)
}
