//! Getting or loading in-process: one loader per key, whichever face it came by.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;
use std::thread;
use std::time::Duration;

use polycache_core::command::Value;
use polycache_server::embedded::{
    Asked, Cache, Condition, ErrorKind, Expire, Found, Lease, Load, Options, Persist, Serve, SetOptions,
    Waiting,
};

fn open() -> Cache {
    Cache::open(&Options::default()).unwrap()
}

fn get(cache: &Cache, key: &[u8]) -> Option<Vec<u8>> {
    cache.get(key, |value| value.to_vec()).unwrap()
}

fn lease(cache: &Cache, key: &[u8], load: &Load) -> Lease {
    match cache.get_or_lease(key, load).unwrap() {
        Asked::Found(Found::Lease(lease)) => lease,
        Asked::Found(Found::Value(value)) => panic!("a value: {value:?}"),
        Asked::Waiting(_) => panic!("somebody else loads"),
    }
}

fn waiting(cache: &Cache, key: &[u8], load: &Load) -> Waiting {
    match cache.get_or_lease(key, load).unwrap() {
        Asked::Waiting(waiting) => waiting,
        Asked::Found(_) => panic!("nobody loads"),
    }
}

fn value(asked: Asked) -> Vec<u8> {
    match asked {
        Asked::Found(Found::Value(value)) => value,
        Asked::Found(Found::Lease(_)) => panic!("a lease"),
        Asked::Waiting(_) => panic!("somebody else loads"),
    }
}

fn wait(cache: &Cache, key: &[u8]) -> Found {
    cache.wait_or_lease(key, &Load::default(), &mut || true).unwrap().unwrap()
}

#[test]
fn one_of_many_threads_loads() {
    const THREADS: usize = 8;
    let (cache, loads) = (open(), AtomicUsize::new(0));
    for round in 0..50 {
        let key = format!("k{round}");
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| match wait(&cache, key.as_bytes()) {
                    Found::Value(value) => assert_eq!(value, b"loaded"),
                    Found::Lease(lease) => {
                        loads.fetch_add(1, Ordering::SeqCst);
                        thread::yield_now();
                        assert!(lease.store(b"loaded", Expire::Never).unwrap().0);
                    }
                });
            }
        });
        assert_eq!(loads.load(Ordering::SeqCst), round + 1);
    }
}

#[test]
fn who_fails_gives_the_lease_to_the_first_who_waits() {
    let (cache, load) = (open(), Load::default());
    let failing = lease(&cache, b"k", &load);
    let (first, second) = (waiting(&cache, b"k", &load), waiting(&cache, b"k", &load));
    failing.give_back().unwrap();
    assert!(first.poll(Waker::noop()) && !second.poll(Waker::noop()), "in order of arrival");
    let Asked::Found(Found::Lease(next)) = cache.ask_again(first, &load).unwrap() else { panic!("no lease") };
    assert!(next.store(b"v", Expire::After { ttl_ms: 60_000 }).unwrap().0);
    assert_eq!(value(cache.ask_again(second, &load).unwrap()), b"v");
    // A lease that is dropped, and a waiting that is dropped with the lease it was given.
    drop(lease(&cache, b"other", &load));
    let held = lease(&cache, b"other", &load);
    let gone = waiting(&cache, b"other", &load);
    drop(held);
    drop(gone);
    assert_eq!(get(&cache, b"other"), None);
    drop(lease(&cache, b"other", &load));
}

#[test]
fn a_lease_that_is_kept_too_long_is_taken_over() {
    let cache = open();
    let load = Load::default();
    let slow = lease(&cache, b"k", &load);
    let (first, second) = (waiting(&cache, b"k", &load), waiting(&cache, b"k", &load));
    let Asked::Found(Found::Lease(next)) = cache.ask_again(first, &load).unwrap() else { panic!("no lease") };
    let Asked::Waiting(second) = cache.ask_again(second, &load).unwrap() else { panic!("two took over") };
    // Whoever is first stores; the other's value is as good, and left out.
    assert!(slow.store(b"slow", Expire::Never).unwrap().0);
    assert_eq!(value(cache.ask_again(second, &load).unwrap()), b"slow");
    assert!(!next.store(b"next", Expire::Never).unwrap().0);
    assert_eq!(get(&cache, b"k").unwrap(), b"slow");
}

