//! What can go wrong with a snapshot, and what to do about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a snapshot was not written. The older snapshot, if there is one, is untouched.
#[derive(Debug)]
pub enum SaveError {
    /// One save at a time.
    Busy,
    /// `BGSAVE CANCEL`, or the engine is closing.
    Cancelled,
    /// More records of the mapped snapshot are damaged than the table has room to name: run `check --repair`.
    TooDamaged,
    Io {
        path: PathBuf,
        error: io::Error,
    },
}

impl SaveError {
    pub(super) fn io(path: &Path, error: io::Error) -> SaveError {
        SaveError::Io { path: path.to_path_buf(), error }
    }
}

impl fmt::Display for SaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SaveError::Busy => f.write_str("another save is in progress"),
            SaveError::Cancelled => f.write_str("the save was cancelled"),
            SaveError::TooDamaged => {
                f.write_str("too many damaged records; stop and run 'polycache-server check --repair FILE'")
            }
            SaveError::Io { path, error } => write!(f, "cannot write {}: {error}", path.display()),
        }
    }
}

impl std::error::Error for SaveError {}

/// Why a snapshot was not opened.
#[derive(Debug)]
pub enum OpenError {
    Io {
        path: PathBuf,
        error: io::Error,
    },
    /// The file is not whole, or not a snapshot. Nothing of it is served.
    Damaged {
        path: PathBuf,
        problem: Problem,
    },
}

impl OpenError {
    pub(super) fn io(path: &Path, error: io::Error) -> OpenError {
        OpenError::Io { path: path.to_path_buf(), error }
    }

    pub(super) fn damaged(path: &Path, problem: Problem) -> OpenError {
        OpenError::Damaged { path: path.to_path_buf(), problem }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Io { path, error } => write!(f, "cannot open {}: {error}", path.display()),
            OpenError::Damaged { path, problem } => {
                let path = path.display();
                write!(f, "the snapshot {path} cannot be used: {problem}; ")?;
                match problem {
                    Problem::OtherFormat(_) => f.write_str(
                        "open it with the version that wrote it; 'polycache-server export' makes an RDB file of it, \
                         which every version reads",
                    ),
                    Problem::Table(_) => write!(
                        f,
                        "its records can be read all the same: run 'polycache-server check --repair {path}', or \
                         restore the file from a backup"
                    ),
                    _ => write!(
                        f,
                        "'polycache-server check {path}' tells more; restore it from a backup, or move it away to \
                         start without it"
                    ),
                }
            }
        }
    }
}

impl std::error::Error for OpenError {}

/// What is wrong with a file as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It does not begin as snapshots do.
    NotASnapshot,
    /// Of another version of this program.
    OtherFormat(u32),
    /// The header's checksum, or a value in it, is wrong.
    Header,
    /// The file is shorter or longer than its header says.
    Length { expected: u64, found: u64 },
    /// The end of the file does not belong to its beginning.
    Trailer,
    /// The table of a database is wrong.
    Table(u8),
    /// It orders elements by another seed than the engine that runs.
    Foreign,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::NotASnapshot => f.write_str("it is not a snapshot file"),
            Problem::OtherFormat(version) => write!(f, "it has format version {version}"),
            Problem::Header => f.write_str("its header is damaged"),
            Problem::Length { expected, found } => {
                write!(f, "it should have {expected} bytes and has {found}")
            }
            Problem::Trailer => f.write_str("its end is damaged"),
            Problem::Table(db) => write!(f, "the table of database {db} is damaged"),
            Problem::Foreign => f.write_str("another server made it; restart this one to load it"),
        }
    }
}
