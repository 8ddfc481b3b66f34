//! Containers through records, snapshots and restarts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use polycache_core::command::Failure;
use polycache_core::config::EngineConfig;
use polycache_core::container::{Elements, Work};
use polycache_core::engine::{Engine, Operation};
use polycache_core::log::Lsn;
use polycache_core::operation::Touch;
use polycache_core::record::{Draft, Effect, Kind};
use polycache_core::snapshot;
use polycache_core::transaction::Entry;

/// Changes the list at `key`.
fn change(engine: &Engine, key: &[u8], change: impl FnOnce(&mut Work<'_>)) {
    let op = engine.begin();
    let mut entry = Entry::latch(&op, 0, key).unwrap();
    let record = entry.record();
    let mut work = Work::of(&entry, record.map(|record| record.body()), 0);
    change(&mut work);
    if work.len() > 100 {
        work.grow(|edit, item| edit.insert(edit.len(), &[item.value])).unwrap();
    }
    let mut finished = work.finish(Kind::List);
    entry.put(Draft::changed(record, finished.value(), false), Effect::Silent);
}

fn with_list<T>(engine: &Engine, key: &[u8], read: impl FnOnce(Elements<'_>) -> T) -> Result<T, Failure> {
    let op: Operation<'_> = engine.begin();
    let record = op.read(0, key, Touch::Quiet)?.ok_or(Failure::NO_SUCH_KEY)?;
    Ok(read(Elements::of(record.body(), 0)))
}

fn list(engine: &Engine, key: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    with_list(engine, key, |elements| elements.for_each(|item| all.push(item.value.to_vec())))
        .unwrap()
        .unwrap();
    all
}

fn value(number: usize) -> Vec<u8> {
    // Some become blobs.
    let len = if number.is_multiple_of(97) { 3000 } else { 10 + number % 50 };
    let mut value = format!("{number}:").into_bytes();
    value.resize(len.max(value.len()), b'v');
    value
}

fn push(engine: &Engine, key: &[u8], numbers: std::ops::Range<usize>) {
    let values: Vec<Vec<u8>> = numbers.map(value).collect();
    let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
    change(engine, key, |work| work.insert(work.len(), &values).unwrap());
}

#[test]
fn containers_come_back_from_a_snapshot_of_a_snapshot() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.pcs");
    let engine = Engine::in_memory(EngineConfig::default());
    let mut model = BTreeMap::new();
    for (key, count) in [(&b"small"[..], 7), (b"middle", 300), (b"large", 30_000)] {
        push(&engine, key, 0..count);
        model.insert(key, (0..count).map(value).collect::<Vec<_>>());
    }
    for round in 0..3 {
        snapshot::save(&engine, &path, || (Lsn(0), ())).unwrap();
        let report = snapshot::check(&path).unwrap();
        assert!(report.is_whole(), "{report}");
        let engine = Engine::in_memory(EngineConfig::default());
        snapshot::restore(&engine, &path).unwrap();
        if round > 0 {
            // Writes to containers that lie in the file.
            push(&engine, b"large", 30_000..30_100);
            change(&engine, b"large", |work| work.set(15_000, b"changed").unwrap());
            change(&engine, b"large", |work| work.remove(100..5_000).unwrap());
            let large = model.get_mut(&b"large"[..]).unwrap();
            large.extend((30_000..30_100).map(value));
            large[15_000] = b"changed".to_vec();
            large.drain(100..5_000);
        }
        for (key, expected) in &model {
            assert_eq!(&list(&engine, key), expected);
        }
        snapshot::save(&engine, &path, || (Lsn(0), ())).unwrap();
        let again = Engine::in_memory(EngineConfig::default());
        snapshot::restore(&again, &path).unwrap();
        for (key, expected) in &model {
            assert_eq!(&list(&again, key), expected, "round {round}");
        }
        if round > 0 {
            break;
        }
    }
}

#[test]
fn a_snapshot_holds_the_state_of_its_cut_while_writers_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.pcs");
    let engine = Engine::in_memory(EngineConfig::default());
    let keys: Vec<Vec<u8>> = (0..20).map(|number| format!("list{number}").into_bytes()).collect();
    for key in &keys {
        push(&engine, key, 0..2000);
    }
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for writer in 0..2 {
            let (engine, keys, stop) = (&engine, &keys, &stop);
            scope.spawn(move || {
                // Each writer keeps its own lists at 2000 elements in a row of numbers.
                let mut next = 2000;
                while !stop.load(Ordering::Relaxed) {
                    for key in keys.iter().skip(writer).step_by(2) {
                        let new = value(next);
                        change(engine, key, |work| {
                            work.remove(0..1).unwrap();
                            work.insert(work.len(), &[&new]).unwrap();
                        });
                    }
                    next += 1;
                }
            });
        }
        for _ in 0..15 {
            snapshot::save(&engine, &path, || (Lsn(0), ())).unwrap();
            let restored = Engine::in_memory(EngineConfig::default());
            snapshot::restore(&restored, &path).unwrap();
            for key in &keys {
                let found = list(&restored, key);
                assert_eq!(found.len(), 2000);
                let first: usize =
                    String::from_utf8_lossy(&found[0]).split(':').next().unwrap().parse().unwrap();
                let expected: Vec<Vec<u8>> = (first..first + 2000).map(value).collect();
                assert_eq!(found, expected);
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_damaged_node_is_an_error_and_never_wrong_data() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.pcs");
    let engine = Engine::in_memory(EngineConfig::default());
    push(&engine, b"large", 0..5000);
    push(&engine, b"other", 0..500);
    snapshot::save(&engine, &path, || (Lsn(0), ())).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let expected = list(&engine, b"large");
    let at = whole.windows(5).position(|window| window == b"2500:").expect("stored as it is");
    let mut damaged = whole.clone();
    damaged[at] ^= 1;
    std::fs::write(&path, damaged).unwrap();
    assert!(!snapshot::check(&path).unwrap().is_whole());
    let restored = Engine::in_memory(EngineConfig::default());
    snapshot::restore(&restored, &path).unwrap();
    let mut read = 0;
    let result = with_list(&restored, b"large", |elements| {
        elements.for_each(|item| {
            assert_eq!(item.value, &expected[read][..]);
            read += 1;
        })
    })
    .unwrap();
    assert!(result.is_err() && read <= 2500, "{result:?} {read}");
    assert_eq!(list(&restored, b"other").len(), 500);
    // What is far from the damage can still be read.
    let last =
        with_list(&restored, b"large", |elements| elements.at(4999).unwrap().map(|item| item.value.to_vec()));
    assert_eq!(last.unwrap().as_ref(), expected.last());
    drop(restored);
    snapshot::repair(&path, &path).unwrap();
    let repaired = Engine::in_memory(EngineConfig::default());
    snapshot::restore(&repaired, &path).unwrap();
    assert_eq!(list(&repaired, b"other").len(), 500);
    assert!(with_list(&repaired, b"large", |_| ()).is_err(), "its key is gone");
}
