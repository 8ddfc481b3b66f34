//! What commands of large containers cost without a network: each in batches of 16 over one key of 100,000 elements.
//!
//! `cargo run --release -p polycache-core --example containers [operations] [command]`; under `valgrind --tool=callgrind`
//! with few operations it counts instructions.

use polycache_core::command::{Ctx, NoHost, NoReply, Registry, Session, TABLES, dispatch};
use polycache_core::config::EngineConfig;
use polycache_core::engine::Engine;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Commands that one operation pins the epoch for.
const BATCH: u64 = 16;
/// What a `%` in a command becomes: a number below this, at random.
const RANGE: u64 = 100_000;
/// Operations in front of those that are measured.
const WARM_UP: u64 = 300_000;

const COMMANDS: &[&str] = &[
    "GET string",
    "LPUSH list value:%",
    "LPOP list",
    "SADD set member:%",
    "HSET hash field:% value:%",
    "HGET hash field:%",
    "ZADD sorted % member:%",
    "ZRANGE sorted % +inf BYSCORE LIMIT 0 10",
    "XADD stream * field value:%",
];

struct Load {
    engine: Engine,
    registry: Registry,
    random: u64,
}

impl Load {
    fn word(&mut self, pattern: &str) -> Vec<u8> {
        let mut word = Vec::new();
        for byte in pattern.bytes() {
            if byte == b'%' {
                self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                word.extend_from_slice(format!("{:012}", (self.random >> 33) % RANGE).as_bytes());
            } else {
                word.push(byte);
            }
        }
        word
    }

    /// Nanoseconds of one operation.
    fn run(&mut self, command: &str, operations: u64) -> u64 {
        let mut nanoseconds = 0;
        for _ in 0..operations.div_ceil(BATCH) {
            let batch: Vec<Vec<Vec<u8>>> =
                (0..BATCH).map(|_| command.split(' ').map(|word| self.word(word)).collect()).collect();
            let start = thread_nanoseconds();
            let op = self.engine.begin();
            for words in &batch {
                let args: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
                let mut ctx = Ctx {
                    engine: &self.engine,
                    op: &op,
                    session: &mut Session::default(),
                    reply: &mut NoReply,
                    host: &mut NoHost,
                    registry: &self.registry,
                };
                dispatch(&mut ctx, &args);
            }
            drop(op);
            nanoseconds += thread_nanoseconds() - start;
        }
        nanoseconds / operations.max(1)
    }
}

/// Processor time of this thread: others may want the processor, too.
fn thread_nanoseconds() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is there to be written to.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let operations = arguments.get(1).and_then(|count| count.parse().ok()).unwrap_or(WARM_UP);
    let engine = Engine::in_memory(EngineConfig::default());
    let mut load = Load { engine, registry: Registry::new(TABLES), random: 1 };
    for command in COMMANDS {
        if arguments.get(2).is_some_and(|only| !command.starts_with(only.as_str())) {
            continue;
        }
        let fill = match command.split(' ').next() {
            Some("LPOP") => COMMANDS[1],
            Some("HGET") => COMMANDS[4],
            Some("ZRANGE") => COMMANDS[6],
            _ => command,
        };
        load.run(fill, WARM_UP);
        println!("{command}: {} ns", load.run(command, operations));
    }
}
