//! The load: one thread, epoll, a fixed number of operations over some connections with a fixed pipeline.
//!
//! Requests are prepared before the clock starts, and replies are counted as bytes: all replies of a run have one known
//! length, so the load costs little beside the server that it measures.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use crate::machine;

/// Prepared batches; connections take them in turn.
const BATCHES: usize = 997;

/// A silent server is given up after this.
const SILENCE_MAX: Duration = Duration::from_secs(20);

/// What to do.
#[derive(Clone, Copy, PartialEq)]
pub enum Verb {
    Get,
    Set,
    /// MULTI, so many SETs, EXEC: one operation.
    Transaction,
}

/// SETs of a transaction.
pub const TRANSACTION_SETS: usize = 5;

/// In which protocol.
#[derive(Clone, Copy, PartialEq)]
pub enum Protocol {
    Resp,
    Memcached,
    /// One `get` of as many keys as the pipeline is long; sets are as in text.
    MemcachedMany,
    /// `mg key v` and `ms key length`.
    MemcachedMeta,
}

/// A load.
#[derive(Clone, Copy)]
pub struct Plan {
    pub protocol: Protocol,
    pub verb: Verb,
    pub connections: usize,
    pub pipeline: usize,
    pub operations: usize,
    /// Keys are chosen at random from so many.
    pub keys: u64,
    pub value_bytes: usize,
}

/// A key of 16 bytes.
pub fn key(number: u64) -> String {
    format!("key:{number:012}")
}

/// A value whose bytes follow from the key, so that a GET can be checked; it does not compress well.
pub fn value(number: u64, bytes: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(number);
    (0..bytes).map(|_| random.alphanumeric() as u8).collect()
}

fn request(plan: &Plan, number: u64, output: &mut Vec<u8>) {
    if plan.verb == Verb::Transaction {
        let set = Plan { verb: Verb::Set, ..*plan };
        output.extend_from_slice(b"*1\r\n$5\r\nMULTI\r\n");
        let numbers = (number..).take(TRANSACTION_SETS).map(|number| number % plan.keys);
        numbers.for_each(|number| request(&set, number, output));
        output.extend_from_slice(b"*1\r\n$4\r\nEXEC\r\n");
        return;
    }
    let key = key(number);
    let length = plan.value_bytes;
    match (plan.protocol, plan.verb) {
        (Protocol::Resp, Verb::Get) => write!(output, "*2\r\n$3\r\nGET\r\n$16\r\n{key}\r\n"),
        (Protocol::Memcached, Verb::Get) => write!(output, "get {key}\r\n"),
        (Protocol::MemcachedMany, Verb::Get) => write!(output, " {key}"),
        (Protocol::MemcachedMeta, Verb::Get) => write!(output, "mg {key} v\r\n"),
        (Protocol::MemcachedMeta, Verb::Set) => write!(output, "ms {key} {length}\r\n"),
        (Protocol::Resp, Verb::Set) => write!(output, "*3\r\n$3\r\nSET\r\n$16\r\n{key}\r\n${length}\r\n"),
        (Protocol::Memcached | Protocol::MemcachedMany, Verb::Set) => {
            write!(output, "set {key} 0 0 {length}\r\n")
        }
        (_, Verb::Transaction) => unreachable!("written above"),
    }
    .expect("a vector takes everything");
    if plan.verb == Verb::Set {
        output.extend_from_slice(&value(number, length));
        output.extend_from_slice(b"\r\n");
    }
}

fn reply_bytes(plan: &Plan) -> usize {
    let length = plan.value_bytes;
    match (plan.protocol, plan.verb) {
        (Protocol::Resp, Verb::Get) => format!("${length}\r\n").len() + length + 2,
        (Protocol::Memcached, Verb::Get) => format!("VALUE {} 0 {length}\r\n", key(0)).len() + length + 2 + 5,
        (Protocol::Resp, Verb::Set) => "+OK\r\n".len(),
        (Protocol::MemcachedMany, Verb::Get) => format!("VALUE {} 0 {length}\r\n", key(0)).len() + length + 2,
        (Protocol::MemcachedMeta, Verb::Get) => format!("VA {length}\r\n").len() + length + 2,
        (Protocol::MemcachedMeta, Verb::Set) => "HD\r\n".len(),
        (Protocol::Memcached | Protocol::MemcachedMany, Verb::Set) => "STORED\r\n".len(),
        (_, Verb::Transaction) => {
            let queued = "+OK\r\n".len() + TRANSACTION_SETS * "+QUEUED\r\n".len();
            queued + format!("*{TRANSACTION_SETS}\r\n").len() + TRANSACTION_SETS * "+OK\r\n".len()
        }
    }
}

/// A batch as long as the plan's pipeline, of these keys.
fn batch(plan: &Plan, mut numbers: impl FnMut() -> u64) -> Vec<u8> {
    let is_one_line = plan.protocol == Protocol::MemcachedMany && plan.verb == Verb::Get;
    let mut output = if is_one_line { b"get".to_vec() } else { Vec::new() };
    (0..plan.pipeline).for_each(|_| request(plan, numbers(), &mut output));
    if is_one_line {
        output.extend_from_slice(b"\r\n");
    }
    output
}

/// Bytes of the reply to a batch.
fn batch_reply_bytes(plan: &Plan) -> usize {
    let is_one_line = plan.protocol == Protocol::MemcachedMany && plan.verb == Verb::Get;
    reply_bytes(plan) * plan.pipeline + if is_one_line { "END\r\n".len() } else { 0 }
}

