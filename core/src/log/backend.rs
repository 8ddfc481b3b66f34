//! How groups reach the file: one interface over io_uring and a plain thread.
//!
//! The log's writer thread is the only caller. It has at most one write and one standalone fsync in flight, or
//! [`BLOCKS_IN_FLIGHT_MAX`] writes of blocks, which complete in any order.
//!
//! Invariants: a [`Completion::Written`] comes before the [`Completion::Synced`] of the same call; a write that
//! completes with `Ok` is complete (short writes are finished or turned into the error that stopped them).

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::ring::Ring;
use crate::config::AofIo;

/// How many pieces a group has at most: the ring's two, and the mark.
pub const PIECES_MAX: usize = 3;

/// How many durable writes of blocks can be in flight. Recovery relies on it: no more groups than one fewer can stand
/// behind a hole.
pub const BLOCKS_IN_FLIGHT_MAX: usize = 2;

/// The end of something that was started.
#[derive(Debug)]
pub enum Completion {
    Written(io::Result<()>),
    Synced(io::Result<()>),
    /// The write of blocks of this number is durable.
    Blocks(usize, io::Result<()>),
}

/// Whether a write is followed by an fsync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    Nothing,
    Sync,
}

/// Writes and syncs files for the log.
pub trait Backend: Send {
    /// The name for INFO: `io_uring` or `thread`.
    fn name(&self) -> &'static str;

    /// Starts to write `pieces`, one behind the other, at `offset`; with [`Then::Sync`] an fdatasync follows if the
    /// write succeeds.
    ///
    /// # Safety
    /// The pieces stay in place and unchanged until the completion has been reaped.
    unsafe fn start_write(&mut self, file: &Arc<File>, offset: u64, pieces: &[&[u8]], then: Then);

    /// Starts to write `bytes` at `offset`, durably when it completes: whole blocks, in memory that a disk can read
    /// ([`super::filler::Buffer`]). `number`, below [`BLOCKS_IN_FLIGHT_MAX`], is not in flight.
    ///
    /// # Safety
    /// The bytes stay in place and unchanged until the completion has been reaped.
    unsafe fn start_blocks(&mut self, number: usize, file: &Arc<File>, offset: u64, bytes: &[u8]);

    /// What interrupts a [`Backend::reap`] that waits, where that is possible.
    fn poke(&self) -> Option<Arc<Poke>> {
        None
    }

    /// Starts an fdatasync of everything that was written to `file` and reaped.
    fn start_sync(&mut self, file: &Arc<File>);

    /// The next completion. With `wait` blocks for it; something must be in flight then. `None` where it was poked.
    fn reap(&mut self, wait: bool) -> Option<Completion>;
}

/// The backend in use, for INFO.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    pub name: &'static str,
    /// Why it is not io_uring although that was wanted.
    pub fallback_reason: Option<String>,
}

/// Opens the backend that `wanted` asks for. The ring outlives the backend.
pub fn open(wanted: AofIo, ring: &Ring) -> io::Result<(Box<dyn Backend>, Choice)> {
    let denied = match wanted {
        AofIo::Thread => None,
        AofIo::Auto | AofIo::Uring => match open_uring(ring) {
            Ok(backend) => {
                let choice = Choice { name: backend.name(), fallback_reason: None };
                return Ok((backend, choice));
            }
            Err(error) if wanted == AofIo::Uring => {
                return Err(io::Error::new(error.kind(), format!("aof-io is io_uring, but {error}")));
            }
            Err(error) => {
                tracing::info!("The append only file is written by a thread: {error}");
                Some(error.to_string())
            }
        },
    };
    let backend: Box<dyn Backend> = Box::new(super::thread::ThreadBackend::default());
    let choice = Choice { name: backend.name(), fallback_reason: denied };
    Ok((backend, choice))
}

#[cfg(target_os = "linux")]
fn open_uring(ring: &Ring) -> io::Result<Box<dyn Backend>> {
    Ok(Box::new(super::uring::UringBackend::open(ring)?))
}

#[cfg(not(target_os = "linux"))]
fn open_uring(_: &Ring) -> io::Result<Box<dyn Backend>> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "io_uring exists on Linux only"))
}

/// Wakes a writer that waits within the kernel: an eventfd.
pub struct Poke {
    file: File,
}

impl Poke {
    #[cfg(target_os = "linux")]
    pub(super) fn new() -> io::Result<Poke> {
        // SAFETY: a call without memory arguments.
        let descriptor = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new and ours alone.
        Ok(Poke { file: unsafe { std::os::fd::FromRawFd::from_raw_fd(descriptor) } })
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Takes the pokes so far.
    pub(super) fn forget(&self) {
        let _ = io::Read::read(&mut &self.file, &mut [0; 8]);
    }

    pub fn poke(&self) {
        // A counter that is full has woken whom it can.
        let _ = io::Write::write(&mut &self.file, &1u64.to_ne_bytes());
    }
}

/// Writes `bytes` at `offset` and returns when they are durable: the blocking form of [`Backend::start_blocks`].
pub(super) fn write_blocks(file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        let vector = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
        let at = libc::off_t::try_from(offset).map_err(io::Error::other)?;
        let descriptor = std::os::fd::AsRawFd::as_raw_fd(file);
        // SAFETY: the descriptor is open as long as `file`; the vector points to `bytes`, which lives.
        let written = unsafe { libc::pwritev2(descriptor, &vector, 1, at, libc::RWF_DSYNC) };
        if usize::try_from(written) == Ok(bytes.len()) {
            return Ok(());
        }
        // Interrupted, cut short, or a kernel without the flag: the plain calls do it again and tell the reason.
    }
    write_all_at(file, offset, &[bytes], 0)?;
    file.sync_data()
}

/// Writes all of `pieces` from byte `skip` of them on, blocking. The fallback path of every backend.
pub(super) fn write_all_at(file: &File, offset: u64, pieces: &[&[u8]], mut skip: usize) -> io::Result<()> {
    let total: usize = pieces.iter().map(|piece| piece.len()).sum();
    while skip < total {
        let mut vectors = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; PIECES_MAX];
        let mut count = 0;
        let mut passed = 0;
        for piece in pieces {
            let from = skip.saturating_sub(passed).min(piece.len());
            passed += piece.len();
            if from < piece.len() {
                vectors[count] = libc::iovec {
                    iov_base: piece[from..].as_ptr().cast_mut().cast(),
                    iov_len: piece.len() - from,
                };
                count += 1;
            }
        }
        let at = libc::off_t::try_from(offset + skip as u64).map_err(io::Error::other)?;
        // SAFETY: the descriptor is open as long as `file`; the vectors point into `pieces`, which live.
        let written = unsafe {
            libc::pwritev(std::os::fd::AsRawFd::as_raw_fd(file), vectors.as_ptr(), count as libc::c_int, at)
        };
        match written {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            1.. => skip += written as usize,
            _ => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
    }
    Ok(())
}