#[test]
fn without_a_value_the_key_is_absent() {
    let (cache, load) = (open(), Load::default());
    let held = lease(&cache, b"k", &load);
    assert_eq!(get(&cache, b"k"), None);
    assert!(!cache.exists(b"k").unwrap());
    let reply = |args: &[&[u8]]| cache.execute(args).unwrap().0;
    assert_eq!(reply(&[b"GET", b"k"]), Value::Null);
    assert_eq!(reply(&[b"MGET", b"k"]), Value::Array(vec![Value::Null]));
    assert_eq!(reply(&[b"TYPE", b"k"]), Value::Status("none".into()));
    assert_eq!(reply(&[b"KEYS", b"*"]), Value::Array(vec![]));
    assert_eq!(reply(&[b"RANDOMKEY"]), Value::Null);
    assert_eq!(cache.scan(0, None, 0).unwrap().1, Vec::<Vec<u8>>::new());
    assert_eq!(cache.execute(&[b"RENAME", b"k", b"other"]).err().unwrap().text(), "ERR no such key");
    assert_eq!(reply(&[b"INCR", b"k"]), Value::Integer(1));
    assert!(!held.store(b"v", Expire::Never).unwrap().0);
}

#[test]
fn a_write_ends_the_lease() {
    let (cache, load) = (open(), Load::default());
    let if_absent = SetOptions { condition: Condition::IfAbsent, ..SetOptions::default() };
    let held = lease(&cache, b"k", &load);
    let other = waiting(&cache, b"k", &load);
    assert!(cache.set(b"k", b"written", &if_absent).unwrap().0);
    assert_eq!(value(cache.ask_again(other, &load).unwrap()), b"written");
    assert!(!held.store(b"older", Expire::Never).unwrap().0);
    assert_eq!(get(&cache, b"k").unwrap(), b"written");
    // Deleting a key that is being loaded keeps what is loaded from being stored.
    assert!(cache.delete(b"k").unwrap().0);
    let held = lease(&cache, b"k", &load);
    let other = waiting(&cache, b"k", &load);
    assert!(!cache.delete(b"k").unwrap().0);
    let Asked::Found(Found::Lease(next)) = cache.ask_again(other, &load).unwrap() else { panic!("no lease") };
    assert!(!held.store(b"older", Expire::Never).unwrap().0);
    assert!(!cache.invalidate(b"k").unwrap().0);
    assert!(!next.store(b"older", Expire::Never).unwrap().0);
    assert_eq!(get(&cache, b"k"), None);
    assert_eq!(cache.execute(&[b"RPUSH", b"list", b"a"]).unwrap().0, Value::Integer(1));
    let refused = cache.get_or_lease(b"list", &load).err().unwrap();
    assert_eq!(refused.code(), "WRONGTYPE");
}

#[test]
fn old_values_serve_while_one_loads() {
    let cache = open();
    let (load, fresh) = (Load::default(), Load { takes_stale: false, ..Load::default() });
    assert!(cache.set(b"k", b"old", &SetOptions::default()).unwrap().0);
    assert!(cache.invalidate(b"k").unwrap().0);
    let held = lease(&cache, b"k", &load);
    assert_eq!(held.old(), Some(&b"old"[..]));
    assert_eq!(value(cache.get_or_lease(b"k", &load).unwrap()), b"old");
    let other = waiting(&cache, b"k", &fresh);
    assert!(held.store(b"new", Expire::After { ttl_ms: 60_000 }).unwrap().0);
    assert_eq!(value(cache.ask_again(other, &fresh).unwrap()), b"new");
    // Early: the value has a minute left.
    let early = Load { early_ms: Some(100_000), ..Load::default() };
    assert_eq!(cache.get_loaded(b"k", &Load { early_ms: Some(1000), ..load }, |_| ()).unwrap(), Some(()));
    assert_eq!(cache.get_loaded(b"k", &early, |_| ()).unwrap(), None);
    let held = lease(&cache, b"k", &early);
    assert_eq!(value(cache.get_or_lease(b"k", &early).unwrap()), b"new");
    held.give_back().unwrap();
    assert_eq!(get(&cache, b"k").unwrap(), b"new");
    drop(lease(&cache, b"k", &early));
}

