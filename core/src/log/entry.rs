//! Entries of the log: effect commands as RESP arrays, measured before they are written.
//!
//! Format: `*<arguments>\r\n`, then `$<len>\r\n<bytes>\r\n` for each. What memcached adds to a key rides in an
//! annotation line `#MC:<flags>[ s][ c<CAS>]\r\n` directly before its SET, which Redis skips: the client flags, `s` where
//! the value is stale, and a CAS number that a client chose.

use super::order::Reservation;
use crate::record::{Marks, Str};

/// How an annotation begins.
pub const ANNOTATION_PREFIX: &[u8] = b"#MC:";

/// The decimal digits of a number.
fn digits(mut number: u64) -> usize {
    let mut digits = 1;
    while number >= 10 {
        number /= 10;
        digits += 1;
    }
    digits
}

/// Bytes of a RESP array of `args`.
pub fn command_bytes(args: &[Str<'_>]) -> usize {
    let head = 1 + digits(args.len() as u64) + 2;
    head + args.iter().map(|arg| 1 + digits(arg.len() as u64) + 2 + arg.len() + 2).sum::<usize>()
}

/// What a SET leaves out of an item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Annotation {
    /// memcached's client flags.
    pub flags: u32,
    pub stale: bool,
    pub cas: Option<u64>,
}

impl Annotation {
    /// What lasts of a record's flags and marks. A lease does not: whoever holds it may be gone when the log is
    /// replayed (see `lease.rs`).
    #[inline]
    pub fn of(flags: u32, marks: Marks) -> Annotation {
        Annotation { flags, stale: marks.stale || marks.leased, cas: marks.cas }
    }

    /// The marks of the record that a SET behind this annotation makes.
    pub fn marks(&self) -> Marks {
        Marks { stale: self.stale, cas: self.cas, ..Marks::default() }
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.flags == 0 && !self.stale && self.cas.is_none()
    }

    /// Bytes of the line; none for most keys.
    #[inline]
    pub fn bytes(&self) -> usize {
        if self.is_empty() {
            return 0;
        }
        let stale = if self.stale { 2 } else { 0 };
        let cas = self.cas.map_or(0, |cas| 2 + digits(cas));
        ANNOTATION_PREFIX.len() + digits(self.flags.into()) + stale + cas + 2
    }

    /// Writes the line, if one is needed.
    #[inline]
    pub fn encode(&self, out: &mut impl Sink) {
        if self.is_empty() {
            return;
        }
        let mut buffer = itoa::Buffer::new();
        out.put(ANNOTATION_PREFIX);
        out.put(buffer.format(self.flags).as_bytes());
        if self.stale {
            out.put(b" s");
        }
        if let Some(cas) = self.cas {
            out.put(b" c");
            out.put(buffer.format(cas).as_bytes());
        }
        out.put(b"\r\n");
    }

    /// Reads a line without its end. What it does not know it leaves out: a later version may have written it.
    pub fn decode(line: &[u8]) -> Annotation {
        let mut annotation = Annotation::default();
        let Some(text) = line.strip_prefix(ANNOTATION_PREFIX).and_then(|text| std::str::from_utf8(text).ok())
        else {
            return annotation;
        };
        for word in text.split(' ') {
            if word == "s" {
                annotation.stale = true;
            } else if let Some(number) = word.strip_prefix('c') {
                annotation.cas = number.parse().ok();
            } else if let Ok(flags) = word.parse() {
                annotation.flags = flags;
            }
        }
        annotation
    }
}

/// Writes `<mark><number>\r\n` in one piece.
#[inline]
fn write_head(out: &mut impl Sink, mark: u8, number: u64) {
    if number < 10 {
        return out.put(&[mark, b'0' + number as u8, b'\r', b'\n']);
    }
    let mut head = [0; 24];
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(number).as_bytes();
    head[0] = mark;
    head[1..=digits.len()].copy_from_slice(digits);
    head[digits.len() + 1..digits.len() + 3].copy_from_slice(b"\r\n");
    out.put(&head[..digits.len() + 3]);
}

/// Where an entry goes: the ring, or a buffer.
pub trait Sink {
    fn put(&mut self, bytes: &[u8]);
}

impl Sink for Reservation<'_> {
    fn put(&mut self, bytes: &[u8]) {
        self.write(bytes);
    }
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Entries up to this many bytes are put together on the stack.
pub const SMALL_BYTES_MAX: usize = 256;

/// A small entry under construction.
pub struct Small {
    bytes: [u8; SMALL_BYTES_MAX],
    len: usize,
}

impl Default for Small {
    fn default() -> Self {
        Small { bytes: [0; SMALL_BYTES_MAX], len: 0 }
    }
}

impl Small {
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Sink for Small {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }
}

/// Writes a RESP array of `args`.
pub fn encode_command(out: &mut impl Sink, args: &[Str<'_>]) {
    write_head(out, b'*', args.len() as u64);
    for arg in args {
        write_head(out, b'$', arg.len() as u64);
        arg.pieces().for_each(|piece| out.put(piece));
        out.put(b"\r\n");
    }
}

#[cfg(all(test, not(shuttle)))]
mod test {
    use super::*;
    use crate::record::Rope;

    #[test]
    fn sizes_are_exact() {
        let long = Rope::from_pieces([&[b'x'; 40_000][..]]);
        let cases: [&[Str<'_>]; 4] = [
            &[Str::Inline(b"flushall")],
            &[Str::Inline(b"SET"), Str::Inline(b""), Str::Inline(b"0123456789")],
            &[Str::Inline(b"SET"), Str::Inline(b"k"), Str::Rope(&long)],
            &[Str::Inline(b"a"); 11],
        ];
        for args in cases {
            let mut out = Vec::new();
            encode_command(&mut out, args);
            assert_eq!(out.len(), command_bytes(args));
        }
        for flags in [0, 1, 99, 100, u32::MAX] {
            for (stale, cas) in [(false, None), (true, None), (false, Some(7)), (true, Some(u64::MAX))] {
                let annotation = Annotation { flags, stale, cas };
                let mut out = Vec::new();
                annotation.encode(&mut out);
                assert_eq!(out.len(), annotation.bytes());
                assert_eq!(Annotation::decode(out.strip_suffix(b"\r\n").unwrap_or(&out)), annotation);
            }
        }
    }
}
