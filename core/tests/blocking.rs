//! Threads that wait for keys, over one engine: what they take, what they leave, and what the log says of it.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use polycache_core::blocking::{Blocked, Ended};
use polycache_core::command::{Ctx, Host, Registry, Session, TABLES, Value, ValueReply, dispatch};
use polycache_core::config::EngineConfig;
use polycache_core::container::list;
use polycache_core::engine::Engine;

/// A host whose thread waits.
#[derive(Default)]
struct Waiting(Option<Blocked>);

impl Host for Waiting {
    fn as_any(&mut self) -> &mut dyn std::any::Any {
        self
    }

    fn may_block(&self) -> bool {
        true
    }

    fn block(&mut self, blocked: Blocked) {
        self.0 = Some(blocked);
    }
}

/// Carries out a command; its reply, or what it waits for.
fn begin(engine: &Engine, registry: &Registry, text: &str) -> Result<Value, Blocked> {
    let words: Vec<&[u8]> = text.split(' ').map(str::as_bytes).collect();
    let (mut host, mut reply, mut session) = (Waiting::default(), ValueReply::new(), Session::default());
    let op = engine.begin();
    let (session, reply_to) = (&mut session, &mut reply);
    dispatch(&mut Ctx { engine, op: &op, session, reply: reply_to, host: &mut host, registry }, &words);
    match host.0 {
        None => Ok(reply.finish().expect("a reply")),
        Some(blocked) => Err(blocked),
    }
}

/// Carries out a command and waits if it does.
fn call(engine: &Engine, registry: &Registry, text: &str) -> Value {
    begin(engine, registry, text).unwrap_or_else(|blocked| reply_of(blocked.wait(&mut || true)))
}

fn reply_of(ended: Option<Ended>) -> Value {
    ended.map_or(Value::Null, |ended| ended.reply)
}

fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::Bulk(bytes) => bytes.clone(),
        Value::Array(pair) => bytes(&pair[1]),
        other => panic!("{other:?}"),
    }
}

fn in_memory() -> (Engine, Registry) {
    (Engine::in_memory(EngineConfig::default()), Registry::new(TABLES))
}

#[test]
fn the_one_who_waits_longest_is_served_first() {
    let (engine, registry) = in_memory();
    let blocked: Vec<Blocked> = ["BLPOP k 0", "BRPOP other k 0", "BLMOVE k to LEFT LEFT 0", "BLPOP to 0"]
        .iter()
        .map(|command| begin(&engine, &registry, command).expect_err("nothing is there"))
        .collect();
    assert_eq!(engine.blocking().waiting(), 4);
    assert_eq!(call(&engine, &registry, "RPUSH k 1 2 3 4"), Value::Integer(4));
    let got: Vec<Vec<u8>> =
        blocked.into_iter().map(|blocked| bytes(&reply_of(blocked.wait(&mut || true)))).collect();
    assert_eq!(got, [b"1", b"4", b"2", b"2"]);
    assert_eq!(engine.blocking().waiting(), 0);
    assert_eq!(call(&engine, &registry, "LLEN k"), Value::Integer(1));
}

#[test]
fn who_claims_wakes_when_something_has_lain_long_enough() {
    let (engine, registry) = in_memory();
    call(&engine, &registry, "XGROUP CREATE s g 0 MKSTREAM");
    call(&engine, &registry, "XADD s 1 f v");
    call(&engine, &registry, "XREADGROUP GROUP g first STREAMS s >");
    let waits = |consumer: &str, more: &str| {
        let command = format!("XREADGROUP GROUP g {consumer} BLOCK 0 {more} STREAMS s >");
        begin(&engine, &registry, &command).expect_err("nothing is new, nor old enough")
    };
    // Nobody writes: it looks again by itself, and takes the entry over.
    let ended = reply_of(waits("second", "CLAIM 30").wait(&mut || true));
    let Value::Map(streams) = &ended else { panic!("{ended:?}") };
    let Value::Array(entries) = &streams[0].1 else { panic!("{ended:?}") };
    let Value::Array(entry) = &entries[0] else { panic!("{ended:?}") };
    assert_eq!((entries.len(), &entry[0], &entry[3]), (1, &Value::Bulk(b"1-0".to_vec()), &Value::Integer(1)));
    assert!(matches!(entry[2], Value::Integer(30..)), "{ended:?}");
    // A new entry ends the waiting, too, with how old it is and how often it was delivered.
    let third = waits("third", "CLAIM 3600000");
    call(&engine, &registry, "XADD s 2 f v");
    let entry = [b"2-0".to_vec(), b"f".to_vec(), b"v".to_vec()].map(Value::Bulk);
    let [id, field, value] = entry;
    let new = Value::Array(vec![id, Value::Array(vec![field, value]), Value::Integer(0), Value::Integer(0)]);
    let streams = Value::Map(vec![(Value::Bulk(b"s".to_vec()), Value::Array(vec![new]))]);
    assert_eq!(reply_of(third.wait(&mut || true)), streams);
    // The time of a CLAIM that finds nothing ends.
    let command = "XREADGROUP GROUP g third BLOCK 20 CLAIM 3600000 STREAMS s s > >";
    assert_eq!(call(&engine, &registry, command), Value::Null);
    // A group that is gone ends it with an error.
    let fourth = waits("fourth", "CLAIM 3600000");
    call(&engine, &registry, "XGROUP DESTROY s g");
    assert!(matches!(reply_of(fourth.wait(&mut || true)), Value::Error(_)));
    assert_eq!(engine.blocking().waiting(), 0);
}

