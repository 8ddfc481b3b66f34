//! Numbers about an open engine.

use std::collections::HashMap;

use polycache_core::command::Value;
use polycache_core::engine::DbIndex;
use polycache_core::limits::DATABASES;
use polycache_core::stats::Counter;

use super::error::Result;
use super::handle::Cache;

/// Numbers over all databases, handles and clients of an engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Keys, expired ones that were not removed yet included.
    pub keys: u64,
    /// Reads that found their key, and reads that did not.
    pub hits: u64,
    pub misses: u64,
    /// Keys removed because they expired.
    pub expired: u64,
    /// Keys removed because memory was full.
    pub evicted: u64,
    /// Bytes that the data takes, and their limit (0: none).
    pub used_bytes: u64,
    pub max_bytes: u64,
}

impl Cache {
    pub fn stats(&self) -> Result<Stats> {
        let entered = self.enter()?;
        let engine = &entered.shared().engine;
        let counter = |counter| engine.stats().get(counter);
        Ok(Stats {
            keys: (0..DATABASES as DbIndex).map(|db| engine.len(db)).sum(),
            hits: counter(Counter::KeyspaceHits),
            misses: counter(Counter::KeyspaceMisses),
            expired: counter(Counter::ExpiredKeys),
            evicted: counter(Counter::EvictedKeys),
            used_bytes: engine.memory().used(),
            max_bytes: engine.tuning().maxmemory(),
        })
    }

    /// The fields of INFO, or of one section of it.
    pub fn info(&self, section: Option<&str>) -> Result<HashMap<String, String>> {
        let mut args: Vec<&[u8]> = vec![b"INFO"];
        args.extend(section.map(str::as_bytes));
        let (reply, _) = self.execute(&args)?;
        let (Value::Bulk(text) | Value::Verbatim { bytes: text, .. }) = reply else {
            return Ok(HashMap::new());
        };
        let text = String::from_utf8_lossy(&text);
        let fields =
            text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(':'));
        Ok(fields.map(|(name, value)| (name.to_owned(), value.trim_end().to_owned())).collect())
    }
}
