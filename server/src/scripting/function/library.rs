//! A library: its first line, its functions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8};

use polycache_core::command::Failure;

use crate::scripting::lua::Reference;
use crate::scripting::script::Flags;

/// A library whose code registered these functions.
pub struct Library {
    pub name: String,
    pub code: Arc<[u8]>,
    /// By name.
    pub functions: Vec<Function>,
}

impl Library {
    /// The place of a function among [`Library::functions`].
    pub fn place(&self, function: &str) -> Option<usize> {
        self.functions.binary_search_by(|known| known.name.as_str().cmp(function)).ok()
    }
}

/// A function as FUNCTION LIST shows it.
pub struct Function {
    pub name: String,
    pub description: Option<String>,
    pub flags: Flags,
    /// See `script::pace`.
    pub pace: AtomicU8,
    /// It must run alone: see [`crate::scripting::script::Script`].
    pub is_global: AtomicBool,
}

/// What a library registered while it was loaded.
pub struct Registered {
    pub name: String,
    pub callback: Reference,
    pub description: Option<String>,
    pub flags: Flags,
}

/// The name in a library's first line, and where the code begins: at that line's end.
pub fn parse(code: &[u8]) -> Result<(String, usize), Failure> {
    const MISSING: Failure = Failure::text("ERR Missing library metadata");
    const INVALID: Failure = Failure::text("ERR Invalid library metadata");
    const TWICE: Failure =
        Failure::text("ERR Invalid metadata value, name argument was given multiple times");
    const NO_NAME: Failure = Failure::text("ERR Library name was not given");
    const BAD_NAME: Failure = Failure::text(
        "ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one character long",
    );
    let rest = code.strip_prefix(b"#!").ok_or(MISSING)?;
    let end = memchr::memchr(b'\n', rest).ok_or(INVALID)?;
    let line = String::from_utf8_lossy(&rest[..end]).into_owned();
    let mut words = line.split_whitespace();
    let engine = words.next().unwrap_or_default();
    let mut name = None;
    for word in words {
        match word.strip_prefix("name=") {
            Some(_) if name.is_some() => return Err(TWICE),
            Some(given) => name = Some(given.to_owned()),
            None => return Err(Failure::new(format!("ERR Invalid metadata value given: {word}"))),
        }
    }
    let name = name.ok_or(NO_NAME)?;
    if !is_name(&name) {
        return Err(BAD_NAME);
    }
    if !engine.eq_ignore_ascii_case("lua") {
        return Err(Failure::new(format!("ERR Engine '{engine}' not found")));
    }
    Ok((name, 2 + end))
}

/// Whether libraries and functions may be called so.
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
