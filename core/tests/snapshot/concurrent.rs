//! Cuts under load: a snapshot holds one instant, whatever goes on.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use polycache_core::engine::Engine;
use polycache_core::record::{Draft, Effect};
use polycache_core::transaction::Latches;

use crate::support::*;

const ACCOUNTS: usize = 3000;
const EACH: i64 = 100;

fn account(number: usize) -> Vec<u8> {
    format!("account:{number}").into_bytes()
}

fn amount(value: &[u8]) -> i64 {
    std::str::from_utf8(value).unwrap().parse().unwrap()
}

/// Moves money between accounts until told to stop; empty accounts do not exist.
fn transfer(engine: &Engine, seed: u64, stop: &AtomicBool) {
    let mut random = fastrand::Rng::with_seed(seed);
    while !stop.load(Ordering::SeqCst) {
        let (from, to) = (account(random.usize(0..ACCOUNTS)), account(random.usize(0..ACCOUNTS)));
        if from == to {
            continue;
        }
        let op = engine.begin();
        let mut latches = Latches::latch(&op, &[(0, &from), (0, &to)]).unwrap();
        let moved = random.i64(0..60);
        for (position, change) in [(0, -moved), (1, moved)] {
            let entry = latches.entry(position);
            let old = entry.record().map_or(0, |r| amount(r.string().unwrap().as_slice().unwrap()));
            if old + change == 0 {
                entry.remove(Effect::Del);
            } else {
                entry.put(Draft::string((old + change).to_string().as_bytes()), Effect::Set);
            }
        }
    }
}

#[test]
fn transfers_are_saved_whole() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = engine(dir.path());
    for number in 0..ACCOUNTS {
        set(&engine, &account(number), EACH.to_string().as_bytes());
    }
    // The second round begins on a mapped table.
    for _ in 0..2 {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for seed in 0..3 {
                let (engine, stop) = (&engine, &stop);
                scope.spawn(move || transfer(engine, seed, stop));
            }
            for _ in 0..12 {
                save_to(&engine, dir.path());
                let saved = all(&reopened(dir.path()), 0);
                let sum: i64 = saved.values().map(|value| amount(value)).sum();
                assert_eq!(sum, ACCOUNTS as i64 * EACH);
            }
            stop.store(true, Ordering::SeqCst);
        });
        save_to(&engine, dir.path());
        assert_eq!(all(&reopened(dir.path()), 0), all(&engine, 0));
        engine = reopened(dir.path());
    }
}

#[test]
fn nothing_newer_than_the_cut_and_nothing_older_missing() {
    let dir = tempfile::tempdir().unwrap();
    let engine = engine(dir.path());
    const KEYS: u64 = 2000;
    const WRITERS: u64 = 3;
    // Each writer counts up through its keys in order, so what it wrote up to an instant is known from its counter.
    let counts: Vec<AtomicU64> = (0..WRITERS).map(|_| AtomicU64::new(0)).collect();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (engine, counts, stop) = (&engine, &counts, &stop);
            scope.spawn(move || {
                let mut round = 0;
                while !stop.load(Ordering::SeqCst) {
                    let key = format!("{writer}:{}", round % KEYS);
                    set(engine, key.as_bytes(), round.to_string().as_bytes());
                    round += 1;
                    counts[writer as usize].store(round, Ordering::SeqCst);
                }
            });
        }
        for _ in 0..15 {
            let before: Vec<u64> = counts.iter().map(|count| count.load(Ordering::SeqCst)).collect();
            save_to(&engine, dir.path());
            let after: Vec<u64> = counts.iter().map(|count| count.load(Ordering::SeqCst)).collect();
            let saved = all(&reopened(dir.path()), 0);
            for writer in 0..WRITERS {
                let value =
                    |key: u64| saved.get(format!("{writer}:{key}").as_bytes()).map(|v| amount(v) as u64);
                let written = (0..KEYS).filter_map(value).max().map_or(0, |last| last + 1);
                assert!(written >= before[writer as usize] && written <= after[writer as usize] + 1);
                for key in 0..KEYS {
                    // The last round below `written` that wrote this key.
                    let expected = (key < written).then(|| (written - 1 - key) / KEYS * KEYS + key);
                    assert_eq!(value(key), expected, "key {writer}:{key} of {written}");
                }
            }
        }
        stop.store(true, Ordering::SeqCst);
    });
}

#[test]
fn flushing_and_swapping_meanwhile_harms_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let engine = engine(dir.path());
    let fill = |engine: &Engine| {
        for number in 0..3000u32 {
            put(engine, 0, &number.to_le_bytes(), Draft::string(b"zero"));
            put(engine, 1, &number.to_le_bytes(), Draft::string(b"one"));
        }
    };
    fill(&engine);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut random = fastrand::Rng::with_seed(7);
            while !stop.load(Ordering::SeqCst) {
                match random.u32(0..10) {
                    0 => {
                        engine.flush(None);
                    }
                    1 => {
                        engine.flush(Some(1));
                    }
                    2..6 => {
                        engine.swap(0, 1);
                    }
                    _ => fill(&engine),
                }
            }
        });
        for _ in 0..30 {
            let saved = save_to(&engine, dir.path());
            let again = reopened(dir.path());
            for db in 0..2 {
                let contents = all(&again, db);
                assert_eq!(contents.len() as u64, again.len(db));
                assert!(contents.values().all(|value| value == b"zero" || value == b"one"));
            }
            assert_eq!(saved.header.keys(), again.len(0) + again.len(1));
        }
        stop.store(true, Ordering::SeqCst);
    });
}

#[test]
fn a_table_that_breathes_is_saved_right() {
    let dir = tempfile::tempdir().unwrap();
    let engine = engine(dir.path());
    for number in 0..2000 {
        set(&engine, format!("stays:{number}").as_bytes(), b"here");
    }
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (engine, stop) = (&engine, &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    for number in 0..5000 {
                        set(engine, format!("passing:{thread}:{number}").as_bytes(), &vec![1; number % 200]);
                    }
                    for number in 0..5000 {
                        remove(engine, format!("passing:{thread}:{number}").as_bytes());
                    }
                }
            });
        }
        for _ in 0..20 {
            save_to(&engine, dir.path());
            let saved = all(&reopened(dir.path()), 0);
            for number in 0..2000 {
                assert_eq!(saved.get(format!("stays:{number}").as_bytes()).unwrap(), b"here");
            }
            // A thread's keys come in order and go in order: what is there is a stretch of them.
            for thread in 0..2 {
                let there: Vec<bool> = (0..5000)
                    .map(|number| saved.contains_key(format!("passing:{thread}:{number}").as_bytes()))
                    .collect();
                let changes = there.windows(2).filter(|pair| pair[0] != pair[1]).count();
                assert!(changes <= 1, "{changes}");
            }
        }
        stop.store(true, Ordering::SeqCst);
    });
}
