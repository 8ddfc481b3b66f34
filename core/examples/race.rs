//! Threads at everything the engine shares, for ThreadSanitizer: `cargo xtask test --only thread`.
//!
//! A program rather than a test, and every thread joined by name: the sanitizer sees neither the channels of the test
//! runner nor the end of a scope, as the standard library is not instrumented.

use std::thread;

use polycache_core::config::EngineConfig;
use polycache_core::engine::Engine;
use polycache_core::operation::Touch;
use polycache_core::record::{Draft, Effect};
use polycache_core::transaction::{Entry, Latches};

const THREADS: u64 = 4;
const STEPS: u32 = 20_000;
const KEYS: u32 = 600;

fn main() {
    let engine = Engine::in_memory(EngineConfig { maxmemory: 1 << 20, ..EngineConfig::default() });
    let workers: Vec<_> = (0..THREADS)
        .map(|seed| {
            let engine = engine.clone();
            thread::spawn(move || work(&engine, seed))
        })
        .collect();
    for worker in workers {
        worker.join().expect("a worker panicked");
    }
    let total = engine.len(0);
    println!("{total} keys are left");
}

fn work(engine: &Engine, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    for step in 0..STEPS {
        let name = |number: u32| format!("key:{number}");
        let (first, second) = (name(random.u32(0..KEYS)), name(random.u32(0..KEYS)));
        let value = vec![b'v'; random.usize(0..400)];
        match random.u32(0..100) {
            0..40 => {
                let op = engine.begin();
                if let Some(record) = op.read(0, first.as_bytes(), Touch::Access).expect("nothing is damaged")
                {
                    assert!(
                        record.string().expect("only strings").pieces().flatten().all(|byte| *byte == b'v')
                    );
                }
            }
            40..75 => {
                let op = engine.begin();
                let mut entry = Entry::latch(&op, 0, first.as_bytes()).expect("nothing is damaged");
                entry.put(Draft::string(&value), Effect::Set);
            }
            75..90 => {
                let op = engine.begin();
                Entry::latch(&op, 0, first.as_bytes()).expect("nothing is damaged").remove(Effect::Del);
            }
            90..98 => {
                let op = engine.begin();
                let keys = [(0, first.as_bytes()), (0, second.as_bytes())];
                let mut latches = Latches::latch(&op, &keys).expect("nothing is damaged");
                latches.entry(0).put(Draft::string(&value), Effect::Set);
                latches.entry(1).remove(Effect::Del);
            }
            98 => {
                engine.make_room(&engine.begin());
                let mut seen = 0;
                engine.for_each_record(0, &mut |_| seen += 1);
            }
            _ if step % 50 == 0 => {
                engine.flush(Some(0));
            }
            _ => {}
        }
    }
}
