//! The request lines of the classic text protocol (memcached's `doc/protocol.txt`), parsed without copying.
//!
//! A line is words between spaces, ended by `\n` with an optional `\r` before it; a NUL ends it early, because
//! memcached handles it as a C string. The number of words is checked before anything else (`ERROR`), then
//! whether the last one is `noreply`, then the key, then the numbers, in memcached's order, because the order
//! decides which error is sent and whether it is sent at all.
//!
//! # Limits
//! Keys are [`KEY_BYTES_MAX`] long at most. A line is bounded by the caller ([`LINE_BYTES_MAX`]) except for
//! retrievals, whose keys are taken one by one.

use std::ops::RangeInclusive;

use super::emit::{self, Line};
use crate::memcached::item::{Direction, Extras, Storage, Verb};
use crate::memcached::number;

/// The longest key, as in memcached.
pub const KEY_BYTES_MAX: usize = 250;

/// An unfinished line may be this long unless it is a retrieval; then the connection is closed, as in memcached.
pub const LINE_BYTES_MAX: usize = 2048;

/// Longer data blocks are bad requests, not blocks to swallow.
const BLOCK_BYTES_MAX: i64 = i32::MAX as i64 - 2;

/// Words that a command other than a retrieval may have: `cas key flags exptime bytes unique noreply`.
const WORDS_MAX: usize = 7;

/// The words of a line.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    rest: &'a [u8],
}

impl<'a> Words<'a> {
    pub fn new(line: &'a [u8]) -> Words<'a> {
        Words { rest: line }
    }

    /// The words that are left, from the next one's first byte or a space before it.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Bytes of `line`, which this was made of, that the words so far take.
    pub fn position(&self, line: &[u8]) -> usize {
        line.len() - self.rest.len()
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let mut rest = self.rest;
        while let [b' ', tail @ ..] = rest {
            rest = tail;
        }
        let len = word_len(rest);
        if len == 0 {
            // The end, or a NUL: what follows does not exist.
            self.rest = &[];
            return None;
        }
        let (word, rest) = rest.split_at(len);
        self.rest = rest;
        Some(word)
    }
}

/// Length of the word at the start of `bytes`: up to a space, a line feed, a NUL, or the end.
#[inline]
pub fn word_len(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut at = 0;
    loop {
        // Eight bytes at a time, up to the first that is not above a space. The borrow of the subtraction runs
        // upwards only, so the lowest mark is right.
        if let Some(chunk) = bytes[at..].first_chunk() {
            let word = u64::from_le_bytes(*chunk);
            let low = word.wrapping_sub(ONES * (b' ' as u64 + 1)) & !word & (ONES << 7);
            if low == 0 {
                at += 8;
                continue;
            }
            at += low.trailing_zeros() as usize / 8;
        } else {
            match bytes[at..].iter().position(|byte| *byte <= b' ') {
                Some(offset) => at += offset,
                None => return bytes.len(),
            }
        }
        if matches!(bytes[at], b' ' | b'\n' | 0) {
            return at;
        }
        at += 1;
    }
}

/// How get, gets, gat and gats differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retrieval {
    /// Replies carry the CAS number.
    pub cas: bool,
    /// The items get this exptime.
    pub touch: Option<i64>,
}

/// A parsed request line.
#[derive(Clone, Copy)]
pub enum Command<'a> {
    /// The keys begin at this offset of the line.
    Retrieve(Retrieval, usize),
    Store(Storage<'a>),
    Arithmetic {
        direction: Direction,
        key: &'a [u8],
        delta: u64,
    },
    Delete {
        key: &'a [u8],
    },
    Touch {
        key: &'a [u8],
        exptime: i64,
    },
    FlushAll {
        delay: i64,
    },
    /// What steers the server: the line's first word, and the others.
    Administer(&'a [u8], Words<'a>),
    Version,
    Verbosity,
    /// New limit in megabytes.
    MemoryLimit(u64),
    Quit,
    /// Answered with a fixed line.
    Refuse(Line),
    /// Somebody speaks HTTP to us: memcached closes without a word, so that a browser cannot be made to talk to it.
    Hang,
}

