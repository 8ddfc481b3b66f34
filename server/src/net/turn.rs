//! A connection's turn: send what is left, read, carry out, send.

use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncReadExt, AsyncWrite, ReadBuf};

use super::codec::{Codec, Progress, Turn};
use super::connection::{Awaited, Connection, Turned};
use super::durability;
use super::stream::Stream;
use super::worker::Thread;
use crate::limits::{
    IDLE_BUFFER_BYTES_MAX, INPUT_RESERVE_BYTES_MAX, PENDING_INPUT_BYTES_MAX, PENDING_OUTPUT_BYTES_MAX,
    READ_BUFFER_BYTES, TURN_OUTPUT_BYTES,
};
use crate::pubsub;
use crate::server::Server;
use crate::stats::Counter;

impl<C: Codec> Connection<C> {
    /// Takes one turn as soon as there is something to do.
    pub(super) fn poll_turn(&mut self, cx: &mut Context<'_>, thread: &mut Thread) -> Poll<Turned> {
        thread.refresh(&self.client.server);
        loop {
            self.codec.take_news(&mut self.output);
            if self.client.is_subscriber() {
                // It may hear no more what its user has lost.
                self.client.refresh_access();
                if self.client.closing {
                    return Poll::Ready(Turned::Close);
                }
            }
            if self.client.entry.is_killed()
                || self.poll_send(cx, thread).is_err()
                || (self.client.has_mail() && self.poll_mail(cx, thread).is_err())
            {
                return Poll::Ready(Turned::Close);
            }
            let pending = self.output.len() - self.sent;
            if pending > 0 && self.exceeds_output_limit(thread) {
                return Poll::Ready(Turned::Close);
            }
            if self.closing || (self.ended && !self.unfinished) {
                // Nothing more is carried out; what is left is sent if the peer reads it.
                return if pending == 0 { Poll::Ready(Turned::Close) } else { Poll::Pending };
            }
            let may_run = pending < PENDING_OUTPUT_BYTES_MAX;
            if self.unfinished && may_run {
                if std::mem::take(&mut self.owes_yield) {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                return Poll::Ready(self.run_own_input(cx, thread));
            }
            let waiting = self.input.len() - self.consumed;
            if self.ended || (!may_run && waiting >= PENDING_INPUT_BYTES_MAX) {
                return Poll::Pending;
            }
            match ready!(self.poll_receive(cx, thread, may_run)) {
                Received::Ran(turned) => return Poll::Ready(turned),
                Received::Nothing => {}
                Received::Close => return Poll::Ready(Turned::Close),
            }
        }
    }

    /// Reads once, and carries out what came if it may.
    fn poll_receive(&mut self, cx: &mut Context<'_>, thread: &mut Thread, may_run: bool) -> Poll<Received> {
        if self.input.len() == self.consumed && may_run {
            return self.poll_receive_at_rest(cx, thread);
        }
        self.make_room();
        let received = match ready!(pin!(self.stream.read_buf(&mut self.input)).poll(cx)) {
            Ok(received) => received,
            Err(_) => return Poll::Ready(Received::Close),
        };
        if received == 0 {
            self.ended = true;
            return Poll::Ready(Received::Nothing);
        }
        self.count_input(thread, received);
        let waiting = self.input.len() - self.consumed;
        if waiting as u64 > thread.settings.client_query_buffer_limit {
            thread.stats(&self.client.server).add(Counter::QueryBufferDisconnections, 1);
            tracing::warn!(
                "closing client {} ({}) that reached the query buffer limit: {waiting} bytes",
                self.client.id,
                self.client.entry.addr
            );
            return Poll::Ready(Received::Close);
        }
        if !may_run {
            self.unfinished = true;
            return Poll::Ready(Received::Nothing);
        }
        if waiting < self.wanted {
            return Poll::Ready(Received::Nothing);
        }
        Poll::Ready(Received::Ran(self.run_own_input(cx, thread)))
    }

    /// Reads into the thread's buffer; only what is left of it afterwards is kept.
    fn poll_receive_at_rest(&mut self, cx: &mut Context<'_>, thread: &mut Thread) -> Poll<Received> {
        let mut buffer = std::mem::take(&mut thread.input);
        let mut target = ReadBuf::new(&mut buffer);
        let result = tokio::io::AsyncRead::poll_read(Pin::new(&mut self.stream), cx, &mut target);
        let received = target.filled().len();
        let outcome = match result {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(_)) => Poll::Ready(Received::Close),
            Poll::Ready(Ok(())) if received == 0 => {
                self.ended = true;
                Poll::Ready(Received::Nothing)
            }
            Poll::Ready(Ok(())) => {
                self.count_input(thread, received);
                let mut output = std::mem::take(&mut thread.output);
                let progress = self.process(thread, &buffer[..received], &mut output);
                self.input.clear();
                self.consumed = 0;
                self.input.extend_from_slice(&buffer[progress.consumed..received]);
                Poll::Ready(Received::Ran(self.after(cx, thread, output, progress)))
            }
        };
        thread.input = buffer;
        outcome
    }

