//! Isolation: money is moved between accounts by MULTI, by MSET under WATCH and by scripts that declare their keys or do
//! not, over connections and in-process, while others read by every face, snapshots are written, and the server is killed
//! and started again. The sum never changes, and no reader sees half of a transfer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use polycache_core::record::Str;
use polycache_server::embedded::Expire;
use polycache_tests::differential::setting;
use polycache_tests::support::memcached::TextClient as Memcached;
use polycache_tests::support::{Client, Embedded, Kind, Server, ServerOptions, Value};

const ACCOUNTS: u64 = 6;
const SUM: i64 = 600;

/// Moves ARGV's last from the first key to the second, be they declared or not.
const SCRIPT: &str = "local from, to = KEYS[1] or ARGV[1], KEYS[2] or ARGV[2] \
                      redis.call('DECRBY', from, ARGV[#ARGV]) redis.call('INCRBY', to, ARGV[#ARGV]) return 1";

fn names() -> Vec<String> {
    (0..ACCOUNTS).map(|number| format!("account{number}")).collect()
}

fn sum(client: &mut Client) -> i64 {
    let words: Vec<String> = ["MGET".to_owned()].into_iter().chain(names()).collect();
    let reply = client.call(&words);
    reply.items().iter().map(|value| value.text().parse::<i64>().expect("a number")).sum()
}

fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// Moves money until told to stop, or until the server is gone; how often it did.
fn transfer(port: u16, seed: u64, stop: &AtomicBool) -> u64 {
    let mut client = Client::connect(port);
    let (mut state, mut done) = (seed, 0);
    while !stop.load(Ordering::Relaxed) {
        let (from, to) = (random(&mut state) % ACCOUNTS, random(&mut state) % ACCOUNTS);
        let amount = random(&mut state) % 9;
        let mut attempt = || -> std::io::Result<bool> {
            if seed % 4 == 2 || seed % 4 == 3 {
                let keys = if seed % 4 == 2 { 2 } else { 0 };
                let (from, to, amount) =
                    (format!("account{from}"), format!("account{to}"), amount.to_string());
                let reply = client.try_call(&["EVAL", SCRIPT, &keys.to_string(), &from, &to, &amount])?;
                return Ok(!reply.is_error());
            }
            let mut say = |words: &str| client.try_call(&words.split(' ').collect::<Vec<_>>());
            if seed.is_multiple_of(2) {
                say("MULTI")?;
                say(&format!("DECRBY account{from} {amount}"))?;
                say(&format!("SET scratch{seed} {amount}"))?;
                say(&format!("INCRBY account{to} {amount}"))?;
                return Ok(!say("EXEC")?.is_null());
            }
            if from == to {
                return Ok(false);
            }
            say(&format!("WATCH account{from} account{to}"))?;
            let number = |value: Value| value.text().parse::<i64>().expect("a number");
            let here = number(say(&format!("GET account{from}"))?) - amount as i64;
            let there = number(say(&format!("GET account{to}"))?) + amount as i64;
            say("MULTI")?;
            say(&format!("MSET account{from} {here} account{to} {there}"))?;
            Ok(!say("EXEC")?.is_null())
        };
        match attempt() {
            Ok(moved) => done += u64::from(moved),
            Err(_) => break,
        }
    }
    done
}

#[test]
fn money_is_neither_made_nor_lost() {
    let dir = tempfile::tempdir().expect("a directory");
    for round in 0..setting("POLYCACHE_ISOLATION_ROUNDS", 4) {
        let options = ServerOptions::new()
            .flag("appendonly", "yes")
            .flag("appendfsync", "everysec")
            .flag("save", "")
            .flag("io-threads", 2)
            .dir(dir.path());
        let mut server = Server::start(Kind::Polycache, options);
        let mut control = server.client();
        if round == 0 {
            let share = SUM / ACCOUNTS as i64;
            names().iter().for_each(|name| assert!(control.call(&["SET", name, &share.to_string()]).is_ok()));
        }
        assert_eq!(sum(&mut control), SUM, "after a restart");
        let stop = AtomicBool::new(false);
        let (port, memcached_port) = (server.port, server.memcached_port);
        thread::scope(|scope| {
            let movers: Vec<_> = (0..4)
                .map(|seed| {
                    scope.spawn({
                        let stop = &stop;
                        move || transfer(port, seed, stop)
                    })
                })
                .collect();
            let reader = scope.spawn(|| {
                let mut client = Client::connect(port);
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(sum(&mut client), SUM, "MGET saw half of a transfer");
                    client.say("MULTI");
                    names().iter().for_each(|name| drop(client.call(&["GET", name])));
                    let values = client.say("EXEC");
                    let read: i64 =
                        values.items().iter().map(|value| value.text().parse::<i64>().unwrap()).sum();
                    assert_eq!(read, SUM, "a transaction saw half of another");
                }
            });
            let other_face = scope.spawn(|| {
                let mut client = Memcached::connect(memcached_port);
                while !stop.load(Ordering::Relaxed) {
                    client.set("aside", b"1", 0, 0);
                    assert!(client.gets("account0").is_some());
                }
            });
            let until = Instant::now() + Duration::from_millis(setting("POLYCACHE_ISOLATION_MS", 700));
            while Instant::now() < until {
                control.say("BGSAVE");
                thread::sleep(Duration::from_millis(50));
            }
            stop.store(true, Ordering::Relaxed);
            let moved: u64 = movers.into_iter().map(|mover| mover.join().unwrap()).sum();
            reader.join().unwrap();
            other_face.join().unwrap();
            assert!(moved > 0);
        });
        // Killed in the midst of it: the log has all of a transaction or nothing.
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let movers: Vec<_> = (0..4)
                .map(|seed| {
                    scope.spawn({
                        let stop = &stop;
                        move || transfer(port, seed, stop)
                    })
                })
                .collect();
            thread::sleep(Duration::from_millis(100));
            server.kill();
            for mover in movers {
                mover.join().unwrap();
            }
        });
    }
}

