//! The index against a plain map: random single-key and multi-key writes, growth and shrinking, SCAN's guarantee, and
//! memory that goes back to where it began.

use std::collections::{HashMap, HashSet};

use polycache_core::command::{Ctx, NoHost, NoReply, Registry, Session};
use polycache_core::config::EngineConfig;
use polycache_core::engine::Engine;
use polycache_core::operation::Touch;
use polycache_core::record::{Draft, Effect};
use proptest::prelude::*;

/// Runs `work` with a context in database 0.
fn with_ctx<T>(engine: &Engine, work: impl FnOnce(&Ctx<'_>) -> T) -> T {
    let registry = Registry::new(&[]);
    let op = engine.begin();
    let mut session = Session::default();
    work(&Ctx {
        engine,
        op: &op,
        session: &mut session,
        reply: &mut NoReply,
        host: &mut NoHost,
        registry: &registry,
    })
}

fn set(engine: &Engine, key: &[u8], value: &[u8]) {
    with_ctx(engine, |ctx| ctx.latch(key).unwrap().put(Draft::string(value), Effect::Set));
}

fn remove(engine: &Engine, key: &[u8]) -> bool {
    with_ctx(engine, |ctx| ctx.latch(key).unwrap().remove(Effect::Del))
}

fn get(engine: &Engine, key: &[u8]) -> Option<Vec<u8>> {
    let op = engine.begin();
    let record = op.read(0, key, Touch::Access).unwrap();
    record.map(|record| record.string().unwrap().to_vec())
}

fn all(engine: &Engine) -> HashMap<Vec<u8>, Vec<u8>> {
    let mut all = HashMap::new();
    engine.for_each_record(0, &mut |record| {
        let older = all.insert(record.key().to_vec(), record.string().unwrap().to_vec());
        assert!(older.is_none(), "visited twice");
    });
    all
}

#[derive(Clone, Debug)]
enum Step {
    Set(u16, Vec<u8>),
    Remove(u16),
    Get(u16),
    /// Writes to several keys at once; duplicates allowed.
    Several(Vec<(u16, Option<u8>)>),
}

fn step(keys: u16) -> impl Strategy<Value = Step> {
    let key = 0..keys;
    prop_oneof![
        4 => (key.clone(), proptest::collection::vec(any::<u8>(), 0..300)).prop_map(|(k, v)| Step::Set(k, v)),
        2 => key.clone().prop_map(Step::Remove),
        2 => key.clone().prop_map(Step::Get),
        1 => proptest::collection::vec((key, any::<Option<u8>>()), 1..6).prop_map(Step::Several),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn behaves_like_a_map(steps in proptest::collection::vec(step(400), 1..1500)) {
        let engine = Engine::in_memory(EngineConfig::default());
        let empty = engine.memory().used();
        let mut model: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
        let name = |key: u16| format!("key:{key}").into_bytes();
        for step in steps {
            match step {
                Step::Set(key, value) => {
                    set(&engine, &name(key), &value);
                    model.insert(name(key), value);
                }
                Step::Remove(key) => {
                    prop_assert_eq!(remove(&engine, &name(key)), model.remove(&name(key)).is_some());
                }
                Step::Get(key) => prop_assert_eq!(get(&engine, &name(key)), model.get(&name(key)).cloned()),
                Step::Several(writes) => {
                    let names: Vec<_> = writes.iter().map(|(key, _)| name(*key)).collect();
                    let keys: Vec<_> = names.iter().map(|key| (0, key.as_slice())).collect();
                    with_ctx(&engine, |ctx| {
                        let mut latches = ctx.latch_many(&keys).unwrap();
                        for (position, (_, value)) in writes.iter().enumerate() {
                            let entry = latches.entry(position);
                            assert_eq!(entry.record().is_some(), model.contains_key(&names[position]));
                            match value {
                                Some(byte) => {
                                    entry.put(Draft::string(&[*byte]), Effect::Set);
                                    model.insert(names[position].clone(), vec![*byte]);
                                }
                                None => {
                                    entry.remove(Effect::Del);
                                    model.remove(&names[position]);
                                }
                            }
                        }
                    });
                }
            }
            prop_assert_eq!(engine.len(0), model.len() as u64);
        }
        prop_assert_eq!(all(&engine), model.clone());
        for key in model.keys() {
            prop_assert!(remove(&engine, key));
        }
        prop_assert_eq!(engine.len(0), 0);
        // What is left is the table, which shrinks only so far.
        prop_assert!(engine.memory().used() <= empty + 64 * 64, "{} of {empty}", engine.memory().used());
    }
}

#[test]
fn scan_returns_every_key_that_stays_while_the_table_grows_and_shrinks() {
    let engine = Engine::in_memory(EngineConfig::default());
    let stays: Vec<Vec<u8>> = (0..2000).map(|i| format!("stays:{i}").into_bytes()).collect();
    for key in &stays {
        set(&engine, key, b"v");
    }
    let mut passing = 0;
    for round in 0..20 {
        let mut seen = HashSet::new();
        let mut cursor = 0;
        loop {
            let op = engine.begin();
            cursor = op.index(0).scan_step(cursor, op.pin(), &mut |record| {
                seen.insert(record.key().to_vec());
            });
            drop(op);
            if cursor == 0 {
                break;
            }
            // Grows in even rounds and shrinks in odd ones.
            for _ in 0..20 {
                if round % 2 == 0 {
                    set(&engine, format!("passing:{passing}").as_bytes(), b"v");
                    passing += 1;
                } else if passing > 0 {
                    passing -= 1;
                    remove(&engine, format!("passing:{passing}").as_bytes());
                }
            }
        }
        for key in &stays {
            assert!(seen.contains(key), "{} was missed", String::from_utf8_lossy(key));
        }
    }
}

#[test]
fn threads_that_own_their_keys_see_what_they_wrote() {
    let engine = Engine::in_memory(EngineConfig::default());
    std::thread::scope(|scope| {
        for thread in 0..4u32 {
            let engine = engine.clone();
            scope.spawn(move || {
                let mut model: HashMap<u32, u32> = HashMap::new();
                let mut random = fastrand::Rng::with_seed(u64::from(thread));
                for step in 0..60_000u32 {
                    // The range breathes, so the table grows and shrinks all the time.
                    let range = if step / 10_000 % 2 == 0 { 3000 } else { 50 };
                    let number = random.u32(0..range);
                    let key = format!("{thread}:{number}");
                    match random.u32(0..10) {
                        0..5 => {
                            set(&engine, key.as_bytes(), &step.to_le_bytes());
                            model.insert(number, step);
                        }
                        5..7 => {
                            assert_eq!(
                                remove(&engine, key.as_bytes()),
                                model.remove(&number).is_some(),
                                "{key}"
                            );
                        }
                        _ => {
                            let expected = model.get(&number).map(|step| step.to_le_bytes().to_vec());
                            assert_eq!(get(&engine, key.as_bytes()), expected, "{key} at {step}");
                        }
                    }
                }
                for number in model.keys() {
                    assert!(remove(&engine, format!("{thread}:{number}").as_bytes()));
                }
            });
        }
    });
    assert_eq!(engine.len(0), 0);
}

#[test]
fn nobody_sees_half_of_a_transfer() {
    const ACCOUNTS: usize = 8;
    const TOTAL: i64 = 1000;
    let engine = Engine::in_memory(EngineConfig::default());
    let keys: Vec<Vec<u8>> = (0..ACCOUNTS).map(|i| format!("account:{i}").into_bytes()).collect();
    set(&engine, &keys[0], TOTAL.to_string().as_bytes());
    let amount = |value: Option<&[u8]>| -> i64 {
        value.map_or(0, |bytes| std::str::from_utf8(bytes).unwrap().parse().unwrap())
    };
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (engine, keys) = (engine.clone(), &keys);
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(thread);
                for _ in 0..20_000 {
                    let (from, to) = (random.usize(0..ACCOUNTS), random.usize(0..ACCOUNTS));
                    with_ctx(&engine, |ctx| {
                        let mut latches = ctx.latch_many(&[(0, &keys[from]), (0, &keys[to])]).unwrap();
                        let read = |entry: &polycache_core::transaction::Entry<'_>| {
                            amount(entry.record().map(|record| record.string().unwrap().as_slice().unwrap()))
                        };
                        let moved = random.i64(0..10);
                        let left = read(latches.entry(0)) - moved;
                        if left == 0 {
                            // An account at zero does not exist: absent keys take part too.
                            latches.entry(0).remove(Effect::Del);
                        } else {
                            latches.entry(0).put(Draft::string(left.to_string().as_bytes()), Effect::Set);
                        }
                        let more = read(latches.entry(1)) + moved;
                        if more == 0 {
                            latches.entry(1).remove(Effect::Del);
                        } else {
                            latches.entry(1).put(Draft::string(more.to_string().as_bytes()), Effect::Set);
                        }
                    });
                }
            });
        }
        let (engine, keys) = (engine.clone(), &keys);
        scope.spawn(move || {
            let keys: Vec<&[u8]> = keys.iter().map(|key| key.as_slice()).collect();
            for _ in 0..20_000 {
                let sum: i64 = with_ctx(&engine, |ctx| {
                    let records = ctx.read_many(&keys).unwrap();
                    records.iter().map(|r| amount(r.map(|r| r.string().unwrap().as_slice().unwrap()))).sum()
                });
                assert_eq!(sum, TOTAL);
            }
        });
    });
}
