//! Model tests: shuttle runs the engine's own code under many schedules. `RUSTFLAGS="--cfg shuttle" cargo test -p
//! polycache-core model`. The table begins with one chain and grows at two keys, so that every test meets resizing.

use std::collections::BTreeMap;

use shuttle::{check_random, thread};

use crate::config::EngineConfig;
use crate::engine::Engine;
use crate::index::scan::Walked;
use crate::operation::Touch;
use crate::record::{Draft, Effect, Str};
use crate::transaction::{Entry, Latches};
use crate::version;

const SCHEDULES: usize = 10_000;

fn engine() -> Engine {
    Engine::in_memory(EngineConfig { databases: 1, ..EngineConfig::default() })
}

fn set(engine: &Engine, key: &[u8], value: &[u8]) {
    Entry::latch(&engine.begin(), 0, key).unwrap().put(Draft::string(value), Effect::Set);
}

fn remove(engine: &Engine, key: &[u8]) -> bool {
    Entry::latch(&engine.begin(), 0, key).unwrap().remove(Effect::Del)
}

fn get(engine: &Engine, key: &[u8]) -> Option<Vec<u8>> {
    let op = engine.begin();
    op.read(0, key, Touch::Access).unwrap().map(|record| record.string().unwrap().to_vec())
}

#[test]
fn of_two_inserts_of_one_key_one_finds_the_other() {
    check_random(
        || {
            let engine = engine();
            let inserters: Vec<_> = (0..2u8)
                .map(|number| {
                    let engine = engine.clone();
                    thread::spawn(move || {
                        let op = engine.begin();
                        let mut entry = Entry::latch(&op, 0, b"k").unwrap();
                        let was_there = entry.record().is_some();
                        entry.put(Draft::string(&[number]), Effect::Set);
                        was_there
                    })
                })
                .collect();
            let found: Vec<bool> = inserters.into_iter().map(|inserter| inserter.join().unwrap()).collect();
            assert_eq!(found.iter().filter(|found| **found).count(), 1);
            assert_eq!(engine.len(0), 1);
        },
        SCHEDULES,
    );
}

