//! Asymmetric barriers: the frequent side pays nothing, the rare side pays for both.
//!
//! Two threads that each write a flag and then look at the other's need a full barrier between the two steps, or both
//! may miss the other. Where the kernel offers `membarrier(2)`, the rare side ([`heavy`]) makes every running thread
//! of the process pass a full barrier, and the frequent side ([`Light::pass`]) only keeps the compiler from changing
//! the order. Elsewhere both sides use a fence.

use std::sync::OnceLock;

use crate::sync::atomic::{Ordering, fence};

/// The frequent side of the barrier, as this process has it.
#[derive(Clone, Copy, Debug)]
pub struct Light {
    /// The kernel carries out the barrier for us.
    is_free: bool,
}

impl Light {
    /// Finds out what the kernel offers; the answer is the same for the whole life of the process.
    pub fn new() -> Light {
        static OFFERED: OnceLock<bool> = OnceLock::new();
        Light { is_free: *OFFERED.get_or_init(kernel::register) }
    }

    /// A barrier that costs a fence everywhere: for where a test compares the two.
    #[cfg(test)]
    pub fn fenced() -> Light {
        Light { is_free: false }
    }

    /// Between writing one's own flag and looking at the other's.
    #[inline]
    pub fn pass(self) {
        if self.is_free {
            std::sync::atomic::compiler_fence(Ordering::SeqCst);
        } else {
            fence(Ordering::SeqCst);
        }
    }

    /// The rare side: between writing its flag and looking at those of the frequent side.
    ///
    /// # Panics
    /// If the kernel refuses what it agreed to at the start (a system call filter that came later forbids it): going
    /// on could lose writes.
    pub fn heavy(self) {
        fence(Ordering::SeqCst);
        if self.is_free {
            kernel::barrier();
            fence(Ordering::SeqCst);
        }
    }
}

#[cfg(all(target_os = "linux", not(shuttle), not(miri)))]
mod kernel {
    use libc::{
        MEMBARRIER_CMD_PRIVATE_EXPEDITED, MEMBARRIER_CMD_QUERY, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED,
        c_int,
    };

    fn membarrier(command: c_int) -> i64 {
        // SAFETY: membarrier takes integers and touches no memory of ours.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) }
    }

    /// Announces the barrier to the kernel; whether it will carry it out.
    pub fn register() -> bool {
        let offered = membarrier(MEMBARRIER_CMD_QUERY);
        offered >= 0
            && offered & i64::from(MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0
            && membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0
            && membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0
    }

    pub fn barrier() {
        // A forked child inherits the registration with the rest of the address space; should a kernel think
        // otherwise, it is announced anew.
        let done = membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0
            || (membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0
                && membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0);
        assert!(done, "membarrier failed: {}", std::io::Error::last_os_error());
    }
}

#[cfg(not(all(target_os = "linux", not(shuttle), not(miri))))]
mod kernel {
    pub fn register() -> bool {
        false
    }

    pub fn barrier() {}
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::sync::{Barrier, atomic::AtomicUsize};

    use super::*;

    /// Both sides write their flag and look at the other's; whether both missed it is counted.
    fn misses(light: Light, rounds: usize) -> usize {
        let (mine, yours) = (AtomicBool::new(false), AtomicBool::new(false));
        let (round, missed) = (Barrier::new(2), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..rounds {
                    round.wait();
                    // ORDERING: the barrier under test orders the two.
                    mine.store(true, Ordering::Relaxed);
                    light.pass();
                    let saw = yours.load(Ordering::Relaxed); // ORDERING: as above.
                    round.wait();
                    missed.fetch_add(usize::from(!saw), Ordering::SeqCst);
                    round.wait();
                    mine.store(false, Ordering::SeqCst);
                }
            });
            scope.spawn(|| {
                for _ in 0..rounds {
                    missed.store(0, Ordering::SeqCst);
                    yours.store(false, Ordering::SeqCst);
                    round.wait();
                    // ORDERING: the barrier under test orders the two.
                    yours.store(true, Ordering::Relaxed);
                    light.heavy();
                    let saw = mine.load(Ordering::Relaxed); // ORDERING: as above.
                    round.wait();
                    missed.fetch_add(usize::from(!saw), Ordering::SeqCst);
                    round.wait();
                    assert!(missed.load(Ordering::SeqCst) < 2, "both sides missed the other");
                }
            });
        });
        missed.into_inner()
    }

    #[test]
    fn one_of_two_sees_the_other() {
        for light in [Light::new(), Light::fenced()] {
            assert!(misses(light, 2000) < 2);
        }
    }
}
