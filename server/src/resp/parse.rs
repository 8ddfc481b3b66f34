//! Requests of the Redis protocol, parsed where they lie.
//!
//! Arguments are slices of the input buffer. A command that has not arrived whole is remembered (how many
//! arguments are complete, and where), so that reading a long command in many pieces costs no more than reading it
//! at once.
//!
//! # Limits
//! See [`Limits`] and `limits.rs`. Nothing is reserved on a length's word: memory grows with the bytes that came.

use std::ops::Range;

use smallvec::SmallVec;

use super::error::ProtocolError;
use super::inline;
use super::usual::usual;
use crate::limits::{
    ARGUMENTS_MAX, INLINE_BYTES_MAX, UNAUTHENTICATED_ARGUMENTS_MAX, UNAUTHENTICATED_BULK_BYTES_MAX,
};

/// Arguments of one or several commands; most commands have few.
pub type Arguments<'a> = SmallVec<[&'a [u8]; 64]>;

/// What a client may send.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `proto-max-bulk-len`.
    pub bulk_bytes_max: usize,
    /// Clients that have not authenticated may send little.
    pub authenticated: bool,
}

/// What stands at the start of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// A command, `bytes` long; it has at least one argument.
    Command { bytes: usize },
    /// A command on a line, `bytes` long; its arguments are in [`Parser::words`].
    Inline { bytes: usize },
    /// Nothing to do, `bytes` long: an empty line, or a command of no arguments.
    Empty { bytes: usize },
    /// The beginning of a command. At least `wanted` bytes are needed to end what has begun (0: unknown).
    Incomplete { wanted: usize },
}

/// The parser of one connection.
#[derive(Default)]
pub struct Parser {
    /// The command whose beginning was seen, where there is one.
    begun: Option<Begun>,
    unquoted: Vec<u8>,
    words: Vec<Range<usize>>,
}

/// A multibulk command that has not arrived whole. Offsets count from the command's first byte.
struct Begun {
    expected: usize,
    complete: Vec<Range<usize>>,
    at: usize,
}

impl Parser {
    /// Parses the command at the start of `input` and appends its arguments to `args`.
    ///
    /// After [`Parsed::Incomplete`] the next call must see the same bytes with more behind them, or
    /// [`Parser::forget`] must come before it.
    #[inline]
    pub fn parse<'a>(
        &mut self,
        input: &'a [u8],
        limits: &Limits,
        args: &mut Arguments<'a>,
    ) -> Result<Parsed, ProtocolError> {
        if self.begun.is_some() {
            return self.resume(input, limits, args);
        }
        if let Some(bytes) = usual(input, args) {
            return Ok(Parsed::Command { bytes });
        }
        self.parse_any(input, limits, args)
    }

    /// Any input, at the beginning of a command.
    fn parse_any<'a>(
        &mut self,
        input: &'a [u8],
        limits: &Limits,
        args: &mut Arguments<'a>,
    ) -> Result<Parsed, ProtocolError> {
        match input.first() {
            None => return Ok(Parsed::Incomplete { wanted: 0 }),
            Some(b'*') => {}
            Some(_) => return self.inline(input),
        }
        let Some((count, mut at)) = length(input, 1, Header::Multibulk)? else {
            return Ok(Parsed::Incomplete { wanted: 0 });
        };
        if count <= 0 {
            return Ok(Parsed::Empty { bytes: at });
        }
        let expected = usize::try_from(count).unwrap_or(usize::MAX);
        if expected > ARGUMENTS_MAX {
            return Err(ProtocolError::InvalidMultibulkLength);
        }
        if !limits.authenticated && expected > UNAUTHENTICATED_ARGUMENTS_MAX {
            return Err(ProtocolError::UnauthenticatedMultibulkLength);
        }
        let first = args.len();
        for _ in 0..expected {
            match bulk(input, at, limits)? {
                Bulk::Complete(range, next) => {
                    args.push(&input[range]);
                    at = next;
                }
                Bulk::Incomplete { wanted } => {
                    let base = input.as_ptr().addr();
                    let complete = args.drain(first..).map(|arg| {
                        let start = arg.as_ptr().addr() - base;
                        start..start + arg.len()
                    });
                    self.begun = Some(Begun { expected, complete: complete.collect(), at });
                    return Ok(Parsed::Incomplete { wanted });
                }
            }
        }
        Ok(Parsed::Command { bytes: at })
    }

    /// Forgets the command that has begun: the next call sees other bytes.
    pub fn forget(&mut self) {
        self.begun = None;
    }

    /// The arguments of the last [`Parsed::Inline`].
    pub fn words(&self) -> impl Iterator<Item = &[u8]> {
        self.words.iter().map(|range| &self.unquoted[range.clone()])
    }

    #[cold]
    fn resume<'a>(
        &mut self,
        input: &'a [u8],
        limits: &Limits,
        args: &mut Arguments<'a>,
    ) -> Result<Parsed, ProtocolError> {
        let Some(begun) = &mut self.begun else { return Ok(Parsed::Incomplete { wanted: 0 }) };
        while begun.complete.len() < begun.expected {
            match bulk(input, begun.at, limits)? {
                Bulk::Complete(range, next) => {
                    begun.complete.push(range);
                    begun.at = next;
                }
                Bulk::Incomplete { wanted } => return Ok(Parsed::Incomplete { wanted }),
            }
        }
        args.extend(begun.complete.iter().map(|range| &input[range.clone()]));
        let bytes = begun.at;
        self.begun = None;
        Ok(Parsed::Command { bytes })
    }

    #[cold]
    fn inline(&mut self, input: &[u8]) -> Result<Parsed, ProtocolError> {
        let Some(end) = memchr::memchr(b'\n', input) else {
            return if input.len() > INLINE_BYTES_MAX {
                Err(ProtocolError::TooBigInline)
            } else {
                Ok(Parsed::Incomplete { wanted: 0 })
            };
        };
        let line = &input[..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        self.unquoted.clear();
        self.words.clear();
        inline::split(line, &mut self.unquoted, &mut self.words)?;
        let bytes = end + 1;
        Ok(if self.words.is_empty() { Parsed::Empty { bytes } } else { Parsed::Inline { bytes } })
    }
}

