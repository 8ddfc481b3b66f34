//! Time as the engine sees it: wall-clock milliseconds, and a cheap second counter for access times.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixMillis(pub u64);

impl UnixMillis {
    /// The wall clock now.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixMillis(since.as_millis() as u64)
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub fn seconds(self) -> u64 {
        self.0 / 1000
    }
}

/// Seconds since the Unix epoch, at a quarter of the price of [`UnixMillis::now`] and some milliseconds late.
#[inline]
pub fn coarse_seconds() -> u64 {
    #[cfg(target_os = "linux")]
    {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `time` is valid for writing; the clock exists since Linux 2.6.32.
        unsafe { libc::clock_gettime(libc::CLOCK_REALTIME_COARSE, &mut time) };
        time.tv_sec as u64
    }
    #[cfg(not(target_os = "linux"))]
    UnixMillis::now().seconds()
}
