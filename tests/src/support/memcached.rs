//! A small blocking client of memcached's text protocol.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A reply that takes longer is taken for a hanging server.
const REPLY_LIMIT: Duration = Duration::from_secs(60);

/// One connection.
pub struct TextClient {
    reader: BufReader<TcpStream>,
}

impl TextClient {
    /// Connects; panics when nobody listens.
    pub fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap_or_else(|e| panic!("port {port}: {e}"));
        stream.set_nodelay(true).expect("a TCP socket");
        stream.set_read_timeout(Some(REPLY_LIMIT)).expect("a TCP socket");
        Self { reader: BufReader::new(stream) }
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    /// One line of a reply without its end.
    pub fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        while line.last().is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
            line.pop();
        }
        Ok(line)
    }

    /// Sends a request and reads a reply of one line.
    pub fn ask(&mut self, request: &[u8]) -> String {
        self.send(request).expect("a connection");
        String::from_utf8_lossy(&self.line().expect("a reply")).into_owned()
    }

    /// `set` with its flags and expiry; panics unless stored.
    pub fn set(&mut self, key: &str, value: &[u8], flags: u32, expiry: i64) {
        let mut request = format!("set {key} {flags} {expiry} {}\r\n", value.len()).into_bytes();
        request.extend_from_slice(value);
        request.extend_from_slice(b"\r\n");
        assert_eq!(self.ask(&request), "STORED");
    }

    /// `gets` of one key: value, flags, CAS number.
    pub fn gets(&mut self, key: &str) -> Option<(Vec<u8>, u32, u64)> {
        let head = self.ask(format!("gets {key}\r\n").as_bytes());
        if head == "END" {
            return None;
        }
        let fields: Vec<&str> = head.split(' ').collect();
        let [verb, name, flags, length, cas] = fields[..] else { panic!("reply to gets: {head:?}") };
        assert_eq!((verb, name), ("VALUE", key));
        let mut value = vec![0; length.parse().expect("a length")];
        self.reader.read_exact(&mut value).expect("the value");
        assert_eq!(self.line().expect("the end of the value"), b"");
        assert_eq!(self.line().expect("the end"), b"END");
        Some((value, flags.parse().expect("flags"), cas.parse().expect("a number")))
    }

    /// Sends a request followed by `version`, and returns all that came before the answer to that, so that replies
    /// of any number of lines (or none) can be read.
    pub fn exchange(&mut self, request: &[u8]) -> io::Result<Vec<u8>> {
        let mut output = request.to_vec();
        output.extend_from_slice(b"version\r\n");
        self.send(&output)?;
        let mut reply = Vec::new();
        loop {
            let line = self.line()?;
            if line.starts_with(b"VERSION ") {
                return Ok(reply);
            }
            reply.extend_from_slice(&line);
            reply.push(b'\n');
        }
    }
}