/// Of memcached's clients, which win and wait by mg, and this process.
#[test]
fn clients_of_memcached_and_this_process_wait_for_one_loader() {
    let (cache, load) = (open(), Load::default());
    let serve = Serve { memcached: Some("127.0.0.1:0".into()), ..Serve::default() };
    let served = cache.serve(&serve).unwrap();
    let mut wire = TcpStream::connect(served.memcached().unwrap()).unwrap();
    let mut input = BufReader::new(wire.try_clone().unwrap());
    let mut say = |request: &str| {
        wire.write_all(request.as_bytes()).unwrap();
        let mut line = String::new();
        input.read_line(&mut line).unwrap();
        if line.starts_with("VA ") {
            let len: usize = line.split(' ').nth(1).unwrap().trim().parse().unwrap();
            let mut block = vec![0; len + 2];
            input.read_exact(&mut block).unwrap();
            line.push_str(std::str::from_utf8(&block).unwrap());
        }
        line
    };
    // This process loads.
    let held = lease(&cache, b"a", &load);
    assert_eq!(say("mg a v N30\r\n"), "VA 0 Z\r\n\r\n");
    assert!(held.store(b"by us", Expire::Never).unwrap().0);
    assert_eq!(say("mg a v N30\r\n"), "VA 5\r\nby us\r\n");
    // The client loads.
    let won = say("mg b c v N30\r\n");
    assert!(won.starts_with("VA 0 c") && won.contains(" W\r\n"), "{won}");
    let number = won.split(' ').find_map(|word| word.strip_prefix('c')).unwrap().to_owned();
    let other = waiting(&cache, b"b", &load);
    assert_eq!(get(&cache, b"b"), None);
    assert_eq!(say(&format!("ms b 7 C{number}\r\nby them\r\n")), "HD\r\n");
    assert_eq!(value(cache.ask_again(other, &load).unwrap()), b"by them");
    // The client finds it out of date, and is gone.
    assert_eq!(say("md b I T30\r\n"), "HD\r\n");
    assert_eq!(say("mg b v\r\n"), "VA 7 X W\r\nby them\r\n");
    assert_eq!(value(cache.get_or_lease(b"b", &load).unwrap()), b"by them");
    let brief = Load { takes_stale: false, patience: Duration::from_millis(1), ..load };
    let Found::Lease(taken) = cache.wait_or_lease(b"b", &brief, &mut || true).unwrap().unwrap() else {
        panic!("no lease")
    };
    assert!(taken.store(b"ours", Expire::Never).unwrap().0);
    assert_eq!(say("mg b v\r\n"), "VA 4\r\nours\r\n");
}

#[test]
fn closing_ends_the_waiting() {
    let (cache, load) = (open(), Load::default());
    let held = lease(&cache, b"k", &load);
    thread::scope(|scope| {
        let waiter = scope.spawn(|| cache.wait_or_lease(b"k", &load, &mut || true).err().unwrap());
        while !matches!(cache.execute(&[b"INFO", b"clients"]), Ok((Value::Verbatim { bytes, .. }, _))
            if String::from_utf8_lossy(&bytes).contains("blocked_clients:1"))
        {
            thread::yield_now();
        }
        cache.close().unwrap();
        assert_eq!(waiter.join().unwrap().kind(), ErrorKind::Closed);
    });
    assert_eq!(held.store(b"v", Expire::Never).err().unwrap().kind(), ErrorKind::Closed);
}

#[test]
fn who_gives_up_waiting_leaves_nothing() {
    let (cache, load) = (open(), Load::default());
    let held = lease(&cache, b"k", &load);
    assert!(cache.wait_or_lease(b"k", &load, &mut || false).unwrap().is_none());
    assert!(held.store(b"v", Expire::Never).unwrap().0);
    assert_eq!(get(&cache, b"k").unwrap(), b"v");
}

/// A lease ends with its process: what is left of it in a file is no key.
#[test]
fn leases_end_with_the_process() {
    for persist in [Persist::Snapshot, Persist::Always] {
        let dir = tempfile::tempdir().unwrap();
        let options = Options { path: Some(dir.path().into()), persist: Some(persist), ..Options::default() };
        let cache = Cache::open(&options).unwrap();
        cache.set(b"other", b"v", &SetOptions::default()).unwrap().1.wait().unwrap();
        let held = lease(&cache, b"k", &Load::default());
        cache.close().unwrap();
        drop(held);
        let cache = Cache::open(&options).unwrap();
        assert_eq!(get(&cache, b"k"), None);
        assert_eq!(get(&cache, b"other").unwrap(), b"v");
        assert!(lease(&cache, b"k", &Load::default()).store(b"new", Expire::Never).unwrap().0);
        assert_eq!(get(&cache, b"k").unwrap(), b"new");
        cache.close().unwrap();
    }
}
