//! The logs of commands that stand out: slow ones, large requests, large replies (SLOWLOG, COMMANDLOG).
//!
//! *Limits:* arguments beyond [`ARGUMENTS_MAX`] and bytes beyond [`ARGUMENT_BYTES_MAX`] of each are cut, as Redis cuts
//! them; secrets are hidden. Each log keeps as many entries as its setting says.

mod commands;

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use polycache_core::clock::UnixMillis;
use polycache_core::command::Args;

use super::redact::shown;
use crate::client::Client;
use crate::config::Settings;

pub(super) use commands::{get, help, len, reset, slowlog_get, slowlog_help, slowlog_len, slowlog_reset};

/// Arguments that an entry keeps; the last says how many more there were.
const ARGUMENTS_MAX: usize = 32;
/// Bytes of an argument that an entry keeps.
const ARGUMENT_BYTES_MAX: usize = 128;

/// What a log is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Microseconds.
    Slow = 0,
    /// Bytes of the command as it was sent.
    LargeRequest = 1,
    /// Bytes of the reply.
    LargeReply = 2,
}

impl Subject {
    const NAMES: [(&'static str, Subject); 3] = [
        ("slow", Subject::Slow),
        ("large-request", Subject::LargeRequest),
        ("large-reply", Subject::LargeReply),
    ];

    /// From which value on a command is logged, if at all, and how many entries are kept.
    fn limits(self, settings: &Settings) -> (Option<u64>, usize) {
        let (from, max) = match self {
            Subject::Slow => (settings.slowlog_log_slower_than, settings.slowlog_max_len),
            Subject::LargeRequest => (settings.large_request_bytes, settings.large_request_max_len),
            Subject::LargeReply => (settings.large_reply_bytes, settings.large_reply_max_len),
        };
        (u64::try_from(from).ok().filter(|_| max > 0), max as usize)
    }

    /// The least value that is logged.
    pub fn from(self, settings: &Settings) -> u64 {
        self.limits(settings).0.unwrap_or(u64::MAX)
    }
}

/// The three logs.
#[derive(Default)]
pub struct CommandLogs {
    logs: [Mutex<Log>; 3],
}

#[derive(Default)]
struct Log {
    next_id: u64,
    /// The newest first.
    entries: VecDeque<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    id: u64,
    /// Unix time in seconds.
    at: u64,
    value: u64,
    arguments: Vec<Vec<u8>>,
    address: String,
    name: String,
}

impl CommandLogs {
    /// Enters a command in the log of `subject` if `value` is large enough.
    pub fn note(&self, subject: Subject, client: &Client, args: Args<'_>, value: u64) {
        let settings = client.server.settings.load();
        let (from, max) = subject.limits(&settings);
        if from.is_none_or(|from| value < from) {
            return;
        }
        let entry = Entry {
            id: 0,
            at: UnixMillis::now().seconds(),
            value,
            arguments: kept(args),
            address: client.entry.addr.clone(),
            name: client.entry.texts().name.clone(),
        };
        self.push(subject, entry, max);
    }

    fn push(&self, subject: Subject, entry: Entry, max: usize) {
        let mut log = self.lock(subject);
        let id = log.next_id;
        log.next_id += 1;
        log.entries.push_front(Entry { id, ..entry });
        log.entries.truncate(max);
    }

    /// Lets go of what a lowered bound has no room for.
    fn trim(&self, subject: Subject, settings: &Settings) {
        self.lock(subject).entries.truncate(subject.limits(settings).1);
    }

    fn lock(&self, subject: Subject) -> std::sync::MutexGuard<'_, Log> {
        self.logs[subject as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn newest(&self, subject: Subject, count: usize) -> Vec<Entry> {
        self.lock(subject).entries.iter().take(count).cloned().collect()
    }

    /// Number of entries now, and of all that there ever were.
    pub fn counts(&self, subject: Subject) -> (usize, u64) {
        let log = self.lock(subject);
        (log.entries.len(), log.next_id)
    }

    fn reset(&self, subject: Subject) {
        self.lock(subject).entries.clear();
    }
}

/// The arguments as an entry keeps them.
fn kept(args: Args<'_>) -> Vec<Vec<u8>> {
    let mut kept = Vec::with_capacity(args.len().min(ARGUMENTS_MAX));
    for position in 0..args.len() {
        if args.len() > ARGUMENTS_MAX && position == ARGUMENTS_MAX - 1 {
            kept.push(format!("... ({} more arguments)", args.len() - position).into_bytes());
            break;
        }
        let argument = shown(args, position);
        if argument.len() > ARGUMENT_BYTES_MAX {
            let mut cut = argument[..ARGUMENT_BYTES_MAX].to_vec();
            cut.extend_from_slice(
                format!("... ({} more bytes)", argument.len() - ARGUMENT_BYTES_MAX).as_bytes(),
            );
            kept.push(cut);
        } else {
            kept.push(argument.into_owned());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(args: &[&[u8]]) -> Vec<String> {
        kept(args).into_iter().map(|arg| String::from_utf8(arg).expect("test arguments are text")).collect()
    }

    #[test]
    fn long_commands_are_cut() {
        let long = vec![b'x'; 200];
        let kept = texts(&[b"SET", b"k", &long]);
        assert_eq!(kept[2], format!("{}... (72 more bytes)", "x".repeat(128)));
        let many: Vec<&[u8]> = vec![b"a"; 40];
        let kept = texts(&many);
        assert_eq!((kept.len(), kept[31].as_str()), (32, "... (9 more arguments)"));
        assert_eq!(texts(&[b"AUTH", b"secret"])[1], "(redacted)");
    }

    #[test]
    fn the_newest_stay() {
        let logs = CommandLogs::default();
        for value in 0..5 {
            let entry =
                Entry { id: 0, at: 0, value, arguments: vec![], address: String::new(), name: String::new() };
            logs.push(Subject::Slow, entry, 3);
        }
        let ids: Vec<u64> = logs.newest(Subject::Slow, 10).iter().map(|entry| entry.id).collect();
        assert_eq!(ids, [4, 3, 2]);
        assert_eq!((logs.counts(Subject::Slow), logs.counts(Subject::LargeReply)), ((3, 5), (0, 0)));
        logs.reset(Subject::Slow);
        assert_eq!(logs.counts(Subject::Slow), (0, 5));
    }
}
