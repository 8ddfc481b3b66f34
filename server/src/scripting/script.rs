//! A script's source: its shebang line, its flags, what is known of its runs.

use std::sync::atomic::{AtomicBool, AtomicU8};

use memchr::memmem::Finder;
use polycache_core::command::Failure;
use polycache_core::sha1::{self, Sha1, Sum};

/// What a script said of itself (`#!lua flags=...`), or a function when it was registered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    pub const NO_WRITES: Flags = Flags(1);
    pub const ALLOW_OOM: Flags = Flags(2);
    pub const ALLOW_STALE: Flags = Flags(4);
    pub const NO_CLUSTER: Flags = Flags(8);
    pub const ALLOW_CROSS_SLOT_KEYS: Flags = Flags(16);
    /// There was no shebang line: the rules of old scripts hold.
    pub const PLAIN: Flags = Flags(32);

    /// The flags that have names, in the order in which FUNCTION LIST shows them.
    pub const NAMES: [(Flags, &str); 5] = [
        (Flags::NO_WRITES, "no-writes"),
        (Flags::ALLOW_OOM, "allow-oom"),
        (Flags::ALLOW_STALE, "allow-stale"),
        (Flags::NO_CLUSTER, "no-cluster"),
        (Flags::ALLOW_CROSS_SLOT_KEYS, "allow-cross-slot-keys"),
    ];

    pub fn named(name: &[u8]) -> Option<Flags> {
        Flags::NAMES.iter().find(|(_, text)| text.as_bytes() == name).map(|(flag, _)| *flag)
    }

    pub fn has(self, flag: Flags) -> bool {
        self.0 & flag.0 != 0
    }

    #[must_use]
    pub fn with(self, flag: Flags) -> Flags {
        Flags(self.0 | flag.0)
    }
}

/// One script that EVALSHA may name.
pub struct Script {
    pub sum: Sum,
    pub source: Box<[u8]>,
    /// Where the code begins: behind the shebang line, of which the line's end stays, so that lines count right.
    body: usize,
    pub flags: Flags,
    /// It must run alone: its words say so, or it has been in conflict with another over keys that it had not named.
    pub is_global: AtomicBool,
    /// See [`Pace`].
    pub pace: AtomicU8,
    /// By SCRIPT LOAD: stays until SCRIPT FLUSH.
    pub is_loaded: AtomicBool,
    /// It was run since the cache looked last.
    pub is_used: AtomicBool,
    /// It is not in the cache any more.
    pub is_gone: AtomicBool,
}

/// How long a script's runs take; kept in [`Script::pace`].
pub mod pace {
    pub const UNKNOWN: u8 = 0;
    /// Short enough for a thread that serves clients.
    pub const FAST: u8 = 1;
    pub const SLOW: u8 = 2;
}

/// Commands on whole databases: scripts with one of these words run alone.
const GLOBAL_WORDS: [&str; 7] = ["flushall", "flushdb", "swapdb", "keys", "scan", "randomkey", "dbsize"];

impl Script {
    /// Reads the shebang line.
    pub fn parse(source: &[u8]) -> Result<Script, Failure> {
        let (body, flags) = shebang(source)?;
        Ok(Script {
            sum: Sha1::of(source),
            source: source.into(),
            body,
            flags,
            is_global: AtomicBool::new(is_global(source)),
            pace: AtomicU8::new(pace::UNKNOWN),
            is_loaded: AtomicBool::new(false),
            is_used: AtomicBool::new(true),
            is_gone: AtomicBool::new(false),
        })
    }

    pub fn body(&self) -> &[u8] {
        &self.source[self.body..]
    }

    pub fn hex(&self) -> String {
        sha1::hex(&self.sum)
    }
}

/// Where the code begins, and what the shebang line says.
pub fn shebang(source: &[u8]) -> Result<(usize, Flags), Failure> {
    let Some(rest) = source.strip_prefix(b"#!") else { return Ok((0, Flags::PLAIN)) };
    let end = memchr::memchr(b'\n', rest).ok_or(Failure::text("ERR Invalid script shebang"))?;
    let mut words = rest[..end].split(|byte| byte.is_ascii_whitespace());
    let engine = words.next().unwrap_or_default();
    let mut flags = Flags::default();
    for word in words.filter(|word| !word.is_empty()) {
        let Some(names) = word.strip_prefix(b"flags=") else {
            let word = String::from_utf8_lossy(word);
            return Err(Failure::new(format!("ERR Unknown lua shebang option: {word}")));
        };
        for name in names.split(|byte| *byte == b',').filter(|_| !names.is_empty()) {
            let Some(flag) = Flags::named(name) else {
                let name = String::from_utf8_lossy(name);
                return Err(Failure::new(format!("ERR Unexpected flag in script shebang: {name}")));
            };
            flags = flags.with(flag);
        }
    }
    if !engine.eq_ignore_ascii_case(b"lua") {
        let engine = String::from_utf8_lossy(engine);
        return Err(Failure::new(format!("ERR Could not find scripting engine '{engine}'")));
    }
    Ok((2 + end, flags))
}

/// Whether the source names a command on whole databases. `KEYS` alone is the table of the script's keys.
pub fn is_global(source: &[u8]) -> bool {
    let lower = source.to_ascii_lowercase();
    GLOBAL_WORDS.iter().any(|word| {
        Finder::new(word).find_iter(&lower).any(|at| {
            let quote = |at: Option<usize>| {
                at.and_then(|at| lower.get(at)).is_some_and(|byte| matches!(byte, b'\'' | b'"' | b'['))
            };
            // As a string of its own.
            quote(at.checked_sub(1))
                && lower.get(at + word.len()).is_some_and(|byte| matches!(byte, b'\'' | b'"' | b']'))
        })
    })
}
