//! What appends, the writer thread and the orchestration of rewrites share.

use std::collections::VecDeque;
use std::sync::OnceLock;

use super::backend::{Choice, Poke};
use super::bell::Bell;
use super::health::Health;
use super::increment::Increment;
use super::order::Order;
use super::{Lsn, Watermark};
use crate::config::FsyncPolicy;
use crate::delays::Delays;
use crate::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering, fence};
use crate::sync::{Mutex, lock};

/// From position `at` on the log goes to another file.
pub(super) struct Switch {
    pub at: Lsn,
    pub increment: Increment,
}

/// See the module.
pub(super) struct Shared {
    pub on: AtomicBool,
    /// Made when the log is first switched on: an engine without AOF has no ring.
    pub order: OnceLock<Order>,
    pub watermark: Watermark,
    pub bell: Bell,
    pub health: Health,
    fsync: AtomicU8,
    switches: Mutex<VecDeque<Switch>>,
    /// The position of the first switch, or `u64::MAX`. Set before any append behind it: no group crosses it.
    switch_at: AtomicU64,
    /// A base on stable storage holds everything below.
    pub covered: AtomicU64,
    /// Someone waits for an fsync of everything below, whatever the policy.
    pub sync_wanted: AtomicU64,
    pub stopping: AtomicBool,
    /// The writer waits within the kernel and wants to know when the log is as long as this; or `u64::MAX`.
    poke_at: AtomicU64,
    pub poke: Mutex<Option<std::sync::Arc<Poke>>>,
    /// Size of the file being written.
    pub file_bytes: AtomicU64,
    pub syncs: AtomicU64,
    pub groups: AtomicU64,
    pub delayed_syncs: AtomicU64,
    pub delays: Delays,
    pub sync_in_flight: AtomicBool,
    pub choice: Mutex<Choice>,
}

impl Shared {
    pub fn new(fsync: FsyncPolicy) -> Shared {
        Shared {
            on: AtomicBool::new(false),
            order: OnceLock::new(),
            watermark: Watermark::default(),
            bell: Bell::default(),
            health: Health::default(),
            fsync: AtomicU8::new(fsync as u8),
            switches: Mutex::default(),
            switch_at: AtomicU64::new(u64::MAX),
            covered: AtomicU64::new(0),
            sync_wanted: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            poke_at: AtomicU64::new(u64::MAX),
            poke: Mutex::default(),
            file_bytes: AtomicU64::new(0),
            syncs: AtomicU64::new(0),
            groups: AtomicU64::new(0),
            delayed_syncs: AtomicU64::new(0),
            delays: Delays::default(),
            sync_in_flight: AtomicBool::new(false),
            choice: Mutex::default(),
        }
    }

    /// The order; only after the log was switched on.
    pub fn order(&self) -> &Order {
        self.order.get().expect("the log is on")
    }

    pub fn fsync(&self) -> FsyncPolicy {
        // ORDERING: Relaxed: a setting on its own.
        match self.fsync.load(Ordering::Relaxed) {
            0 => FsyncPolicy::No,
            1 => FsyncPolicy::EverySec,
            _ => FsyncPolicy::Always,
        }
    }

    pub fn set_fsync(&self, policy: FsyncPolicy) {
        self.fsync.store(policy as u8, Ordering::SeqCst);
    }

    /// The writer goes to wait within the kernel until something completes or the log is as long as `at`. Whoever makes
    /// it longer moves the tail, then looks here; the caller looks at the tail once more after this.
    pub fn wait_for_poke(&self, at: Lsn) {
        self.poke_at.store(at.0, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    pub fn end_wait_for_poke(&self) {
        self.poke_at.store(u64::MAX, Ordering::SeqCst);
    }

    /// Wakes a writer that waits for the log to be as long as `tail`. After a fence: see [`Bell::hurry`].
    pub fn poke_if_due(&self, tail: impl FnOnce() -> Lsn) {
        let at = self.poke_at.load(Ordering::SeqCst);
        if at != u64::MAX && tail().0 >= at && self.poke_at.swap(u64::MAX, Ordering::SeqCst) != u64::MAX {
            let poke = lock(&self.poke).clone();
            poke.inspect(|poke| poke.poke());
        }
    }

    pub fn switch_at(&self) -> Option<Lsn> {
        match self.switch_at.load(Ordering::SeqCst) {
            u64::MAX => None,
            at => Some(Lsn(at)),
        }
    }

    pub fn push_switch(&self, switch: Switch) {
        let mut switches = lock(&self.switches);
        switches.push_back(switch);
        self.switch_at.store(switches[0].at.0, Ordering::SeqCst);
    }

    pub fn pop_switch(&self) -> Option<Switch> {
        let mut switches = lock(&self.switches);
        let switch = switches.pop_front();
        self.switch_at.store(switches.front().map_or(u64::MAX, |next| next.at.0), Ordering::SeqCst);
        switch
    }
}
