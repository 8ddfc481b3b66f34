//! A configuration that is refused: where, what, and why.

use std::fmt;
use std::sync::Arc;

/// Where a directive stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file's path, `standard input` or `command line`.
    pub source: Arc<str>,
    /// From 1; 0 on the command line.
    pub line: usize,
    /// The directive as it was written.
    pub text: String,
}

/// Why the server does not start with this configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    pub origin: Option<Origin>,
    pub reason: String,
}

impl ConfigError {
    /// An error that no line is to blame for.
    pub fn general(reason: impl Into<String>) -> ConfigError {
        ConfigError { origin: None, reason: reason.into() }
    }

    pub fn at(origin: &Origin, reason: impl Into<String>) -> ConfigError {
        ConfigError { origin: Some(origin.clone()), reason: reason.into() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "*** FATAL CONFIG FILE ERROR (Polycache {}) ***", env!("CARGO_PKG_VERSION"))?;
        if let Some(Origin { source, line, text }) = &self.origin {
            match line {
                0 => writeln!(f, "Reading the {source}")?,
                line => writeln!(f, "Reading the configuration from {source}, at line {line}")?,
            }
            writeln!(f, ">>> '{text}'")?;
        }
        write!(f, "{}", self.reason)
    }
}

impl std::error::Error for ConfigError {}
