//! The pages of a table that lies in a snapshot file: each is checked the first time that one of its chains is looked at.
//!
//! Checking all of a large table would take longer than opening its file may. A page that fails becomes *lossy*: its
//! chains are emptied, and whoever looks for a key in them gets an error instead of an answer, as some key may have been
//! there (`bucket.rs`).
//!
//! # Concurrency
//! Nobody looks at a chain before the bit of its page is set, so whoever checks a page, under the lock, is alone with
//! it. Prefetching does not look.

use super::Index;
use super::bucket::Bucket;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, lock};

/// Chains of a page: their first buckets are a page of memory.
pub const PAGE_CHAINS: u64 = 64;

/// Which pages were checked.
pub(super) struct Pages {
    /// Chains that the file has; those that the table grew by are not its.
    chains: u64,
    /// A bit for each page.
    checked: Box<[AtomicU64]>,
    checking: Mutex<()>,
}

impl Pages {
    pub(super) fn new(chains: u64) -> Pages {
        let words = chains.div_ceil(PAGE_CHAINS).div_ceil(64);
        Pages { chains, checked: (0..words).map(|_| AtomicU64::new(0)).collect(), checking: Mutex::new(()) }
    }

    /// Whether a chain may be looked at.
    #[inline]
    pub(super) fn is_checked(&self, chain: u64) -> bool {
        let page = chain / PAGE_CHAINS;
        // ORDERING: acquire pairs with the release in `Index::check_page`: what became of a damaged page is seen.
        chain >= self.chains
            || self.checked[(page / 64) as usize].load(Ordering::Acquire) >> (page % 64) & 1 != 0
    }
}

impl Index {
    /// The first bucket of a chain, whose page was checked; `None` where a shrinking table gave it up.
    #[inline]
    pub(super) fn head(&self, chain: u64) -> Option<&Bucket> {
        if let Some(pages) = &self.pages
            && !pages.is_checked(chain)
        {
            self.check_page(pages, chain / PAGE_CHAINS);
        }
        self.table.head(chain)
    }

    #[cold]
    fn check_page(&self, pages: &Pages, page: u64) {
        let _checking = lock(&pages.checking);
        let first = page * PAGE_CHAINS;
        if pages.is_checked(first) {
            return;
        }
        let backing = self.backing.as_ref().expect("only tables over a backing have pages");
        if backing.check_page(page).is_err() {
            (first..(first + PAGE_CHAINS).min(pages.chains))
                .filter_map(|chain| self.table.head(chain))
                .for_each(Bucket::lose);
        }
        // ORDERING: see `Pages::is_checked`.
        pages.checked[(page / 64) as usize].fetch_or(1 << (page % 64), Ordering::Release);
    }

    /// Whether keys of a chain are unknown, so that what is not found in it is an error.
    pub fn is_lossy(&self, chain: u64) -> bool {
        self.head(chain).is_some_and(Bucket::is_lossy)
    }
}
