//! One process per directory: an advisory lock on a file in it, which the kernel gives back however the process ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::StorageError;

/// The file's name in the data directory.
pub const LOCK_NAME: &str = "polycache.lock";

/// How long a lock of this very process is waited for: an engine that was dropped, not closed, ends when its
/// background threads have let go of it.
const OWN_PATIENCE: Duration = Duration::from_millis(500);

/// The lock on a directory, held until it is dropped.
pub struct DirectoryLock {
    file: File,
    /// A fork shares the lock; only this process gives it back.
    process: u32,
}

impl DirectoryLock {
    /// Takes the lock of `dir`, which exists. A holder's process id stands in the file, for the message.
    pub fn acquire(dir: &Path) -> Result<DirectoryLock, StorageError> {
        let path = dir.join(LOCK_NAME);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(StorageError::file("opening the lock file", &path))?;
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {
                    let mut text = String::new();
                    // The id is only for the message.
                    let _ = file.rewind().and_then(|()| (&mut file).take(16).read_to_string(&mut text));
                    let process = text.trim().parse().ok();
                    if process != Some(std::process::id()) || began.elapsed() > OWN_PATIENCE {
                        return Err(StorageError::Locked { dir: dir.to_owned(), process });
                    }
                    std::thread::sleep(OWN_PATIENCE / 50);
                }
                Err(TryLockError::Error(error)) => return Err(StorageError::file("locking", &path)(error)),
            }
        }
        let _ = file.rewind();
        // Best effort: a full disk must not keep a server from starting to read.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(DirectoryLock { file, process: std::process::id() })
    }
}

impl Drop for DirectoryLock {
    fn drop(&mut self) {
        if self.process == std::process::id() {
            // A forked child may hold the file open for long; closing ours would not free the lock then.
            let _ = self.file.unlock();
        }
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_second_holder_is_told_who_the_first_is() {
        let dir = tempfile::tempdir().unwrap();
        let first = DirectoryLock::acquire(dir.path()).unwrap();
        let error = DirectoryLock::acquire(dir.path()).err().unwrap().to_string();
        assert!(error.ends_with(&format!("is in use by process {}", std::process::id())), "{error}");
        drop(first);
        DirectoryLock::acquire(dir.path()).unwrap();
    }
}
