//! `used_memory` tells the truth: against the resident memory that the system counts, under eviction.

use polycache_tests::support::{Client, Kind, Server, ServerOptions};

const MAXMEMORY: f64 = 256.0 * 1024.0 * 1024.0;
/// What the allocator's heaps of the threads and the garbage of the epochs take, whatever the data.
const PROGRAM_BYTES: f64 = 6.0 * 1024.0 * 1024.0;
/// How far the account may be from the system's.
const ERROR_MAX: f64 = 0.10;

/// Bytes of the process that are in memory and no file's: a debug binary's pages are no data.
fn resident(server: &Server) -> f64 {
    let path = format!("/proc/{}/status", server.process_id());
    let status = std::fs::read_to_string(path).expect("a running process");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("resident memory");
    let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse().expect("a number");
    kibibytes * 1024.0
}

/// A field of INFO memory.
fn field(client: &mut Client, name: &str) -> f64 {
    let text = client.say("INFO memory").text();
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}:")));
    line.expect("the field").trim().parse().expect("a number")
}

/// Values of all sizes: most small, some of kilobytes, a few ropes; made at once, and grown by APPEND and SETRANGE.
fn fill(client: &mut Client, random: &mut fastrand::Rng, bytes: usize) {
    let mut written = 0;
    while written < bytes {
        let mut commands: Vec<Vec<Vec<u8>>> = Vec::new();
        for _ in 0..500 {
            let key = format!("key:{}", random.u32(..1_000_000)).into_bytes();
            let size = match random.u8(..100) {
                0..70 => random.usize(1..300),
                70..95 => random.usize(300..6_000),
                95..99 => random.usize(6_000..16_000),
                _ => random.usize(16_000..300_000),
            };
            written += size;
            let value = vec![random.alphanumeric() as u8; size];
            commands.push(match random.u8(..10) {
                0 => vec![b"APPEND".to_vec(), key, value],
                1 => vec![b"SETRANGE".to_vec(), key, random.u16(..).to_string().into_bytes(), value],
                2 => vec![b"SET".to_vec(), key, value, b"EX".to_vec(), b"1000".to_vec()],
                _ => vec![b"SET".to_vec(), key, value],
            });
        }
        for reply in client.pipeline(&commands).expect("replies") {
            assert!(!reply.is_error(), "{reply:?}");
        }
    }
}

#[test]
fn used_memory_is_what_the_system_sees_under_eviction() {
    for policy in ["allkeys-s3fifo"] {
        let options = ServerOptions::new()
            .flag("save", "")
            .flag("io-threads", 2)
            .flag("maxmemory", MAXMEMORY)
            .flag("maxmemory-policy", policy);
        let server = Server::start(Kind::Polycache, options);
        let mut client = server.client();
        let mut random = fastrand::Rng::with_seed(3);
        // The limit one and a half times over, and as much again under the same churn.
        for round in 0..2 {
            fill(&mut client, &mut random, MAXMEMORY as usize * 3 / 2);
            let (used, resident) = (field(&mut client, "used_memory"), resident(&server));
            assert!(used < MAXMEMORY * 1.04, "{policy} {round}: {used} used of {MAXMEMORY}");
            assert!(used > MAXMEMORY * 0.9, "{policy} {round}: only {used} used of {MAXMEMORY}");
            let error = (resident - PROGRAM_BYTES) / used - 1.0;
            println!("{policy} {round}: {used} used, {resident} resident, {error:+.3}");
            assert!(error.abs() < ERROR_MAX, "{policy} {round}: {resident} resident, {used} used");
        }
        assert!(client.say("DBSIZE").integer().expect("a number") > 1000);
    }
}
