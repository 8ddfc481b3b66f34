//! ACL LOG: who was refused what, the newest first. The same refusal again within a minute counts the entry up.
//!
//! # Limits
//! `acllog-max-len` entries; an object is kept up to [`OBJECT_BYTES_MAX`] bytes.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::Reason;
use crate::client::{Client, special};

/// Entries are counted up for so long.
const GROUP_MILLIS: u64 = 60_000;
/// Of the newest entries so many are looked at.
const GROUP_ENTRIES: usize = 10;
/// A key or channel is kept up to this length.
const OBJECT_BYTES_MAX: usize = 1024;

/// Where a refused command stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    TopLevel,
    Multi,
    Lua,
}

impl Context {
    /// Of a command that the client sends.
    pub fn of(client: &Client) -> Context {
        if client.special & special::IN_MULTI != 0 { Context::Multi } else { Context::TopLevel }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Context::TopLevel => "toplevel",
            Context::Multi => "multi",
            Context::Lua => "lua",
        }
    }
}

/// One entry.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub count: u64,
    pub reason: Reason,
    pub context: Context,
    pub object: Vec<u8>,
    pub user: Arc<[u8]>,
    pub client: String,
    pub id: u64,
    pub created_ms: u64,
    pub updated_ms: u64,
}

/// The log, and how often each thing was refused.
#[derive(Default)]
pub struct AclLog {
    entries: Mutex<Entries>,
    denied: [AtomicU64; 5],
}

#[derive(Default)]
struct Entries {
    next_id: u64,
    newest_first: VecDeque<Entry>,
}

impl AclLog {
    /// How often something was refused for this reason, for INFO.
    pub fn denied(&self, reason: Reason) -> u64 {
        self.denied[reason as usize].load(Ordering::Relaxed) // ORDERING: a count for show.
    }

    /// Notes a refusal.
    pub fn refused(&self, client: &Client, reason: Reason, context: Context, object: &[u8], user: &[u8]) {
        self.denied[reason as usize].fetch_add(1, Ordering::Relaxed); // ORDERING: a count for show.
        let entries_max = client.server.settings.load().acl_log_max_len;
        let now = now_ms();
        let object = &object[..object.len().min(OBJECT_BYTES_MAX)];
        let described = client.describe();
        let mut entries = self.entries();
        let place = entries.newest_first.iter().take(GROUP_ENTRIES).position(|entry| {
            entry.reason == reason
                && entry.context == context
                && now.saturating_sub(entry.updated_ms) <= GROUP_MILLIS
                && entry.object == object
                && *entry.user == *user
        });
        let entry = match place.and_then(|place| entries.newest_first.remove(place)) {
            Some(entry) => Entry { count: entry.count + 1, client: described, updated_ms: now, ..entry },
            None => {
                let id = entries.next_id;
                entries.next_id += 1;
                Entry {
                    count: 1,
                    reason,
                    context,
                    object: object.to_vec(),
                    user: user.into(),
                    client: described,
                    id,
                    created_ms: now,
                    updated_ms: now,
                }
            }
        };
        entries.newest_first.push_front(entry);
        entries.newest_first.truncate(entries_max);
    }

    /// The newest entries.
    pub(super) fn newest(&self, count: usize) -> Vec<Entry> {
        self.entries().newest_first.iter().take(count).cloned().collect()
    }

    pub(super) fn clear(&self) {
        self.entries().newest_first.clear();
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
