//! The memcached protocols over UDP: each datagram is a connection of its own.
//!
//! *Format:* memcached's `doc/protocol.txt`: eight bytes before the payload, big-endian: request number, place of this
//! datagram in its sequence, length of the sequence, 0. A request is one datagram; a reply is as many as it needs.
//!
//! # Limits
//! Datagrams of [`DATAGRAM_BYTES_MAX`] bytes are sent, replies of at most [`REPLY_BYTES_MAX`] bytes in all. What comes
//! from other machines is dropped without an answer unless `memcached-udp-remote` allows it: UDP names no sender that
//! could be trusted, and a short request with a long reply is a weapon.

use std::io;
use std::sync::Arc;

use polycache_core::command::Session;
use polycache_core::log::Lsn;
use tokio::net::UdpSocket;

use super::accept::is_loopback;
use super::codec::{Codec, Turn};
use super::durability;
use super::worker::Thread;
use crate::client::{Client, Face};
use crate::limits::TURN_OUTPUT_BYTES;
use crate::memcached;
use crate::server::Server;
use crate::stats::Counter;

const HEADER_BYTES: usize = 8;

/// As in memcached: fits the usual packet.
const DATAGRAM_BYTES_MAX: usize = 1400;

/// The longest reply; the sequence's number has 16 bits.
const REPLY_BYTES_MAX: usize = 8 * TURN_OUTPUT_BYTES;

const _: () = assert!(REPLY_BYTES_MAX / (DATAGRAM_BYTES_MAX - HEADER_BYTES) < u16::MAX as usize);

/// The largest datagram there is.
const RECEIVE_BYTES: usize = 1 << 16;

/// A socket, served by one worker.
pub struct Datagrams {
    server: Arc<Server>,
    socket: UdpSocket,
    remote: bool,
    client: Client,
}

impl Datagrams {
    /// Registers the socket with the current runtime.
    pub fn new(server: &Arc<Server>, socket: std::net::UdpSocket, remote: bool) -> io::Result<Datagrams> {
        let address = socket.local_addr().map_or_else(|_| String::new(), |address| address.to_string());
        let entry = server.clients.register(Face::Memcached, "udp:0".to_owned(), address);
        let client = Client::new(server.clone(), entry);
        Ok(Datagrams { server: server.clone(), socket: UdpSocket::from_std(socket)?, remote, client })
    }

    /// Serves as long as the worker does.
    pub async fn run(mut self) {
        let mut buffer = vec![0; RECEIVE_BYTES];
        let mut datagram = Vec::with_capacity(DATAGRAM_BYTES_MAX);
        loop {
            let (len, peer) = match self.socket.recv_from(&mut buffer).await {
                Ok(received) => received,
                // A peer that is gone shows here: nothing is wrong with the socket.
                Err(error) => {
                    tracing::debug!("receiving a datagram failed: {error}");
                    tokio::task::yield_now().await;
                    continue;
                }
            };
            if !self.remote && !is_loopback(peer.ip()) {
                continue;
            }
            let Some((header, request)) = buffer[..len].split_first_chunk::<HEADER_BYTES>() else { continue };
            let mut replies = Vec::new();
            let mut lsn = None;
            if header[4..6] == [0, 1] {
                lsn = self.answer(request, &mut replies);
            } else {
                replies.extend_from_slice(b"SERVER_ERROR multi-packet request not supported\r\n");
            }
            if let Some(lsn) = lsn
                && durability::is_awaited(&self.server.engine)
                && let Err(error) = durability::wait(&self.server.engine, lsn).await
            {
                tracing::error!("a datagram's write did not reach the disk: {error}");
                continue;
            }
            let payload = DATAGRAM_BYTES_MAX - HEADER_BYTES;
            let count = replies.len().div_ceil(payload) as u16;
            for (place, part) in replies.chunks(payload).enumerate() {
                datagram.clear();
                datagram.extend_from_slice(&header[..2]);
                datagram.extend_from_slice(&(place as u16).to_be_bytes());
                datagram.extend_from_slice(&count.to_be_bytes());
                datagram.extend_from_slice(&[0, 0]);
                datagram.extend_from_slice(part);
                if self.socket.send_to(&datagram, peer).await.is_err() {
                    break;
                }
            }
        }
    }

    /// Carries out the requests of one datagram; what is not whole is dropped.
    fn answer(&mut self, mut input: &[u8], replies: &mut Vec<u8>) -> Option<Lsn> {
        let mut codec = memcached::Codec::default();
        let mut session = Session::default();
        let mut last = None;
        self.client.log_out();
        Thread::with(|thread| {
            thread.refresh(&self.server);
            let Some(_busy) = self.server.turns.enter(thread.shard) else { return };
            let stats = thread.stats(&self.server);
            stats.add(Counter::NetInputBytes, (input.len() + HEADER_BYTES) as u64);
            loop {
                let before = replies.len();
                let progress = codec.process(&mut Turn {
                    server: &self.server,
                    settings: &thread.settings,
                    client: &mut self.client,
                    session: &mut session,
                    stats,
                    input,
                    out: replies,
                });
                input = &input[progress.consumed..];
                last = progress.lsn.or(last);
                let goes_on = progress.unfinished && !progress.paused && !progress.close;
                if !goes_on || (progress.consumed == 0 && replies.len() == before) {
                    break;
                }
                if replies.len() > REPLY_BYTES_MAX {
                    replies.clear();
                    replies.extend_from_slice(b"SERVER_ERROR reply too large for UDP\r\n");
                    break;
                }
            }
            stats.add(Counter::NetOutputBytes, replies.len() as u64);
        });
        replies.truncate(REPLY_BYTES_MAX);
        last
    }
}