impl Command<'_> {
    /// Whether data may change.
    #[inline]
    pub fn writes(&self) -> bool {
        match self {
            Command::Retrieve(retrieval, _) => retrieval.touch.is_some(),
            Command::Store(_)
            | Command::Arithmetic { .. }
            | Command::Delete { .. }
            | Command::Touch { .. }
            | Command::FlushAll { .. } => true,
            _ => false,
        }
    }
}

/// A request line: what to do, and whether to answer.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub command: Command<'a>,
    pub noreply: bool,
}

impl<'a> Request<'a> {
    fn refuse(line: Line) -> Request<'a> {
        Request { command: Command::Refuse(line), noreply: false }
    }
}

/// Parses a whole line, without its end.
#[inline]
pub fn parse(line: &[u8]) -> Request<'_> {
    // The two most frequent commands.
    if line.len() > 4 && line.starts_with(b"get ") && !matches!(line[4], b' ' | 0) {
        return Request {
            command: Command::Retrieve(Retrieval { cas: false, touch: None }, 4),
            noreply: false,
        };
    }
    if line.starts_with(b"set ") {
        return build(line, 5..=6, |words| storage(Verb::Set, words));
    }
    parse_words(line)
}

fn parse_words(line: &[u8]) -> Request<'_> {
    let mut iterator = Words::new(line);
    let Some(name) = iterator.next() else { return Request::refuse(emit::ERROR) };
    match name {
        b"get" | b"gets" | b"gat" | b"gats" | b"bget" => {
            return match retrieval(line) {
                Ok((retrieval, keys)) => {
                    Request { command: Command::Retrieve(retrieval, keys), noreply: false }
                }
                Err(refusal) => Request::refuse(refusal),
            };
        }
        b"stats" | b"watch" | b"lru_crawler" | b"lru" | b"slabs" | b"shutdown" | b"config"
        | b"refresh_certs" => {
            return Request { command: Command::Administer(name, iterator), noreply: false };
        }
        b"version" => return Request { command: Command::Version, noreply: false },
        b"quit" => return Request { command: Command::Quit, noreply: false },
        _ => {}
    }
    let (counts, make): (_, Make<'_>) = match name {
        b"set" => (5..=6, |words| storage(Verb::Set, words)),
        b"add" => (5..=6, |words| storage(Verb::Add, words)),
        b"replace" => (5..=6, |words| storage(Verb::Replace, words)),
        b"append" => (5..=6, |words| storage(Verb::Append, words)),
        b"prepend" => (5..=6, |words| storage(Verb::Prepend, words)),
        b"cas" => (6..=7, |words| storage(Verb::Cas, words)),
        b"incr" => (3..=4, |words| arithmetic(Direction::Increment, words)),
        b"decr" => (3..=4, |words| arithmetic(Direction::Decrement, words)),
        b"delete" => (2..=4, delete),
        b"touch" => (3..=4, touch),
        b"flush_all" => (1..=3, flush_all),
        b"verbosity" => (2..=3, verbosity),
        b"cache_memlimit" => (2..=3, memory_limit),
        _ if Words::new(line).last().is_some_and(|word| word.starts_with(b"HTTP/")) => {
            return Request { command: Command::Hang, noreply: false };
        }
        _ => return Request::refuse(emit::ERROR),
    };
    build(line, counts, make)
}

/// Makes a command of a line's words, if their number is one of `counts`.
#[inline]
fn build<'a>(
    line: &'a [u8],
    counts: RangeInclusive<usize>,
    make: impl FnOnce(&[&'a [u8]]) -> Parsed<'a>,
) -> Request<'a> {
    let mut array = [b"".as_slice(); WORDS_MAX];
    let mut count = 0;
    for word in Words::new(line) {
        if count == WORDS_MAX {
            // More words than any of these commands has.
            count += 1;
            break;
        }
        array[count] = word;
        count += 1;
    }
    let words = &array[..count.min(WORDS_MAX)];
    if !counts.contains(&count) {
        return Request::refuse(emit::ERROR);
    }
    // The key of `delete` may be the last word, and be called so.
    let noreply = words.last() == Some(&b"noreply".as_slice()) && !matches!(words, [b"delete", _]);
    Request { command: make(words).unwrap_or_else(Command::Refuse), noreply }
}

