//! `stats detail`: counts per key prefix (what is before the first `:`), while switched on.
//!
//! # Limits
//! [`PREFIXES_MAX`] prefixes are kept; keys of further ones are not counted.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Distinct prefixes that are counted.
const PREFIXES_MAX: usize = 10_000;

/// memcached's default prefix delimiter.
const DELIMITER: u8 = b':';

/// Something that happens to a key.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    Get { hit: bool },
    Set,
    Delete,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    gets: u64,
    hits: u64,
    sets: u64,
    deletes: u64,
}

/// The counts of all prefixes; one lock, as this is for looking into a problem.
#[derive(Default)]
pub struct Detail {
    on: AtomicBool,
    prefixes: Mutex<BTreeMap<Box<[u8]>, Counts>>,
}

impl Detail {
    /// Whether counts are collected.
    pub fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed) // ORDERING: a switch for statistics; a turn late does no harm.
    }

    /// Switches collecting; what was counted stays.
    pub fn switch(&self, on: bool) {
        self.on.store(on, Ordering::Relaxed); // ORDERING: see `is_on`.
    }

    /// Counts an event.
    #[cold]
    pub fn count(&self, key: &[u8], event: Event) {
        let Some(end) = memchr::memchr(DELIMITER, key) else { return };
        let prefix = &key[..end];
        let mut prefixes = self.prefixes.lock().unwrap_or_else(|poison| poison.into_inner());
        if !prefixes.contains_key(prefix) {
            if prefixes.len() >= PREFIXES_MAX {
                return;
            }
            prefixes.insert(prefix.into(), Counts::default());
        }
        let Some(counts) = prefixes.get_mut(prefix) else { return };
        match event {
            Event::Get { hit } => {
                counts.gets += 1;
                counts.hits += u64::from(hit);
            }
            Event::Set => counts.sets += 1,
            Event::Delete => counts.deletes += 1,
        }
    }

    /// Forgets all counts.
    pub fn reset(&self) {
        self.prefixes.lock().unwrap_or_else(|poison| poison.into_inner()).clear();
    }

    /// Emits `stats detail dump`, without its end.
    pub fn dump(&self, out: &mut Vec<u8>) {
        let prefixes = self.prefixes.lock().unwrap_or_else(|poison| poison.into_inner());
        for (prefix, counts) in prefixes.iter() {
            out.extend_from_slice(b"PREFIX ");
            out.extend_from_slice(prefix);
            let Counts { gets, hits, sets, deletes } = counts;
            // Writing to a vector cannot fail.
            let _ = write!(out, " get {gets} hit {hits} set {sets} del {deletes}\r\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_per_prefix_and_not_without() {
        let detail = Detail::default();
        for (key, event) in [
            ("a:b", Event::Set),
            ("a:b", Event::Get { hit: true }),
            ("a:zz", Event::Get { hit: false }),
            ("c", Event::Get { hit: false }),
            ("a:b", Event::Delete),
            (":x", Event::Set),
        ] {
            detail.count(key.as_bytes(), event);
        }
        let mut out = Vec::new();
        detail.dump(&mut out);
        assert_eq!(
            out,
            b"PREFIX  get 0 hit 0 set 1 del 0\r\nPREFIX a get 2 hit 1 set 1 del 1\r\n".as_slice()
        );
    }

    #[test]
    fn the_number_of_prefixes_is_bounded() {
        let detail = Detail::default();
        for i in 0..PREFIXES_MAX + 10 {
            detail.count(format!("{i}:").as_bytes(), Event::Set);
        }
        assert_eq!(detail.prefixes.lock().unwrap().len(), PREFIXES_MAX);
    }
}