/// Bytes of a request, and of its reply; of a whole batch where that is one line.
pub fn lengths(plan: &Plan) -> (usize, usize) {
    if plan.protocol == Protocol::MemcachedMany {
        return (batch(plan, || 0).len(), batch_reply_bytes(plan));
    }
    (batch(&Plan { pipeline: 1, ..*plan }, || 0).len(), reply_bytes(plan))
}

/// Sets every key once, in order.
pub fn fill(port: u16, plan: &Plan) -> io::Result<()> {
    let plan = Plan { verb: Verb::Set, ..*plan };
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    let mut input = vec![0; reply_bytes(&plan) * 100];
    let mut output = Vec::new();
    for start in (0..plan.keys).step_by(100) {
        let end = (start + 100).min(plan.keys);
        output.clear();
        (start..end).for_each(|number| request(&plan, number, &mut output));
        stream.write_all(&output)?;
        let expected = reply_bytes(&plan) * usize::try_from(end - start).unwrap_or(0);
        stream.read_exact(&mut input[..expected])?;
        if !matches!(input[0], b'+' | b'S' | b'H') {
            return Err(io::Error::other(String::from_utf8_lossy(&input[..expected]).into_owned()));
        }
    }
    Ok(())
}

struct Connection {
    stream: TcpStream,
    /// Bytes that are still to come for the batch that was sent.
    awaited: usize,
    next: usize,
}

/// Prepared requests of a plan.
pub struct Load {
    plan: Plan,
    batches: Vec<Vec<u8>>,
}

impl Load {
    pub fn prepare(plan: Plan) -> Self {
        let mut random = fastrand::Rng::with_seed(42);
        let batches = (0..BATCHES).map(|_| batch(&plan, || random.u64(..plan.keys))).collect();
        Self { plan, batches }
    }

    /// Runs on the load's core; how long it took.
    pub fn run(&self, port: u16) -> io::Result<Duration> {
        machine::pin_self(machine::LOAD_CORE);
        let result = self.run_until(port, self.plan.operations, || false);
        machine::unpin_self();
        result
    }

    /// Runs for so many operations, or until told to stop.
    pub fn run_until(&self, port: u16, operations: usize, stop: impl Fn() -> bool) -> io::Result<Duration> {
        let batch_bytes = batch_reply_bytes(&self.plan);
        let mut connections = Vec::new();
        let poll = Poll::new();
        for index in 0..self.plan.connections {
            let stream = TcpStream::connect(("127.0.0.1", port))?;
            stream.set_nodelay(true)?;
            poll.add(stream.as_raw_fd(), index)?;
            connections.push(Connection { stream, awaited: 0, next: index * 31 });
        }
        let mut remaining = operations.div_ceil(self.plan.pipeline);
        let mut active = 0;
        let mut buffer = vec![0; 256 * 1024];
        let started = Instant::now();
        for connection in &mut connections {
            if remaining > 0 {
                remaining -= 1;
                active += 1;
                self.send(connection, batch_bytes)?;
            }
        }
        let mut ready = vec![libc::epoll_event { events: 0, u64: 0 }; self.plan.connections];
        while active > 0 {
            for index in poll.wait(&mut ready)? {
                let connection = &mut connections[index];
                let read = connection.stream.read(&mut buffer)?;
                if read == 0 || buffer[0] == b'-' && connection.awaited == batch_bytes {
                    let text = String::from_utf8_lossy(&buffer[..read.min(200)]).into_owned();
                    return Err(io::Error::other(format!("the server answered {text:?}")));
                }
                connection.awaited = connection
                    .awaited
                    .checked_sub(read)
                    .ok_or_else(|| io::Error::other("the server answered more than was asked"))?;
                if connection.awaited == 0 {
                    if remaining > 0 && !stop() {
                        remaining -= 1;
                        self.send(connection, batch_bytes)?;
                    } else {
                        active -= 1;
                    }
                }
            }
        }
        Ok(started.elapsed())
    }

    fn send(&self, connection: &mut Connection, batch_bytes: usize) -> io::Result<()> {
        connection.next = (connection.next + 1) % self.batches.len();
        connection.awaited = batch_bytes;
        connection.stream.write_all(&self.batches[connection.next])
    }
}

/// Which of some connections have input.
pub struct Poll(i32);

impl Poll {
    pub fn new() -> Poll {
        // SAFETY: creates a descriptor, which `drop` closes.
        Poll(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })
    }

    pub fn add(&self, descriptor: i32, index: usize) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: index as u64 };
        // SAFETY: both descriptors are open, and the event lives through the call.
        match unsafe { libc::epoll_ctl(self.0, libc::EPOLL_CTL_ADD, descriptor, &mut event) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Indexes of the connections that have input.
    pub fn wait<'a>(
        &self,
        ready: &'a mut [libc::epoll_event],
    ) -> io::Result<impl Iterator<Item = usize> + use<'a>> {
        let events = self.wait_for(ready, SILENCE_MAX)?;
        events.ok_or_else(|| io::Error::other("the server does not answer"))
    }

    /// The same; `None` where none had any for so long.
    pub fn wait_for<'a>(
        &self,
        ready: &'a mut [libc::epoll_event],
        time: Duration,
    ) -> io::Result<Option<impl Iterator<Item = usize> + use<'a>>> {
        let room = i32::try_from(ready.len()).unwrap_or(i32::MAX);
        let time_ms = i32::try_from(time.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the kernel fills at most `room` events of the slice.
        let count = unsafe { libc::epoll_wait(self.0, ready.as_mut_ptr(), room, time_ms) };
        match count {
            0 => Ok(None),
            1.. => Ok(Some(ready[..count as usize].iter().map(|event| event.u64 as usize))),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        // SAFETY: the descriptor is ours and used nowhere else.
        unsafe { libc::close(self.0) };
    }
}