/// All faces of one engine in one process, this one.
#[test]
fn no_face_sees_half_of_a_transfer_by_another() {
    let Embedded { cache, resp_port, memcached_port } = Embedded::start();
    let names = names();
    let share = (SUM / ACCOUNTS as i64).to_string();
    let pairs: Vec<(&[u8], &[u8])> = names.iter().map(|name| (name.as_bytes(), share.as_bytes())).collect();
    let _ = cache.set_many(&pairs, Expire::Never).unwrap();
    let stop = AtomicBool::new(false);
    let keys: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
    thread::scope(|scope| {
        let (stop, cache, keys) = (&stop, &cache, &keys);
        let wire: Vec<_> = (0..4).map(|seed| scope.spawn(move || transfer(resp_port, seed, stop))).collect();
        let within = scope.spawn(move || {
            let (mut state, mut done) = (99, 0u64);
            while !stop.load(Ordering::Relaxed) {
                let [from, to] = [0, 1].map(|_| keys[(random(&mut state) % ACCOUNTS) as usize]);
                let args: [&[u8]; 6] = [b"EVAL", SCRIPT.as_bytes(), b"2", from, to, b"3"];
                let _ = cache.execute(&args).unwrap();
                done += 1;
            }
            done
        });
        let seen_within = scope.spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                let mut read = 0;
                let mut add = |value: Option<Str<'_>>| {
                    let text = String::from_utf8(value.unwrap().to_vec()).unwrap();
                    read += text.parse::<i64>().unwrap();
                };
                cache.get_many(keys, |_, value| add(value)).unwrap();
                assert_eq!(read, SUM, "an in-process reader saw half of a transfer");
            }
        });
        let seen_on_the_wire = scope.spawn(move || {
            let mut client = Client::connect(resp_port);
            let mut other = Memcached::connect(memcached_port);
            while !stop.load(Ordering::Relaxed) {
                assert_eq!(sum(&mut client), SUM, "MGET saw half of a transfer");
                assert!(other.gets("account0").is_some());
            }
        });
        thread::sleep(Duration::from_millis(setting("POLYCACHE_ISOLATION_MS", 700)));
        stop.store(true, Ordering::Relaxed);
        assert!(wire.into_iter().all(|mover| mover.join().unwrap() > 0));
        assert!(within.join().unwrap() > 0);
        seen_within.join().unwrap();
        seen_on_the_wire.join().unwrap();
    });
    assert_eq!(sum(&mut Client::connect(resp_port)), SUM);
}

#[test]
fn clients_that_die_in_a_transaction_leave_nothing() {
    let server = Server::volatile(Kind::Polycache);
    let mut control = server.client();
    for _ in 0..200 {
        let mut client = server.client();
        client.say("WATCH k");
        client.say("MULTI");
        client.say("SET k v");
    }
    assert!(control.say("SET k w").is_ok());
    let started = Instant::now();
    while control.say("CLIENT LIST").text().lines().count() > 1 {
        assert!(started.elapsed() < Duration::from_secs(20), "clients stay");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn queues_are_bounded() {
    let options = ServerOptions::new().flag("save", "").flag("client-query-buffer-limit", "1048576");
    let server = Server::start(Kind::Polycache, options);
    let mut client = server.client();
    client.say("MULTI");
    let value = "x".repeat(100_000);
    let refused = (0..20).find(|_| client.try_call(&["SET", "k", &value]).is_err());
    assert!(refused.is_some(), "no bound");
    assert_eq!(server.client().say("EXISTS k").integer(), Some(0));
}
