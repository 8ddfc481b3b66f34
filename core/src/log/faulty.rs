//! A backend for tests that fails when told to: the disk is full, a write stops half-way, an fsync fails.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use super::backend::{Backend, Completion, Then, write_all_at};

/// What shall go wrong; shared between the test and the backend.
#[derive(Default)]
pub struct Faults {
    /// Bytes that still fit on the disk; negative: no limit.
    pub room: AtomicI64,
    pub fail_sync: AtomicBool,
}

impl Faults {
    pub fn none() -> Arc<Faults> {
        Arc::new(Faults { room: AtomicI64::new(-1), fail_sync: AtomicBool::new(false) })
    }

    /// The disk takes `bytes` more.
    pub fn limit(&self, bytes: i64) {
        self.room.store(bytes, Ordering::SeqCst);
    }
}

/// See the module. Writes and syncs on the spot.
pub struct FaultyBackend {
    pub faults: Arc<Faults>,
    pub done: std::collections::VecDeque<Completion>,
}

impl FaultyBackend {
    pub fn new(faults: &Arc<Faults>) -> FaultyBackend {
        FaultyBackend { faults: faults.clone(), done: Default::default() }
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        if self.faults.fail_sync.load(Ordering::SeqCst) {
            return Err(io::Error::from_raw_os_error(libc::EIO));
        }
        file.sync_data()
    }

    /// Writes as much as there is room for.
    fn write(&self, file: &File, offset: u64, whole: &[u8]) -> io::Result<()> {
        let room = self.faults.room.load(Ordering::SeqCst);
        let fits = if room < 0 { whole.len() } else { whole.len().min(room as usize) };
        let mut result = write_all_at(file, offset, &[&whole[..fits]], 0);
        if room >= 0 {
            self.faults.room.store(room - fits as i64, Ordering::SeqCst);
        }
        if fits < whole.len() {
            result = Err(io::Error::from_raw_os_error(libc::ENOSPC));
        }
        result
    }
}

impl Backend for FaultyBackend {
    fn name(&self) -> &'static str {
        "faulty"
    }

    unsafe fn start_write(&mut self, file: &Arc<File>, offset: u64, pieces: &[&[u8]], then: Then) {
        let result = self.write(file, offset, &pieces.concat());
        let sync = result.is_ok() && then == Then::Sync;
        self.done.push_back(Completion::Written(result));
        if sync {
            let result = self.sync(file);
            self.done.push_back(Completion::Synced(result));
        }
    }

    unsafe fn start_blocks(&mut self, number: usize, file: &Arc<File>, offset: u64, bytes: &[u8]) {
        let result = self.write(file, offset, bytes).and_then(|()| self.sync(file));
        self.done.push_back(Completion::Blocks(number, result));
    }

    fn start_sync(&mut self, file: &Arc<File>) {
        let result = self.sync(file);
        self.done.push_back(Completion::Synced(result));
    }

    fn reap(&mut self, _: bool) -> Option<Completion> {
        self.done.pop_front()
    }
}
