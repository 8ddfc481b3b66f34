//! The scripts that EVALSHA may name.
//!
//! Scripts that came by EVAL are kept up to a bound, as in Valkey: beyond it those go that were not run lately. Those
//! that came by SCRIPT LOAD stay until SCRIPT FLUSH.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use polycache_core::sha1::Sum;

use super::script::Script;
use crate::limits::EVAL_SCRIPTS_MAX;

/// All scripts.
#[derive(Default)]
pub struct Cache {
    scripts: Mutex<Scripts>,
    /// Moves with every SCRIPT FLUSH: what states have compiled is void then.
    flushes: AtomicU64,
    evicted: AtomicU64,
}

#[derive(Default)]
struct Scripts {
    by_sum: HashMap<Sum, Arc<Script>>,
    /// Those that came by EVAL, oldest first.
    by_eval: VecDeque<Arc<Script>>,
    bytes: usize,
}

impl Cache {
    fn lock(&self) -> MutexGuard<'_, Scripts> {
        self.scripts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn flushes(&self) -> u64 {
        self.flushes.load(Ordering::SeqCst)
    }

    pub fn find(&self, sum: &Sum) -> Option<Arc<Script>> {
        self.lock().by_sum.get(sum).cloned()
    }

    /// Adds a script; an equal one that is there already is taken in its place.
    pub fn insert(&self, script: Arc<Script>, is_loaded: bool) {
        let mut scripts = self.lock();
        if let Some(known) = scripts.by_sum.get(&script.sum) {
            if is_loaded {
                known.is_loaded.store(true, Ordering::SeqCst);
            }
            return;
        }
        scripts.bytes += script.source.len();
        scripts.by_sum.insert(script.sum, script.clone());
        if is_loaded {
            script.is_loaded.store(true, Ordering::SeqCst);
        } else {
            scripts.by_eval.push_back(script.clone());
            self.evict(&mut scripts);
        }
    }

    fn evict(&self, scripts: &mut Scripts) {
        while scripts.by_eval.len() > EVAL_SCRIPTS_MAX {
            let Some(oldest) = scripts.by_eval.pop_front() else { return };
            if oldest.is_loaded.load(Ordering::SeqCst) {
                continue;
            }
            if oldest.is_used.swap(false, Ordering::SeqCst) {
                scripts.by_eval.push_back(oldest);
                continue;
            }
            oldest.is_gone.store(true, Ordering::SeqCst);
            scripts.bytes -= oldest.source.len();
            scripts.by_sum.remove(&oldest.sum);
            self.evicted.fetch_add(1, Ordering::Relaxed); // ORDERING: a figure.
        }
    }

    /// SCRIPT FLUSH.
    pub fn flush(&self) {
        let mut scripts = self.lock();
        for script in scripts.by_sum.values() {
            script.is_gone.store(true, Ordering::SeqCst);
        }
        *scripts = Scripts::default();
        self.flushes.fetch_add(1, Ordering::SeqCst);
    }

    /// Number of scripts, their bytes, and how many were evicted.
    pub fn figures(&self) -> (usize, usize, u64) {
        let scripts = self.lock();
        // ORDERING: a figure.
        (scripts.by_sum.len(), scripts.bytes, self.evicted.load(Ordering::Relaxed))
    }
}
