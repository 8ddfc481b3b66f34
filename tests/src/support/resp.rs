//! A small blocking RESP client, strict about what it accepts: a malformed reply is a failure of the server.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::value::Value;

/// A reply that takes longer is taken for a hanging server.
const REPLY_LIMIT: Duration = Duration::from_secs(60);

/// One connection.
pub struct Client {
    stream: TcpStream,
    input: Vec<u8>,
    position: usize,
}

/// Encodes a command as an array of bulk strings.
pub fn encode(arguments: &[impl AsRef<[u8]>], output: &mut Vec<u8>) {
    output.extend_from_slice(format!("*{}\r\n", arguments.len()).as_bytes());
    for argument in arguments {
        let bytes = argument.as_ref();
        output.extend_from_slice(format!("${}\r\n", bytes.len()).as_bytes());
        output.extend_from_slice(bytes);
        output.extend_from_slice(b"\r\n");
    }
}

fn malformed(what: &str, line: &[u8]) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{what}: {:?}", line.escape_ascii().to_string()))
}

impl Client {
    /// Connects; panics when nobody listens.
    pub fn connect(port: u16) -> Self {
        Self::try_connect(port).unwrap_or_else(|error| panic!("port {port}: {error}"))
    }

    /// Connects.
    pub fn try_connect(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(REPLY_LIMIT))?;
        stream.set_write_timeout(Some(REPLY_LIMIT))?;
        Ok(Self { stream, input: Vec::new(), position: 0 })
    }

    /// The socket itself, for tests that misbehave.
    pub fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Sends a command and reads its reply; panics when the connection breaks.
    pub fn call(&mut self, arguments: &[impl AsRef<[u8]>]) -> Value {
        self.try_call(arguments).unwrap_or_else(|error| {
            let command: Vec<_> = arguments.iter().map(|a| a.as_ref().escape_ascii().to_string()).collect();
            panic!("{}: {error}", command.join(" "))
        })
    }

    /// A command written as words.
    pub fn say(&mut self, words: &str) -> Value {
        self.call(&words.split_whitespace().collect::<Vec<_>>())
    }

    /// Sends a command and reads its reply.
    pub fn try_call(&mut self, arguments: &[impl AsRef<[u8]>]) -> io::Result<Value> {
        let mut output = Vec::new();
        encode(arguments, &mut output);
        self.send(&output)?;
        self.read()
    }

    /// Sends many commands at once and reads all replies. The replies are read while sending, because neither side
    /// buffers without end.
    pub fn pipeline(&mut self, commands: &[Vec<Vec<u8>>]) -> io::Result<Vec<Value>> {
        let mut output = Vec::new();
        commands.iter().for_each(|command| encode(command, &mut output));
        let mut writer = self.stream.try_clone()?;
        std::thread::scope(|scope| {
            let sender = scope.spawn(move || writer.write_all(&output));
            let replies = commands.iter().map(|_| self.read()).collect();
            // A closed connection shows in the replies as well.
            let _ = sender.join();
            replies
        })
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Whether there is something to read, be it the end.
    pub fn has_input(&mut self) -> bool {
        if self.position < self.input.len() {
            return true;
        }
        self.stream.set_nonblocking(true).expect("a socket");
        let peeked = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false).expect("a socket");
        !peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Reads one reply.
    pub fn read(&mut self) -> io::Result<Value> {
        let line = self.line()?;
        let (kind, rest) = line.split_first().ok_or_else(|| malformed("an empty line", &line))?;
        let count = || -> io::Result<i64> {
            std::str::from_utf8(rest)
                .ok()
                .and_then(|t| t.parse().ok())
                .ok_or_else(|| malformed("no number", &line))
        };
        Ok(match kind {
            b'+' => Value::Simple(rest.to_vec()),
            b'-' => Value::Error(rest.to_vec()),
            b':' => Value::Integer(count()?),
            b'$' | b'=' if rest == b"-1" => Value::NullBulk,
            b'$' => Value::Bulk(self.bulk(count()?)?),
            b'=' => Value::Verbatim(self.bulk(count()?)?),
            b'!' => Value::Error(self.bulk(count()?)?),
            b'*' if rest == b"-1" => Value::NullArray,
            b'*' => Value::Array(self.elements(count()?)?),
            b'~' => Value::Set(self.elements(count()?)?),
            b'>' => Value::Push(self.elements(count()?)?),
            b'%' => {
                let count = count()?;
                let mut pairs = Vec::new();
                for _ in 0..count {
                    pairs.push((self.read()?, self.read()?));
                }
                Value::Map(pairs)
            }
            b'_' if rest.is_empty() => Value::Null,
            b',' => Value::Double(rest.to_vec()),
            b'#' if rest == b"t" => Value::Boolean(true),
            b'#' if rest == b"f" => Value::Boolean(false),
            b'(' => Value::BigNumber(rest.to_vec()),
            _ => return Err(malformed("no reply", &line)),
        })
    }

    /// Reads until the other side closes.
    pub fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        let mut rest = self.input.split_off(self.position);
        self.stream.read_to_end(&mut rest)?;
        Ok(rest)
    }

    fn elements(&mut self, count: i64) -> io::Result<Vec<Value>> {
        (0..count).map(|_| self.read()).collect()
    }

    fn bulk(&mut self, length: i64) -> io::Result<Vec<u8>> {
        let length = usize::try_from(length).map_err(|_| malformed("a negative length", b""))?;
        while self.input.len() - self.position < length + 2 {
            self.fill()?;
        }
        let end = self.position + length;
        let bytes = self.input[self.position..end].to_vec();
        if &self.input[end..end + 2] != b"\r\n" {
            return Err(malformed("a bulk string without its end", &bytes));
        }
        self.position = end + 2;
        Ok(bytes)
    }

    fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut searched = self.position;
        loop {
            if let Some(found) = self.input[searched..].windows(2).position(|pair| pair == b"\r\n") {
                let end = searched + found;
                let line = self.input[self.position..end].to_vec();
                self.position = end + 2;
                return Ok(line);
            }
            // The last byte may be half of the end; filling may move the input.
            let unread = self.input.len() - self.position;
            self.fill()?;
            searched = self.position + unread.saturating_sub(1);
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.position > 0 {
            self.input.drain(..self.position);
            self.position = 0;
        }
        let mut chunk = [0; 64 * 1024];
        match self.stream.read(&mut chunk)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                self.input.extend_from_slice(&chunk[..read]);
                Ok(())
            }
        }
    }
}