/// The start of a retrieval: its kind, and the offset of its keys in `line`, which may still be incomplete behind
/// them.
pub fn retrieval(line: &[u8]) -> Result<(Retrieval, usize), Line> {
    let mut words = Words::new(line);
    let name = words.next().unwrap_or_default();
    let mut keys = words.position(line);
    let first = words.next().ok_or(emit::ERROR)?;
    let touch = match name {
        b"gat" | b"gats" => {
            keys = words.position(line);
            Some(number::signed(first).ok_or(emit::BAD_EXPTIME)?)
        }
        _ => None,
    };
    Ok((Retrieval { cas: name.ends_with(b"s"), touch }, keys))
}

type Parsed<'a> = Result<Command<'a>, Line>;
/// Makes a command of its words, whose number fits.
type Make<'a> = fn(&[&'a [u8]]) -> Parsed<'a>;

/// A key as it was sent; the words themselves cannot hold spaces, line breaks or NUL.
fn key(word: &[u8]) -> Result<&[u8], Line> {
    if word.len() > KEY_BYTES_MAX { Err(emit::BAD_FORMAT) } else { Ok(word) }
}

#[inline]
fn storage<'a>(verb: Verb, words: &[&'a [u8]]) -> Parsed<'a> {
    let key = key(words[1])?;
    let flags = number::unsigned(words[2]).and_then(|flags| u32::try_from(flags).ok());
    let exptime = number::signed(words[3]);
    let len = number::signed(words[4]).filter(|len| (0..=BLOCK_BYTES_MAX).contains(len));
    let unique = if verb == Verb::Cas { number::unsigned(words[5]) } else { Some(0) };
    match (flags, exptime, len, unique) {
        (Some(flags), Some(exptime), Some(len), Some(unique)) => {
            let extras = Extras::default();
            Ok(Command::Store(Storage { verb, key, flags, exptime, len: len as usize, unique, extras }))
        }
        _ => Err(emit::BAD_FORMAT),
    }
}

fn arithmetic<'a>(direction: Direction, words: &[&'a [u8]]) -> Parsed<'a> {
    let key = key(words[1])?;
    let delta = number::unsigned(words[2]).ok_or(emit::BAD_DELTA)?;
    Ok(Command::Arithmetic { direction, key, delta })
}

/// `delete key [0] [noreply]`: the 0 is a hold time of old clients.
fn delete<'a>(words: &[&'a [u8]]) -> Parsed<'a> {
    match words[2..] {
        [] | [b"0"] | [b"noreply"] | [b"0", b"noreply"] => Ok(Command::Delete { key: key(words[1])? }),
        _ => Err(emit::DELETE_USAGE),
    }
}

fn touch<'a>(words: &[&'a [u8]]) -> Parsed<'a> {
    let key = key(words[1])?;
    let exptime = number::signed(words[2]).ok_or(emit::BAD_EXPTIME)?;
    Ok(Command::Touch { key, exptime })
}

fn flush_all<'a>(words: &[&'a [u8]]) -> Parsed<'a> {
    match words[1..] {
        [] | [b"noreply"] => Ok(Command::FlushAll { delay: 0 }),
        _ => Ok(Command::FlushAll { delay: number::signed(words[1]).ok_or(emit::BAD_EXPTIME)? }),
    }
}

fn verbosity<'a>(words: &[&'a [u8]]) -> Parsed<'a> {
    number::unsigned(words[1]).map(|_| Command::Verbosity).ok_or(emit::BAD_FORMAT)
}

