//! How long edits and reads of large trees take: `cargo run --release -p polycache-core --example trees [elements]`.

use std::time::Instant;

use polycache_core::config::EngineConfig;
use polycache_core::container::{Finished, Work};
use polycache_core::engine::Engine;
use polycache_core::operation::Touch;
use polycache_core::record::{Body, Draft, Effect, Kind};
use polycache_core::transaction::Entry;
use polycache_core::tree::Edit;

fn edit(engine: &Engine, key: &[u8], change: impl FnOnce(&mut Edit<'_>)) {
    let op = engine.begin();
    let mut entry = Entry::latch(&op, 0, key).expect("in memory");
    let record = entry.record();
    let mut work = Work::of(&entry, record.map(|record| record.body()), 0);
    work.grow(|_, _| Ok(())).expect("in memory");
    let Work::Tree(mut edit) = work else { unreachable!("grown") };
    change(&mut edit);
    let mut finished = Finished::trees(Kind::Set, [edit], &[]);
    entry.put(Draft::changed(record, finished.value(), false), Effect::Silent);
}

fn measure(what: &str, count: u64, mut step: impl FnMut(u64)) {
    let start = Instant::now();
    (0..count).for_each(&mut step);
    println!("{what}: {} ns each", start.elapsed().as_nanos() / u128::from(count));
}

fn main() {
    let engine = Engine::in_memory(EngineConfig::default());
    let count: u64 = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(1_000_000);
    let key = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    measure("insert at random", count, |number| {
        edit(&engine, b"set", |edit| {
            edit.put(&key(number), b"").expect("in memory");
        });
    });
    {
        let op = engine.begin();
        let record = op.read(0, b"set", Touch::Quiet).expect("in memory").expect("just made");
        let Body::Trees(trees) = record.body() else { unreachable!("large") };
        let tree = trees.root(0);
        println!("{} elements, {:.1} bytes each", tree.len(), tree.bytes() as f64 / tree.len() as f64);
        measure("get at random", count, |number| {
            assert!(tree.get(&key(number)).expect("in memory").is_some());
        });
        measure("rank at random", count, |number| {
            assert!(tree.at(number * 7919 % tree.len()).expect("in memory").is_some());
        });
    }
    measure("append to a list", count, |number| {
        edit(&engine, b"list", |edit| edit.insert(edit.len(), &[&key(number)]).expect("in memory"));
    });
    measure("take from a list's front", count, |_| {
        edit(&engine, b"list", |edit| edit.remove_range(0..1).expect("in memory"));
    });
    println!("{} bytes used", engine.memory().used());
}
