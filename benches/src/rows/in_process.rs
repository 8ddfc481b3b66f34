//! GET and SET in-process against Rust's concurrent maps and caches: a million random keys of 16 bytes, values of 64.
//!
//! The same work everywhere: GET copies the value into the caller's buffer, SET stores copies of key and value. The
//! maps have no expiry, accounting or eviction; the caches have room for all keys.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use polycache_server::embedded::{Cache, Options as CacheOptions, SetOptions};

use crate::Options;
use crate::figure::{Figure, Target, median};
use crate::load::{key, value};
use crate::machine;

const KEYS: u64 = 1_000_000;
const OPERATIONS: u64 = 500_000;
const VALUE_BYTES: usize = 64;

/// A store to be raced.
trait Store: Sync {
    fn name(&self) -> &'static str;
    /// Copies the value into the buffer.
    fn get(&self, key: &[u8], buffer: &mut [u8; VALUE_BYTES]) -> bool;
    fn set(&self, key: &[u8], value: &[u8]);

    /// The loops are default methods, so that each store gets its own, with its calls inlined.
    fn get_many(&self, keys: &[[u8; 16]], seed: u64) -> u64 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut buffer = [0; VALUE_BYTES];
        let mut sum = 0;
        for _ in 0..OPERATIONS {
            let key = &keys[random.usize(..keys.len())];
            assert!(self.get(key, &mut buffer), "a key is missing");
            sum += u64::from(buffer[0]);
        }
        sum
    }

    fn set_many(&self, keys: &[[u8; 16]], seed: u64) -> u64 {
        let mut random = fastrand::Rng::with_seed(seed);
        let value = value(seed, VALUE_BYTES);
        for _ in 0..OPERATIONS {
            self.set(&keys[random.usize(..keys.len())], &value);
        }
        OPERATIONS
    }
}

impl Store for Cache {
    fn name(&self) -> &'static str {
        "Polycache"
    }
    fn get(&self, key: &[u8], buffer: &mut [u8; VALUE_BYTES]) -> bool {
        let found = Cache::get(self, key, |value| {
            if let Some(bytes) = value.as_slice() {
                buffer.copy_from_slice(bytes);
            }
        });
        found.expect("an open cache").is_some()
    }
    fn set(&self, key: &[u8], value: &[u8]) {
        let _ = Cache::set(self, key, value, &SetOptions::default()).expect("an open cache");
    }
}

struct Papaya(papaya::HashMap<Box<[u8]>, Box<[u8]>>);

impl Store for Papaya {
    fn name(&self) -> &'static str {
        "papaya"
    }
    fn get(&self, key: &[u8], buffer: &mut [u8; VALUE_BYTES]) -> bool {
        self.0.pin().get(key).map(|value| buffer.copy_from_slice(value)).is_some()
    }
    fn set(&self, key: &[u8], value: &[u8]) {
        self.0.pin().insert(key.into(), value.into());
    }
}

struct Dashmap(dashmap::DashMap<Box<[u8]>, Box<[u8]>>);

impl Store for Dashmap {
    fn name(&self) -> &'static str {
        "dashmap"
    }
    fn get(&self, key: &[u8], buffer: &mut [u8; VALUE_BYTES]) -> bool {
        self.0.get(key).map(|value| buffer.copy_from_slice(&value)).is_some()
    }
    fn set(&self, key: &[u8], value: &[u8]) {
        self.0.insert(key.into(), value.into());
    }
}

struct QuickCache(quick_cache::sync::Cache<Box<[u8]>, Arc<[u8]>>);

impl Store for QuickCache {
    fn name(&self) -> &'static str {
        "quick_cache"
    }
    fn get(&self, key: &[u8], buffer: &mut [u8; VALUE_BYTES]) -> bool {
        self.0.get(key).map(|value| buffer.copy_from_slice(&value)).is_some()
    }
    fn set(&self, key: &[u8], value: &[u8]) {
        self.0.insert(key.into(), value.into());
    }
}

struct Moka(moka::sync::Cache<Box<[u8]>, Arc<[u8]>>);

impl Store for Moka {
    fn name(&self) -> &'static str {
        "moka"
    }
    fn get(&self, key: &[u8], buffer: &mut [u8; VALUE_BYTES]) -> bool {
        self.0.get(key).map(|value| buffer.copy_from_slice(&value)).is_some()
    }
    fn set(&self, key: &[u8], value: &[u8]) {
        self.0.insert(key.into(), value.into());
    }
}

/// GET and SET with one and two threads.
pub fn run(options: &Options) -> Result<Vec<Figure>, String> {
    machine::unpin_self();
    let keys: Vec<[u8; 16]> =
        (0..KEYS).map(|number| key(number).into_bytes().try_into().expect("16 bytes")).collect();
    let cache = Cache::open(&CacheOptions::default()).map_err(|error| error.to_string())?;
    let room = 2 * KEYS as usize;
    let stores: Vec<Box<dyn Store>> = vec![
        Box::new(cache),
        Box::new(Papaya(papaya::HashMap::new())),
        Box::new(Dashmap(dashmap::DashMap::new())),
        Box::new(QuickCache(quick_cache::sync::Cache::new(room))),
        Box::new(Moka(moka::sync::Cache::new(room as u64))),
    ];
    for store in &stores {
        keys.iter().enumerate().for_each(|(number, key)| store.set(key, &value(number as u64, VALUE_BYTES)));
    }
    let mut figures = Vec::new();
    for (verb, writes) in [("GET", false), ("SET", true)] {
        for threads in [1, 2] {
            let mut costs = vec![Vec::new(); stores.len()];
            for round in 0..options.rounds {
                for (store, costs) in stores.iter().zip(&mut costs) {
                    costs.push(nanoseconds(&**store, &keys, threads, writes, round as u64));
                }
            }
            let medians: Vec<f64> = costs.iter().map(|costs| median(costs)).collect();
            let all: Vec<String> = stores
                .iter()
                .zip(&medians)
                .map(|(store, cost)| format!("{} {cost:.0}", store.name()))
                .collect();
            let best = medians[1..].iter().copied().fold(f64::INFINITY, f64::min);
            figures.push(Figure {
                what: format!("in-process {verb} from Rust, {threads} thread(s), ns"),
                ours: format!("{:.0}", medians[0]),
                peer: all[1..].join(", "),
                ratio: medians[0] / best,
                target: Target::AtMost(1.0),
            });
        }
    }
    Ok(figures)
}

/// Nanoseconds per operation of one thread.
fn nanoseconds(store: &dyn Store, keys: &[[u8; 16]], threads: u64, writes: bool, round: u64) -> f64 {
    let started = Instant::now();
    thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                machine::pin_self(thread as usize);
                let seed = round * 100 + thread;
                let done = if writes { store.set_many(keys, seed) } else { store.get_many(keys, seed) };
                std::hint::black_box(done);
            });
        }
    });
    started.elapsed().as_nanos() as f64 / OPERATIONS as f64
}
