//! What can go wrong with an open engine, in one type that every binding turns into its language's exceptions.

use std::borrow::Cow;
use std::fmt;

use polycache_core::command::Failure;

/// The result of a call on an embedded cache.
pub type Result<T> = std::result::Result<T, Error>;

/// Who is at fault, and so which exception or code a binding chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// An argument that no call could accept.
    Misuse,
    /// A setting that `open` or `serve` does not know or cannot satisfy.
    Config,
    /// The cache was closed.
    Closed,
    /// The handle was opened before a fork and is used in the child.
    Forked,
    /// The command was refused; the code says why, as over the network (`WRONGTYPE`, `ERR`, ...).
    Command,
    /// The memory limit is reached and nothing may be evicted (code `OOM`).
    Memory,
    /// The directory is in use by another process.
    Locked,
    /// A file of the directory is damaged.
    Corrupt,
    /// The operating system refused.
    Io,
    /// The log could not be written; what was not acknowledged may be lost (code `MISCONF`).
    Durability,
}

impl ErrorKind {
    /// The code of errors that no command gave.
    fn code(self) -> &'static str {
        match self {
            ErrorKind::Misuse => "MISUSE",
            ErrorKind::Config => "CONFIG",
            ErrorKind::Closed => "CLOSED",
            ErrorKind::Forked => "FORKED",
            ErrorKind::Command => "ERR",
            ErrorKind::Memory => "OOM",
            ErrorKind::Locked => "LOCKED",
            ErrorKind::Corrupt => "CORRUPT",
            ErrorKind::Io => "IO",
            ErrorKind::Durability => "MISCONF",
        }
    }
}

/// A refused call.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    text: Cow<'static, str>,
}

impl Error {
    pub fn new(kind: ErrorKind, text: impl Into<Cow<'static, str>>) -> Error {
        Error { kind, text: text.into() }
    }

    pub const CLOSED: Error = Error { kind: ErrorKind::Closed, text: Cow::Borrowed("the cache is closed") };

    pub const FORKED: Error = Error {
        kind: ErrorKind::Forked,
        text: Cow::Borrowed(
            "this cache was opened before fork() and belongs to the parent process; \
             open a cache in the child, or connect to one that the parent serves",
        ),
    };

    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The word that programs compare: the first word of a command's error, or a name of the kind.
    pub fn code(&self) -> &str {
        match self.kind {
            ErrorKind::Command | ErrorKind::Memory | ErrorKind::Durability => {
                command_code(&self.text).unwrap_or(self.kind.code())
            }
            kind => kind.code(),
        }
    }

    /// The whole text, for people; of a command's error with its code, as over the network.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The error that a command's error reply means.
    pub fn from_reply(text: impl Into<Cow<'static, str>>) -> Error {
        let text = text.into();
        let kind = match command_code(&text) {
            Some("OOM") => ErrorKind::Memory,
            Some("MISCONF") => ErrorKind::Durability,
            _ => ErrorKind::Command,
        };
        Error { kind, text }
    }
}

/// The code of an error reply: a first word in capitals.
fn command_code(text: &str) -> Option<&str> {
    let word = text.split(' ').next().unwrap_or_default();
    (!word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase())).then_some(word)
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        Error::from_reply(failure.0)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_keep_their_code() {
        let wrong = Error::from(Failure::WRONG_TYPE);
        assert_eq!((wrong.kind(), wrong.code()), (ErrorKind::Command, "WRONGTYPE"));
        let full = Error::from(Failure::OUT_OF_MEMORY);
        assert_eq!((full.kind(), full.code()), (ErrorKind::Memory, "OOM"));
        assert_eq!(Error::from_reply("no code here").code(), "ERR");
        assert_eq!(Error::CLOSED.code(), "CLOSED");
    }
}
