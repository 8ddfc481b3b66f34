//! Entries of the log: effect commands as RESP arrays, measured before they are written.
//!
//! Format: `*<arguments>\r\n`, then `$<len>\r\n<bytes>\r\n` for each. memcached's flags of a key ride in an annotation
//! line `#MC:<flags>\r\n` directly before its SET, which Redis skips.

use super::order::Reservation;
use crate::record::Str;

/// The annotation that carries memcached flags to the SET behind it.
pub const FLAGS_ANNOTATION: &[u8] = b"#MC:";

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

/// Bytes of the annotation line of `flags`; none for zero, the flags of most keys.
pub fn flags_bytes(flags: u32) -> usize {
    if flags == 0 { 0 } else { FLAGS_ANNOTATION.len() + digits(flags.into()) + 2 }
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

/// Writes the annotation line of `flags`, if they need one.
pub fn encode_flags(out: &mut impl Sink, flags: u32) {
    if flags != 0 {
        out.put(FLAGS_ANNOTATION);
        let mut buffer = itoa::Buffer::new();
        out.put(buffer.format(flags).as_bytes());
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
            let mut out = Vec::new();
            encode_flags(&mut out, flags);
            assert_eq!(out.len(), flags_bytes(flags));
        }
    }
}
