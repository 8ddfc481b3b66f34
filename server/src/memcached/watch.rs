//! watch: a connection that is told what others do.
//!
//! The lines have memcached's form (`ts=... gid=... type=item_get key=... status=found ...`), keys percent-encoded as
//! there. What memcached's own threads would report (`sysevents`) and `rawcmds` may be asked for and is never sent.
//!
//! *Concurrency:* who does something adds lines to the queues of those who watch and wakes their connections; nobody
//! watches mostly, which costs one load a turn.
//!
//! # Limits
//! [`WATCHERS_MAX`] watchers; [`QUEUE_BYTES_MAX`] bytes wait for each, what does not fit is counted and told
//! (`skipped=`).

use std::io::Write;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{SystemTime, UNIX_EPOCH};

use polycache_core::clock::UnixMillis;
use polycache_core::command::Failure;
use polycache_core::record::Record;

use super::item::{Storage, Stored, size};
use crate::client::Entry;

const WATCHERS_MAX: usize = 20;
const QUEUE_BYTES_MAX: usize = 256 << 10;

pub const FETCHERS: u16 = 1;
pub const MUTATIONS: u16 = 1 << 1;
pub const CONNEVENTS: u16 = 1 << 2;
pub const EVICTIONS: u16 = 1 << 3;
/// What may be asked for and never happens.
const OTHERS: u16 = 1 << 4;

pub const DELETED: &str = "deleted";
pub const NOT_FOUND: &str = "not_found";
pub const EXISTS: &str = "exists";

/// The kind of event that a word of the command names.
pub fn kind(word: &[u8]) -> Option<u16> {
    Some(match word {
        b"fetchers" => FETCHERS,
        b"mutations" => MUTATIONS,
        b"connevents" => CONNEVENTS,
        b"evictions" => EVICTIONS,
        b"rawcmds" | b"sysevents" | b"proxyreqs" | b"proxyevents" | b"proxyuser" => OTHERS,
        _ => return None,
    })
}

/// How storing ended, as watchers see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Stored,
    NotStored,
    Exists,
    NotFound,
    TooLarge,
    NoMemory,
}

impl Outcome {
    pub fn of(result: &Result<Stored, Failure>) -> Outcome {
        match result {
            Ok(Stored::Done(_)) => Outcome::Stored,
            Ok(Stored::Refused) => Outcome::NotStored,
            Ok(Stored::Exists) => Outcome::Exists,
            Ok(Stored::NotFound) => Outcome::NotFound,
            Err(_) => Outcome::NoMemory,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Outcome::Stored => "stored",
            Outcome::NotStored => "not_stored",
            Outcome::Exists => EXISTS,
            Outcome::NotFound => NOT_FOUND,
            Outcome::TooLarge => "too_large",
            Outcome::NoMemory => "no_memory",
        }
    }
}

/// Lines that wait for one watcher.
#[derive(Default)]
pub struct Queue {
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    skipped: u64,
}

impl Queue {
    /// Moves what waits to `out`.
    pub fn take(&self, out: &mut Vec<u8>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        out.append(&mut waiting.bytes);
        let skipped = std::mem::take(&mut waiting.skipped);
        if skipped > 0 {
            // Writing to a vector cannot fail.
            let _ = writeln!(out, "skipped={skipped}");
        }
    }

    /// Adds a line; whether the watcher must be woken.
    fn add(&self, line: &[u8]) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.bytes.len() + line.len() > QUEUE_BYTES_MAX {
            waiting.skipped += 1;
            return false;
        }
        waiting.bytes.extend_from_slice(line);
        waiting.bytes.len() == line.len()
    }
}

struct Watcher {
    interest: u16,
    queue: Weak<Queue>,
    client: Arc<Entry>,
}

/// All who watch.
#[derive(Default)]
pub struct Watchers {
    /// What any of them is interested in.
    interest: AtomicU16,
    list: Mutex<Vec<Watcher>>,
    events: AtomicU64,
}

impl Watchers {
    /// What anybody is interested in.
    #[inline]
    pub fn interest(&self) -> u16 {
        self.interest.load(Ordering::Relaxed) // ORDERING: a switch; a turn late does no harm.
    }

    /// How many watch.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Watcher>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a watcher, whose lines come through the queue as long as that is kept; `None`: there are too many.
    pub fn add(&self, interest: u16, client: Arc<Entry>) -> Option<Arc<Queue>> {
        let mut list = self.lock();
        list.retain(|watcher| watcher.queue.strong_count() > 0);
        if list.len() >= WATCHERS_MAX {
            return None;
        }
        let queue = Arc::new(Queue::default());
        list.push(Watcher { interest, queue: Arc::downgrade(&queue), client });
        self.note_interest(&list);
        Some(queue)
    }

