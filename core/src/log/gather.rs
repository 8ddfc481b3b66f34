//! Group commit: how much the writer lets a group gather before it writes it under `always`.
//!
//! Clients whose writes have just become durable answer with their next writes, a moment later. A writer that starts at
//! once takes only a few of them along, and every group costs the same. So the writes that go round, those in flight,
//! those that wait and those just answered, are shared out among as many groups as can be in flight, and a group waits
//! for its share. While another group is in flight that costs nothing. With none in flight it waits no longer than a
//! part of what an fsync takes: a client that stays away costs little, and one that is alone is not held up, as its
//! write is all there is to wait for.

use std::thread;
use std::time::{Duration, Instant};

/// The part of the expected bytes that is enough.
const ENOUGH_PERCENT: u64 = 90;
/// The longest wait with nothing in flight, as a part of the last fsync's time, and in all.
const WAIT_PERCENT: u32 = 40;
const WAIT_MAX: Duration = Duration::from_millis(1);

/// What is expected of the next group.
pub struct Gather {
    groups: u64,
    enough: u64,
    until: Option<Instant>,
}

impl Gather {
    /// For a backend that has so many groups in flight.
    pub fn new(groups: usize) -> Gather {
        Gather { groups: groups as u64, enough: 0, until: None }
    }

    /// A group became durable in `took`; with it, `bytes` are going round.
    pub fn answered(&mut self, bytes: u64, took: Duration) {
        let wait = (took * WAIT_PERCENT / 100).min(WAIT_MAX);
        self.enough = bytes * ENOUGH_PERCENT / 100 / self.groups;
        self.until = Some(Instant::now() + wait);
    }

    /// How many bytes are worth a group while another is in flight.
    pub fn enough(&self) -> u64 {
        self.enough.max(1)
    }

    /// Waits, once for each answer, until enough is pending or the time is over.
    pub fn wait(&mut self, pending: impl Fn() -> u64) {
        let Some(until) = self.until.take() else { return };
        // Yielding rather than sleeping: the answers take microseconds, a timer would take longer.
        while pending() < self.enough && Instant::now() < until {
            thread::yield_now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_once_and_not_for_what_is_there() {
        let mut gather = Gather::new(2);
        gather.wait(|| unreachable!("nothing is expected"));
        assert_eq!(gather.enough(), 1);
        gather.answered(400, Duration::from_secs(1000));
        assert_eq!(gather.enough(), 180, "a half of what goes round, nearly");
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