/// The two kinds of lines that carry a number.
#[derive(Clone, Copy)]
enum Header {
    Multibulk,
    Bulk,
}

enum Bulk {
    /// Where its bytes are, and where the next one begins.
    Complete(Range<usize>, usize),
    Incomplete {
        wanted: usize,
    },
}

/// Reads the bulk string at `at`.
#[inline]
fn bulk(input: &[u8], at: usize, limits: &Limits) -> Result<Bulk, ProtocolError> {
    if input.get(at) != Some(&b'$') {
        return not_a_bulk(input, at);
    }
    let Some((len, start)) = length(input, at + 1, Header::Bulk)? else {
        return Ok(Bulk::Incomplete { wanted: 0 });
    };
    let Ok(len) = usize::try_from(len) else { return Err(ProtocolError::InvalidBulkLength) };
    if len > limits.bulk_bytes_max {
        return Err(ProtocolError::InvalidBulkLength);
    }
    if !limits.authenticated && len > UNAUTHENTICATED_BULK_BYTES_MAX {
        return Err(ProtocolError::UnauthenticatedBulkLength);
    }
    let end = start + len;
    if input.len() < end + 2 {
        return Ok(Bulk::Incomplete { wanted: end + 2 });
    }
    if input[end..end + 2] != *b"\r\n" {
        return Err(ProtocolError::InvalidLineEnd);
    }
    Ok(Bulk::Complete(start..end, end + 2))
}

/// As Redis, complains only once the line is complete.
#[cold]
fn not_a_bulk(input: &[u8], at: usize) -> Result<Bulk, ProtocolError> {
    let line = input.get(at..).unwrap_or_default();
    match memchr::memchr(b'\r', line) {
        Some(_) => Err(ProtocolError::ExpectedDollar { got: line[0] }),
        None if line.len() > INLINE_BYTES_MAX => Err(ProtocolError::TooBigBulkCount),
        None => Ok(Bulk::Incomplete { wanted: 0 }),
    }
}

/// Reads the number whose first digit is at `at`: its value, and where the next line begins.
#[inline]
fn length(input: &[u8], at: usize, header: Header) -> Result<Option<(i64, usize)>, ProtocolError> {
    // Numbers of up to nine digits without a sign are read in one pass.
    let mut value: u32 = 0;
    let mut next = at;
    while let Some(byte) = input.get(next)
        && byte.is_ascii_digit()
        && next - at < 9
    {
        value = value * 10 + u32::from(byte - b'0');
        next += 1;
    }
    if next > at && input[at] != b'0' && input.get(next..next + 2) == Some(b"\r\n") {
        return Ok(Some((i64::from(value), next + 2)));
    }
    unusual_length(input, at, header)
}