    fn note_interest(&self, list: &[Watcher]) {
        let all = list.iter().fold(0, |all, watcher| all | watcher.interest);
        self.interest.store(all, Ordering::Relaxed); // ORDERING: see `interest`.
    }

    /// A look-up by a client; `size` is that of the value found.
    pub fn fetched(&self, client: u64, key: &[u8], size: Option<usize>) {
        let (status, class) = if size.is_some() { ("found", 1) } else { (NOT_FOUND, 0) };
        let size = size.unwrap_or(0);
        self.tell(FETCHERS, |line| {
            let _ = write!(line, "type=item_get key=");
            encode_key(line, key);
            let _ = writeln!(line, " status={status} clsid={class} cfd={client} size={size}");
        });
    }

    /// A storage command.
    pub fn stored(&self, client: u64, storage: &Storage<'_>, outcome: Outcome) {
        self.tell(MUTATIONS, |line| {
            let _ = write!(line, "type=item_store key=");
            encode_key(line, storage.key);
            let (status, verb) = (outcome.name(), storage.verb.name());
            let (ttl, size) = (storage.exptime.max(0), storage.len);
            let _ = writeln!(line, " status={status} cmd={verb} ttl={ttl} clsid=1 cfd={client} size={size}");
        });
    }

    /// A delete.
    pub fn deleted(&self, client: u64, key: &[u8], status: &str) {
        self.tell(MUTATIONS, |line| {
            let _ = write!(line, "type=item_delete key=");
            encode_key(line, key);
            let _ = writeln!(line, " status={status} clsid=1 cfd={client}");
        });
    }

    /// A record that was evicted.
    pub fn evicted(&self, record: Record<'_>, now: UnixMillis) {
        self.tell(EVICTIONS, |line| {
            let _ = write!(line, "type=eviction key=");
            encode_key(line, record.key());
            let fetch = if record.marks().fetched { "yes" } else { "no" };
            let left = |at: UnixMillis| at.0.saturating_sub(now.0).div_ceil(1000) as i64;
            let (ttl, idle) = (record.expire_at().map_or(-1, left), record.idle_seconds(now));
            let len = record.string().map_or(0, |value| value.len());
            let size = size::of(record.key(), record.flags(), len);
            let _ = writeln!(line, " fetch={fetch} ttl={ttl} la={idle} clsid=1 size={size}");
        });
    }

    /// A connection came or went.
    pub fn connection(&self, what: &str, entry: &Entry) {
        if self.interest() & CONNEVENTS == 0 {
            return;
        }
        self.tell(CONNEVENTS, |line| {
            let (address, port) = entry.addr.rsplit_once(':').unwrap_or((&entry.addr, "0"));
            let transport = if address.starts_with('/') { "unix" } else { "tcp" };
            let reason = if what == "conn_close" { " reason=normal" } else { "" };
            let _ = writeln!(
                line,
                "type={what} rip={address} rport={port} transport={transport}{reason} cfd={}",
                entry.id
            );
        });
    }

    /// Builds a line and hands it to those who are interested.
    fn tell(&self, kind: u16, build: impl FnOnce(&mut Vec<u8>)) {
        if self.interest() & kind == 0 {
            return;
        }
        let mut list = self.lock();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // ORDERING: relaxed: under the lock.
        let number = self.events.fetch_add(1, Ordering::Relaxed) + 1;
        let mut line = Vec::with_capacity(160);
        let _ = write!(line, "ts={}.{:06} gid={number} ", now.as_secs(), now.subsec_micros());
        build(&mut line);
        let before = list.len();
        list.retain(|watcher| {
            let Some(queue) = watcher.queue.upgrade() else { return false };
            if watcher.interest & kind != 0 && queue.add(&line) {
                watcher.client.wake();
            }
            true
        });
        if list.len() != before {
            self.note_interest(&list);
        }
    }
}

/// A key in the form of memcached's dumps: letters, digits and `-._~` as they are, the rest percent-encoded.
pub fn encode_key(out: &mut Vec<u8>, key: &[u8]) {
    for &byte in key {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte);
        } else {
            // Writing to a vector cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_encoded() {
        let mut out = Vec::new();
        encode_key(&mut out, b"a-Z.0_~ /\xff");
        assert_eq!(out, b"a-Z.0_~%20%2F%FF");
    }

    #[test]
    fn a_queue_is_bounded_and_tells_what_it_skipped() {
        let queue = Queue::default();
        let line = vec![b'x'; 1 << 10];
        assert!(queue.add(&line), "the first wakes");
        for _ in 0..1000 {
            assert!(!queue.add(&line));
        }
        let mut out = Vec::new();
        queue.take(&mut out);
        assert!(out.len() <= QUEUE_BYTES_MAX + 20);
        assert!(out.ends_with(b"skipped=745\n"), "{}", out[out.len() - 14..].escape_ascii());
        assert!(queue.add(&line));
    }
}
