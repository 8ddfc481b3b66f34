//! The one announcement of a stray key: see `scope.rs`.
//!
//! # Concurrency
//! The lock is innermost and held for a look. Gatherers look at the flag; one that misses it sees it at its next round.

use super::scope::Held;
use crate::patience::{Overdue, Patience};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, lock};

/// See the module's documentation.
#[derive(Default)]
pub(crate) struct Strays {
    /// The index, hash and key that a scope waits for while it holds others.
    wanted: Mutex<Option<(usize, u64, Box<[u8]>)>>,
    is_announced: AtomicBool,
}

/// What is announced is one of the asker's own keys.
pub(super) struct Conflict;

impl Strays {
    /// Announces a key that the holder of `held` waits for; `None` while another is announced.
    pub(super) fn announce(
        &self,
        index: usize,
        hash: u64,
        key: &[u8],
        held: &Held,
    ) -> Result<Option<Announced<'_>>, Conflict> {
        let mut wanted = lock(&self.wanted);
        if let Some((index, hash, key)) = &*wanted {
            return if held.find(*index, *hash, key).is_some() { Err(Conflict) } else { Ok(None) };
        }
        *wanted = Some((index, hash, key.into()));
        self.is_announced.store(true, Ordering::SeqCst);
        Ok(Some(Announced { strays: self }))
    }

    /// Whether gatherers shall give back what they have.
    #[inline]
    pub(super) fn is_announced(&self) -> bool {
        self.is_announced.load(Ordering::SeqCst)
    }

    /// Waits until nothing is announced; the caller holds no key.
    #[cold]
    pub(super) fn wait(&self) -> Result<(), Overdue> {
        let mut patience = Patience::new();
        while self.is_announced() {
            patience.wait()?;
        }
        Ok(())
    }
}

/// An announcement; ends on drop.
pub(super) struct Announced<'a> {
    strays: &'a Strays,
}

impl Drop for Announced<'_> {
    fn drop(&mut self) {
        let mut wanted = lock(&self.strays.wanted);
        *wanted = None;
        self.strays.is_announced.store(false, Ordering::SeqCst);
    }
}
