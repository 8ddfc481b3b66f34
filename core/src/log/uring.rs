//! The backend over io_uring: groups go from the registered ring, with the mark and the fsync linked behind.
//!
//! The kernel runs a chain in order and breaks it at the first piece that fails or falls short; what remains is then
//! finished with ordinary calls, which give the reason.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;

use io_uring::{IoUring, Probe, opcode, squeue, types};

use super::backend::{
    BLOCKS_IN_FLIGHT_MAX, Backend, Completion, PIECES_MAX, Poke, Then, write_all_at, write_blocks,
};
use super::ring::Ring;

/// Submission entries: a chain of three pieces and an fsync, a standalone fsync, the poke; or blocks.
const ENTRIES: u32 = 8;
/// `user_data` of the fsync at the end of a chain; pieces have their index.
const CHAINED_SYNC: u64 = 100;
/// `user_data` of a standalone fsync.
const LONE_SYNC: u64 = 101;
/// `user_data` of the poll that a poke ends.
const POKED: u64 = 102;
/// `user_data` of blocks, with their number added.
const BLOCKS: u64 = 200;

const _: () = assert!(ENTRIES as usize > PIECES_MAX + 2);
const _: () = assert!(ENTRIES as usize > BLOCKS_IN_FLIGHT_MAX);

/// See the module.
pub struct UringBackend {
    uring: IoUring,
    ring: libc::iovec,
    /// Address range of the registered ring; empty where registering was denied, `None` before it was tried.
    registered: Option<std::ops::Range<usize>>,
    chain: Option<Chain>,
    lone_sync: Option<Arc<File>>,
    blocks: [Option<Blocks>; BLOCKS_IN_FLIGHT_MAX],
    poke: Arc<Poke>,
    is_poke_armed: bool,
    was_poked: bool,
    done: VecDeque<Completion>,
    /// Submitting failed once: entries may be left in the submission ring and must never be sent, so everything
    /// goes by ordinary calls from then on.
    broken: bool,
}

/// A write in flight.
struct Chain {
    file: Arc<File>,
    offset: u64,
    /// The caller promises that they stay in place: see [`Backend::start_write`].
    pieces: [(*const u8, usize); PIECES_MAX],
    results: [i32; PIECES_MAX],
    count: usize,
    then: Then,
    sync_result: i32,
    missing: usize,
}

/// A write of blocks in flight.
struct Blocks {
    file: Arc<File>,
    offset: u64,
    /// The caller promises that they stay in place: see [`Backend::start_blocks`].
    bytes: (*const u8, usize),
}

impl Blocks {
    /// The write's outcome; what the kernel did not do whole is done again.
    fn outcome(&self, result: i32) -> io::Result<()> {
        if result as i64 == self.bytes.1 as i64 {
            return Ok(());
        }
        // SAFETY: the caller of `start_blocks` keeps the bytes until the completion that we are about to report.
        let bytes = unsafe { std::slice::from_raw_parts(self.bytes.0, self.bytes.1) };
        match outcome(result) {
            // A failed sync must not be forgotten by trying again.
            Err(error) if !matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EINTR)) => Err(error),
            _ => write_blocks(&self.file, self.offset, bytes),
        }
    }
}

// SAFETY: the raw pointers are only read as long as `start_write`'s caller keeps them valid, on whatever thread.
unsafe impl Send for UringBackend {}

impl UringBackend {
    /// Sets up io_uring for writing from `ring`. Fails where the kernel or a sandbox denies io_uring.
    pub fn open(ring: &Ring) -> io::Result<UringBackend> {
        let denied = |what: &str, error: io::Error| io::Error::new(error.kind(), format!("{what}: {error}"));
        let uring = IoUring::builder()
            .setup_coop_taskrun()
            .build(ENTRIES)
            .or_else(|_| IoUring::new(ENTRIES))
            .map_err(|error| denied("io_uring is not available", error))?;
        let mut probe = Probe::new();
        uring
            .submitter()
            .register_probe(&mut probe)
            .map_err(|error| denied("io_uring cannot be probed", error))?;
        for code in
            [opcode::WriteFixed::CODE, opcode::Write::CODE, opcode::Fsync::CODE, opcode::PollAdd::CODE]
        {
            if !probe.is_supported(code) {
                let text = format!("io_uring of this kernel lacks operation {code}");
                return Err(io::Error::new(io::ErrorKind::Unsupported, text));
            }
        }
        Ok(UringBackend {
            uring,
            ring: libc::iovec { iov_base: ring.base().cast(), iov_len: ring.capacity() },
            registered: None,
            chain: None,
            lone_sync: None,
            blocks: Default::default(),
            poke: Arc::new(Poke::new()?),
            is_poke_armed: false,
            was_poked: false,
            done: VecDeque::new(),
            broken: false,
        })
    }

