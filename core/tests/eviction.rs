//! What an eviction policy keeps: a working set against a scan, a loop that does not fit, keys that come back.
//!
//! Deterministic: one thread, a seeded generator (the index takes its seed from it), and a time that the test sets.

use polycache_core::clock::UnixMillis;
use polycache_core::config::{EngineConfig, EvictionPolicy};
use polycache_core::engine::Engine;
use polycache_core::operation::Touch;
use polycache_core::record::{Draft, Effect};
use polycache_core::transaction::Entry;

/// Room for about ten thousand keys.
const MAXMEMORY: u64 = 1_200_000;
const HOT: u64 = 2_000;

/// An engine used as a cache: what is not there is loaded. A request takes a second.
struct Cache {
    engine: Engine,
    seconds: u64,
}

impl Cache {
    fn new(policy: EvictionPolicy) -> Cache {
        fastrand::seed(11);
        let config = EngineConfig { maxmemory: MAXMEMORY, policy, ..EngineConfig::default() };
        Cache { engine: Engine::in_memory(config), seconds: 1_000_000 }
    }

    /// Whether it was a hit.
    fn request(&mut self, number: u64) -> bool {
        self.seconds += 1;
        let op = self.engine.begin();
        op.stop_time(UnixMillis(self.seconds * 1000));
        let key = format!("key:{number:012}");
        if op.read(0, key.as_bytes(), Touch::Access).expect("nothing is damaged").is_some() {
            return true;
        }
        self.engine.admit_write(&op, true).expect("there is something to evict");
        let mut entry = Entry::latch(&op, 0, key.as_bytes()).expect("nothing is damaged");
        entry.put(Draft::string(&[b'v'; 64]), Effect::Set);
        false
    }

    /// How many of these are there, without touching them.
    fn present(&self, numbers: impl Iterator<Item = u64>) -> u64 {
        let op = self.engine.begin();
        numbers
            .filter(|number| {
                let key = format!("key:{number:012}");
                op.read(0, key.as_bytes(), Touch::Quiet).expect("nothing is damaged").is_some()
            })
            .count() as u64
    }

    /// A working set that has been used for a while, in a cache that is full.
    fn warm_up(&mut self) {
        for number in 0..40_000 {
            self.request(number % HOT);
            if number % 2 == 0 {
                self.request(1_000_000 + number);
            }
        }
    }
}

/// The survivors of a working set after a scan of five times the cache, during which it is used a little.
fn after_a_scan(policy: EvictionPolicy) -> u64 {
    let mut cache = Cache::new(policy);
    cache.warm_up();
    for number in 0..50_000 {
        cache.request(10_000_000 + number);
        if number % 50 == 0 {
            cache.request(number / 50 % HOT);
        }
    }
    cache.present(0..HOT)
}

#[test]
fn a_working_set_survives_a_scan_that_lru_loses_it_to() {
    let (ours, lru) = (after_a_scan(EvictionPolicy::AllKeysS3Fifo), after_a_scan(EvictionPolicy::AllKeysLru));
    assert!(ours > HOT * 95 / 100, "{ours} of {HOT} survived");
    assert!(lru < HOT / 2, "LRU kept {lru} of {HOT}: the scan was too short to tell");
}

#[test]
fn a_loop_that_does_not_fit_hits_all_the_same() {
    let hits = |policy| {
        let mut cache = Cache::new(policy);
        (0..100_000u64).filter(|number| cache.request(number % 20_000)).count()
    };
    let (ours, lru) = (hits(EvictionPolicy::AllKeysS3Fifo), hits(EvictionPolicy::AllKeysLru));
    assert!(ours > 25_000, "{ours} hits in 100000");
    assert!(lru < ours / 2, "LRU had {lru}");
}

#[test]
fn a_new_working_set_takes_the_old_ones_place() {
    let mut cache = Cache::new(EvictionPolicy::AllKeysS3Fifo);
    cache.warm_up();
    let late = (0..200_000u64).map(|number| cache.request(50_000_000 + number % 8_000)).skip(150_000);
    let hits = late.filter(|&hit| hit).count();
    assert!(hits > 49_000, "{hits} hits of 50000 with room for all of them");
}

#[test]
fn the_volatile_variant_takes_only_keys_that_expire() {
    let mut cache = Cache::new(EvictionPolicy::VolatileS3Fifo);
    for number in 0..3_000 {
        cache.request(number);
    }
    let op = cache.engine.begin();
    for number in 0..30_000 {
        let key = format!("session:{number}");
        cache.engine.admit_write(&op, true).expect("there is something to evict");
        let mut entry = Entry::latch(&op, 0, key.as_bytes()).expect("nothing is damaged");
        let expire_at = Some(UnixMillis(op.now().0 + 3_600_000));
        entry.put(Draft { expire_at, ..Draft::string(&[b'v'; 64]) }, Effect::Set);
    }
    drop(op);
    assert_eq!(cache.present(0..3_000), 3_000);
    assert!(cache.engine.memory().used() < MAXMEMORY * 11 / 10);
    assert!(cache.engine.expires(0) > 2_000, "{} sessions", cache.engine.expires(0));
}

#[test]
fn a_policy_may_change_under_way() {
    let mut cache = Cache::new(EvictionPolicy::AllKeysLru);
    for (round, (policy, _)) in EvictionPolicy::NAMES.iter().enumerate() {
        if policy.is_volatile() || *policy == EvictionPolicy::NoEviction {
            continue;
        }
        cache.engine.tuning().set_policy(*policy);
        for number in 0..30_000 {
            cache.request(round as u64 * 100_000 + number);
        }
        assert!(cache.engine.len(0) > 5_000 && cache.engine.memory().used() < MAXMEMORY * 11 / 10);
    }
}
