//! The floor: what the kernel alone costs under a load. A bare loop over epoll that neither parses nor stores: it counts
//! the requests, which all have one length, and answers each with as many bytes as the real reply has.
//!
//! No server that answers from one thread over sockets can cost less than this, so its CPU beside ours and the peer's
//! tells how much of a ratio is there to be won. It runs in a process of its own, pinned as they are.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::load::{Load, Poll};
use crate::machine;

/// As long as our workers' buffers, and as Valkey's.
const READ_BYTES: usize = 16 * 1024;
const CONNECTIONS_MAX: usize = 64;

/// The floor's process; ends with this.
pub struct Floor {
    child: Child,
    port: u16,
}

impl Floor {
    /// Starts it for requests and replies of these lengths.
    pub fn start((request_bytes, reply_bytes): (usize, usize)) -> io::Result<Floor> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--floor", &request_bytes.to_string(), &reply_bytes.to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let port = line.trim().parse().map_err(|_| io::Error::other("the floor did not start"))?;
        machine::pin_process(child.id(), machine::SERVER_CORE);
        Ok(Floor { child, port })
    }

    /// Nanoseconds of its CPU per operation.
    pub fn measure(&self, load: &Load, operations: usize) -> io::Result<f64> {
        let before = machine::cpu_nanoseconds(self.child.id());
        load.run(self.port)?;
        Ok((machine::cpu_nanoseconds(self.child.id()) - before) as f64 / operations as f64)
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Connection {
    stream: TcpStream,
    /// Bytes of a request that has not arrived whole.
    rest: usize,
}

/// The process: says its port, and serves until it is killed.
pub fn serve(request_bytes: usize, reply_bytes: usize) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("{}", listener.local_addr()?.port());
    io::stdout().flush()?;
    let poll = Poll::new();
    poll.add(listener.as_raw_fd(), CONNECTIONS_MAX)?;
    let mut connections: Vec<Option<Connection>> = (0..CONNECTIONS_MAX).map(|_| None).collect();
    let mut input = vec![0; READ_BYTES];
    let replies = vec![b'+'; (READ_BYTES / request_bytes.max(1) + 1) * reply_bytes];
    let mut ready = vec![libc::epoll_event { events: 0, u64: 0 }; CONNECTIONS_MAX + 1];
    loop {
        let Some(events) = poll.wait_for(&mut ready, Duration::MAX)? else { continue };
        for index in events {
            let Some(place) = connections.get_mut(index) else {
                let (stream, _) = listener.accept()?;
                stream.set_nodelay(true)?;
                let free = connections.iter().position(Option::is_none);
                let free = free.ok_or_else(|| io::Error::other("more connections than the floor takes"))?;
                poll.add(stream.as_raw_fd(), free)?;
                connections[free] = Some(Connection { stream, rest: 0 });
                continue;
            };
            let Some(connection) = place else { continue };
            let read = connection.stream.read(&mut input).unwrap_or(0);
            if read == 0 {
                *place = None;
                continue;
            }
            let bytes = connection.rest + read;
            connection.rest = bytes % request_bytes;
            let requests = bytes / request_bytes;
            if requests > 0 && connection.stream.write_all(&replies[..requests * reply_bytes]).is_err() {
                *place = None;
            }
        }
    }
}
