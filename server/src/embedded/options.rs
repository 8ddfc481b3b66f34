//! The options of `open`, under the same names and in the same words in every language.

use std::path::PathBuf;
use std::str::FromStr;

use polycache_core::config::{EngineConfig, EvictionPolicy, FsyncPolicy, Maintenance};

use super::error::{Error, ErrorKind, Result};

/// How durable the data of a directory is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Persist {
    /// A write returns when its log entry is on the disk.
    Always,
    /// The log is synced every second: a crash of the machine loses at most one.
    #[default]
    EverySecond,
    /// The log is written, and synced when the operating system pleases.
    No,
    /// No log: the data is saved by `save` and by `close`.
    Snapshot,
}

impl FromStr for Persist {
    type Err = Error;

    fn from_str(text: &str) -> Result<Persist> {
        match text {
            "always" => Ok(Persist::Always),
            "everysec" => Ok(Persist::EverySecond),
            "no" => Ok(Persist::No),
            "snapshot" => Ok(Persist::Snapshot),
            other => Err(config(format!(
                "persist is \"always\", \"everysec\", \"no\" or \"snapshot\", not \"{other}\""
            ))),
        }
    }
}

/// Who does the work behind the scenes: expiring, evicting, saving.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Background {
    /// A thread of the cache.
    #[default]
    Thread,
    /// The threads that call the cache; a cache without a directory then has no thread at all.
    Caller,
}

/// What `open` opens.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The directory of the data; `None` keeps it in memory only.
    pub path: Option<PathBuf>,
    /// Opening one name again in one process gives the same data: worker threads share by it. A directory's name is
    /// its path.
    pub name: Option<String>,
    /// Durability; needs a directory. `None` is `EverySecond` with one.
    pub persist: Option<Persist>,
    /// The bytes of memory that the data may take; 0 is no limit.
    pub max_bytes: u64,
    /// What to do at the limit, a `maxmemory-policy` word; `None` is `allkeys-s3fifo` with a limit.
    pub eviction: Option<String>,
    pub background: Background,
}

impl Options {
    /// Sets an option by its name.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match name {
            "path" => self.path = Some(PathBuf::from(value)),
            "name" => self.name = Some(value.to_owned()),
            "persist" => self.persist = Some(value.parse()?),
            "max_bytes" => self.max_bytes = parse_bytes(value)?,
            "eviction" => self.eviction = Some(value.to_owned()),
            "maintenance" => {
                self.background = match value {
                    "thread" => Background::Thread,
                    "caller" => Background::Caller,
                    other => {
                        return Err(config(format!(
                            "maintenance is \"thread\" or \"caller\", not \"{other}\""
                        )));
                    }
                }
            }
            other => return Err(config(format!("there is no option \"{other}\""))),
        }
        Ok(())
    }

    /// Refuses what contradicts itself.
    pub(super) fn check(&self) -> Result<()> {
        if self.persist.is_some() && self.path.is_none() {
            return Err(config("persist needs a path: without a directory the data is in memory only"));
        }
        if self.path.as_ref().is_some_and(|path| path.as_os_str().is_empty()) {
            return Err(config("path is empty"));
        }
        if self.path.is_some() && self.name.is_some() {
            return Err(config("path and name exclude each other: a directory's name is its path"));
        }
        Ok(())
    }

    /// Whether opening with these options may share what was opened with `others`: options that are left alone ask for
    /// nothing, the others must be the same.
    pub(super) fn agrees_with(&self, others: &Options) -> bool {
        (self.persist.is_none() || self.persist == others.persist)
            && (self.max_bytes == 0 || self.max_bytes == others.max_bytes)
            && (self.eviction.is_none() || self.eviction == others.eviction)
            && (self.background == Background::default() || self.background == others.background)
    }

    /// How the engine is opened.
    pub(super) fn engine_config(&self) -> Result<EngineConfig> {
        let policy = match (&self.eviction, self.max_bytes) {
            (Some(name), _) => EvictionPolicy::from_name(name).ok_or_else(|| {
                let known: Vec<&str> = EvictionPolicy::NAMES.iter().map(|(_, name)| *name).collect();
                config(format!("there is no eviction \"{name}\"; known are {}", known.join(", ")))
            })?,
            (None, 0) => EvictionPolicy::NoEviction,
            (None, _) => EvictionPolicy::AllKeysS3Fifo,
        };
        let persist = self.persist.unwrap_or_default();
        Ok(EngineConfig {
            dir: self.path.clone(),
            exclusive: true,
            append_only: self.path.is_some() && persist != Persist::Snapshot,
            fsync: match persist {
                Persist::Always => FsyncPolicy::Always,
                Persist::EverySecond => FsyncPolicy::EverySec,
                Persist::No | Persist::Snapshot => FsyncPolicy::No,
            },
            maxmemory: self.max_bytes,
            policy,
            maintenance: match self.background {
                Background::Thread => Maintenance::Thread,
                Background::Caller => Maintenance::Caller,
            },
            ..EngineConfig::default()
        })
    }
}

/// A number of bytes: `1048576`, `100mb`, `2GiB`; `k`, `m`, `g` alone are powers of 1000, as in redis.conf.
pub fn parse_bytes(text: &str) -> Result<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let unit: u64 = match text[digits..].trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" => 1000,
        "kb" | "kib" => 1 << 10,
        "m" => 1_000_000,
        "mb" | "mib" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" | "gib" => 1 << 30,
        _ => return Err(config(format!("\"{text}\" is not a number of bytes like 1048576, 100mb or 2gb"))),
    };
    let number: Option<u64> = text[..digits].parse().ok();
    number
        .and_then(|number| number.checked_mul(unit))
        .ok_or_else(|| config(format!("\"{text}\" is not a number of bytes like 1048576, 100mb or 2gb")))
}

fn config(text: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Config, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(parse_bytes("0").unwrap(), 0);
        assert_eq!(parse_bytes("2GiB").unwrap(), 2 << 30);
        assert_eq!(parse_bytes("100mb").unwrap(), 100 << 20);
        assert_eq!(parse_bytes("3k").unwrap(), 3000);
        for bad in ["", "mb", "-1", "1.5gb", "1tb", "99999999999999999999", "99999999999gb"] {
            assert_eq!(parse_bytes(bad).unwrap_err().kind(), ErrorKind::Config, "{bad}");
        }
    }

    #[test]
    fn contradictions_are_refused() {
        let mut options = Options::default();
        options.set("persist", "always").unwrap();
        assert!(options.check().is_err());
        options.set("path", "/somewhere").unwrap();
        assert!(options.check().is_ok());
        options.set("name", "other").unwrap();
        assert!(options.check().is_err());
        assert!(options.set("persist", "sometimes").is_err());
        assert!(options.set("max_byte", "1").is_err());
    }
}
