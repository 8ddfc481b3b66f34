//! CLIENT PAUSE: commands wait, all or only those that write.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use polycache_core::clock::UnixMillis;
use polycache_core::command::spec::{Spec, flag};

/// What a pause holds back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    Writes,
    Everything,
}

/// Commands that may have an effect elsewhere though COMMAND INFO shows no flag that says so: a pause of writes holds
/// them, as in Valkey. A script is held whatever it says of itself.
const EFFECTIVE: &[&str] = &["publish", "spublish", "pfcount", "eval", "evalsha", "fcall"];

/// How often a held connection looks whether the pause is over.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The pause of one server: one word holds the end in Unix milliseconds, times two, plus one where everything is
/// held; zero is no pause.
#[derive(Default)]
pub struct Pause(AtomicU64);

impl Pause {
    /// Begins or changes a pause. A pause of everything does not become one of writes, nor does an end come
    /// earlier, as in Redis.
    pub fn begin(&self, until: UnixMillis, held: Held) {
        let (old_until, old_held) = split(self.0.load(Ordering::SeqCst));
        let old_active = old_until > UnixMillis::now().0;
        let until = if old_active { until.0.max(old_until) } else { until.0 };
        let everything = held == Held::Everything || (old_active && old_held == Held::Everything);
        self.0.store((until.min(u64::MAX >> 1) << 1) | u64::from(everything), Ordering::SeqCst);
    }

    pub fn end(&self) {
        self.0.store(0, Ordering::SeqCst);
    }

    /// What is held now.
    #[inline]
    pub fn held(&self) -> Option<Held> {
        // ORDERING: relaxed: a pause begins for other threads a moment later.
        let word = self.0.load(Ordering::Relaxed);
        if word == 0 { None } else { self.active(word) }
    }

    #[cold]
    fn active(&self, word: u64) -> Option<Held> {
        let (until, held) = split(word);
        if until > UnixMillis::now().0 {
            return Some(held);
        }
        let _ = self.0.compare_exchange(word, 0, Ordering::SeqCst, Ordering::SeqCst);
        None
    }

    /// Whether `spec` must wait.
    #[inline]
    pub fn holds(&self, spec: &Spec) -> bool {
        match self.held() {
            None => false,
            Some(Held::Everything) => true,
            Some(Held::Writes) => {
                spec.flags & (flag::WRITE | flag::MAY_REPLICATE) != 0 || EFFECTIVE.contains(&spec.name)
            }
        }
    }

    /// Milliseconds that the pause still lasts, and what it holds.
    pub fn remaining(&self) -> Option<(u64, Held)> {
        let held = self.held()?;
        let (until, _) = split(self.0.load(Ordering::SeqCst));
        Some((until.saturating_sub(UnixMillis::now().0), held))
    }

    /// Completes a little after the pause has ended or changed, or now and then without a reason.
    pub async fn wait_a_little(&self) {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn split(word: u64) -> (u64, Held) {
    (word >> 1, if word & 1 == 1 { Held::Everything } else { Held::Writes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_and_does_not_weaken() {
        let pause = Pause::default();
        assert_eq!(pause.held(), None);
        pause.begin(UnixMillis(UnixMillis::now().0 + 60_000), Held::Everything);
        pause.begin(UnixMillis(UnixMillis::now().0 + 10), Held::Writes);
        assert_eq!(pause.held(), Some(Held::Everything));
        assert!(pause.remaining().unwrap().0 > 50_000);
        pause.end();
        assert_eq!(pause.held(), None);
        pause.begin(UnixMillis(1), Held::Writes);
        assert_eq!(pause.held(), None);
    }
}