    /// Carries out what the connection's own buffer holds.
    fn run_own_input(&mut self, cx: &mut Context<'_>, thread: &mut Thread) -> Turned {
        let input = std::mem::take(&mut self.input);
        let mut output = std::mem::take(&mut thread.output);
        let progress = self.process(thread, &input[self.consumed..], &mut output);
        self.input = input;
        self.consumed += progress.consumed;
        if self.consumed == self.input.len() {
            self.input.clear();
            self.input.shrink_to(IDLE_BUFFER_BYTES_MAX);
            self.consumed = 0;
        }
        self.after(cx, thread, output, progress)
    }

    fn process(&mut self, thread: &Thread, input: &[u8], out: &mut Vec<u8>) -> Progress {
        let server: &Server = &thread.server;
        let paused = Progress { unfinished: true, paused: true, ..Progress::default() };
        let Some(_busy) = server.turns.enter(thread.shard) else { return paused };
        let _gathering = pubsub::Gathering::begin();
        self.codec.process(&mut Turn {
            server,
            settings: &thread.settings,
            client: &mut self.client,
            session: &mut self.session,
            stats: thread.stats(server),
            input,
            out,
        })
    }

    /// Takes note of a turn's progress and sends its output, unless that must wait for the disk.
    fn after(
        &mut self,
        cx: &mut Context<'_>,
        thread: &mut Thread,
        mut output: Vec<u8>,
        progress: Progress,
    ) -> Turned {
        self.wanted = progress.wanted;
        self.unfinished = progress.unfinished;
        self.owes_yield = progress.unfinished;
        self.closing |= progress.close | self.client.closing;
        let awaited = progress.lsn.filter(|_| durability::is_awaited(&self.client.server.engine));
        let mut sent = 0;
        if awaited.is_none() && self.output.is_empty() {
            // Nothing is waiting before it: straight from the thread's buffer.
            sent = match self.poll_write(cx, thread, &output) {
                Ok(sent) => sent,
                Err(_) => return Turned::Close,
            };
        }
        let mut replies_at = self.output.len();
        if sent < output.len() {
            if self.output.is_empty() && output.len() > IDLE_BUFFER_BYTES_MAX {
                (self.output, self.sent) = (std::mem::take(&mut output), sent);
            } else {
                if self.sent > self.output.len() / 2 {
                    self.output.drain(..self.sent);
                    self.sent = 0;
                }
                replies_at = self.output.len();
                self.output.extend_from_slice(&output[sent..]);
            }
        }
        let awaited = awaited.map(|lsn| Awaited { lsn, replies_at, commands: progress.commands });
        if output.capacity() <= 2 * TURN_OUTPUT_BYTES {
            output.clear();
            thread.output = output;
        }
        self.publish();
        Turned::Ran { awaited, paused: progress.paused, wait: progress.wait }
    }

