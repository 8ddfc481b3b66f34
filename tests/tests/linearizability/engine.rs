//! In-process: real threads on one engine, whose table grows and shrinks and which is saved meanwhile.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use polycache_core::command::{Ctx, NoHost, Registry, Session, TABLES, Value, ValueReply, dispatch};
use polycache_core::config::EngineConfig;
use polycache_core::engine::Engine;
use polycache_core::log::Lsn;
use polycache_core::snapshot;
use polycache_tests::linearizability::{Answer, Recorder, Register, Request, Verdict, by_key, check};

const THREADS: u64 = 4;
/// Histories of one test: short ones, since the search may take exponential time in what overlaps.
const ROUNDS: u64 = 120;
const REQUESTS: u64 = 120;

/// Carries out one command.
fn call(engine: &Engine, registry: &Registry, words: &[String]) -> Value {
    let args: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    let op = engine.begin();
    let mut reply = ValueReply::new();
    let (mut session, mut host) = (Session::default(), NoHost);
    let mut ctx =
        Ctx { engine, op: &op, session: &mut session, reply: &mut reply, host: &mut host, registry };
    dispatch(&mut ctx, &args);
    reply.finish().expect("every command replies")
}

fn answer(reply: &Value) -> Answer {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match reply {
        Value::Integer(value) => Answer::Integer(*value),
        Value::Error(_) => Answer::Refused,
        Value::Status(_) => Answer::Done,
        Value::Bulk(bytes) => Answer::Value(Some(text(bytes))),
        Value::Array(values) => Answer::Values(
            values
                .iter()
                .map(|value| if let Value::Bulk(bytes) = value { Some(text(bytes)) } else { None })
                .collect(),
        ),
        _ => Answer::Value(None),
    }
}

/// Runs `work` while another thread grows and shrinks the table, and a third saves it again and again.
fn in_turmoil(engine: &Engine, work: impl FnOnce()) {
    let folder = tempfile::tempdir().expect("a folder");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let registry = Registry::new(TABLES);
            while !done.load(Ordering::SeqCst) {
                for verb in ["SET", "DEL"] {
                    for number in 0..3_000 {
                        let mut words = vec![verb.to_owned(), format!("filler:{number}")];
                        if verb == "SET" {
                            words.push("x".into());
                        }
                        call(engine, &registry, &words);
                    }
                }
            }
        });
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                snapshot::save(engine, &folder.path().join("saved.pcs"), || (Lsn(0), ()))
                    .expect("a snapshot");
            }
        });
        // Also where the work panics: the others must end.
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        done.store(true, Ordering::SeqCst);
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
    });
}

/// Carries out a request on the keys of a round.
fn honestly(engine: &Engine, registry: &Registry, round: u64, request: &Request) -> Answer {
    answer(&call(engine, registry, &request.command(|key| format!("{round}:{key}"))))
}

/// A history of all threads.
fn history(
    round: u64,
    request: impl Fn(&mut fastrand::Rng, u64) -> Request + Sync,
    carry_out: impl Fn(&Registry, &Request) -> Answer + Sync,
) -> Vec<polycache_tests::linearizability::Event> {
    let recorder = Recorder::default();
    // Without it the first thread would be done before the last has begun.
    let start = Barrier::new(THREADS as usize);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (recorder, request, carry_out, start) = (&recorder, &request, &carry_out, &start);
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(round * THREADS + thread);
                let registry = Registry::new(TABLES);
                let mut lane = recorder.lane();
                start.wait();
                for number in 0..REQUESTS {
                    let request = request(&mut random, number * THREADS + thread);
                    lane.record(request, |request| carry_out(&registry, request));
                }
            });
        }
    });
    recorder.into_history()
}

#[test]
fn single_keys() {
    let engine = Engine::in_memory(EngineConfig::default());
    in_turmoil(&engine, || {
        for round in 0..ROUNDS {
            let history = history(
                round,
                |random, unique| Request::random(random, 4, unique),
                |registry, request| honestly(&engine, registry, round, request),
            );
            for (key, history) in by_key(history) {
                let verdict = check(&Register, &history);
                assert_eq!(verdict, Verdict::Linearizable, "round {round}, key {key}: {history:#?}");
            }
        }
    });
}

#[test]
fn several_keys_at_once() {
    let engine = Engine::in_memory(EngineConfig::default());
    in_turmoil(&engine, || {
        for round in 0..ROUNDS {
            let history = history(
                round,
                |random, unique| Request::random_of_several(random, 3, unique),
                |registry, request| honestly(&engine, registry, round, request),
            );
            let verdict = check(&Register, &history);
            assert_eq!(verdict, Verdict::Linearizable, "round {round}: {history:#?}");
        }
    });
}

/// The same machinery finds a store that is not atomic: one whose INCR is a GET and a SET.
#[test]
fn an_increment_in_two_steps_is_caught() {
    let engine = Engine::in_memory(EngineConfig::default());
    let found = (0..ROUNDS).any(|round| {
        let history = history(
            round,
            |_, _| Request::Increment(0),
            |registry, request| {
                let read = honestly(&engine, registry, round, &Request::Get(0));
                std::thread::yield_now();
                let Answer::Value(value) = read else { panic!("{request:?}: {read:?}") };
                let next = value.map_or(0, |value| value.parse::<i64>().expect("a number")) + 1;
                honestly(&engine, registry, round, &Request::Set(0, next.to_string()));
                Answer::Integer(next)
            },
        );
        check(&Register, &history) != Verdict::Linearizable
    });
    assert!(found, "no lost update in {ROUNDS} histories");
}