#[test]
fn a_key_that_stays_is_found_while_others_make_the_table_grow_and_shrink() {
    check_random(
        || {
            let engine = engine();
            let stays: [&[u8]; 4] = [b"a", b"b", b"c", b"d"];
            stays.iter().for_each(|key| set(&engine, key, b"v"));
            let changer = {
                let engine = engine.clone();
                thread::spawn(move || {
                    let keys: [&[u8]; 8] = [b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8"];
                    keys.iter().for_each(|key| set(&engine, key, b"x"));
                    keys.iter().for_each(|key| assert!(remove(&engine, key)));
                })
            };
            let writer = {
                let engine = engine.clone();
                thread::spawn(move || {
                    for round in 0..6u8 {
                        set(&engine, b"d", &[round]);
                        assert_eq!(get(&engine, b"d"), Some(vec![round]));
                    }
                })
            };
            for _ in 0..4 {
                for key in stays {
                    assert!(get(&engine, key).is_some(), "{key:?}");
                }
            }
            changer.join().unwrap();
            writer.join().unwrap();
            assert_eq!(engine.len(0), 4);
        },
        SCHEDULES,
    );
}

#[test]
fn fenced_writes_are_seen_whole() {
    check_random(
        || {
            let engine = engine();
            let writers: Vec<_> = (0..2u8)
                .map(|number| {
                    let engine = engine.clone();
                    thread::spawn(move || {
                        let op = engine.begin();
                        let keys: [(u8, &[u8]); 2] =
                            if number == 0 { [(0, b"a"), (0, b"b")] } else { [(0, b"b"), (0, b"a")] };
                        let mut latches = Latches::latch(&op, &keys).unwrap();
                        for position in 0..2 {
                            latches.entry(position).put(Draft::string(&[number]), Effect::Set);
                        }
                    })
                })
                .collect();
            // Two single reads in a row: the second is never older than the first.
            let first = get(&engine, b"a");
            let second = get(&engine, b"b");
            assert!(first.is_none() || second.is_some());
            writers.into_iter().for_each(|writer| writer.join().unwrap());
            assert_eq!(get(&engine, b"a"), get(&engine, b"b"));
        },
        SCHEDULES,
    );
}

#[test]
fn a_closed_gate_keeps_writers_out() {
    check_random(
        || {
            let engine = engine();
            set(&engine, b"k", b"0");
            let writer = {
                let engine = engine.clone();
                thread::spawn(move || (1..4u8).for_each(|round| set(&engine, b"k", &[round])))
            };
            {
                let _alone = engine.gate().close();
                let op = engine.begin();
                let index = op.index(0);
                let look = || index.find(index.hash(b"k"), b"k", op.pin()).unwrap().unwrap().record.version();
                let before = look();
                thread::yield_now();
                assert_eq!(look(), before);
            }
            writer.join().unwrap();
        },
        SCHEDULES,
    );
}

/// Writers with a counter of their own, and more of them than there are counters, against one who closes the gate.
#[test]
fn nobody_is_inside_a_closed_gate() {
    use crate::shard::SHARDS;
    use crate::sync::Arc;
    use crate::sync::atomic::{AtomicUsize, Ordering};
    use crate::transaction::gate::Gate;
    check_random(
        || {
            let (gate, inside) = (Arc::new(Gate::default()), Arc::new(AtomicUsize::new(0)));
            let passers: Vec<_> = (0..SHARDS + 1)
                .map(|_| {
                    let (gate, inside) = (gate.clone(), inside.clone());
                    thread::spawn(move || {
                        for _ in 0..2 {
                            let _passage = gate.pass().unwrap();
                            inside.fetch_add(1, Ordering::SeqCst);
                            inside.fetch_sub(1, Ordering::SeqCst);
                        }
                    })
                })
                .collect();
            for _ in 0..2 {
                let _alone = gate.close();
                assert_eq!(inside.load(Ordering::SeqCst), 0);
                thread::yield_now();
                assert_eq!(inside.load(Ordering::SeqCst), 0);
            }
            passers.into_iter().for_each(|passer| passer.join().unwrap());
        },
        SCHEDULES / 10,
    );
}

#[test]
fn a_cut_holds_exactly_what_was_there() {
    check_random(
        || {
            let engine = engine();
            let keys: [&[u8]; 3] = [b"a", b"b", b"c"];
            keys[..2].iter().for_each(|key| set(&engine, key, b"0"));
            let writer = {
                let engine = engine.clone();
                thread::spawn(move || {
                    set(&engine, b"a", b"1");
                    set(&engine, b"c", b"1");
                    remove(&engine, b"b");
                    set(&engine, b"b", b"2");
                })
            };
            let index = engine.share_index(0);
            let expected: BTreeMap<Vec<u8>, Vec<u8>> = {
                let _alone = engine.gate().close();
                index.begin_cut(version::cut());
                let op = engine.begin();
                keys.iter()
                    .filter_map(|key| {
                        let found = index.find(index.hash(key), key, op.pin()).unwrap()?;
                        Some((key.to_vec(), found.record.string().unwrap().to_vec()))
                    })
                    .collect()
            };
            let mut saved = BTreeMap::new();
            for chain in 0..index.chains() {
                let pin = crossbeam_epoch::pin();
                index.walk_chain(chain, &pin, &mut |walked| {
                    let Walked::Memory { record, .. } = walked else { unreachable!("nothing is mapped") };
                    let value: Str<'_> = record.string().unwrap();
                    let older = saved.insert(record.key().to_vec(), value.to_vec());
                    assert!(older.is_none(), "walked twice");
                });
                thread::yield_now();
            }
            index.end_cut(&crossbeam_epoch::pin());
            writer.join().unwrap();
            assert_eq!(saved, expected);
        },
        SCHEDULES,
    );
}

/// Scopes that declare one key and stray to another, in both orders, against a writer of both and one of one.
#[test]
fn scopes_with_strays_make_an_end() {
    use crate::transaction::Scope;
    check_random(
        || {
            let engine = engine();
            let scopes: Vec<_> = (0..2u8)
                .map(|number| {
                    let engine = engine.clone();
                    thread::spawn(move || {
                        let op = engine.begin();
                        let (declared, stray): (&[u8], &[u8]) =
                            if number == 0 { (b"a", b"b") } else { (b"b", b"a") };
                        let scope = Scope::keyed(&op, &[(0, declared)]).unwrap();
                        let Ok(mut entry) = Entry::latch(&op, 0, stray) else {
                            assert!(scope.has_conflict());
                            return;
                        };
                        entry.put(Draft::string(&[number]), Effect::Set);
                        drop(entry);
                        let mut entry = Entry::latch(&op, 0, declared).unwrap();
                        entry.put(Draft::string(&[number]), Effect::Set);
                    })
                })
                .collect();
            let multiple = {
                let engine = engine.clone();
                thread::spawn(move || {
                    let op = engine.begin();
                    let mut latches = Latches::latch(&op, &[(0, b"a"), (0, b"b")]).unwrap();
                    (0..2).for_each(|at| latches.entry(at).put(Draft::string(b"m"), Effect::Set));
                })
            };
            set(&engine, b"c", b"1");
            scopes.into_iter().chain([multiple]).for_each(|thread| thread.join().unwrap());
            assert_eq!(get(&engine, b"a"), get(&engine, b"b"));
        },
        SCHEDULES / 4,
    );
}
