//! RDB files and the engine: loading what a Redis or Valkey wrote, writing what they load.
//!
//! One loader serves the start (a `dump.rdb`, a base of the AOF, the preamble of an old AOF) and `import`; one writer
//! serves bases and `export`. What RDB has no place for, memcached's flags and their like, rides in `aux` fields, which others skip.

mod carry;
mod check;
mod keys;
mod load;
mod save;

#[cfg(all(test, not(shuttle)))]
mod test;

pub use carry::{export, import};
pub use check::report;
pub use keys::{KeyWriter, write_keys};
pub use load::{Expired, load};
pub use save::{Purpose, save};

use std::path::Path;

use super::StorageError;
use crate::rdb::{Fault, RdbError, Stop};

/// The aux field that holds what memcached adds to the item behind it, as the log has it ([`crate::log::entry`]).
const ITEM_AUX: &[u8] = b"polycache-item";

/// Who is at fault, for the one who opens the file at `path`.
fn storage_error(path: &Path, error: RdbError) -> StorageError {
    match error.fault {
        Fault::Io(source) => StorageError::Io { doing: format!("reading {}", path.display()), error: source },
        Fault::Truncated => {
            StorageError::corrupt(path, error.offset, "the file ends in the middle: it was not copied whole")
        }
        Fault::Corrupt(reason) => StorageError::corrupt(path, error.offset, reason),
        _ => StorageError::Unsupported { file: path.to_owned(), reason: error.to_string() },
    }
}

/// Why a file at `path` could not be written.
pub fn stopped(path: &Path, stop: Stop) -> StorageError {
    match stop {
        Stop::Io(error) => StorageError::Io { doing: format!("writing {}", path.display()), error },
        Stop::Refused(reason) => {
            StorageError::Unsupported { file: path.to_owned(), reason: reason.into_owned() }
        }
    }
}
