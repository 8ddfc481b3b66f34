//! What the program needs of the operating system: file descriptors for its clients, and a file with its number.

use std::path::PathBuf;

use crate::config::Settings;

/// Descriptors besides the clients': listeners, files, runtimes.
const OTHER_DESCRIPTORS: u64 = 96;

/// Raises the limit of open files so that `maxclients` fit, as far as the system lets us.
pub fn raise_descriptor_limit(settings: &Settings) {
    let wanted = u64::from(settings.maxclients) + OTHER_DESCRIPTORS;
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is to a structure of the right type that outlives the call.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 || limit.rlim_cur >= wanted {
        return;
    }
    limit.rlim_cur = wanted.min(limit.rlim_max);
    // SAFETY: as above.
    let raised = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) } == 0;
    if !raised || limit.rlim_cur < wanted {
        tracing::warn!(
            "the system allows {} open files, too few for maxclients {}",
            limit.rlim_cur,
            settings.maxclients
        );
    }
}

/// The file with the process' number; removed at the end.
pub struct PidFile(Option<PathBuf>);

impl PidFile {
    /// Writes it where the settings name one.
    pub fn write(path: &str) -> Result<PidFile, String> {
        if path.is_empty() {
            return Ok(PidFile(None));
        }
        std::fs::write(path, format!("{}\n", std::process::id()))
            .map_err(|error| format!("cannot write the pidfile {path}: {error}"))?;
        // The path must keep its meaning should the process change its directory.
        Ok(PidFile(std::path::absolute(path).ok()))
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}
