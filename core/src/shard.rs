//! Which shard of a sharded counter a thread uses.

use std::cell::Cell;
// Statics outlive the executions of a model test, so they are std's; no test hangs on their interleaving.
use std::sync::atomic::{AtomicUsize, Ordering};

/// Shards of every sharded structure; threads beyond this many share.
pub const SHARDS: usize = 32;

static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static SHARD: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// This thread's shard, below [`SHARDS`].
#[inline]
pub fn current() -> usize {
    let shard = SHARD.get();
    if shard != usize::MAX { shard } else { assign() }
}

#[cold]
fn assign() -> usize {
    // ORDERING: only uniqueness matters.
    let shard = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
    SHARD.set(shard);
    shard
}