#[test]
fn who_gives_up_is_forgotten() {
    let (engine, registry) = in_memory();
    let first = begin(&engine, &registry, "BLPOP k 0").expect_err("nothing is there");
    let second = begin(&engine, &registry, "BLPOP k 0").expect_err("nothing is there");
    assert!(first.waiter().give_up());
    assert!(!first.waiter().give_up());
    call(&engine, &registry, "RPUSH k 1");
    assert_eq!(first.wait(&mut || true), None);
    assert_eq!(bytes(&reply_of(second.wait(&mut || true))), b"1");
    drop(begin(&engine, &registry, "BLPOP k j 0").expect_err("nothing is there"));
    assert_eq!((engine.blocking().waiting(), engine.blocking().keys()), (0, (0, 0)));
    let mut asked = 0;
    let third = begin(&engine, &registry, "BLPOP k 0").expect_err("nothing is there");
    let ended = third.wait(&mut || {
        asked += 1;
        asked < 2
    });
    assert_eq!(ended, None);
}

#[test]
fn a_replaced_database_serves_too() {
    let (engine, registry) = in_memory();
    let blocked = begin(&engine, &registry, "BLPOP k 0").expect_err("nothing is there");
    {
        let op = engine.begin();
        let (mut session, mut reply) = (Session { db: 3, no_touch: false }, ValueReply::new());
        let (session, reply) = (&mut session, &mut reply);
        let host = &mut Waiting::default();
        let words: [&[u8]; 3] = [b"RPUSH", b"k", b"x"];
        dispatch(&mut Ctx { engine: &engine, op: &op, session, reply, host, registry: &registry }, &words);
    }
    engine.begin().flush(Some(0)).unwrap();
    engine.begin().swap(0, 3).unwrap();
    assert_eq!(bytes(&reply_of(blocked.wait(&mut || true))), b"x");
}

const ROUNDS: usize = 3000;
const PUSHERS: usize = 2;
/// Moves in a circle, in both directions, with a way out of each list.
const TAKERS: &[&str] = &[
    "BLMOVE a b LEFT RIGHT 0.002",
    "BLMOVE b c RIGHT LEFT 0.002",
    "BLMOVE c a LEFT LEFT 0.002",
    "BLMOVE b a LEFT LEFT 0.002",
    "BRPOPLPUSH a a 0.002",
    "BLPOP a b c 0.002",
    "BRPOP c b 0.002",
    "BLPOP b 0.002",
];

/// Pushes and takes on several threads until all is taken; what was taken.
fn race(engine: &Engine, registry: &Registry) -> Vec<Vec<u8>> {
    let taken = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for pusher in 0..PUSHERS {
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let key = ["a", "b", "c"][round % 3];
                    let pushed = call(engine, registry, &format!("RPUSH {key} {pusher}:{round}"));
                    assert!(matches!(pushed, Value::Integer(_)));
                }
            });
        }
        let take = |command: &'static str| {
            let taken = &taken;
            move || {
                let mut mine = Vec::new();
                while taken.load(Ordering::SeqCst) < PUSHERS * ROUNDS {
                    let reply = call(engine, registry, command);
                    if let Value::Array(pair) = &reply {
                        mine.push(bytes(&pair[1]));
                        taken.fetch_add(1, Ordering::SeqCst);
                    }
                }
                mine
            }
        };
        let takers: Vec<_> = TAKERS.iter().map(|command| scope.spawn(take(command))).collect();
        takers.into_iter().flat_map(|taker| taker.join().expect("a taker")).collect()
    })
}

#[test]
fn nothing_is_lost_between_threads() {
    let (engine, registry) = in_memory();
    let all = race(&engine, &registry);
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), PUSHERS * ROUNDS);
    assert_eq!(all.len(), PUSHERS * ROUNDS);
    assert_eq!((engine.len(0), engine.blocking().waiting()), (0, 0));
}

fn open(dir: &Path, registry: &Registry) -> Engine {
    let config = EngineConfig { dir: Some(dir.to_owned()), append_only: true, ..EngineConfig::default() };
    Engine::open(config, registry).expect("a directory")
}

type Lists = BTreeMap<Vec<u8>, Vec<Vec<u8>>>;

fn lists(engine: &Engine) -> Lists {
    let mut all = Lists::new();
    engine.for_each_record(0, &mut |record| {
        let mut elements = Vec::new();
        let list = list::elements(Some(record)).expect("a list");
        list.for_each(|item| elements.push(item.value.to_vec())).expect("sound");
        all.insert(record.key().to_vec(), elements);
    });
    all
}

#[test]
fn the_log_leads_to_the_same_lists() {
    let dir = tempfile::tempdir().expect("a directory");
    let registry = Registry::new(TABLES);
    let engine = open(dir.path(), &registry);
    // Moves without a way out, so that something is left.
    std::thread::scope(|scope| {
        for pusher in 0..PUSHERS {
            let (engine, registry) = (&engine, &registry);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let key = ["a", "b", "c"][round % 3];
                    call(engine, registry, &format!("RPUSH {key} {pusher}:{round}"));
                    if round % 2 == 0 {
                        call(engine, registry, &format!("LMPOP 3 a b c RIGHT COUNT {}", 1 + round % 3));
                    }
                }
            });
        }
        for command in &TAKERS[..5] {
            let (engine, registry) = (&engine, &registry);
            scope.spawn(move || (0..ROUNDS / 2).for_each(|_| drop(call(engine, registry, command))));
        }
    });
    let before = lists(&engine);
    drop(engine);
    assert_eq!(lists(&open(dir.path(), &registry)), before);
}
