//! What goes wrong with files: who is at fault, and the way out.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::snapshot::{OpenError, SaveError};

/// Why a directory cannot be opened, or a file not be read or written.
#[derive(Debug)]
pub enum StorageError {
    /// Another process has the directory open.
    Locked { dir: PathBuf, process: Option<u32> },
    /// The operating system refused.
    Io { doing: String, error: io::Error },
    /// A file does not hold what it should. Nothing of it was served.
    Corrupt { file: PathBuf, offset: u64, reason: String },
    /// A file is of a kind, or holds a command, that this version does not know.
    Unsupported { file: PathBuf, reason: String },
    /// The configuration contradicts itself or what is on disk.
    Misuse(String),
    /// A rewrite or save is already under way; the text is the reply that Redis gives.
    Busy(&'static str),
    /// A snapshot was not written.
    Save(SaveError),
    /// A snapshot cannot be opened.
    Snapshot(OpenError),
    /// The log failed; see [`crate::log::LogError`].
    Log(crate::log::LogError),
}

impl StorageError {
    /// Names what was being done when `error` came.
    pub fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> StorageError {
        let doing = doing.into();
        move |error| StorageError::Io { doing, error }
    }

    /// `writing FILE` and its likes.
    pub fn file(verb: &str, path: &Path) -> impl FnOnce(io::Error) -> StorageError {
        Self::io(format!("{verb} {}", path.display()))
    }

    pub fn corrupt(file: &Path, offset: u64, reason: impl Into<String>) -> StorageError {
        StorageError::Corrupt { file: file.to_owned(), offset, reason: reason.into() }
    }
}

impl From<SaveError> for StorageError {
    fn from(error: SaveError) -> StorageError {
        StorageError::Save(error)
    }
}

impl From<OpenError> for StorageError {
    fn from(error: OpenError) -> StorageError {
        StorageError::Snapshot(error)
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StorageError::Locked { dir, process: Some(process) } => {
                write!(out, "the directory {} is in use by process {process}", dir.display())
            }
            StorageError::Locked { dir, process: None } => {
                write!(out, "the directory {} is in use by another process", dir.display())
            }
            StorageError::Io { doing, error } => write!(out, "{doing}: {error}"),
            StorageError::Corrupt { file, offset, reason } => write!(
                out,
                "{file} is damaged at offset {offset}: {reason}. To look at it: polycache-server check {file}. To keep \
                 what is whole before the damage: polycache-server check --repair {file}",
                file = file.display()
            ),
            StorageError::Unsupported { file, reason } => write!(out, "{}: {reason}", file.display()),
            StorageError::Misuse(text) => out.write_str(text),
            StorageError::Busy(text) => out.write_str(text),
            StorageError::Save(error) => error.fmt(out),
            StorageError::Snapshot(error) => error.fmt(out),
            StorageError::Log(error) => error.fmt(out),
        }
    }
}

impl std::error::Error for StorageError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            StorageError::Io { error, .. } => Some(error),
            StorageError::Save(error) => Some(error),
            StorageError::Snapshot(error) => Some(error),
            StorageError::Log(error) => Some(error),
            _ => None,
        }
    }
}