    /// Whether `piece` lies in the registered ring. The ring is registered with the first write: that brings all its
    /// pages into memory, which an engine that is only read can do without.
    fn is_registered(&mut self, piece: &[u8]) -> bool {
        let registered = self.registered.get_or_insert_with(|| {
            // SAFETY: the ring outlives this backend (see `backend::open`), and closing the io_uring unregisters it.
            match unsafe { self.uring.submitter().register_buffers(&[self.ring]) } {
                Ok(()) => {
                    let base = self.ring.iov_base as usize;
                    base..base + self.ring.iov_len
                }
                // Locked memory is limited: plain writes do as well.
                Err(error) => {
                    tracing::debug!("io_uring: buffers are not registered: {error}");
                    0..0
                }
            }
        });
        let start = piece.as_ptr() as usize;
        registered.contains(&start) && start + piece.len() <= registered.end
    }

    fn push(&mut self, entry: squeue::Entry) {
        // SAFETY: buffers and descriptors stay valid until the completion: the caller's promise, and `Arc<File>`s
        // held in the chain or by the writer.
        let pushed = unsafe { self.uring.submission().push(&entry) };
        pushed.expect("the submission ring has room for one chain and one fsync");
    }

    /// Hands new entries to the kernel and waits for `wanted` completions; `false` where that is impossible.
    fn submit(&mut self, wanted: usize) -> bool {
        while !self.broken {
            match self.uring.submit_and_wait(wanted) {
                Ok(_) => return true,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Memory is short for the moment.
                Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EBUSY)) => {
                    std::thread::yield_now();
                }
                Err(error) => {
                    tracing::warn!("io_uring refuses work, writing with ordinary calls: {error}");
                    self.broken = true;
                }
            }
        }
        false
    }

    /// Takes what the kernel has finished.
    fn collect(&mut self) {
        let entries: Vec<(u64, i32)> =
            self.uring.completion().map(|entry| (entry.user_data(), entry.result())).collect();
        for (data, result) in entries {
            if data == LONE_SYNC {
                self.lone_sync = None;
                self.done.push_back(Completion::Synced(outcome(result).map(drop)));
                continue;
            }
            if data == POKED {
                self.is_poke_armed = false;
                self.was_poked = true;
                self.poke.forget();
                continue;
            }
            if let Some(blocks) =
                data.checked_sub(BLOCKS).and_then(|number| self.blocks[number as usize].take())
            {
                let number = (data - BLOCKS) as usize;
                self.done.push_back(Completion::Blocks(number, blocks.outcome(result)));
                continue;
            }
            let Some(chain) = &mut self.chain else { continue };
            match data {
                CHAINED_SYNC => chain.sync_result = result,
                piece => chain.results[piece as usize] = result,
            }
            chain.missing -= 1;
            if chain.missing == 0 {
                let chain = self.chain.take().expect("it was just there");
                self.finish(chain);
            }
        }
    }

    fn finish(&mut self, chain: Chain) {
        let mut written = 0;
        let mut whole = true;
        for (piece, result) in chain.pieces[..chain.count].iter().zip(chain.results) {
            written += result.max(0) as usize;
            whole &= result as i64 == piece.1 as i64;
            if !whole {
                break;
            }
        }
        if whole {
            self.done.push_back(Completion::Written(Ok(())));
            if chain.then == Then::Sync {
                self.done.push_back(Completion::Synced(outcome(chain.sync_result).map(drop)));
            }
            return;
        }
        // SAFETY: the caller of `start_write` keeps the pieces until the completion that we are about to report.
        let pieces = chain.pieces.map(|(base, len)| unsafe { std::slice::from_raw_parts(base, len) });
        self.write_plainly(&chain.file, chain.offset, &pieces[..chain.count], written, chain.then);
    }

    /// Writes what follows byte `skip` of `pieces` with ordinary calls.
    fn write_plainly(&mut self, file: &Arc<File>, offset: u64, pieces: &[&[u8]], skip: usize, then: Then) {
        let result = write_all_at(file, offset, pieces, skip);
        let sync = result.is_ok() && then == Then::Sync;
        self.done.push_back(Completion::Written(result));
        if sync {
            self.done.push_back(Completion::Synced(file.sync_data()));
        }
    }

    /// After a failed submission: does again, with ordinary calls, all that was in flight.
    fn give_up(&mut self) {
        if let Some(mut chain) = self.chain.take() {
            // Writing the same bytes to the same place twice is harmless.
            chain.results = [0; PIECES_MAX];
            self.finish(chain);
        }
        if let Some(file) = self.lone_sync.take() {
            self.done.push_back(Completion::Synced(file.sync_data()));
        }
        for number in 0..BLOCKS_IN_FLIGHT_MAX {
            if let Some(blocks) = self.blocks[number].take() {
                self.done.push_back(Completion::Blocks(number, blocks.outcome(0)));
            }
        }
    }

    /// Lets a poke end a wait.
    fn arm_poke(&mut self) {
        if !self.is_poke_armed && !self.broken {
            let descriptor = types::Fd(self.poke.file().as_raw_fd());
            let entry = opcode::PollAdd::new(descriptor, libc::POLLIN as u32).build();
            self.push(entry.user_data(POKED));
            self.is_poke_armed = true;
        }
    }
}