#[cold]
fn unusual_length(input: &[u8], at: usize, header: Header) -> Result<Option<(i64, usize)>, ProtocolError> {
    let line = &input[at..];
    let Some(end) = memchr::memchr(b'\r', line) else {
        return match header {
            _ if line.len() < INLINE_BYTES_MAX => Ok(None),
            Header::Multibulk => Err(ProtocolError::TooBigMultibulkCount),
            Header::Bulk => Err(ProtocolError::TooBigBulkCount),
        };
    };
    match line.get(end + 1) {
        None => return Ok(None),
        Some(b'\n') => {}
        Some(_) => return Err(ProtocolError::InvalidLineEnd),
    }
    match integer(&line[..end]) {
        Some(value) => Ok(Some((value, at + end + 2))),
        None => Err(match header {
            Header::Multibulk => ProtocolError::InvalidMultibulkLength,
            Header::Bulk => ProtocolError::InvalidBulkLength,
        }),
    }
}

/// A decimal number in its only form: no plus sign, no leading zeroes, no `-0`.
fn integer(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    match digits {
        [b'0'] if digits.len() == text.len() => return Some(0),
        [b'1'..=b'9', ..] => {}
        _ => return None,
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Parses all of `input`, given to the parser in pieces of `piece_bytes`: the commands, and the error that ended
/// them. For tests and fuzzing.
pub fn parse_in_pieces(
    input: &[u8],
    piece_bytes: usize,
    limits: &Limits,
) -> (Vec<Vec<Vec<u8>>>, Option<ProtocolError>) {
    let mut parser = Parser::default();
    let mut commands = Vec::new();
    let (mut start, mut seen) = (0, 0);
    while seen < input.len() {
        seen = (seen + piece_bytes.max(1)).min(input.len());
        loop {
            let mut args = Arguments::new();
            let parsed = parser.parse(&input[start..seen], limits, &mut args);
            match parsed {
                Ok(Parsed::Command { bytes }) => {
                    commands.push(args.iter().map(|arg| arg.to_vec()).collect());
                    start += bytes;
                }
                Ok(Parsed::Inline { bytes }) => {
                    commands.push(parser.words().map(<[u8]>::to_vec).collect());
                    start += bytes;
                }
                Ok(Parsed::Empty { bytes }) => start += bytes,
                Ok(Parsed::Incomplete { .. }) => break,
                Err(error) => return (commands, Some(error)),
            }
        }
    }
    (commands, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Limits = Limits { bulk_bytes_max: 512 << 20, authenticated: true };
    const CLOSED: Limits = Limits { authenticated: false, ..OPEN };

    fn parse(input: &[u8]) -> (Vec<Vec<Vec<u8>>>, Option<ProtocolError>) {
        parse_in_pieces(input, usize::MAX, &OPEN)
    }

    fn request(args: &[&[u8]]) -> Vec<u8> {
        let mut bytes = format!("*{}\r\n", args.len()).into_bytes();
        for arg in args {
            bytes.extend(format!("${}\r\n", arg.len()).into_bytes());
            bytes.extend_from_slice(arg);
            bytes.extend(b"\r\n");
        }
        bytes
    }

    #[test]
    fn every_split_gives_the_same_commands() {
        let mut input = request(&[b"SET", b"key", b"a value\r\nwith lines"]);
        input.extend(b"*0\r\n*-1\r\n\r\nPING \"he\\x41 llo\"\r\n");
        input.extend(request(&[b"GET", b""]));
        input.extend(request(&[&[b'x'; 300], b"y"]));
        input.extend(b"inline without carriage return\n");
        let whole = parse(&input);
        assert_eq!(whole.0.len(), 5);
        assert_eq!(whole.1, None);
        for piece in 1..input.len() {
            assert_eq!(parse_in_pieces(&input, piece, &OPEN), whole, "pieces of {piece}");
        }
        for cut in 0..input.len() {
            let mut parser = Parser::default();
            let (mut commands, mut start) = (0, 0);
            for seen in [cut, input.len()] {
                loop {
                    let mut args = Arguments::new();
                    match parser.parse(&input[start..seen], &OPEN, &mut args).unwrap() {
                        Parsed::Command { bytes } | Parsed::Inline { bytes } => {
                            commands += 1;
                            start += bytes;
                        }
                        Parsed::Empty { bytes } => start += bytes,
                        Parsed::Incomplete { .. } => break,
                    }
                }
            }
            assert_eq!((commands, start), (5, input.len()), "cut at {cut}");
        }
    }

    #[test]
    fn says_how_much_is_wanted() {
        let mut parser = Parser::default();
        let mut args = Arguments::new();
        let parsed = parser.parse(b"*2\r\n$3\r\nGET\r\n$1000\r\nabc", &OPEN, &mut args).unwrap();
        assert_eq!(parsed, Parsed::Incomplete { wanted: 4 + 9 + 7 + 1000 + 2 });
    }

    #[test]
    fn errors_in_redis_words() {
        use ProtocolError::*;
        for (input, error) in [
            (&b"*abc\r\n"[..], InvalidMultibulkLength),
            (b"*3000000000\r\n", InvalidMultibulkLength),
            (b"*2147483648\r\n", InvalidMultibulkLength),
            (b"*99999999999999999999999\r\n", InvalidMultibulkLength),
            (b"*01\r\n", InvalidMultibulkLength),
            (b"*+1\r\n", InvalidMultibulkLength),
            (b"*\r\n", InvalidMultibulkLength),
            (b"*-0\r\n", InvalidMultibulkLength),
            (b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n", ExpectedDollar { got: b'f' }),
            (b"*1\r\n\r\n", ExpectedDollar { got: b'\r' }),
            (b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$-10\r\n", InvalidBulkLength),
            (b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$2000000000\r\n", InvalidBulkLength),
            (b"*1\r\n$x\r\n", InvalidBulkLength),
            (b"*1\r\n$\r\n", InvalidBulkLength),
            (b"*1\r\n$03\r\nabc\r\n", InvalidBulkLength),
            (b"*1\r\n$4\r\nPING\n\r", InvalidLineEnd),
            (b"*1\r$4\r\nPING\r\n", InvalidLineEnd),
            (b"*x\r\r", InvalidLineEnd),
            (b"*1\r\n$4\rxPING\r\n", InvalidLineEnd),
            (b"*1\r\n$10\r\rPINGPINGPI\r\n", InvalidLineEnd),
            (b"PING \"x\r\n", UnbalancedQuotes),
        ] {
            assert_eq!(parse(input).1, Some(error), "{}", input.escape_ascii());
            assert_eq!(parse_in_pieces(input, 1, &OPEN).1, Some(error), "{}", input.escape_ascii());
        }
    }

    #[test]
    fn lines_are_bounded() {
        let long = |start: &[u8]| [start, &vec![b'1'; INLINE_BYTES_MAX + 10]].concat();
        assert_eq!(parse(&long(b"*")).1, Some(ProtocolError::TooBigMultibulkCount));
        assert_eq!(parse(&long(b"*1\r\n$")).1, Some(ProtocolError::TooBigBulkCount));
        assert_eq!(parse(&long(b"*1\r\nx")).1, Some(ProtocolError::TooBigBulkCount));
        assert_eq!(parse(&long(b"x")).1, Some(ProtocolError::TooBigInline));
    }

    #[test]
    fn little_is_read_before_authentication() {
        let many = request(&[&b"x"[..]; 11]);
        let error = parse_in_pieces(&many, usize::MAX, &CLOSED).1;
        assert_eq!(error, Some(ProtocolError::UnauthenticatedMultibulkLength));
        let error = parse_in_pieces(b"*1\r\n$16385\r\n", usize::MAX, &CLOSED).1;
        assert_eq!(error, Some(ProtocolError::UnauthenticatedBulkLength));
        assert_eq!(parse_in_pieces(&request(&[&b"x"[..]; 10]), 1, &CLOSED).0.len(), 1);
    }

    #[test]
    fn a_hundred_thousand_arguments_arrive_in_small_pieces() {
        let args = vec![&b"12345"[..]; 100_000];
        let input = request(&args);
        let (commands, error) = parse_in_pieces(&input, 7, &OPEN);
        assert_eq!(error, None);
        assert_eq!(commands.len(), 1);
        assert_eq!(commands[0].len(), 100_000);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_in_any_pieces_never_panic(
            bytes in proptest::collection::vec(
                proptest::prop_oneof![
                    proptest::sample::select(b"*$\r\n0123-\"'\\ x".to_vec()), proptest::num::u8::ANY
                ],
                0..200,
            ),
            piece in 1usize..20,
        ) {
            let pieces = parse_in_pieces(&bytes, piece, &OPEN);
            let whole = parse(&bytes);
            proptest::prop_assert_eq!(pieces, whole);
        }
    }
}
