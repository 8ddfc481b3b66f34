//! Threads at everything the engine shares, for ThreadSanitizer: `cargo xtask test --only thread`.
//!
//! A program rather than a test, and every thread joined by name: the sanitizer sees neither the channels of the test
//! runner nor the end of a scope, as the standard library is not instrumented.

use std::thread;

use polycache_core::config::EngineConfig;
use polycache_core::container::{Set, SetEdit};
use polycache_core::engine::Engine;
use polycache_core::operation::Touch;
use polycache_core::record::{Draft, Effect};
use polycache_core::transaction::{Entry, Latches};

const THREADS: u64 = 4;
const STEPS: u32 = 20_000;
const KEYS: u32 = 600;
/// A large set, in the second database.
const SET: &[u8] = b"set";

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
            90..96 => {
                let op = engine.begin();
                let keys = [(0, first.as_bytes()), (0, second.as_bytes())];
                let mut latches = Latches::latch(&op, &keys).expect("nothing is damaged");
                latches.entry(0).put(Draft::string(&value), Effect::Set);
                latches.entry(1).remove(Effect::Del);
            }
            96 => change_set(engine, &first),
            97 => read_set(engine, &first),
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

/// Adds a member to a large set that all threads share, or removes it.
fn change_set(engine: &Engine, member: &str) {
    let op = engine.begin();
    let mut entry = Entry::latch(&op, 1, SET).expect("nothing is damaged");
    let old = entry.record();
    let mut edit = match old {
        Some(record) => SetEdit::of(engine, &entry, record).expect("a set"),
        None => SetEdit::new(engine, b"member", 1000).expect("nothing is damaged"),
    };
    if !edit.add(member.as_bytes()).expect("nothing is damaged") {
        edit.remove(member.as_bytes()).expect("nothing is damaged");
    }
    let (mut finished, raw) = edit.finish();
    entry.put(Draft::changed(old, finished.value(), raw), Effect::Silent);
}

/// Whatever is written meanwhile, a reader sees one state of the set.
fn read_set(engine: &Engine, member: &str) {
    let op = engine.begin();
    let Some(record) = op.read(1, SET, Touch::Access).expect("nothing is damaged") else { return };
    let set = Set::of(engine, record).expect("a set");
    let mut members = set.members().expect("nothing is damaged");
    let (mut count, mut is_there) = (0, false);
    while let Some(next) = members.next().expect("nothing is damaged") {
        count += 1;
        is_there |= next == member.as_bytes();
    }
    assert_eq!(count, set.len());
    assert_eq!(is_there, set.contains(member.as_bytes()).expect("nothing is damaged"));
}
