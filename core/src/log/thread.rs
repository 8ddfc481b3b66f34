//! The backend without io_uring: pwritev on the log's writer thread, standalone fsyncs on a second thread, so that
//! writing goes on while the disk syncs.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::backend::{Backend, Completion, Then, write_all_at, write_blocks};

/// See the module.
#[derive(Default)]
pub struct ThreadBackend {
    done: VecDeque<Completion>,
    syncer: Option<Syncer>,
}

/// The thread that syncs; it ends when its request channel is dropped.
struct Syncer {
    requests: Sender<Arc<File>>,
    results: Receiver<io::Result<()>>,
    pending: usize,
}

impl Syncer {
    fn spawn() -> io::Result<Syncer> {
        let (requests, inbox) = channel::<Arc<File>>();
        let (outbox, results) = channel();
        std::thread::Builder::new().name("polycache-sync".into()).spawn(move || {
            for file in inbox {
                if outbox.send(file.sync_data()).is_err() {
                    return;
                }
            }
        })?;
        Ok(Syncer { requests, results, pending: 0 })
    }
}

impl Backend for ThreadBackend {
    fn name(&self) -> &'static str {
        "thread"
    }

    unsafe fn start_write(&mut self, file: &Arc<File>, offset: u64, pieces: &[&[u8]], then: Then) {
        let written = write_all_at(file, offset, pieces, 0);
        let sync = written.is_ok() && then == Then::Sync;
        self.done.push_back(Completion::Written(written));
        if sync {
            self.done.push_back(Completion::Synced(file.sync_data()));
        }
    }

    unsafe fn start_blocks(&mut self, number: usize, file: &Arc<File>, offset: u64, bytes: &[u8]) {
        self.done.push_back(Completion::Blocks(number, write_blocks(file, offset, bytes)));
    }

    fn start_sync(&mut self, file: &Arc<File>) {
        if self.syncer.is_none() {
            self.syncer = Syncer::spawn().ok();
        }
        match &mut self.syncer {
            Some(syncer) if syncer.requests.send(file.clone()).is_ok() => syncer.pending += 1,
            // No thread to be had: sync here.
            _ => self.done.push_back(Completion::Synced(file.sync_data())),
        }
    }

    fn reap(&mut self, wait: bool) -> Option<Completion> {
        if let Some(done) = self.done.pop_front() {
            return Some(done);
        }
        let syncer = self.syncer.as_mut().filter(|syncer| syncer.pending > 0)?;
        let result = if wait {
            syncer.results.recv().unwrap_or_else(|_| Err(io::Error::other("the syncing thread died")))
        } else {
            syncer.results.try_recv().ok()?
        };
        syncer.pending -= 1;
        Some(Completion::Synced(result))
    }
}
