//! Server CPU per PUBLISH to many subscribers: publishers that wait for their replies, and pipelines of messages.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;

use polycache_tests::support::Kind;

use crate::Options;
use crate::figure::{Figure, Target, median};
use crate::load::Poll;
use crate::machine;
use crate::subject::{Subject, volatile};

const SUBSCRIBERS: usize = 100;
const PUBLISHERS: usize = 4;
const PAYLOAD_BYTES: usize = 64;

/// Messages of one round, and how many a publisher sends at once.
struct Plan {
    messages: usize,
    pipeline: usize,
}

const PLANS: &[Plan] = &[Plan { messages: 4_000, pipeline: 1 }, Plan { messages: 32_000, pipeline: 16 }];

pub fn run(options: &Options) -> Result<Vec<Figure>, String> {
    let ours = Subject::start(Kind::Polycache, volatile());
    let peer = Subject::start(Kind::Valkey, volatile());
    let mut figures = Vec::new();
    for plan in PLANS {
        let (mut our_cost, mut peer_cost) = (Vec::new(), Vec::new());
        for round in 0..=options.rounds {
            let (our_cpu, peer_cpu) = (measure(&ours, plan)?, measure(&peer, plan)?);
            if round > 0 {
                our_cost.push(our_cpu);
                peer_cost.push(peer_cpu);
            }
        }
        let shown = |cost: f64| format!("{:.1} us", cost / 1000.0);
        let pipeline = plan.pipeline;
        figures.push(Figure {
            what: format!(
                "PUBLISH to {SUBSCRIBERS} subscribers, pipeline {pipeline}: server CPU against {}",
                peer.name
            ),
            ours: shown(median(&our_cost)),
            peer: shown(median(&peer_cost)),
            ratio: median(&our_cost) / median(&peer_cost),
            target: Target::AtMost(0.80),
        });
    }
    Ok(figures)
}

/// Nanoseconds of the server's CPU per message.
fn measure(subject: &Subject, plan: &Plan) -> Result<f64, String> {
    machine::pin_self(machine::LOAD_CORE);
    let result = publish(subject, plan).map_err(|error| format!("{}: {error}", subject.name));
    machine::unpin_self();
    result
}

struct Connection {
    stream: TcpStream,
    /// Bytes that are still to come, of this batch for a publisher and in all for a subscriber.
    awaited: usize,
}

fn publish(subject: &Subject, plan: &Plan) -> io::Result<f64> {
    let port = subject.server.port;
    let payload = "x".repeat(PAYLOAD_BYTES);
    let message = format!("*3\r\n$7\r\nmessage\r\n$2\r\nch\r\n${PAYLOAD_BYTES}\r\n{payload}\r\n");
    let request = format!("*3\r\n$7\r\nPUBLISH\r\n$2\r\nch\r\n${PAYLOAD_BYTES}\r\n{payload}\r\n");
    let batch = request.repeat(plan.pipeline);
    let reply_bytes = format!(":{SUBSCRIBERS}\r\n").len() * plan.pipeline;
    let poll = Poll::new();
    let mut connections = Vec::new();
    for index in 0..SUBSCRIBERS + PUBLISHERS {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        let mut awaited = 0;
        if index < SUBSCRIBERS {
            stream.write_all(b"*2\r\n$9\r\nSUBSCRIBE\r\n$2\r\nch\r\n")?;
            let mut confirmed = [0; b"*3\r\n$9\r\nsubscribe\r\n$2\r\nch\r\n:1\r\n".len()];
            stream.read_exact(&mut confirmed)?;
            awaited = message.len() * plan.messages;
        }
        poll.add(stream.as_raw_fd(), index)?;
        connections.push(Connection { stream, awaited });
    }
    let before = machine::cpu_nanoseconds(subject.server.process_id());
    let mut batches = plan.messages / plan.pipeline;
    for publisher in &mut connections[SUBSCRIBERS..] {
        publisher.stream.write_all(batch.as_bytes())?;
        publisher.awaited = reply_bytes;
        batches -= 1;
    }
    let mut active = connections.len();
    let mut buffer = vec![0; 256 << 10];
    let mut ready = vec![libc::epoll_event { events: 0, u64: 0 }; connections.len()];
    while active > 0 {
        for index in poll.wait(&mut ready)? {
            let connection = &mut connections[index];
            let read = connection.stream.read(&mut buffer)?;
            let rest = connection.awaited.checked_sub(read).filter(|_| read > 0);
            connection.awaited = rest.ok_or_else(|| io::Error::other("not what was to be said"))?;
            if connection.awaited > 0 {
                continue;
            }
            if index >= SUBSCRIBERS && batches > 0 {
                batches -= 1;
                connection.awaited = reply_bytes;
                connection.stream.write_all(batch.as_bytes())?;
            } else {
                active -= 1;
            }
        }
    }
    let after = machine::cpu_nanoseconds(subject.server.process_id());
    Ok((after - before) as f64 / plan.messages as f64)
}
