//! Tests of scopes: what commands see inside, what others see meanwhile, and that strays make an end.

use super::*;
use crate::command::{Ctx, NoHost, Registry, Session, TABLES, Value, ValueReply, dispatch};
use crate::config::EngineConfig;
use crate::engine::Engine;
use crate::operation::Touch;

fn say(op: &Operation<'_>, words: &str) -> Value {
    let registry = Registry::new(TABLES);
    let args: Vec<&[u8]> = words.split(' ').map(str::as_bytes).collect();
    let mut reply = ValueReply::new();
    let (mut session, mut host) = (Session::default(), NoHost);
    let engine = op.engine();
    let (session, reply_to, host) = (&mut session, &mut reply, &mut host);
    dispatch(&mut Ctx { engine, op, session, reply: reply_to, host, registry: &registry }, &args);
    reply.finish().expect("a reply")
}

fn bulk(text: &str) -> Value {
    Value::Bulk(text.as_bytes().to_vec())
}

fn engine() -> Engine {
    Engine::in_memory(EngineConfig::default())
}

/// What another thread sees, if it sees it soon.
fn seen_elsewhere(engine: &Engine, words: &'static str) -> std::sync::mpsc::Receiver<Value> {
    let engine = engine.clone();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(say(&engine.begin(), words)));
    receiver
}

#[test]
fn commands_see_what_those_before_them_wrote() {
    for is_keyed in [true, false] {
        let engine = engine();
        let op = engine.begin();
        say(&op, "RPUSH list a b c");
        let keys: Vec<(DbIndex, &[u8])> = vec![(0, b"k"), (0, b"list"), (0, b"k"), (0, b"gone")];
        let scope = if is_keyed { Scope::keyed(&op, &keys).unwrap() } else { Scope::exclusive(&op).unwrap() };
        assert!(!scope.has_written());
        assert_eq!(say(&op, "GET k"), Value::Null);
        say(&op, "SET k 1");
        assert!(scope.has_written());
        assert_eq!(say(&op, "INCR k"), Value::Integer(2));
        assert_eq!(say(&op, "MGET k gone"), Value::Array(vec![bulk("2"), Value::Null]));
        assert_eq!(say(&op, "LPOP list"), bulk("a"));
        assert_eq!(say(&op, "RENAME list gone"), Value::Status("OK".into()));
        assert_eq!(say(&op, "EXISTS list gone k"), Value::Integer(2));
        assert_eq!(say(&op, "DEL k"), Value::Integer(1));
        assert_eq!(say(&op, "GET k"), Value::Null);
        assert_eq!(say(&op, "MSET k x stray y"), Value::Status("OK".into()));
        assert_eq!(say(&op, "GET stray"), bulk("y"));
        drop(scope);
        let op = engine.begin();
        assert_eq!(say(&op, "MGET k stray"), Value::Array(vec![bulk("x"), bulk("y")]));
        assert_eq!(say(&op, "LLEN gone"), Value::Integer(2));
        assert_eq!(engine.len(0), 3, "no places are left");
    }
}

#[test]
fn others_wait_for_its_keys_and_only_for_those() {
    let engine = engine();
    let op = engine.begin();
    say(&op, "MSET a 1 b 1");
    let scope = Scope::keyed(&op, &[(0, b"a")]).unwrap();
    say(&op, "SET a 2");
    let soon = std::time::Duration::from_secs(20);
    assert_eq!(seen_elsewhere(&engine, "GET b").recv_timeout(soon).unwrap(), bulk("1"));
    let waiting = seen_elsewhere(&engine, "GET a");
    assert!(waiting.recv_timeout(std::time::Duration::from_millis(20)).is_err());
    say(&op, "SET a 3");
    drop(scope);
    assert_eq!(waiting.recv_timeout(soon).unwrap(), bulk("3"));
}

#[test]
fn whole_databases_change_within_an_exclusive_scope() {
    let engine = engine();
    let op = engine.begin();
    say(&op, "SET a 1");
    let scope = Scope::exclusive(&op).unwrap();
    say(&op, "FLUSHALL");
    assert_eq!(say(&op, "DBSIZE"), Value::Integer(0));
    say(&op, "SET b 1");
    say(&op, "SWAPDB 0 1");
    assert_eq!(say(&op, "EXISTS a b"), Value::Integer(0));
    let waiting = seen_elsewhere(&engine, "EXISTS b");
    assert!(waiting.recv_timeout(std::time::Duration::from_millis(20)).is_err());
    say(&op, "SWAPDB 0 1");
    drop(scope);
    assert_eq!(waiting.recv_timeout(std::time::Duration::from_secs(20)).unwrap(), Value::Integer(1));
}

#[test]
fn many_threads_with_strays_make_an_end_and_lose_nothing() {
    let engine = engine();
    let rounds = 300;
    let threads: Vec<_> = (0..4u64)
        .map(|seed| {
            let engine = engine.clone();
            std::thread::spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed);
                let mut done = 0;
                for _ in 0..rounds {
                    let op = engine.begin();
                    let name = |number| format!("INCRBY k{number} ");
                    let (from, to) = (random.u8(0..5), random.u8(0..5));
                    let declared = format!("k{from}").into_bytes();
                    if random.u8(0..8) == 0 {
                        say(&op, &format!("MSET x{from} 1 x{to} 2"));
                    }
                    let scope = match random.u8(0..4) {
                        0 => Scope::exclusive(&op).unwrap(),
                        1 => Scope::keyed(&op, &[]).unwrap(),
                        _ => Scope::keyed(&op, &[(0, &declared)]).unwrap(),
                    };
                    let first = say(&op, &(name(from) + "-1"));
                    if matches!(first, Value::Error(_)) {
                        assert!(scope.has_conflict());
                        continue;
                    }
                    // A victim that has written takes it back itself.
                    if matches!(say(&op, &(name(to) + "1")), Value::Error(_)) {
                        assert!(scope.has_conflict() && scope.has_written());
                        assert!(!matches!(say(&op, &(name(from) + "1")), Value::Error(_)));
                        continue;
                    }
                    done += 1;
                }
                done
            })
        })
        .collect();
    let reader = {
        let engine = engine.clone();
        std::thread::spawn(move || {
            for _ in 0..rounds {
                let op = engine.begin();
                let Value::Array(values) = say(&op, "MGET k0 k1 k2 k3 k4") else { panic!("no array") };
                let number = |value: &Value| match value {
                    Value::Bulk(bytes) => String::from_utf8_lossy(bytes).parse::<i64>().unwrap(),
                    _ => 0,
                };
                assert_eq!(values.iter().map(number).sum::<i64>(), 0, "half of a transfer");
            }
        })
    };
    let done: u64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    reader.join().unwrap();
    assert!(done > 0);
}

#[test]
fn expired_keys_are_absent_and_gone_afterwards() {
    let engine = engine();
    let op = engine.begin();
    say(&op, "SET k v PX 1");
    std::thread::sleep(std::time::Duration::from_millis(3));
    let op = engine.begin();
    let scope = Scope::keyed(&op, &[(0, b"k")]).unwrap();
    assert_eq!(say(&op, "GET k"), Value::Null);
    assert!(op.read(0, b"k", Touch::Quiet).unwrap().is_none());
    drop(scope);
    assert_eq!(engine.len(0), 0);
}