    /// Sends what is left of the connection's own output, as far as the socket takes it.
    pub(super) fn poll_send(&mut self, cx: &mut Context<'_>, thread: &Thread) -> io::Result<()> {
        if self.output.is_empty() {
            return Ok(());
        }
        let output = std::mem::take(&mut self.output);
        let sent = self.poll_write(cx, thread, &output[self.sent..]);
        self.output = output;
        self.sent += sent?;
        if self.sent == self.output.len() {
            self.output.clear();
            self.output.shrink_to(IDLE_BUFFER_BYTES_MAX);
            self.sent = 0;
            // ORDERING: a figure.
            self.client.entry.figures.output_bytes.store(0, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Sends what others sent the client: all that is there with one write. What the socket does not take is kept up to
    /// a bound; the rest waits in the mailbox.
    pub(super) fn poll_mail(&mut self, cx: &mut Context<'_>, thread: &mut Thread) -> io::Result<()> {
        let Some(mailbox) = self.client.own_mailbox().cloned() else { return Ok(()) };
        while mailbox.has_mail() && self.output.is_empty() {
            let mut output = std::mem::take(&mut thread.output);
            mailbox.take_encoded(self.client.protocol, &mut output, TURN_OUTPUT_BYTES);
            let sent = self.poll_write(cx, thread, &output);
            if let Ok(sent) = sent {
                self.output.extend_from_slice(&output[sent..]);
            }
            output.clear();
            if output.capacity() <= 2 * TURN_OUTPUT_BYTES {
                thread.output = output;
            }
            sent?;
            // ORDERING: a figure.
            self.client.entry.figures.output_bytes.store(self.output.len(), Ordering::Relaxed);
        }
        Ok(())
    }

    /// Writes until the socket is full; how many bytes it took.
    fn poll_write(&mut self, cx: &mut Context<'_>, thread: &Thread, bytes: &[u8]) -> io::Result<usize> {
        let mut written = 0;
        while written < bytes.len() {
            match Stream::poll_write(Pin::new(&mut self.stream), cx, &bytes[written..]) {
                Poll::Pending => break,
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(count)) => {
                    written += count;
                    let stats = thread.stats(&self.client.server);
                    stats.add(Counter::Writes, 1);
                    stats.add(Counter::NetOutputBytes, count as u64);
                    add(&self.client.entry.figures.net_output_bytes, count);
                }
                Poll::Ready(Err(error)) => return Err(error),
            }
        }
        Ok(written)
    }

    /// Room for the next read: what the codec says is missing, or a buffer's worth.
    fn make_room(&mut self) {
        if self.consumed > 0 && (self.consumed > self.input.len() / 2 || self.input.len() < READ_BUFFER_BYTES)
        {
            self.input.drain(..self.consumed);
            self.consumed = 0;
        }
        let waiting = self.input.len() - self.consumed;
        let free = self.input.capacity() - self.input.len();
        let missing = self.wanted.saturating_sub(waiting);
        if missing > free {
            let room = missing.min(self.input.len().max(INPUT_RESERVE_BYTES_MAX));
            self.input.reserve_exact(room);
        } else if missing == 0 && free < READ_BUFFER_BYTES / 4 {
            self.input.reserve(READ_BUFFER_BYTES / 4);
        }
    }

    pub(super) fn count_input(&self, thread: &Thread, received: usize) {
        let stats = thread.stats(&self.client.server);
        stats.add(Counter::Reads, 1);
        stats.add(Counter::NetInputBytes, received as u64);
        add(&self.client.entry.figures.net_input_bytes, received);
    }

    /// Publishes the figures that CLIENT LIST shows.
    fn publish(&self) {
        let figures = &self.client.entry.figures;
        // ORDERING: figures, see `client/entry.rs`.
        figures.last_active.store(self.client.server.stats.ticks.now(), Ordering::Relaxed);
        figures.input_bytes.store(self.input.len() - self.consumed, Ordering::Relaxed);
        figures.input_free.store(self.input.capacity() - self.input.len(), Ordering::Relaxed);
        figures.output_bytes.store(self.output.len() - self.sent, Ordering::Relaxed);
        self.client.publish(&self.session);
    }
}

/// Adds to a counter with one writer.
fn add(counter: &std::sync::atomic::AtomicU64, amount: usize) {
    // ORDERING: a figure.
    counter.store(counter.load(Ordering::Relaxed) + amount as u64, Ordering::Relaxed);
}

/// What a read led to.
enum Received {
    Ran(Turned),
    Nothing,
    Close,
}
