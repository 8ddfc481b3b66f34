//! MEMORY USAGE against what the allocator gave out, for every type and size, and that all of it comes back.
//!
//! One test: the allocator counts for the whole process.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use polycache_core::command::{Ctx, NoHost, Registry, Session, TABLES, Value, ValueReply, dispatch};
use polycache_core::config::EngineConfig;
use polycache_core::engine::Engine;
use polycache_core::tree::lazily_freed;

/// Counts the bytes that are allocated.
struct Counting;

static ALLOCATED: AtomicI64 = AtomicI64::new(0);

// SAFETY: all is the system allocator's doing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(layout.size() as i64, Ordering::SeqCst);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(layout.size() as i64, Ordering::SeqCst);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Connection {
    engine: Engine,
    registry: Registry,
    session: Session,
}

impl Connection {
    fn new() -> Connection {
        let engine = Engine::in_memory(EngineConfig::default());
        Connection { engine, registry: Registry::new(TABLES), session: Session::default() }
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut Ctx<'_>) -> T) -> (T, Option<Value>) {
        let op = self.engine.begin();
        let mut reply = ValueReply::new();
        let mut ctx = Ctx {
            engine: &self.engine,
            op: &op,
            session: &mut self.session,
            reply: &mut reply,
            host: &mut NoHost,
            registry: &self.registry,
        };
        let done = act(&mut ctx);
        (done, reply.finish())
    }

    fn call(&mut self, line: &str) {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let reply = self.with(|ctx| dispatch(ctx, &words)).1;
        assert!(!matches!(reply, None | Some(Value::Error(_))), "{line}: {reply:?}");
    }

    /// What MEMORY USAGE answers.
    fn usage(&mut self, key: &str) -> i64 {
        let found =
            self.with(|ctx| ctx.peek(key.as_bytes()).ok().flatten().map(|record| record.memory_bytes())).0;
        found.expect("the key") as i64
    }
}

/// Runs on a thread that ends: what it keeps for its next records is released then.
fn apart<T: Send>(act: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(act).join().expect("no panic"))
}

/// What is allocated when it `is_settled`, or when patience is over: garbage is freed when its readers are gone, that of
/// large values by a thread.
fn allocated(is_settled: impl Fn(i64) -> bool) -> i64 {
    let mut rounds = 0;
    loop {
        apart(|| {
            for _ in 0..100 {
                crossbeam_epoch::pin().flush();
            }
        });
        let allocated = ALLOCATED.load(Ordering::SeqCst);
        rounds += 1;
        if lazily_freed().0 == 0 && rounds > 20 && is_settled(allocated) || rounds == 2000 {
            return allocated;
        }
        if rounds > 20 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// A kind of value: its name, and the command that adds the element of a number to a key.
type Sample = (&'static str, fn(&str, usize) -> String);

const SAMPLES: &[Sample] = &[
    ("string", |key, _| format!("APPEND {key} 0123456789")),
    ("list", |key, i| format!("RPUSH {key} element:{i}")),
    ("list of long elements", |key, i| format!("LPUSH {key} {i}:{:x>300}", "")),
    ("set of integers", |key, i| format!("SADD {key} {}", i * 7)),
    ("set", |key, i| format!("SADD {key} member:{i}")),
    ("hash", |key, i| format!("HSET {key} field:{i} value:{i}")),
    ("hash whose fields expire", |key, i| format!("HSETEX {key} EX 10000 FIELDS 1 field:{i} {i}")),
    ("sorted set", |key, i| format!("ZADD {key} {} member:{i}", i % 1000)),
    ("stream", |key, i| format!("XADD {key} {}-1 field value:{i}", i + 1)),
];

/// Keys of each size: the small ones are many, so that they outweigh what else the process does.
const SIZES: &[(usize, usize)] = &[(10, 200), (1000, 5), (100_000, 1)];

/// Ways in which a value ends; a large one is freed by a thread then.
const ENDS: &[&str] = &["UNLINK KEY", "SET KEY x", "PEXPIREAT KEY 1", "FLUSHALL ASYNC", "DEL KEY"];

#[test]
fn memory_usage_is_what_is_allocated() {
    let mut connection = Connection::new();
    // The table is as large as it will be.
    apart(|| (0..200).for_each(|key| connection.call(&format!("SET {key} x"))));
    connection.call("FLUSHDB");
    let mut wrong = Vec::new();
    for (number, (name, add)) in SAMPLES.iter().enumerate() {
        for (elements, keys) in SIZES {
            let before = allocated(|_| true);
            apart(|| {
                for key in 0..*keys {
                    (0..*elements).for_each(|i| connection.call(&add(&key.to_string(), i)));
                }
            });
            let usage: i64 = (0..*keys).map(|key| connection.usage(&key.to_string())).sum();
            // Allocators' classes are up to an eighth wider than what is asked for; a bit for the table and its like.
            let (least, most) = (usage * 100 / 113 - 32 * 1024, usage * 102 / 100 + 32 * 1024);
            let grown = allocated(|now| (least..=most).contains(&(now - before))) - before;
            println!("{name} of {elements}: {usage} bytes in {keys}, {grown} allocated");
            if !(least..=most).contains(&grown) {
                wrong
                    .push(format!("{keys} * {name} of {elements}: {usage} bytes, but {grown} are allocated"));
            }
            let freed = lazily_freed().1;
            let end = ENDS[number % ENDS.len()];
            apart(|| (0..*keys).for_each(|key| connection.call(&end.replace("KEY", &key.to_string()))));
            apart(|| connection.call("FLUSHALL"));
            // Some garbage of threads that have ended may still lie.
            let most = grown / 50 + 32 * 1024;
            // The thread counts a value when it has freed it, which may be seen a moment before.
            let is_counted = || *elements != 100_000 || *name == "string" || lazily_freed().1 != freed;
            let left = allocated(|now| now - before <= most && is_counted()) - before;
            if !is_counted() {
                wrong.push(format!("{name}: {end} frees {grown} bytes itself"));
            }
            if left > most {
                wrong.push(format!("{keys} * {name} of {elements}: {left} bytes of {grown} are left"));
            }
        }
    }
    connection.call("FLUSHALL");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
