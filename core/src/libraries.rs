//! Libraries of functions as source texts: what the log, bases and RDB files carry. Nothing here runs them.
//!
//! # Concurrency
//! A change is made and logged while the gate is closed, so a base and the log agree on it as on the data.

use std::collections::BTreeMap;

use crate::engine::Engine;
use crate::log::Lsn;
use crate::log::entry::Annotation;
use crate::rdb::{self, Version, read_functions, write_functions};
use crate::record::Str;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Arc, Mutex, lock};

/// Sources by the libraries' names.
pub type Sources = BTreeMap<String, Arc<[u8]>>;

/// All libraries of an engine.
#[derive(Default)]
pub struct Libraries {
    sources: Mutex<Sources>,
    changes: AtomicU64,
}

impl Libraries {
    /// Moves with every change.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// All of them as they are now, and the count of changes that they stand for.
    pub fn sources(&self) -> (Sources, u64) {
        let sources = lock(&self.sources);
        (sources.clone(), self.changes())
    }

    /// All of them as a payload of FUNCTION DUMP; nothing where there are none.
    pub(crate) fn payload(&self) -> Vec<u8> {
        let (sources, _) = self.sources();
        if sources.is_empty() {
            return Vec::new();
        }
        let codes = sources.values().map(AsRef::as_ref);
        write_functions(codes, rdb::Options { version: Version::Redis11, compress: true, checksum: true })
            .unwrap_or_default()
    }

    /// Takes those of a payload in the place of all.
    pub(crate) fn restore(&self, payload: &[u8]) -> Result<(), &'static str> {
        const BAD: &str = "libraries of functions that cannot be read";
        let mut sources = Sources::new();
        if !payload.is_empty() {
            let mut is_good = true;
            read_functions(payload, &mut |code| match name(code) {
                Ok(name) => drop(sources.insert(name, code.into())),
                Err(_) => is_good = false,
            })
            .ok()
            .filter(|()| is_good)
            .ok_or(BAD)?;
        }
        if !(sources.is_empty() && self.sources().0.is_empty()) {
            self.set(|all| *all = sources);
        }
        Ok(())
    }

    pub(crate) fn set(&self, change: impl FnOnce(&mut Sources)) {
        let mut sources = lock(&self.sources);
        change(&mut sources);
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// Adds what a file holds; nothing is logged.
    pub fn load(&self, code: &[u8]) -> Result<(), &'static str> {
        let name = name(code)?;
        self.set(|sources| {
            sources.insert(name, code.into());
        });
        Ok(())
    }

    /// Carries out a logged FUNCTION command, past its checks.
    pub fn replay(&self, args: &[&[u8]]) -> Result<(), &'static str> {
        let is = |at: usize, word: &[u8]| args.get(at).is_some_and(|arg| arg.eq_ignore_ascii_case(word));
        match args {
            [_, _, .., code] if is(1, b"LOAD") => return self.load(code),
            [_, _, name] if is(1, b"DELETE") => self.set(|sources| {
                sources.remove(&*String::from_utf8_lossy(name));
            }),
            [_, _, ..] if is(1, b"FLUSH") => self.set(BTreeMap::clear),
            _ => return Err("an unknown change of functions"),
        }
        Ok(())
    }
}

impl Engine {
    /// Changes the libraries, and logs `effects`: the position behind them, if a log is on.
    pub fn change_libraries(&self, change: impl FnOnce(&mut Sources), effects: &[&[&[u8]]]) -> Option<Lsn> {
        let _alone = self.gate().close();
        self.libraries().set(change);
        let mut reached = None;
        for effect in effects.iter().filter(|_| self.log().is_on()) {
            let args: Vec<Str<'_>> = effect.iter().map(|&arg| arg.into()).collect();
            reached = Some(self.log().append(0, Annotation::default(), &args));
        }
        reached
    }
}

/// The name that a library's first line gives it: `#!lua name=...`.
pub fn name(code: &[u8]) -> Result<String, &'static str> {
    const BAD: &str = "a library of functions without a name in its first line";
    let line = code.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = std::str::from_utf8(line).map_err(|_| BAD)?;
    line.strip_prefix("#!")
        .and_then(|line| line.split_whitespace().find_map(|word| word.strip_prefix("name=")))
        .map(str::to_owned)
        .ok_or(BAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logged_changes() {
        let libraries = Libraries::default();
        let code = b"#!lua name=one\nredis.register_function('f', function() end)";
        libraries.replay(&[b"FUNCTION", b"LOAD", b"REPLACE", code]).unwrap();
        assert_eq!(libraries.sources().0["one"].as_ref(), code);
        libraries.replay(&[b"FUNCTION", b"DELETE", b"one"]).unwrap();
        assert!(libraries.sources().0.is_empty());
        assert!(libraries.load(b"return 1").is_err());
        assert_eq!(libraries.changes(), 2);
    }
}
