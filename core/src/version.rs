//! Versions: a number unique to every write, in blocks per thread so that writers share no hot counter.
//!
//! Versions of one key written by different threads are unequal but not ordered; a *cut* is ordered against all of
//! them: versions handed out after [`cut`] are at or above it, those before it are below. That is what a snapshot
//! needs to tell what belongs to it.

use std::cell::Cell;
// Statics outlive the executions of a model test, so they are std's; no test hangs on their interleaving.
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::UnixMillis;

/// Versions a thread takes at once.
const BLOCK: u64 = 1024;

/// The first version that is in nobody's block. Zero is no version.
static NEXT: AtomicU64 = AtomicU64::new(1);
/// Raised by every cut: a block of an older generation is abandoned.
static GENERATION: AtomicU64 = AtomicU64::new(1);

thread_local! {
    /// Next version, end of the block, generation of the block.
    static BLOCK_LEFT: Cell<(u64, u64, u64)> = const { Cell::new((0, 0, 0)) };
}

/// A version that no other write has or will have. Call it inside the gate, or a cut may miss the write.
#[inline]
pub fn next() -> u64 {
    let (next, end, generation) = BLOCK_LEFT.get();
    // ORDERING: a cut raises the generation inside the exclusive gate; entering the shared gate afterwards acquires it.
    if next == end || generation != GENERATION.load(Ordering::Relaxed) {
        return refill();
    }
    BLOCK_LEFT.set((next + 1, end, generation));
    next
}

#[cold]
fn refill() -> u64 {
    // ORDERING: acquire: a block taken in the generation of a cut begins at or above the cut, also where another
    // engine's gate is being closed.
    let generation = GENERATION.load(Ordering::Acquire);
    let start = NEXT.fetch_add(BLOCK, Ordering::SeqCst);
    BLOCK_LEFT.set((start + 1, start + BLOCK, generation));
    start
}

/// Divides all versions in those before and those from the returned one on. The caller holds the gate exclusively.
pub fn cut() -> u64 {
    // In this order: a thread outside this engine's gate may take a block meanwhile, and one that it takes in the new
    // generation must lie above the cut.
    let cut = NEXT.load(Ordering::SeqCst);
    GENERATION.fetch_add(1, Ordering::SeqCst);
    cut
}

/// A number that no version handed out so far reaches.
pub fn bound() -> u64 {
    NEXT.load(Ordering::SeqCst)
}

/// Makes sure that no version of an earlier run is given out again: a memcached client may come back with a CAS number
/// from before a restart, and must not hit another value that happens to have the same one. Versions go on from the
/// clock, in steps of 100 ns; a run that writes less than ten million times a second stays behind it.
pub fn begin_run() {
    reserve_through(UnixMillis::now().0 * 10_000);
}

/// Makes sure that no version up to `version` is given out any more: records loaded from a snapshot keep theirs.
pub fn reserve_through(version: u64) {
    NEXT.fetch_max(version + 1, Ordering::SeqCst);
    GENERATION.fetch_add(1, Ordering::SeqCst);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::header::VERSION_BITS;

    #[test]
    fn a_run_begins_above_all_earlier_ones_and_has_room() {
        let before = UnixMillis::now().0 * 10_000;
        begin_run();
        let first = next();
        assert!(first > before);
        assert!(first < 1 << (VERSION_BITS - 1), "half of the numbers are left");
        assert!(next() > first);
    }
}
