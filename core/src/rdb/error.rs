//! What goes wrong while an RDB file or payload is read or written, and where.

use std::borrow::Cow;
use std::fmt;
use std::io;

/// Why reading ended, and at which byte of the input.
#[derive(Debug)]
pub struct RdbError {
    /// Where the part that could not be read begins, counted from the first byte of the input.
    pub offset: u64,
    pub fault: Fault,
}

/// Who is at fault.
#[derive(Debug)]
pub enum Fault {
    /// The operating system refused.
    Io(io::Error),
    /// The input ends in the middle.
    Truncated,
    /// The bytes are not what the format says.
    Corrupt(Cow<'static, str>),
    /// Well-formed perhaps, but of a version, type or module that is not read here.
    Unsupported(String),
    /// Larger than anything that is accepted.
    Limit(&'static str),
    /// The receiver of the events wanted no more.
    Stopped(String),
}

impl RdbError {
    pub fn corrupt(offset: u64, reason: impl Into<Cow<'static, str>>) -> RdbError {
        RdbError { offset, fault: Fault::Corrupt(reason.into()) }
    }

    pub fn unsupported(offset: u64, reason: impl Into<String>) -> RdbError {
        RdbError { offset, fault: Fault::Unsupported(reason.into()) }
    }

    /// The receiver's refusal of what stands at `offset`.
    pub fn stopped(offset: u64, stop: Stop) -> RdbError {
        let fault = match stop {
            Stop::Io(error) => Fault::Io(error),
            Stop::Refused(reason) => Fault::Stopped(reason.into_owned()),
        };
        RdbError { offset, fault }
    }
}

impl fmt::Display for RdbError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            Fault::Io(error) => error.fmt(out)?,
            Fault::Truncated => out.write_str("the data ends in the middle")?,
            Fault::Corrupt(reason) => out.write_str(reason)?,
            Fault::Unsupported(reason) | Fault::Stopped(reason) => out.write_str(reason)?,
            Fault::Limit(what) => write!(out, "{what} is larger than what is accepted")?,
        }
        write!(out, " (at offset {})", self.offset)
    }
}

impl std::error::Error for RdbError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.fault {
            Fault::Io(error) => Some(error),
            _ => None,
        }
    }
}

/// Why a visitor wants no more events.
#[derive(Debug)]
pub enum Stop {
    Io(io::Error),
    /// The data cannot be taken: a duplicate, a type that is not there, a bound.
    Refused(Cow<'static, str>),
}

impl Stop {
    pub fn refused(reason: impl Into<Cow<'static, str>>) -> Stop {
        Stop::Refused(reason.into())
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Io(error)
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Io(error) => error.fmt(out),
            Stop::Refused(reason) => out.write_str(reason),
        }
    }
}

impl std::error::Error for Stop {}

/// What is wrong inside of a packed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The byte of the packed value.
    pub at: usize,
    pub reason: &'static str,
}

impl Damage {
    pub fn new(at: usize, reason: &'static str) -> Damage {
        Damage { at, reason }
    }
}
