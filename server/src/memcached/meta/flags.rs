//! The flags of a meta command.

use smallvec::SmallVec;

use super::base64;
use crate::memcached::number;
use crate::memcached::text::emit::{self, Line};
use crate::memcached::text::parse::{KEY_BYTES_MAX, Words};

/// Words of a line, its command and its end included, as in memcached.
pub const WORDS_MAX: usize = 20;

/// Bytes of an opaque with its letter.
pub const OPAQUE_BYTES_MAX: usize = 32;

pub const DUPLICATE: Line = b"CLIENT_ERROR duplicate flag\r\n";
pub const INVALID: Line = b"CLIENT_ERROR invalid flag\r\n";
pub const INVALID_OR_DUPLICATE: Line = b"CLIENT_ERROR invalid or duplicate flag\r\n";
pub const BAD_TOKEN: Line = b"CLIENT_ERROR bad token in command line format\r\n";
pub const BAD_KEY: Line = b"CLIENT_ERROR error decoding key\r\n";
pub const BAD_INITIAL: Line = b"CLIENT_ERROR invalid numeric initial value\r\n";
pub const BAD_DELTA: Line = b"CLIENT_ERROR invalid numeric delta value\r\n";
pub const BAD_MODE_LENGTH: Line = b"CLIENT_ERROR incorrect length for M token\r\n";
pub const OPAQUE_TOO_LONG: Line = b"CLIENT_ERROR opaque token too long\r\n";
pub const TOO_MANY_IN_GET: Line = b"CLIENT_ERROR options flags are too long\r\n";
pub const TOO_MANY: Line = b"CLIENT_ERROR options flags too long\r\n";

/// A key as it was sent, and as it is.
pub struct Key<'a> {
    pub sent: &'a [u8],
    decoded: Option<SmallVec<[u8; KEY_BYTES_MAX]>>,
}

impl<'a> Key<'a> {
    /// A key that was sent as it is.
    pub fn plain(sent: &'a [u8]) -> Key<'a> {
        Key { sent, decoded: None }
    }

    /// A key that was sent in base64.
    pub fn encoded(sent: &'a [u8]) -> Option<Key<'a>> {
        let mut decoded = SmallVec::new();
        (base64::decode(&mut decoded, sent) && !decoded.is_empty())
            .then_some(Key { sent, decoded: Some(decoded) })
    }

    #[inline]
    pub fn bytes(&self) -> &[u8] {
        self.decoded.as_deref().unwrap_or(self.sent)
    }

    pub fn is_binary(&self) -> bool {
        self.decoded.is_some()
    }
}

/// The flags of one command, parsed; those that only shape the reply stay in [`Flags::words`].
#[derive(Clone, Copy)]
pub struct Flags<'a> {
    words: Words<'a>,
    seen: u128,
    /// N: make the item if it is missing, with this exptime.
    pub vivify: Option<i64>,
    /// T: the exptime to give.
    pub exptime: Option<i64>,
    /// R: recache where less time than this is left.
    pub recache: Option<i64>,
    /// F: client flags.
    pub client_flags: u32,
    /// C: the CAS number that the item must have.
    pub unique: Option<u64>,
    /// E: the CAS number to give.
    pub cas: Option<u64>,
    /// M.
    pub mode: u8,
    /// J and D of arithmetic.
    pub initial: u64,
    pub delta: u64,
}

impl<'a> Flags<'a> {
    /// Parses what follows the key, and decodes the key where it is in base64.
    ///
    /// What is wrong first is told, but a letter that is unknown or comes twice ends it at once, as in memcached.
    #[inline]
    pub fn parse(sent: &'a [u8], words: Words<'a>) -> Result<(Flags<'a>, Key<'a>), Line> {
        let mut flags = Flags {
            words,
            seen: 0,
            vivify: None,
            exptime: None,
            recache: None,
            client_flags: 0,
            unique: None,
            cas: None,
            mode: 0,
            initial: 0,
            delta: 1,
        };
        let mut key = Key::plain(sent);
        let mut error = None;
        for word in words {
            let letter = word[0];
            if letter >= 127 || flags.seen & 1 << letter != 0 {
                return Err(DUPLICATE);
            }
            flags.seen |= 1 << letter;
            let value = &word[1..];
            let refused = match letter {
                b'k' | b's' | b't' | b'c' | b'f' | b'v' | b'h' | b'l' | b'u' | b'q' | b'P' | b'L' | b'I'
                | b'x' => {
                    continue;
                }
                b'O' => (word.len() > OPAQUE_BYTES_MAX).then_some(OPAQUE_TOO_LONG),
                b'b' => match Key::encoded(sent) {
                    Some(decoded) => {
                        key = decoded;
                        None
                    }
                    None => Some(BAD_KEY),
                },
                b'N' => keep(&mut flags.vivify, number::signed(value)),
                b'T' => keep(&mut flags.exptime, number::signed(value)),
                b'R' => keep(&mut flags.recache, number::signed(value)),
                b'C' => keep(&mut flags.unique, number::unsigned(value)),
                b'E' => keep(&mut flags.cas, number::unsigned(value)),
                b'F' => match number::unsigned(value).and_then(|flags| u32::try_from(flags).ok()) {
                    Some(number) => {
                        flags.client_flags = number;
                        None
                    }
                    None => Some(emit::BAD_FORMAT),
                },
                b'M' => {
                    flags.mode = value.first().copied().unwrap_or(0);
                    (value.len() != 1).then_some(BAD_MODE_LENGTH)
                }
                b'J' => match number::unsigned(value) {
                    Some(number) => {
                        flags.initial = number;
                        None
                    }
                    None => Some(BAD_INITIAL),
                },
                b'D' => match number::unsigned(value) {
                    Some(number) => {
                        flags.delta = number;
                        None
                    }
                    None => Some(BAD_DELTA),
                },
                _ => return Err(INVALID),
            };
            if refused.is_some() {
                error = refused;
            }
        }
        match error {
            Some(error) => Err(error),
            None => Ok((flags, key)),
        }
    }

