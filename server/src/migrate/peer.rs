//! A small client of another server: requests out, one line back for each.

use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::limits::PEER_LINE_BYTES_MAX;

/// Where talking to a peer failed, or took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PeerError {
    Connecting,
    Writing,
    Reading,
}

/// A connection to another server.
pub(super) struct Peer {
    input: BufReader<TcpStream>,
    output: BufWriter<TcpStream>,
}

impl Peer {
    /// Connects; no step waits longer than `timeout`.
    pub fn connect(host: &[u8], port: &[u8], timeout: Duration) -> Result<Peer, PeerError> {
        let failed = || PeerError::Connecting;
        let text = |bytes| std::str::from_utf8(bytes).map_err(|_| failed());
        let port: u16 = text(port)?.parse().map_err(|_| failed())?;
        let addresses = (text(host)?, port).to_socket_addrs().map_err(|_| failed())?;
        let stream = addresses
            .into_iter()
            .find_map(|address| TcpStream::connect_timeout(&address, timeout).ok())
            .ok_or_else(failed)?;
        let open = || {
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(timeout))?;
            stream.set_write_timeout(Some(timeout))?;
            stream.try_clone()
        };
        let output = open().map_err(|_| failed())?;
        Ok(Peer { input: BufReader::new(stream), output: BufWriter::new(output) })
    }

    /// Sends a request; its reply is read later.
    pub fn send(&mut self, words: &[&[u8]]) -> Result<(), PeerError> {
        let mut write = || {
            write!(self.output, "*{}\r\n", words.len())?;
            for word in words {
                write!(self.output, "${}\r\n", word.len())?;
                self.output.write_all(word)?;
                self.output.write_all(b"\r\n")?;
            }
            Ok::<_, std::io::Error>(())
        };
        write().map_err(|_| PeerError::Writing)
    }

    pub fn flush(&mut self) -> Result<(), PeerError> {
        self.output.flush().map_err(|_| PeerError::Writing)
    }

    /// The next reply, which is a line: the error's text where it is one.
    pub fn reply(&mut self) -> Result<Result<(), String>, PeerError> {
        let mut line = Vec::new();
        let read = self.input.by_ref().take(PEER_LINE_BYTES_MAX).read_until(b'\n', &mut line);
        let line = match read {
            Ok(_) => line.strip_suffix(b"\r\n").ok_or(PeerError::Reading)?,
            Err(_) => return Err(PeerError::Reading),
        };
        match line.split_first() {
            Some((b'+' | b':', _)) => Ok(Ok(())),
            Some((b'-', text)) => Ok(Err(String::from_utf8_lossy(text).into_owned())),
            _ => Err(PeerError::Reading),
        }
    }

    /// Sends a request and waits for its reply.
    pub fn call(&mut self, words: &[&[u8]]) -> Result<Result<(), String>, PeerError> {
        self.send(words)?;
        self.flush()?;
        self.reply()
    }
}
