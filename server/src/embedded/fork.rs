//! Fork awareness: a handle remembers the process that opened it.
//!
//! A forked child has one thread, and none of the engine's threads; its copy of the engine would neither log nor
//! expire nor evict, and closing it would write into the parent's files. So a handle carries the generation it was
//! opened in, `pthread_atfork` counts it up in every child, and a handle of another generation refuses to work.

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

static GENERATION: AtomicU32 = AtomicU32::new(0);
static INSTALL: Once = Once::new();

/// How many forks lie between the first process and this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Generation(u32);

impl Generation {
    /// The generation of this process; from now on its forks are noticed.
    pub(super) fn current() -> Generation {
        INSTALL.call_once(|| {
            // SAFETY: the handler is an `extern "C"` function that lives as long as the library (which is never
            // unloaded while a handle exists) and does nothing but atomic operations, which a child may do.
            unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        });
        // ORDERING: relaxed; the counter changes only while a process has a single thread.
        Generation(GENERATION.load(Ordering::Relaxed))
    }

    /// Whether this process is the one that took the generation.
    #[inline]
    pub(super) fn is_current(self) -> bool {
        // ORDERING: relaxed, as above.
        self.0 == GENERATION.load(Ordering::Relaxed)
    }

    /// Whether the process is a fork of one that used the library.
    pub(super) fn is_of_a_child(self) -> bool {
        self.0 != 0
    }
}

extern "C" fn in_child() {
    // ORDERING: relaxed; this is the child's only thread.
    GENERATION.fetch_add(1, Ordering::Relaxed);
    super::open::forget_in_child();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_of_another_generation() {
        let here = Generation::current();
        assert!(here.is_current());
        // SAFETY: the child calls only async-signal-safe functions: an atomic load and `_exit`.
        let child = unsafe { libc::fork() };
        assert!(child >= 0);
        if child == 0 {
            // SAFETY: ends the child at once, without running the parent's exit handlers.
            unsafe { libc::_exit(here.is_current().into()) };
        }
        let mut status = 0;
        // SAFETY: waits for the child made above; `status` outlives the call.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert_eq!(libc::WEXITSTATUS(status), 0, "the child took itself for the parent");
        assert!(here.is_current());
    }
}
