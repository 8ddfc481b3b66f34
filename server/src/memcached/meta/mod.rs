//! The meta commands (memcached's `doc/protocol.txt`): mg, ms, md, ma, mn, me.
//!
//! A line is a command, a key, and flags of one letter, some with a value; the reply is a code of two letters and the
//! flags that were asked for, in their order. Flags are those of memcached 1.6.18, and of its later versions E (choose
//! the CAS number), x (md: empty the item), s in ms (the size), and N in ms (make the item in append mode).
//!
//! # Limits
//! [`flags::WORDS_MAX`] words in a line, opaques of [`flags::OPAQUE_BYTES_MAX`] bytes.

mod arithmetic;
pub mod base64;
mod debug;
mod delete;
mod flags;
mod get;
mod set;

use polycache_core::command::Failure;

use super::text::emit::{self, Line};
use super::text::parse::{KEY_BYTES_MAX, Words};
use super::work::Work;
use crate::stats::Counter;
use flags::{Flags, Key};

/// The commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    Get,
    Set,
    Delete,
    Arithmetic,
    Noop,
    Debug,
}

impl Command {
    /// Whether data may change. A get may take a lease, which changes no data that anybody is promised.
    pub fn writes(self) -> bool {
        matches!(self, Command::Set | Command::Delete | Command::Arithmetic)
    }
}

/// The command that `line` begins with, if it is one of these.
#[inline]
pub fn command(line: &[u8]) -> Option<Command> {
    let mut line = line;
    while let [b' ', rest @ ..] = line {
        line = rest;
    }
    let [b'm', letter, rest @ ..] = line else { return None };
    if !matches!(rest, [] | [b' ' | 0, ..]) {
        return None;
    }
    Some(match letter {
        b'g' => Command::Get,
        b's' => Command::Set,
        b'd' => Command::Delete,
        b'a' => Command::Arithmetic,
        b'n' => Command::Noop,
        b'e' => Command::Debug,
        _ => return None,
    })
}

/// How far it came.
pub enum Handled {
    /// The line is done with.
    Whole,
    /// The line and its block are done with: so many bytes.
    WithBlock(usize),
    /// So many bytes are needed.
    Wait(usize),
    /// So many bytes behind the line are to be dropped.
    Swallow(usize),
}

/// Carries out `line`, at the start of `input`, which ends at `after`.
#[inline]
pub fn handle(work: &mut Work<'_>, command: Command, line: &[u8], input: &[u8], after: usize) -> Handled {
    let mut words = Words::new(line);
    words.next();
    let refusal = match command {
        Command::Get => get::get(work, words).err(),
        Command::Set => return set::set(work, words, input, after),
        Command::Delete => delete::delete(work, words).err(),
        Command::Arithmetic => arithmetic::arithmetic(work, words).err(),
        Command::Debug => debug::debug(work, words).err(),
        Command::Noop => {
            work.out.extend_from_slice(emit::MN);
            None
        }
    };
    work.stats.add(Counter::MemcachedMeta, 1);
    if let Some(refusal) = refusal {
        work.out.extend_from_slice(refusal);
    }
    Handled::Whole
}

/// The key of a line as it was sent, which comes first.
#[inline]
fn key_word<'a>(words: &mut Words<'a>) -> Result<&'a [u8], Line> {
    let key = words.next().ok_or(emit::ERROR)?;
    if key.len() > KEY_BYTES_MAX { Err(emit::BAD_FORMAT) } else { Ok(key) }
}

/// Ends a reply with what of the request is sent back, where no item is shown: O and k.
fn echo(out: &mut Vec<u8>, flags: &Flags<'_>, key: &Key<'_>) {
    for word in flags.words() {
        echo_one(out, word, key);
    }
    out.extend_from_slice(b"\r\n");
}

/// Sends back O or k.
#[inline]
fn echo_one(out: &mut Vec<u8>, word: &[u8], key: &Key<'_>) {
    match word[0] {
        b'O' => {
            out.push(b' ');
            out.extend_from_slice(word);
        }
        b'k' => {
            out.extend_from_slice(b" k");
            out.extend_from_slice(key.sent);
            if key.is_binary() {
                out.extend_from_slice(b" b");
            }
        }
        _ => {}
    }
}

/// A flag with a number.
#[inline]
fn numbered(out: &mut Vec<u8>, letter: u8, number: u64) {
    out.extend_from_slice(&[b' ', letter]);
    emit::number(out, number);
}

/// The t flag: seconds left, -1 for ever.
fn time_left(
    out: &mut Vec<u8>,
    expire_at: Option<polycache_core::clock::UnixMillis>,
    now: polycache_core::clock::UnixMillis,
) {
    match expire_at {
        None => out.extend_from_slice(b" t-1"),
        Some(at) => numbered(out, b't', at.0.saturating_sub(now.0).div_ceil(1000)),
    }
}

/// A failure of the engine.
#[cold]
fn fail(work: &mut Work<'_>, failure: &Failure, out_of_memory: Line) {
    if *failure == Failure::OUT_OF_MEMORY {
        work.stats.add(Counter::MemcachedNoMemory, 1);
    }
    emit::failure(work.out, failure, out_of_memory);
}
