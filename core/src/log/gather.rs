//! Group commit: how long the writer lets a group gather before it starts the next fsync under `always`.
//!
//! Clients whose writes have just become durable answer with their next writes, a moment later. A writer that starts at
//! once takes only those of the others along, and two half-full groups alternate. So it waits for about as much as the
//! last group and what had come meanwhile, but no longer than a share of what an fsync takes: a client that stays away
//! costs little, and one that is alone is not held up, as its write is all there is to wait for.

use std::thread;
use std::time::{Duration, Instant};

/// The part of the expected bytes that is enough.
const ENOUGH_PERCENT: u64 = 90;
/// The longest wait, as a part of the last fsync's time, and in all.
const WAIT_PERCENT: u32 = 40;
const WAIT_MAX: Duration = Duration::from_millis(1);

/// What is expected of the next group.
#[derive(Default)]
pub struct Gather {
    expected: Option<(u64, Instant)>,
}

impl Gather {
    /// A group of `bytes` became durable in `took`; `pending` bytes had come meanwhile.
    pub fn answered(&mut self, bytes: u64, pending: u64, took: Duration) {
        let wait = (took * WAIT_PERCENT / 100).min(WAIT_MAX);
        self.expected = Some(((bytes + pending) * ENOUGH_PERCENT / 100, Instant::now() + wait));
    }

    /// Waits, once for each group, until enough is pending or the time is over.
    pub fn wait(&mut self, pending: impl Fn() -> u64) {
        let Some((enough, until)) = self.expected.take() else { return };
        // Yielding rather than sleeping: the answers take microseconds, a timer would take longer.
        while pending() < enough && Instant::now() < until {
            thread::yield_now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_once_and_not_for_what_is_there() {
        let mut gather = Gather::default();
        gather.wait(|| unreachable!("nothing is expected"));
        gather.answered(100, 100, Duration::from_secs(1000));
        let looks = std::cell::Cell::new(0);
        // Far from the end of its time it goes on as soon as enough is there.
        gather.wait(|| {
            looks.set(looks.get() + 1);
            180
        });
        assert_eq!(looks.get(), 1);
        gather.wait(|| unreachable!("waited already"));
    }
}
