//! The file that the log is being written to.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::backend::write_all_at;
use super::{Lsn, mark::Mark};

/// The least and most that is preallocated at once; in between as much as the file has.
const PREALLOCATE_BYTES_MIN: u64 = 256 * 1024;
const PREALLOCATE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// An AOF increment open for appending.
pub struct Increment {
    pub file: Arc<File>,
    pub path: PathBuf,
    /// Where the next group goes: the end of what is whole.
    pub size: u64,
    /// Blocks are reserved up to here; beyond the file's size, so that nobody sees them.
    allocated: u64,
    preallocates: bool,
}

impl Increment {
    /// Creates the file at `path` with the mark that tells that its groups are marked. It must not exist.
    pub fn create(path: &Path, start: Lsn) -> io::Result<Increment> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        let header = Mark::header(start).encode();
        write_all_at(&file, 0, &[&header], 0)?;
        file.sync_all()?;
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
        Increment { file: Arc::new(file), path: path.to_owned(), size, allocated: size, preallocates: true }
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

    /// Cuts the file back to what is whole, after a failed write or before closing.
    pub(super) fn trim(&mut self) -> io::Result<()> {
        self.allocated = self.size;
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
