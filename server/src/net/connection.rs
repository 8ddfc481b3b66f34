//! One connection, from accept to close: waits, takes its turns, waits for the disk and for the end of pauses.
//!
//! A connection at rest owns no buffers: input is read into its thread's buffer and moves to one of its own only
//! while a command is incomplete; output likewise while it cannot be sent.

use std::future::poll_fn;
use std::os::fd::AsRawFd;
use std::task::Poll;
use std::time::Instant;

use polycache_core::command::Session;
use polycache_core::log::{LogError, Lsn};

use super::codec::Codec;
use super::durability;
use super::stream::Stream;
use super::worker::Thread;
use crate::admin::{LocalWait, answer};
use crate::client::Client;
use crate::resp::emit::Emitter;
use crate::stats::Counter;

/// The state of a connection.
pub struct Connection<C> {
    /// Goes before the socket: who sees the connection close no longer finds the client in the registry.
    pub(super) client: Client,
    pub(super) stream: Stream,
    pub(super) codec: C,
    pub(super) session: Session,
    /// Input that is not carried out yet, from `consumed` on.
    pub(super) input: Vec<u8>,
    pub(super) consumed: usize,
    /// The codec wants no call before so many bytes of input are there.
    pub(super) wanted: usize,
    /// The input may hold complete commands.
    pub(super) unfinished: bool,
    /// Output that is not sent yet, from `sent` on.
    pub(super) output: Vec<u8>,
    pub(super) sent: usize,
    /// Close when the output is sent.
    pub(super) closing: bool,
    /// The peer sends no more.
    pub(super) ended: bool,
    /// Another connection of the thread comes first.
    pub(super) owes_yield: bool,
    /// Since when the output has been above its soft limit.
    pub(super) above_soft_limit: Option<Instant>,
}

/// What a turn ended with.
pub(super) enum Turned {
    /// Commands were carried out.
    Ran {
        awaited: Option<Awaited>,
        paused: bool,
        wait: Option<LocalWait>,
    },
    Close,
}

/// Replies that may leave when the log is on the disk.
pub(super) struct Awaited {
    pub lsn: Lsn,
    /// Where they begin in the connection's output.
    pub replies_at: usize,
    /// How many commands they answer.
    pub commands: usize,
}

impl<C: Codec> Connection<C> {
    pub fn new(stream: Stream, codec: C, client: Client) -> Connection<C> {
        Connection {
            stream,
            codec,
            client,
            session: Session::default(),
            input: Vec::new(),
            consumed: 0,
            wanted: 0,
            unfinished: false,
            output: Vec::new(),
            sent: 0,
            closing: false,
            ended: false,
            owes_yield: false,
            above_soft_limit: None,
        }
    }

    /// Serves the client until one side closes.
    pub async fn run(mut self) {
        let entry = self.client.entry.clone();
        poll_fn(|cx| {
            entry.set_waker(cx.waker());
            Poll::Ready(())
        })
        .await;
        loop {
            match poll_fn(|cx| Thread::with(|thread| self.poll_turn(cx, thread))).await {
                Turned::Close => break,
                Turned::Ran { awaited, paused, wait } => {
                    if let Some(awaited) = awaited
                        && let Err(error) = durability::wait(&self.client.server.engine, awaited.lsn).await
                        && !self.take_back(&awaited, &error)
                    {
                        break;
                    }
                    if let Some(wait) = wait {
                        let durable = durability::wait_for(&self.client, wait).await;
                        if !wait.is_muted {
                            let mut reply = Emitter::new(&mut self.output, self.client.protocol);
                            answer(&mut reply, durable);
                        }
                    }
                    if let Some(wait) = self.client.blocked.take()
                        && !self.wait_for_keys(wait).await
                    {
                        break;
                    }
                    if let Some(wait) = self.client.script.take()
                        && !self.wait_for_script(wait).await
                    {
                        break;
                    }
                    entry.set_held(paused);
                    if paused && !entry.is_killed() {
                        self.client.server.clients.pause.wait_a_little().await;
                    }
                }
            }
        }
        tracing::trace!("client {} on descriptor {} is gone", self.client.id, self.stream.as_raw_fd());
    }

    /// Replaces replies that would acknowledge what is not on the disk by errors; `false`: close.
    pub(super) fn take_back(&mut self, awaited: &Awaited, error: &LogError) -> bool {
        if self.output.len() == awaited.replies_at {
            // Nobody asked for replies.
            return true;
        }
        self.output.truncate(awaited.replies_at);
        let reason = match error {
            LogError::Poisoned(reason) => reason.to_string(),
            other => other.to_string(),
        };
        let told = self.codec.refuse(awaited.commands, &reason, &mut self.output);
        if !told {
            tracing::error!("closing client {}: {error}", self.client.id);
        }
        told
    }

    /// Whether unsent output is above the limits of the client's class; counted and logged if so.
    pub(super) fn exceeds_output_limit(&mut self, thread: &Thread) -> bool {
        let mail = self.client.own_mailbox().map_or(0, |mailbox| mailbox.bytes());
        let pending = (self.output.len() - self.sent + mail) as u64;
        let limits = &thread.settings.client_output_buffer_limit;
        let limit = if self.client.is_subscriber() { limits.pubsub } else { limits.normal };
        let above_soft = limit.soft_bytes != 0 && pending > limit.soft_bytes;
        if above_soft {
            self.above_soft_limit.get_or_insert_with(Instant::now);
        } else {
            self.above_soft_limit = None;
        }
        let too_long =
            self.above_soft_limit.is_some_and(|since| since.elapsed().as_secs() >= limit.soft_seconds);
        let exceeds = too_long || (limit.hard_bytes != 0 && pending > limit.hard_bytes);
        if exceeds {
            thread.stats(&self.client.server).add(Counter::OutputBufferDisconnections, 1);
            tracing::warn!(
                "client {} ({}) is closed for overcoming of output buffer limits: {pending} bytes unread",
                self.client.id,
                self.client.entry.addr
            );
        }
        exceeds
    }
}
