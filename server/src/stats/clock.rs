//! A clock that is cheap enough to be read once per command: the processor's time stamp counter where it runs at a
//! constant rate, else the monotonic clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Fixed-point scale of [`Ticks::per_us`].
const SCALE: u64 = 1 << 16;

/// Reads the clock and converts its ticks.
pub struct Ticks {
    counter: Counter,
    started: Instant,
    started_ticks: u64,
    /// Ticks per microsecond, times [`SCALE`].
    per_us: AtomicU64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Counter {
    #[cfg(target_arch = "x86_64")]
    TimeStamp,
    Monotonic,
}

impl Ticks {
    /// Starts the clock; takes about a millisecond to learn the counter's rate.
    pub fn start() -> Ticks {
        let counter = Counter::choose();
        let started = Instant::now();
        let ticks = Ticks {
            counter,
            started,
            started_ticks: counter.read(started),
            per_us: AtomicU64::new(1000 * SCALE),
        };
        if counter != Counter::Monotonic {
            std::thread::sleep(std::time::Duration::from_millis(1));
            ticks.calibrate();
        }
        ticks
    }

    /// Which clock it is.
    pub fn describe(&self) -> String {
        match self.counter {
            #[cfg(target_arch = "x86_64")]
            Counter::TimeStamp => {
                let per_us = self.per_us.load(Ordering::Relaxed); // ORDERING: a lone number.
                format!("X86 TSC @ {:.2} ticks/us", per_us as f64 / SCALE as f64)
            }
            Counter::Monotonic => "POSIX clock_gettime".to_owned(),
        }
    }

    /// Ticks now; only differences mean something.
    #[inline]
    pub fn now(&self) -> u64 {
        self.counter.read(self.started)
    }

    /// A number of ticks in microseconds.
    pub fn to_us(&self, ticks: u64) -> u64 {
        let per_us = self.per_us.load(Ordering::Relaxed).max(1); // ORDERING: a lone number.
        (u128::from(ticks) * u128::from(SCALE) / u128::from(per_us)) as u64
    }

    /// A number of ticks in nanoseconds.
    pub fn to_ns(&self, ticks: u64) -> u64 {
        let per_us = self.per_us.load(Ordering::Relaxed).max(1); // ORDERING: a lone number.
        (u128::from(ticks) * u128::from(SCALE) * 1000 / u128::from(per_us)) as u64
    }

    /// Microseconds in ticks.
    pub fn from_us(&self, us: u64) -> u64 {
        let per_us = self.per_us.load(Ordering::Relaxed); // ORDERING: a lone number.
        (u128::from(us) * u128::from(per_us) / u128::from(SCALE)).min(u128::from(u64::MAX)) as u64
    }

    /// Measures the rate again, over all the time since the start.
    pub fn calibrate(&self) {
        if self.counter == Counter::Monotonic {
            return;
        }
        let us = self.started.elapsed().as_nanos() / 1000;
        let ticks = self.now().wrapping_sub(self.started_ticks);
        if let Some(per_us) = (u128::from(ticks) * u128::from(SCALE)).checked_div(us) {
            self.per_us.store((per_us as u64).max(1), Ordering::Relaxed); // ORDERING: a lone number.
        }
    }
}

impl Counter {
    #[cfg(target_arch = "x86_64")]
    fn choose() -> Counter {
        use core::arch::x86_64::__cpuid;
        /// The leaf and bit that promise a time stamp counter of constant rate (Intel SDM 18.17.1).
        const POWER_LEAF: u32 = 0x8000_0007;
        const INVARIANT: u32 = 1 << 8;
        let extended = __cpuid(0x8000_0000).eax >= POWER_LEAF;
        let invariant = extended && __cpuid(POWER_LEAF).edx & INVARIANT != 0;
        if invariant { Counter::TimeStamp } else { Counter::Monotonic }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn choose() -> Counter {
        Counter::Monotonic
    }

    #[inline]
    fn read(self, started: Instant) -> u64 {
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: every x86-64 processor has the instruction; user mode may execute it under Linux' default.
            Counter::TimeStamp => unsafe { core::arch::x86_64::_rdtsc() },
            Counter::Monotonic => started.elapsed().as_nanos() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversion_goes_both_ways() {
        let ticks = Ticks::start();
        for us in [0, 1, 17, 1_000_000] {
            let back = ticks.to_us(ticks.from_us(us));
            assert!(back <= us && us - back <= 1, "{us} became {back}");
        }
        assert_eq!(ticks.from_us(u64::MAX), ticks.from_us(u64::MAX), "does not overflow");
    }
}