    /// Whether a flag is there.
    #[inline]
    pub fn has(&self, letter: u8) -> bool {
        self.seen & 1 << letter != 0
    }

    /// The exptime of a new item: N and T both give one, the last counts.
    pub fn last_exptime(&self) -> Option<i64> {
        match self.words.filter(|word| matches!(word[0], b'N' | b'T')).last() {
            Some([b'T', ..]) => self.exptime,
            _ => self.vivify,
        }
    }

    /// The flags in the order of the line, each of a byte at least.
    #[inline]
    pub fn words(&self) -> Words<'a> {
        self.words
    }

    /// How many there are, at most one more than any line may have.
    pub fn count(words: Words<'_>) -> usize {
        words.take(WORDS_MAX).count()
    }
}

fn keep<T>(place: &mut Option<T>, value: Option<T>) -> Option<Line> {
    let refused = value.is_none().then_some(BAD_TOKEN);
    *place = value;
    refused
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(line: &str) -> Line {
        Flags::parse(b"YQ==", Words::new(line.as_bytes())).err().unwrap()
    }

    #[test]
    fn reads_every_flag() {
        let line = b"b N30 T-1 R5 C7 E9 F4294967295 MA J10 D2 k s t c f v h l u q O123 I x P L";
        let (flags, key) = Flags::parse(b"YQ==", Words::new(line)).unwrap();
        assert_eq!((flags.vivify, flags.exptime, flags.recache), (Some(30), Some(-1), Some(5)));
        assert_eq!((flags.unique, flags.cas, flags.client_flags), (Some(7), Some(9), u32::MAX));
        assert_eq!((flags.mode, flags.initial, flags.delta), (b'A', 10, 2));
        assert_eq!((key.bytes(), key.sent, key.is_binary()), (&b"a"[..], &b"YQ=="[..], true));
        assert!(flags.has(b'x') && !flags.has(b'z'));
    }

    #[test]
    fn refuses_as_memcached_does() {
        assert_eq!(error("v v"), DUPLICATE);
        assert_eq!(error("@"), INVALID);
        assert_eq!(error("Nx"), BAD_TOKEN);
        assert_eq!(error("Nx v v"), DUPLICATE);
        assert_eq!(error("F"), emit::BAD_FORMAT);
        assert_eq!(error("F4294967296"), emit::BAD_FORMAT);
        assert_eq!(error("M"), BAD_MODE_LENGTH);
        assert_eq!(error("Mab"), BAD_MODE_LENGTH);
        assert_eq!(error("Jx"), BAD_INITIAL);
        assert_eq!(error(&format!("O{}", "x".repeat(32))), OPAQUE_TOO_LONG);
        assert!(Flags::parse(b"!", Words::new(b"b")).is_err());
        assert!(Flags::parse(b"a", Words::new("\u{ff}".as_bytes())).is_err());
    }
}
