//! Replies of the Redis protocol, RESP2 and RESP3, written straight into a connection's output.
//!
//! Format: <https://redis.io/docs/latest/develop/reference/protocol-spec/>.

use polycache_core::command::{Protocol, Reply};
use polycache_core::double;

/// Writes replies to the end of a buffer.
pub struct Emitter<'a> {
    out: &'a mut Vec<u8>,
    protocol: Protocol,
    errors: u32,
}

impl<'a> Emitter<'a> {
    pub fn new(out: &'a mut Vec<u8>, protocol: Protocol) -> Emitter<'a> {
        Emitter { out, protocol, errors: 0 }
    }

    /// A line of a marker and a number.
    #[inline]
    fn header(&mut self, marker: u8, number: usize) {
        match number {
            0..10 => self.out.extend_from_slice(&[marker, b'0' + number as u8, b'\r', b'\n']),
            10..100 => {
                let (tens, ones) = (number as u8 / 10, number as u8 % 10);
                self.out.extend_from_slice(&[marker, b'0' + tens, b'0' + ones, b'\r', b'\n']);
            }
            _ => self.line(marker, itoa::Buffer::new().format(number).as_bytes()),
        }
    }

    #[inline]
    fn line(&mut self, marker: u8, text: &[u8]) {
        self.out.reserve(text.len() + 3);
        self.out.push(marker);
        self.out.extend_from_slice(text);
        self.out.extend_from_slice(b"\r\n");
    }

    fn is_resp3(&self) -> bool {
        self.protocol == Protocol::Resp3
    }
}

/// Writes an error reply; line ends in `text` become spaces, as they would end the reply early.
pub fn error(out: &mut Vec<u8>, text: &[u8]) {
    // Redis cuts line ends off before it replaces those inside.
    let end = text.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
    out.push(b'-');
    out.extend(text[..end].iter().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte }));
    out.extend_from_slice(b"\r\n");
}

impl Reply for Emitter<'_> {
    fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Also those inside aggregates.
    fn errors(&self) -> u32 {
        self.errors
    }

    fn switch(&mut self, protocol: Protocol) {
        self.protocol = protocol;
    }

    fn status(&mut self, text: &str) {
        self.line(b'+', text.as_bytes());
    }

    fn error(&mut self, text: &str) {
        self.errors += 1;
        error(self.out, text.as_bytes());
    }

    fn integer(&mut self, value: i64) {
        match usize::try_from(value) {
            Ok(value @ 0..100) => self.header(b':', value),
            _ => self.line(b':', itoa::Buffer::new().format(value).as_bytes()),
        }
    }

    #[inline]
    fn bulk(&mut self, bytes: &[u8]) {
        self.out.reserve(bytes.len() + 16);
        self.header(b'$', bytes.len());
        self.out.extend_from_slice(bytes);
        self.out.extend_from_slice(b"\r\n");
    }

    fn bulk_begin(&mut self, len: usize) {
        self.out.reserve(len + 16);
        self.header(b'$', len);
    }

    fn bulk_piece(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn bulk_end(&mut self) {
        self.out.extend_from_slice(b"\r\n");
    }

    fn null(&mut self) {
        let text: &[u8] = if self.is_resp3() { b"_\r\n" } else { b"$-1\r\n" };
        self.out.extend_from_slice(text);
    }

    fn null_array(&mut self) {
        let text: &[u8] = if self.is_resp3() { b"_\r\n" } else { b"*-1\r\n" };
        self.out.extend_from_slice(text);
    }

    fn array(&mut self, len: usize) {
        self.header(b'*', len);
    }

    fn map(&mut self, len: usize) {
        if self.is_resp3() { self.header(b'%', len) } else { self.header(b'*', 2 * len) }
    }

    fn set(&mut self, len: usize) {
        self.header(if self.is_resp3() { b'~' } else { b'*' }, len);
    }

    fn push(&mut self, len: usize) {
        self.header(if self.is_resp3() { b'>' } else { b'*' }, len);
    }

    fn encoded(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn double(&mut self, value: f64) {
        let text = double::text(value);
        if self.is_resp3() { self.line(b',', &text) } else { self.bulk(&text) }
    }

    fn double_as(&mut self, _: f64, text: &[u8]) {
        if self.is_resp3() { self.line(b',', text) } else { self.bulk(text) }
    }

    fn boolean(&mut self, value: bool) {
        let text: &[u8] = match (self.is_resp3(), value) {
            (true, true) => b"#t\r\n",
            (true, false) => b"#f\r\n",
            (false, true) => b":1\r\n",
            (false, false) => b":0\r\n",
        };
        self.out.extend_from_slice(text);
    }

    fn big_number(&mut self, digits: &[u8]) {
        if self.is_resp3() { self.line(b'(', digits) } else { self.bulk(digits) }
    }

    fn verbatim(&mut self, format: &str, bytes: &[u8]) {
        if !self.is_resp3() {
            return self.bulk(bytes);
        }
        self.out.reserve(bytes.len() + 24);
        self.header(b'=', format.len() + 1 + bytes.len());
        self.out.extend_from_slice(format.as_bytes());
        self.out.push(b':');
        self.out.extend_from_slice(bytes);
        self.out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emitted(protocol: Protocol, emit: impl Fn(&mut Emitter<'_>)) -> String {
        let mut out = Vec::new();
        emit(&mut Emitter::new(&mut out, protocol));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn dialects() {
        type Emit = fn(&mut Emitter<'_>);
        let cases: &[(Emit, &str, &str)] = &[
            (|r| r.ok(), "+OK\r\n", "+OK\r\n"),
            (|r| r.error("ERR a\r\nb"), "-ERR a  b\r\n", "-ERR a  b\r\n"),
            (|r| r.integer(7), ":7\r\n", ":7\r\n"),
            (|r| r.integer(42), ":42\r\n", ":42\r\n"),
            (|r| r.integer(i64::MIN), ":-9223372036854775808\r\n", ":-9223372036854775808\r\n"),
            (|r| r.bulk(b"ab\0"), "$3\r\nab\0\r\n", "$3\r\nab\0\r\n"),
            (|r| r.null(), "$-1\r\n", "_\r\n"),
            (|r| r.null_array(), "*-1\r\n", "_\r\n"),
            (|r| r.array(12), "*12\r\n", "*12\r\n"),
            (|r| r.map(123), "*246\r\n", "%123\r\n"),
            (|r| r.set(2), "*2\r\n", "~2\r\n"),
            (|r| r.double(1.5), "$3\r\n1.5\r\n", ",1.5\r\n"),
            (|r| r.boolean(true), ":1\r\n", "#t\r\n"),
            (|r| r.verbatim("txt", b"hi"), "$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n"),
        ];
        for (emit, resp2, resp3) in cases {
            assert_eq!(emitted(Protocol::Resp2, emit), *resp2);
            assert_eq!(emitted(Protocol::Resp3, emit), *resp3);
        }
    }

    #[test]
    fn a_bulk_in_pieces() {
        let text = emitted(Protocol::Resp2, |reply| {
            reply.bulk_begin(5);
            reply.bulk_piece(b"he");
            reply.bulk_piece(b"llo");
            reply.bulk_end();
        });
        assert_eq!(text, "$5\r\nhello\r\n");
    }
}