fn memory_limit<'a>(words: &[&'a [u8]]) -> Parsed<'a> {
    number::unsigned(words[1]).map(Command::MemoryLimit).ok_or(emit::ERROR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(line: &str) -> (Line, bool) {
        match parse(line.as_bytes()) {
            Request { command: Command::Refuse(refusal), noreply } => (refusal, noreply),
            _ => panic!("{line} was not refused"),
        }
    }

    #[test]
    fn words_end_at_spaces_and_the_line_at_a_nul() {
        let words: Vec<_> = Words::new(b"  get a  b\tc \x00 d").collect();
        assert_eq!(words, [&b"get"[..], b"a", b"b\tc"]);
    }

    #[test]
    fn words_of_any_length_and_bytes_end_where_they_should() {
        for len in 0..40 {
            for end in [b' ', b'\n', 0] {
                for filler in [b'a', b'!', 0x7f, 0x80, 0xff, b'\r', b'\t', 1] {
                    let mut bytes = vec![filler; len];
                    assert_eq!(word_len(&bytes), len);
                    bytes.push(end);
                    assert_eq!(word_len(&bytes), len);
                    bytes.extend_from_slice(b" a\n\0abcdefghijk");
                    assert_eq!(word_len(&bytes), len);
                }
            }
        }
    }

    #[test]
    fn retrievals_know_where_their_keys_begin() {
        for (line, cas, touch, keys) in [
            ("get a b", false, None, " a b"),
            (" gets  a", true, None, "  a"),
            ("gat 10 a b", false, Some(10), " a b"),
            ("gats -1", true, Some(-1), ""),
        ] {
            let (retrieval, offset) = retrieval(line.as_bytes()).unwrap();
            assert_eq!((retrieval.cas, retrieval.touch, &line[offset..]), (cas, touch, keys));
        }
        assert_eq!(refusal("get"), (emit::ERROR, false));
        assert_eq!(refusal("get "), (emit::ERROR, false));
        assert_eq!(refusal("gat x a"), (emit::BAD_EXPTIME, false));
    }

    #[test]
    fn a_storage_line_is_parsed_whole() {
        let Request { command: Command::Store(storage), noreply: true } = parse(b"cas k 7 -1 010 99 noreply")
        else {
            panic!("not a storage line")
        };
        let expected = Storage {
            verb: Verb::Cas,
            key: b"k",
            flags: 7,
            exptime: -1,
            len: 10,
            unique: 99,
            extras: Extras::default(),
        };
        assert_eq!(storage, expected);
    }

    #[test]
    fn the_number_of_words_is_checked_before_noreply() {
        assert_eq!(refusal("cas a 0 0 1 noreply"), (emit::BAD_FORMAT, true));
        assert_eq!(refusal("cas a 0 0 noreply"), (emit::ERROR, false));
        assert_eq!(refusal("set a 0 0 noreply"), (emit::BAD_FORMAT, true));
        assert_eq!(refusal("set a 0 0 1 noreply x"), (emit::ERROR, false));
        assert_eq!(refusal("set a 0 0 1 2 3 4 5 6 7 8 9"), (emit::ERROR, false));
        assert_eq!(refusal("incr a noreply"), (emit::BAD_DELTA, true));
        assert_eq!(refusal("incr a x noreply"), (emit::BAD_DELTA, true));
        assert_eq!(refusal("delete a 1 noreply"), (emit::DELETE_USAGE, true));
        assert!(!parse(b"delete noreply").noreply);
    }

    #[test]
    fn lengths_and_flags_beyond_their_range_are_refused() {
        for line in ["set a 0 0 -1", "set a 0 0 2147483646", "set a 4294967296 0 1", "set a -1 0 1"] {
            assert_eq!(refusal(line), (emit::BAD_FORMAT, false));
        }
        let Command::Store(storage) = parse(b"set a 0 0 2147483645").command else { panic!() };
        assert_eq!(storage.len, 2_147_483_645);
    }

    #[test]
    fn keys_are_bounded() {
        let longest = "k".repeat(KEY_BYTES_MAX);
        assert!(matches!(parse(format!("delete {longest}").as_bytes()).command, Command::Delete { .. }));
        assert_eq!(refusal(&format!("delete {longest}k")), (emit::BAD_FORMAT, false));
        assert_eq!(refusal(&format!("set {longest}k 0 0 1")), (emit::BAD_FORMAT, false));
    }

    #[test]
    fn browsers_are_hung_up_on() {
        assert!(matches!(parse(b"GET / HTTP/1.1").command, Command::Hang));
        assert_eq!(refusal("GET / x"), (emit::ERROR, false));
    }
}
