//! A snapshot's cut through an index: what belongs to the snapshot though it is being replaced.
//!
//! While a cut is on, a walker visits the chains in order. A writer that replaces a record older than the cut in a chain
//! that the walker has not finished hands the record over instead of retiring it, *before* it publishes the new one.
//! The walker reads a chain's slots first and takes what was handed over for it afterwards. So every record older than
//! the cut is seen in its slot or in the handed-over list; seen twice, it is recognised by its address.
//!
//! The table neither grows nor shrinks while a cut is on.

use std::collections::HashMap;
use std::ptr::NonNull;

use crate::record::header::Header;
use crate::record::{OwnedRecord, Record};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, lock};

/// State of the cut of one index.
#[derive(Default)]
pub struct Cut {
    /// Records below this version belong to the snapshot; zero: no cut is on.
    version: AtomicU64,
    /// The first chain that the walker has not finished.
    next_chain: AtomicU64,
    handed: Mutex<HashMap<u64, Vec<Handed>>>,
}

/// A record that was replaced and is kept for the walker.
pub struct Handed(NonNull<Header>);

// SAFETY: the holder owns the record, though pinned readers may still look at it.
unsafe impl Send for Handed {}

impl Handed {
    pub fn as_record(&self) -> Record<'_> {
        // SAFETY: owned by `self`.
        unsafe { Record::from_raw(self.0) }
    }

    /// The record to retire to the epoch: readers may still see it.
    pub fn into_raw(self) -> NonNull<Header> {
        self.0
    }
}

impl Cut {
    /// Begins a cut. The caller holds the gate closed.
    pub fn begin(&self, version: u64) {
        self.next_chain.store(0, Ordering::SeqCst);
        self.version.store(version, Ordering::SeqCst);
    }

    /// Whether a cut is on.
    #[inline]
    pub fn is_on(&self) -> bool {
        // ORDERING: begins only while the gate is closed, which writers acquire when they pass it afterwards.
        self.version.load(Ordering::Relaxed) != 0
    }

    /// The version that divides the records, zero where no cut is on.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::SeqCst)
    }

    /// Whether the walker still needs `record` of `chain`; once it does not, it never will.
    pub fn wants(&self, chain: u64, record: Record<'_>) -> bool {
        record.version() < self.version() && chain >= self.next_chain.load(Ordering::SeqCst)
    }

    /// Takes `record`, about to be replaced in `chain`, if the walker still needs it. `false`: the caller retires it.
    pub fn hand_over(&self, chain: u64, record: Record<'_>) -> bool {
        if !self.wants(chain, record) {
            return false;
        }
        let mut handed = lock(&self.handed);
        // Looked at again under the lock: `end` takes everything that is left, once.
        if self.version() == 0 {
            return false;
        }
        handed.entry(chain).or_default().push(Handed(record.as_ptr()));
        true
    }

    /// Ends the walk of `chain`, whose slots the caller has read, and takes what was handed over for it.
    pub fn finish_chain(&self, chain: u64) -> Vec<Handed> {
        self.next_chain.store(chain + 1, Ordering::SeqCst);
        let mut handed = lock(&self.handed);
        handed.remove(&chain).unwrap_or_default()
    }

    /// Ends the cut and takes whatever was handed over too late to matter.
    pub fn end(&self) -> Vec<Handed> {
        let mut handed = lock(&self.handed);
        self.version.store(0, Ordering::SeqCst);
        handed.drain().flat_map(|(_, records)| records).collect()
    }
}

impl Drop for Cut {
    fn drop(&mut self) {
        for handed in self.end() {
            // SAFETY: the index dies, so nobody looks at its records any more.
            drop(unsafe { OwnedRecord::from_raw(handed.0) });
        }
    }
}
