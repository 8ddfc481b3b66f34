//! The file that the log is being written to.
//!
//! Under `always` it is filled ahead ([`super::filler`]); otherwise blocks are reserved behind its end, so that nobody
//! sees them. Either way the file is cut back to what it holds before anybody else gets it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::backend::write_all_at;
use super::filler::{self, Buffer, Filling};
use super::{Lsn, mark::Mark};

/// The least and most that is preallocated at once; in between as much as the file has.
const PREALLOCATE_BYTES_MIN: u64 = 256 * 1024;
const PREALLOCATE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// The least and most that is filled at once; in between as much as the file has.
const FILL_BYTES_MIN: u64 = 4 * 1024 * 1024;
const FILL_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// An AOF increment open for appending.
pub struct Increment {
    pub file: Arc<File>,
    pub path: PathBuf,
    /// Where the next group goes: the end of what is whole, or in flight.
    pub size: u64,
    /// Blocks are reserved up to here; beyond the file's size, so that nobody sees them.
    allocated: u64,
    preallocates: bool,
    /// Filler stands from `size`, a block boundary then, up to here; zero where there is none.
    filled: u64,
    filling: Option<Filling>,
    /// Filling failed: this file does without.
    unfillable: bool,
    /// The descriptor for whole blocks.
    blocks: Option<Arc<File>>,
}

impl Increment {
    /// Creates the file at `path` with the mark that tells that its groups are marked. It must not exist.
    pub fn create(path: &Path, start: Lsn) -> io::Result<Increment> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        let header = Mark::header(start).encode();
        if let Err(error) = write_all_at(&file, 0, &[&header], 0).and_then(|()| file.sync_all()) {
            let _ = std::fs::remove_file(path);
            return Err(error);
        }
        Ok(Self::over(file, path, header.len() as u64))
    }

    /// Opens an existing file whose first `size` bytes are whole; cuts off what follows.
    pub fn reopen(path: &Path, size: u64) -> io::Result<Increment> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        if file.metadata()?.len() != size {
            file.set_len(size)?;
            file.sync_all()?;
        }
        Ok(Self::over(file, path, size))
    }

    fn over(file: File, path: &Path, size: u64) -> Increment {
        Increment {
            file: Arc::new(file),
            path: path.to_owned(),
            size,
            allocated: size,
            preallocates: true,
            filled: 0,
            filling: None,
            unfillable: false,
            blocks: None,
        }
    }

    /// Reserves blocks for `more` bytes behind the end, in growing steps: the fsync of a write into reserved blocks
    /// does not wait for the file system's allocator.
    pub(super) fn preallocate(&mut self, more: u64) {
        let needed = self.size + more;
        if !self.preallocates || needed <= self.allocated {
            return;
        }
        let step = self.size.clamp(PREALLOCATE_BYTES_MIN, PREALLOCATE_BYTES_MAX);
        let target = needed.next_multiple_of(step);
        match reserve_blocks(&self.file, self.allocated, target - self.allocated) {
            Ok(()) => self.allocated = target,
            // A full disk shows in the write; a file system without the call is done without.
            Err(error) if error.kind() == io::ErrorKind::StorageFull => {}
            Err(_) => self.preallocates = false,
        }
    }

    /// Whether there is filler behind the end, which must be cut off before anything else than blocks is written.
    pub(super) fn has_filler(&self) -> bool {
        self.filled > 0
    }

    /// Makes sure that filler stands for `more` bytes behind the end; `size` is at a block boundary afterwards. More is
    /// filled beside the writer before it is needed. `None` where the file cannot be filled.
    pub(super) fn blocks(&mut self, more: u64) -> Option<Arc<File>> {
        if self.filling.as_ref().is_some_and(Filling::is_finished) {
            self.finish_filling();
        }
        let step = self.size.clamp(FILL_BYTES_MIN, FILL_BYTES_MAX);
        while self.size + more > self.filled {
            if self.filling.is_some() {
                self.finish_filling();
            } else if self.unfillable || self.begin_blocks(more.next_multiple_of(FILL_BYTES_MIN)).is_err() {
                self.unfillable = true;
                return None;
            }
        }
        if self.filling.is_none() && !self.unfillable && self.filled - self.size - more < step / 2 {
            let file = self.blocks.as_ref().unwrap_or(&self.file);
            self.filling = Filling::start(file, self.filled, self.filled + step).ok();
        }
        self.blocks.clone()
    }

    /// Fills the next `step` bytes here and now; the first time, brings the end to a block boundary.
    fn begin_blocks(&mut self, step: u64) -> io::Result<()> {
        if self.filled > 0 {
            filler::fill(&self.file, self.filled, self.filled + step)?;
            self.filled += step;
            return Ok(());
        }
        let mut padding = Buffer::with_capacity(2 * filler::BLOCK_BYTES);
        filler::pad(&mut padding, self.size);
        let begin = self.size + padding.bytes().len() as u64;
        let filled = write_all_at(&self.file, self.size, &[padding.bytes()], 0)
            .and_then(|()| filler::fill(&self.file, begin, begin + step));
        if let Err(error) = filled {
            self.file.set_len(self.size)?;
            return Err(error);
        }
        // What is not aligned to a page shows whether blocks can be.
        let probe = (begin..).step_by(filler::BLOCK_BYTES).find(|at| at % 4096 == 512).unwrap_or(begin);
        self.blocks = match filler::open_direct(&self.path, probe) {
            Ok(file) => Some(Arc::new(file)),
            Err(error) => {
                tracing::debug!("{}: not past the page cache: {error}", self.path.display());
                Some(self.file.clone())
            }
        };
        self.size = begin;
        self.filled = begin + step;
        Ok(())
    }

    fn finish_filling(&mut self) {
        let Some(filling) = self.filling.take() else { return };
        let upto = filling.upto;
        match filling.finish() {
            Ok(()) => self.filled = upto,
            // A full disk; what is filled is used up, then it shows in the write.
            Err(_) => self.unfillable = true,
        }
    }

    /// Cuts the file back to what is whole, after a failed write or before closing.
    pub(super) fn trim(&mut self) -> io::Result<()> {
        if let Some(filling) = self.filling.take() {
            // It must not write behind the cut.
            let _ = filling.finish();
        }
        self.allocated = self.size;
        self.filled = 0;
        self.blocks = None;
        self.file.set_len(self.size)
    }
}

#[cfg(target_os = "linux")]
fn reserve_blocks(file: &File, offset: u64, len: u64) -> io::Result<()> {
    let offset = libc::off_t::try_from(offset).map_err(io::Error::other)?;
    let len = libc::off_t::try_from(len).map_err(io::Error::other)?;
    // SAFETY: a call on an open descriptor without memory arguments.
    let result = unsafe { libc::fallocate(file.as_raw_fd(), libc::FALLOC_FL_KEEP_SIZE, offset, len) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(not(target_os = "linux"))]
fn reserve_blocks(file: &File, _offset: u64, _len: u64) -> io::Result<()> {
    let _ = file.as_raw_fd();
    Err(io::ErrorKind::Unsupported.into())
}
