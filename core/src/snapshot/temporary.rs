//! The file that a snapshot is written to until it is whole, and the rename that puts it in place.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

const SUFFIX: &str = ".saving";

/// A file beside `target`, removed on drop unless it took the target's place.
pub struct Temporary {
    pub file: File,
    path: PathBuf,
    target: PathBuf,
    placed: bool,
}

impl Temporary {
    pub fn create(target: &Path) -> io::Result<Temporary> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // ORDERING: only uniqueness matters.
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut name = prefix(target)?;
        name.push(format!("{}-{number}{SUFFIX}", std::process::id()));
        let path = target.with_file_name(name);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path)?;
        Ok(Temporary { file, path, target: target.to_path_buf(), placed: false })
    }

    /// Forces the file to the disk and puts it in the target's place, which thereby holds the old file or the new one
    /// at any moment, also after a crash.
    pub fn place(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        std::fs::rename(&self.path, &self.target)?;
        self.placed = true;
        sync_directory(&self.target)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.placed
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "cannot remove a snapshot that was not finished");
        }
    }
}

/// What temporary files of `target` begin with.
fn prefix(target: &Path) -> io::Result<OsString> {
    let name = target.file_name();
    let name = name.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file"))?;
    let mut prefix = name.to_os_string();
    prefix.push(".");
    Ok(prefix)
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a rename in the directory of `path` durable.
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(directory_of(path))?.sync_all()
}

/// Removes what crashed saves of `target` left lying. The caller owns the directory.
pub fn remove_stale(target: &Path) {
    let (Ok(prefix), Ok(entries)) = (prefix(target), std::fs::read_dir(directory_of(target))) else { return };
    let prefix = prefix.to_string_lossy().into_owned();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(&prefix) && name.ends_with(SUFFIX) {
            let removed = std::fs::remove_file(entry.path());
            tracing::info!(%name, ok = removed.is_ok(), "removed a snapshot that was not finished");
        }
    }
}
