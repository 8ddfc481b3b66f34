//! The slow log: the last commands that took longer than `slowlog-log-slower-than`.
//!
//! *Limits:* arguments beyond [`ARGUMENTS_MAX`] and bytes beyond [`ARGUMENT_BYTES_MAX`] of each are cut, as Redis cuts
//! them; passwords are hidden.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use polycache_core::clock::UnixMillis;
use polycache_core::command::args::{canonical_integer, echoed};
use polycache_core::command::{Args, Ctx, Failure, Outcome};

use crate::client::Client;
use crate::config::table::{self, SENSITIVE};

/// Arguments that an entry keeps; the last says how many more there were.
const ARGUMENTS_MAX: usize = 32;
/// Bytes of an argument that an entry keeps.
const ARGUMENT_BYTES_MAX: usize = 128;
/// What SLOWLOG GET shows without a count.
const SHOWN: usize = 10;
const HIDDEN: &[u8] = b"(redacted)";

/// The slow log.
#[derive(Default)]
pub struct SlowLog {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next_id: u64,
    /// The newest first.
    entries: VecDeque<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    id: u64,
    /// Unix time in seconds.
    at: u64,
    duration_us: u64,
    arguments: Vec<Vec<u8>>,
    address: String,
    name: String,
}

impl SlowLog {
    /// Called for a command that took longer than `slowlog-log-slower-than`.
    pub fn record(&self, client: &Client, args: Args<'_>, duration_us: u64) {
        let max = client.server.settings.load().slowlog_max_len as usize;
        let entry = Entry {
            id: 0,
            at: UnixMillis::now().seconds(),
            duration_us,
            arguments: kept(args),
            address: client.entry.addr.clone(),
            name: client.entry.texts().name.clone(),
        };
        self.push(entry, max);
    }

    fn push(&self, entry: Entry, max: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let id = state.next_id;
        state.next_id += 1;
        state.entries.push_front(Entry { id, ..entry });
        state.entries.truncate(max);
    }

    fn newest(&self, count: usize) -> Vec<Entry> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.entries.iter().take(count).cloned().collect()
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn reset(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).entries.clear();
    }
}

/// The arguments as an entry keeps them.
fn kept(args: Args<'_>) -> Vec<Vec<u8>> {
    let mut kept = Vec::with_capacity(args.len().min(ARGUMENTS_MAX));
    for (position, argument) in args.iter().enumerate() {
        if args.len() > ARGUMENTS_MAX && position == ARGUMENTS_MAX - 1 {
            kept.push(format!("... ({} more arguments)", args.len() - position).into_bytes());
            break;
        }
        if is_secret(args, position) {
            kept.push(HIDDEN.to_vec());
        } else if argument.len() > ARGUMENT_BYTES_MAX {
            let mut cut = argument[..ARGUMENT_BYTES_MAX].to_vec();
            cut.extend_from_slice(
                format!("... ({} more bytes)", argument.len() - ARGUMENT_BYTES_MAX).as_bytes(),
            );
            kept.push(cut);
        } else {
            kept.push(argument.to_vec());
        }
    }
    kept
}

/// Whether an argument is a password: those of AUTH, of HELLO's AUTH, and values of sensitive settings.
fn is_secret(args: Args<'_>, position: usize) -> bool {
    let is =
        |at: usize, word: &str| args.get(at).is_some_and(|arg| arg.eq_ignore_ascii_case(word.as_bytes()));
    if is(0, "auth") {
        return position > 0;
    }
    if is(0, "hello") {
        let auth = (2..position).rev().find(|&at| is(at, "auth"));
        return auth.is_some_and(|auth| position - auth <= 2);
    }
    if is(0, "config") && is(1, "set") && position >= 3 && position % 2 == 1 {
        let setting = std::str::from_utf8(args[position - 1]).ok().and_then(table::lookup);
        return setting.is_some_and(|setting| setting.is(SENSITIVE));
    }
    false
}

/// `SLOWLOG GET [count]`
pub(super) fn get(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    const COUNT: Failure = Failure::text("ERR count should be greater than or equal to -1");
    if args.len() > 3 {
        let name = echoed(args[1]);
        return Err(Failure::new(format!(
            "ERR unknown subcommand or wrong number of arguments for '{name}'. Try SLOWLOG HELP."
        )));
    }
    let count = match args.get(2) {
        None => SHOWN,
        Some(text) => match canonical_integer(text) {
            Some(-1) => usize::MAX,
            Some(count) if count >= 0 => count as usize,
            _ => return Err(COUNT),
        },
    };
    let entries = Client::of(ctx.host).server.slowlog.newest(count);
    ctx.reply.array(entries.len());
    for entry in entries {
        ctx.reply.array(6);
        ctx.reply.integer(entry.id as i64);
        ctx.reply.integer(entry.at as i64);
        ctx.reply.integer(entry.duration_us as i64);
        ctx.reply.array(entry.arguments.len());
        for argument in &entry.arguments {
            ctx.reply.bulk(argument);
        }
        ctx.reply.bulk(entry.address.as_bytes());
        ctx.reply.bulk(entry.name.as_bytes());
    }
    Ok(())
}

/// `SLOWLOG LEN`
pub(super) fn len(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let len = Client::of(ctx.host).server.slowlog.len();
    ctx.reply.integer(len as i64);
    Ok(())
}

/// `SLOWLOG RESET`
pub(super) fn reset(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    Client::of(ctx.host).server.slowlog.reset();
    ctx.reply.ok();
    Ok(())
}

/// `SLOWLOG HELP`
pub(super) fn help(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    super::help(
        ctx,
        "SLOWLOG",
        &[
            "GET [<count>]",
            "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
            "    Entries are made of:",
            "    id, timestamp, time in microseconds, arguments array, client IP and port,",
            "    client name",
            "LEN",
            "    Return the length of the slowlog.",
            "RESET",
            "    Reset the slowlog.",
        ],
    )
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
    }

    #[test]
    fn passwords_are_hidden() {
        assert_eq!(texts(&[b"AUTH", b"u", b"p"]), ["AUTH", "(redacted)", "(redacted)"]);
        let hello = texts(&[b"hello", b"3", b"AUTH", b"u", b"p", b"setname", b"n"]);
        assert_eq!(hello, ["hello", "3", "AUTH", "(redacted)", "(redacted)", "setname", "n"]);
        let config = texts(&[b"config", b"set", b"maxmemory", b"1", b"requirepass", b"p"]);
        assert_eq!(config[3..], ["1", "requirepass", "(redacted)"]);
    }

    #[test]
    fn the_newest_stay() {
        let log = SlowLog::default();
        for duration_us in 0..5 {
            let entry = Entry {
                id: 0,
                at: 0,
                duration_us,
                arguments: vec![],
                address: String::new(),
                name: String::new(),
            };
            log.push(entry, 3);
        }
        let ids: Vec<u64> = log.newest(10).iter().map(|entry| entry.id).collect();
        assert_eq!(ids, [4, 3, 2]);
        log.reset();
        assert!(log.is_empty());
    }
}
