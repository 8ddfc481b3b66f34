//! The keys of what is buffered but not yet carried out, so that the engine can fetch their records meanwhile.
//!
//! A guess, made cheaply, by looking only at what pipelines are made of: where it is wrong or stops early, nothing
//! but time is lost.

use polycache_core::index::AHEAD_KEYS;
use smallvec::SmallVec;

use super::parse::{KEY_BYTES_MAX, word_len};
use crate::memcached::work::Work;

/// Keys that are fetched together.
pub type Keys<'a> = SmallVec<[&'a [u8]; AHEAD_KEYS]>;

/// Has the records fetched that the next commands in `input` name; returns how many bytes it looked at.
pub fn commands(work: &Work<'_>, input: &[u8]) -> usize {
    let mut keys = Keys::new();
    let mut rest = input;
    while keys.len() < AHEAD_KEYS
        && let Some((key, behind)) = command(rest)
    {
        keys.push(key);
        rest = behind;
    }
    fetch(work, &keys);
    input.len() - rest.len()
}

/// The key of the command at the start of `input`, and what follows the command.
#[inline]
fn command(input: &[u8]) -> Option<(&[u8], &[u8])> {
    match input.first_chunk()? {
        b"get " => {
            let (key, behind) = word(&input[4..])?;
            // With several keys, the retrieval looks ahead itself.
            (behind[0] == b'\n').then(|| (without_return(key), &behind[1..]))
        }
        b"set " => {
            let (key, behind) = word(&input[4..])?;
            let (_flags, behind) = word(behind.strip_prefix(b" ")?)?;
            let (_exptime, behind) = word(behind.strip_prefix(b" ")?)?;
            let (len, behind) = word(behind.strip_prefix(b" ")?)?;
            let len = without_return(len);
            if len.len() > LENGTH_DIGITS_MAX {
                return None;
            }
            let len = len.iter().fold(0, |value, digit| value * 10 + usize::from(digit.wrapping_sub(b'0')));
            let behind = behind.strip_prefix(b"\n")?;
            Some((key, behind.get(len + 2..)?))
        }
        [b'm', b'g', b' ', _] => {
            let (key, behind) = word(&input[3..])?;
            let newline = memchr::memchr(b'\n', behind)?;
            Some((without_return(key), &behind[newline + 1..]))
        }
        _ => None,
    }
}

/// Digits of the lengths that are read here.
const LENGTH_DIGITS_MAX: usize = 7;

/// The word at the start of `input`, and what follows it: at least the byte that ends it.
#[inline]
fn word(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let len = word_len(input);
    (len < input.len()).then(|| input.split_at(len))
}

/// Without the `\r` before a line's end.
#[inline]
fn without_return(word: &[u8]) -> &[u8] {
    word.strip_suffix(b"\r").unwrap_or(word)
}

/// Has the records fetched that the next keys of a retrieval name; returns how many bytes it looked at.
pub fn keys(work: &Work<'_>, input: &[u8]) -> usize {
    let mut keys = Keys::new();
    let mut at = 0;
    while keys.len() < AHEAD_KEYS {
        while input.get(at) == Some(&b' ') {
            at += 1;
        }
        let Some((key, behind)) = word(&input[at..]) else { break };
        let key = without_return(key);
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            break;
        }
        keys.push(key);
        at = input.len() - behind.len();
    }
    fetch(work, &keys);
    at
}

/// Has the records of these keys fetched.
#[inline]
pub fn fetch(work: &Work<'_>, keys: &[&[u8]]) {
    if keys.len() > 1 {
        work.ctx.op.look_ahead(work.ctx.session.db, keys);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_commands_that_pipelines_are_made_of() {
        let input = b"get key1\r\nset key2 0 0 3\r\nab\n\r\nget k\nget two keys\r\n".as_slice();
        let mut rest = input;
        for expected in [&b"key1"[..], b"key2", b"k"] {
            let (key, behind) = command(rest).unwrap();
            assert_eq!(key, expected);
            rest = behind;
        }
        assert_eq!(rest, b"get two keys\r\n");
        assert_eq!(command(b"mg key v c\r\nmn\r\n"), Some((&b"key"[..], &b"mn\r\n"[..])));
        assert_eq!(command(rest), None);
    }

    #[test]
    fn stops_at_what_is_not_whole() {
        let whole = b"set key 0 0 12\r\nabcdefghijkl\r\n";
        for len in 0..whole.len() {
            assert_eq!(command(&whole[..len]), None);
        }
        assert_eq!(command(whole), Some((&b"key"[..], &b""[..])));
        assert_eq!(command(b"set key 0 0 999999999999999999999999\r\n"), None);
        assert_eq!(command(b"set key 0 0 -1\r\n"), None);
    }
}
