//! The primitives of all concurrent code of the engine: std's, or shuttle's under `--cfg shuttle`, so that the model
//! tests run the very code that ships.

#[cfg(not(shuttle))]
pub use std::{
    hint,
    sync::{Arc, Condvar, Mutex, MutexGuard, RwLock, atomic},
    thread,
};

#[cfg(shuttle)]
pub use shuttle::{
    hint,
    sync::{Arc, Condvar, Mutex, MutexGuard, RwLock, atomic},
    thread,
};

use std::sync::TryLockError;

/// Locks `mutex`. A panic of a former holder does not spread: what our locks guard is whole between any two statements.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Locks `mutex` unless somebody has it; of panics as [`lock`].
pub fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// The calling thread's own number, never 0: no other thread that lives has it.
#[cfg(not(shuttle))]
pub fn thread_number() -> usize {
    thread_local! {
        /// What tells threads apart is where it lies.
        static PLACE: u8 = const { 0 };
    }
    PLACE.with(|place| std::ptr::from_ref(place).addr())
}

/// The model checker's threads share one thread of the operating system, and its locals.
#[cfg(shuttle)]
pub fn thread_number() -> usize {
    shuttle::current::get_current_task().map_or(usize::MAX, |task| usize::from(task) + 1)
}

/// Waits a little for another thread: spins at first, then gives up the processor.
#[derive(Default)]
pub struct Backoff {
    rounds: u32,
}

impl Backoff {
    /// Spin rounds before the processor is yielded; a latch is held for well under this long.
    const SPINS: u32 = 6;

    pub fn new() -> Self {
        Self::default()
    }

    /// How often it has waited.
    pub fn rounds(&self) -> u32 {
        self.rounds
    }

    pub fn wait(&mut self) {
        if cfg!(shuttle) || self.rounds >= Self::SPINS {
            thread::yield_now();
        } else {
            for _ in 0..1 << self.rounds {
                hint::spin_loop();
            }
        }
        self.rounds = self.rounds.saturating_add(1);
        // A long wait (a script, an exclusive gate) must not burn a core.
        if self.rounds > 64 && cfg!(not(shuttle)) {
            std::thread::sleep(std::time::Duration::from_micros(50));
        }
    }
}
