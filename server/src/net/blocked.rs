//! A connection whose command waits for keys: it carries out nothing more, but keeps reading, so that it notices when
//! its peer goes away, and sends what is left.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use polycache_core::blocking::{Blocked, Ended};
use polycache_core::command::Value;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Sleep, sleep_until};

use super::codec::Codec;
use super::connection::{Awaited, Connection};
use super::durability;
use super::worker::Thread;
use crate::client::KeyWait;
use crate::limits::PENDING_INPUT_BYTES_MAX;
use crate::resp::emit::Emitter;
use crate::scripting::{Done, ScriptWait};

/// Why the connection does not wait any more.
enum Woken {
    Ended(Option<Ended>),
    Close,
}

impl<C: Codec> Connection<C> {
    /// Waits, and answers the command; `false`: close.
    pub(super) async fn wait_for_keys(&mut self, wait: KeyWait) -> bool {
        let KeyWait { blocked, is_muted } = wait;
        let woken = match blocked.next_time() {
            None => self.until_woken(&blocked, None).await,
            Some(time) => {
                let timer = pin!(sleep_until(time.into()));
                self.until_woken(&blocked, Some(timer)).await
            }
        };
        self.client.entry.set_waiter(None);
        drop(blocked);
        let Woken::Ended(ended) = woken else { return false };
        if is_muted {
            return true;
        }
        let replies_at = self.output.len();
        Ended::emit(ended.as_ref(), &mut Emitter::new(&mut self.output, self.client.protocol));
        let Some(ended) = ended else { return true };
        if let Value::Error(_) = ended.reply {
            let server = &self.client.server;
            let text = &self.output[replies_at + 1..];
            Thread::with(|thread| server.stats.error(thread.stats(server), &text[..text.len().min(64)]));
        }
        let server = self.client.server.clone();
        if let Some(lsn) = ended.lsn.filter(|_| durability::is_awaited(&server.engine))
            && let Err(error) = durability::wait(&server.engine, lsn).await
        {
            return self.take_back(&Awaited { lsn, replies_at, commands: 1 }, &error);
        }
        true
    }

    async fn until_woken(&mut self, blocked: &Blocked, mut timer: Option<Pin<&mut Sleep>>) -> Woken {
        poll_fn(|cx| Thread::with(|thread| self.poll_woken(cx, thread, blocked, &mut timer))).await
    }

    fn poll_woken(
        &mut self,
        cx: &mut Context<'_>,
        thread: &mut Thread,
        blocked: &Blocked,
        timer: &mut Option<Pin<&mut Sleep>>,
    ) -> Poll<Woken> {
        if !self.poll_alive(cx, thread) {
            return Poll::Ready(Woken::Close);
        }
        while let Some(sleep) = timer
            && sleep.as_mut().poll(cx).is_ready()
        {
            let next = if blocked.on_time() { blocked.next_time() } else { None };
            match next {
                Some(time) => sleep.as_mut().reset(time.into()),
                None => *timer = None,
            }
        }
        if let Poll::Ready(ended) = blocked.poll(cx) {
            return Poll::Ready(Woken::Ended(ended));
        }
        self.poll_input(cx, thread).map(|()| Woken::Close)
    }

    /// Sends what is left; whether the connection goes on.
    fn poll_alive(&mut self, cx: &mut Context<'_>, thread: &mut Thread) -> bool {
        thread.refresh(&self.client.server);
        if self.client.entry.is_killed()
            || self.poll_send(cx, thread).is_err()
            || (self.client.has_mail() && self.poll_mail(cx, thread).is_err())
        {
            return false;
        }
        self.output.len() == self.sent || !self.exceeds_output_limit(thread)
    }

    /// Reads what comes meanwhile; ready when the peer is gone.
    fn poll_input(&mut self, cx: &mut Context<'_>, thread: &mut Thread) -> Poll<()> {
        while self.input.len() - self.consumed < PENDING_INPUT_BYTES_MAX {
            match self.poll_receive_blocked(cx, thread) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(true) => {}
                Poll::Ready(false) => return Poll::Ready(()),
            }
        }
        Poll::Pending
    }

    /// Waits for a script on a thread of its own, and takes its reply; `false`: close. A peer that sends no more may
    /// still want the reply, and those of the commands behind it.
    pub(super) async fn wait_for_script(&mut self, wait: ScriptWait) -> bool {
        let done = poll_fn(|cx| {
            Thread::with(|thread| {
                if !self.poll_alive(cx, thread) {
                    return Poll::Ready(None);
                }
                match wait.poll(cx) {
                    Poll::Ready(done) => Poll::Ready(Some(done)),
                    Poll::Pending => {
                        self.ended = self.ended || self.poll_input(cx, thread).is_ready();
                        Poll::Pending
                    }
                }
            })
        })
        .await;
        let Some(Done { output, lsn, failed }) = done else { return false };
        if wait.is_muted {
            return true;
        }
        let replies_at = self.output.len();
        self.output.extend_from_slice(&output);
        let server = self.client.server.clone();
        if failed && output.first() == Some(&b'-') {
            let text = &output[1..];
            Thread::with(|thread| server.stats.error(thread.stats(&server), &text[..text.len().min(64)]));
        }
        if let Some(lsn) = lsn.filter(|_| durability::is_awaited(&server.engine))
            && let Err(error) = durability::wait(&server.engine, lsn).await
        {
            return self.take_back(&Awaited { lsn, replies_at, commands: 1 }, &error);
        }
        true
    }

    /// Reads through the thread's buffer, so that a blocked connection has none of its own while nothing comes; `false`
    /// at the end.
    fn poll_receive_blocked(&mut self, cx: &mut Context<'_>, thread: &mut Thread) -> Poll<bool> {
        let mut buffer = std::mem::take(&mut thread.input);
        let mut target = ReadBuf::new(&mut buffer);
        let result = Pin::new(&mut self.stream).poll_read(cx, &mut target);
        let received = target.filled().len();
        self.input.extend_from_slice(target.filled());
        thread.input = buffer;
        match result {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(())) if received > 0 => {
                self.count_input(thread, received);
                self.unfinished = true;
                Poll::Ready(true)
            }
            Poll::Ready(_) => Poll::Ready(false),
        }
    }
}
