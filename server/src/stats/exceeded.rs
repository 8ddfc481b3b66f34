//! How long memory has been beyond `maxmemory`, looked at ten times a second.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// See the module's documentation.
#[derive(Default)]
pub struct Exceeded {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    total: Duration,
    since: Option<Instant>,
}

impl Exceeded {
    /// Takes note of how things are.
    pub fn note(&self, exceeds: bool) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match (exceeds, state.since) {
            (true, None) => state.since = Some(Instant::now()),
            (false, Some(since)) => {
                state.total += since.elapsed();
                state.since = None;
            }
            _ => {}
        }
    }

    /// Milliseconds in all, and of those the present ones.
    pub fn times_ms(&self) -> (u64, u64) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let current = state.since.map_or(Duration::ZERO, |since| since.elapsed());
        ((state.total + current).as_millis() as u64, current.as_millis() as u64)
    }

    pub(super) fn reset(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).total = Duration::ZERO;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_add_up() {
        let exceeded = Exceeded::default();
        exceeded.note(false);
        assert_eq!(exceeded.times_ms(), (0, 0));
        exceeded.note(true);
        std::thread::sleep(Duration::from_millis(3));
        exceeded.note(true);
        let (total, current) = exceeded.times_ms();
        assert!(current >= 3 && total == current);
        exceeded.note(false);
        assert!(exceeded.times_ms().0 >= 3 && exceeded.times_ms().1 == 0);
        exceeded.reset();
        assert_eq!(exceeded.times_ms().0, 0);
    }
}