/// A completion's result as Rust has it.
fn outcome(result: i32) -> io::Result<i32> {
    if result < 0 { Err(io::Error::from_raw_os_error(-result)) } else { Ok(result) }
}

impl Backend for UringBackend {
    fn name(&self) -> &'static str {
        "io_uring"
    }

    unsafe fn start_write(&mut self, file: &Arc<File>, offset: u64, pieces: &[&[u8]], then: Then) {
        if self.broken {
            self.write_plainly(file, offset, pieces, 0, then);
            return;
        }
        let descriptor = types::Fd(file.as_raw_fd());
        let pieces: Vec<&[u8]> = pieces.iter().copied().filter(|piece| !piece.is_empty()).collect();
        let mut chain = Chain {
            file: file.clone(),
            offset,
            pieces: [(std::ptr::NonNull::dangling().as_ptr(), 0); PIECES_MAX],
            results: [0; PIECES_MAX],
            count: pieces.len(),
            then,
            sync_result: 0,
            missing: pieces.len() + (then == Then::Sync) as usize,
        };
        let mut at = offset;
        for (index, piece) in pieces.iter().enumerate() {
            chain.pieces[index] = (piece.as_ptr(), piece.len());
            let (base, len) = (piece.as_ptr(), piece.len() as u32);
            let entry = if self.is_registered(piece) {
                opcode::WriteFixed::new(descriptor, base, len, 0).offset(at).build()
            } else {
                opcode::Write::new(descriptor, base, len).offset(at).build()
            };
            let linked = index + 1 < pieces.len() || then == Then::Sync;
            let flags = if linked { squeue::Flags::IO_LINK } else { squeue::Flags::empty() };
            self.push(entry.flags(flags).user_data(index as u64));
            at += piece.len() as u64;
        }
        if then == Then::Sync {
            let entry = opcode::Fsync::new(descriptor).flags(types::FsyncFlags::DATASYNC).build();
            self.push(entry.user_data(CHAINED_SYNC));
        }
        self.chain = Some(chain);
        if !self.submit(0) {
            self.give_up();
        }
    }

    unsafe fn start_blocks(&mut self, number: usize, file: &Arc<File>, offset: u64, bytes: &[u8]) {
        if self.broken {
            self.done.push_back(Completion::Blocks(number, write_blocks(file, offset, bytes)));
            return;
        }
        let entry = opcode::Write::new(types::Fd(file.as_raw_fd()), bytes.as_ptr(), bytes.len() as u32);
        let entry = entry.offset(offset).rw_flags(libc::RWF_DSYNC).build();
        self.push(entry.user_data(BLOCKS + number as u64));
        self.blocks[number] =
            Some(Blocks { file: file.clone(), offset, bytes: (bytes.as_ptr(), bytes.len()) });
        if !self.submit(0) {
            self.give_up();
        }
    }

    fn poke(&self) -> Option<Arc<Poke>> {
        Some(self.poke.clone())
    }

    fn start_sync(&mut self, file: &Arc<File>) {
        if !self.broken {
            let entry =
                opcode::Fsync::new(types::Fd(file.as_raw_fd())).flags(types::FsyncFlags::DATASYNC).build();
            self.push(entry.user_data(LONE_SYNC));
            self.lone_sync = Some(file.clone());
        }
        if !self.submit(0) {
            self.lone_sync = None;
            self.done.push_back(Completion::Synced(file.sync_data()));
        }
    }

    fn reap(&mut self, wait: bool) -> Option<Completion> {
        self.collect();
        while self.done.is_empty() && wait && !std::mem::take(&mut self.was_poked) {
            self.arm_poke();
            if !self.submit(1) {
                self.give_up();
                break;
            }
            self.collect();
        }
        self.done.pop_front()
    }
}
