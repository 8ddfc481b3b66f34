//! Waiting for the log: replies to writes leave when `appendfsync always` has them on the disk.
//!
//! *Concurrency:* the log's writer wakes one task per worker, the pump, and that wakes the thread's connections:
//! waking a task of another thread costs a system call, waking one's own does not. The pump is also the one that tells
//! the writer to go; it runs behind the connections that are ready at the same time, so that they share one fsync.

use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use polycache_core::config::FsyncPolicy;
use polycache_core::engine::Engine;
use polycache_core::log::{LogError, Lsn};

use super::worker::Thread;
use crate::admin::LocalWait;
use crate::client::Client;

/// The connections of one thread that wait.
#[derive(Default)]
pub struct Waits {
    waiting: Vec<(Lsn, Waker)>,
    /// The highest position that anybody waits for.
    newest: Lsn,
    /// The position that the writer was last told of.
    hinted: Lsn,
    pump: Option<Waker>,
}

/// Whether replies to writes wait for the disk.
pub fn is_awaited(engine: &Engine) -> bool {
    engine.log().is_on() && engine.log().fsync_policy() == FsyncPolicy::Always
}

/// Completes when the log is on the disk up to `lsn`, or has failed. For connections of workers.
pub async fn wait(engine: &Engine, lsn: Lsn) -> Result<(), LogError> {
    let watermark = engine.log().watermark();
    let mut registered = false;
    poll_fn(|cx| {
        if watermark.durable() >= lsn {
            return Poll::Ready(Ok(()));
        }
        if let Some(error) = watermark.error() {
            return Poll::Ready(Err(error));
        }
        // Both are looked at again by the pump, which the registration wakes.
        if !std::mem::replace(&mut registered, true) {
            Thread::with(|thread| thread.waits.add(lsn, cx.waker()));
        }
        Poll::Pending
    })
    .await
}

/// Waits for what WAITAOF asked for, or until the client is killed; whether it is durable.
pub async fn wait_for(client: &Client, asked: LocalWait) -> bool {
    let (log, entry) = (client.server.engine.log(), &client.entry);
    // Killing wakes the connection's task, whatever it waits for.
    let killed = poll_fn(|_| if entry.is_killed() { Poll::Ready(()) } else { Poll::Pending });
    let waited = async {
        tokio::select! {
            biased;
            () = killed => {}
            _ = wait(&client.server.engine, asked.lsn) => {}
        }
    };
    match asked.timeout {
        Some(timeout) => drop(tokio::time::timeout(timeout, waited).await),
        None => waited.await,
    }
    log.watermark().durable() >= asked.lsn
}

/// Wakes the waiting connections of this thread; runs as long as the thread does.
pub async fn pump(engine: Engine) {
    poll_fn(|cx| Thread::with(|thread| thread.waits.poll_pump(&engine, cx))).await
}

impl Waits {
    fn add(&mut self, lsn: Lsn, waker: &Waker) {
        self.waiting.push((lsn, waker.clone()));
        self.newest = self.newest.max(lsn);
        if let Some(pump) = &self.pump {
            pump.wake_by_ref();
        }
    }

    fn poll_pump(&mut self, engine: &Engine, cx: &mut Context<'_>) -> Poll<()> {
        self.pump = Some(cx.waker().clone());
        let log = engine.log();
        loop {
            let (durable, failed) = (log.watermark().durable(), log.watermark().error().is_some());
            self.waiting.retain(|(lsn, waker)| {
                let done = failed || *lsn <= durable;
                if done {
                    waker.wake_by_ref();
                }
                !done
            });
            let Some(oldest) = self.waiting.iter().map(|(lsn, _)| *lsn).min() else { return Poll::Pending };
            if self.hinted < self.newest {
                log.flush_hint(self.newest);
                self.hinted = self.newest;
            }
            if log.watermark().register(oldest, cx.waker()).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

/// Returns when the log is on the disk up to `lsn`, or has failed; for threads without a runtime.
pub fn wait_blocking(engine: &Engine, lsn: Lsn) -> Result<(), LogError> {
    engine.log().flush_hint(lsn);
    engine.log().watermark().wait_blocking(lsn, None)
}
