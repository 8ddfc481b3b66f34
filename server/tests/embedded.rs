//! The in-process face: what every binding relies on, without a language in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use polycache_core::command::Value;
use polycache_server::embedded::{
    Cache, Condition, Error, ErrorKind, Expire, Options, Serve, SetOptions, Ttl,
};

fn open() -> Cache {
    Cache::open(&Options::default()).unwrap()
}

fn set(cache: &Cache, key: &[u8], value: &[u8]) {
    let (stored, durable) = cache.set(key, value, &SetOptions::default()).unwrap();
    assert!(stored);
    durable.wait().unwrap();
}

fn get(cache: &Cache, key: &[u8]) -> Option<Vec<u8>> {
    cache.get(key, |value| value.to_vec()).unwrap()
}

#[test]
fn what_is_set_is_read() {
    let cache = open();
    for len in [0, 1, 100, 16 << 10, (16 << 10) + 1, 3 << 20] {
        let value: Vec<u8> = (0..len).map(|byte| byte as u8).collect();
        set(&cache, b"a\0key", &value);
        assert_eq!(get(&cache, b"a\0key"), Some(value));
    }
    assert_eq!(cache.len().unwrap(), 1);
    assert!(cache.delete(b"a\0key").unwrap().0);
    assert!(!cache.delete(b"a\0key").unwrap().0);
    assert_eq!(get(&cache, b"a\0key"), None);
}

#[test]
fn conditions_and_expiry() {
    let cache = open();
    let with = |expire, condition| SetOptions { expire, condition };
    assert!(!cache.set(b"k", b"1", &with(Expire::Never, Condition::IfPresent)).unwrap().0);
    assert!(cache.set(b"k", b"1", &with(Expire::After { ttl_ms: 50_000 }, Condition::IfAbsent)).unwrap().0);
    assert!(!cache.set(b"k", b"2", &with(Expire::Never, Condition::IfAbsent)).unwrap().0);
    assert!(cache.set(b"k", b"3", &with(Expire::Keep, Condition::IfPresent)).unwrap().0);
    assert!(matches!(cache.ttl(b"k").unwrap(), Ttl::Left { ms } if ms > 0 && ms <= 50_000));
    set(&cache, b"k", b"4");
    assert_eq!(cache.ttl(b"k").unwrap(), Ttl::Forever);
    assert_eq!(cache.ttl(b"none").unwrap(), Ttl::Missing);
    let far = cache.set(b"k", b"5", &with(Expire::After { ttl_ms: u64::MAX }, Condition::Always));
    assert_eq!(far.err().unwrap().kind(), ErrorKind::Command);
    assert_eq!(get(&cache, b"k").unwrap(), b"4");
}

#[test]
fn many_at_once() {
    let cache = open();
    let pairs: [(&[u8], &[u8]); 3] = [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")];
    cache.set_many(&pairs, Expire::Never).unwrap().wait().unwrap();
    let mut seen = Vec::new();
    cache
        .get_many(&[b"b", b"none", b"a"], |index, value| seen.push((index, value.map(|v| v.to_vec()))))
        .unwrap();
    assert_eq!(seen, [(0, Some(b"2".to_vec())), (1, None), (2, Some(b"3".to_vec()))]);
    cache.get_many(&[], |_, _| unreachable!()).unwrap();
    cache.set_many(&[], Expire::Never).unwrap().wait().unwrap();
}

#[test]
fn databases_are_apart_and_share_the_engine() {
    let cache = open();
    let other = cache.database(3).unwrap();
    set(&cache, b"k", b"here");
    set(&other, b"k", b"there");
    assert_eq!(get(&cache, b"k").unwrap(), b"here");
    cache.close().unwrap();
    assert_eq!(get(&other, b"k").unwrap(), b"there", "the engine stays until its last handle is closed");
    assert_eq!(other.database(16).err().unwrap().kind(), ErrorKind::Misuse);
}

#[test]
fn a_name_is_shared_and_its_options_must_agree() {
    let named = |max_bytes| Options { name: Some("shared".into()), max_bytes, ..Options::default() };
    let first = Cache::open(&named(1 << 30)).unwrap();
    let second = Cache::open(&named(0)).unwrap();
    set(&first, b"k", b"v");
    assert_eq!(get(&second, b"k").unwrap(), b"v");
    assert_eq!(Cache::open(&named(5)).err().unwrap().kind(), ErrorKind::Config);
    first.close().unwrap();
    assert_eq!(get(&second, b"k").unwrap(), b"v");
    second.close().unwrap();
    assert_eq!(get(&Cache::open(&named(0)).unwrap(), b"k"), None, "the last handle ended it");
}

#[test]
fn closed_handles_say_so() {
    let cache = open();
    set(&cache, b"k", b"v");
    cache.close().unwrap();
    assert!(cache.is_closed());
    assert_eq!(cache.get(b"k", |_| ()).err().unwrap().kind(), ErrorKind::Closed);
    assert_eq!(cache.set(b"k", b"v", &SetOptions::default()).err().unwrap().kind(), ErrorKind::Closed);
    assert_eq!(cache.close().err().unwrap().kind(), ErrorKind::Closed);
    assert_eq!(cache.database(1).err().unwrap().kind(), ErrorKind::Closed);
}

#[test]
fn a_read_callback_cannot_close() {
    let cache = open();
    set(&cache, b"k", b"v");
    let inner = cache.get(b"k", |_| cache.close().err().unwrap().kind()).unwrap();
    assert_eq!(inner, Some(ErrorKind::Misuse));
    // Dropping another handle there is left to another thread.
    let other = cache.database(1).unwrap();
    cache.get(b"k", move |_| drop(other)).unwrap();
    cache.close().unwrap();
}

/// Threads read and write while one closes: everybody ends with the right answer or with `Closed`.
#[test]
fn closing_while_others_work() {
    for round in 0..20 {
        let cache = Arc::new(open());
        let (go, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let workers: Vec<_> = (0..4)
            .map(|worker: u32| {
                let (cache, go, calls) = (cache.clone(), go.clone(), calls.clone());
                thread::spawn(move || {
                    go.store(true, Ordering::SeqCst);
                    let value = vec![worker as u8; 20_000];
                    loop {
                        let key = fastrand::u32(0..64).to_be_bytes();
                        let outcome = match fastrand::u8(0..3) {
                            0 => cache.set(&key, &value, &SetOptions::default()).map(drop),
                            1 => cache.delete(&key).map(drop),
                            _ => cache.get(&key, |value| assert_eq!(value.len(), 20_000)).map(drop),
                        };
                        match outcome {
                            Ok(()) => calls.fetch_add(1, Ordering::Relaxed),
                            Err(error) => break assert_eq!(error.kind(), ErrorKind::Closed),
                        };
                    }
                })
            })
            .collect();
        while !go.load(Ordering::SeqCst) || calls.load(Ordering::Relaxed) < round * 10 {
            thread::yield_now();
        }
        cache.close().unwrap();
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    }
}

#[test]
fn a_forked_child_is_told() {
    let cache = open();
    set(&cache, b"k", b"v");
    // SAFETY: the child only uses the handle, which must refuse before it touches locks or memory of other threads, and
    // then ends without running exit handlers.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let refused = cache.get(b"k", |_| ()).is_err_and(|error| error.kind() == ErrorKind::Forked)
            && cache.close().is_err_and(|error| error.kind() == ErrorKind::Forked);
        drop(cache);
        // SAFETY: as above.
        unsafe { libc::_exit(if refused { 0 } else { 1 }) };
    }
    assert!(child > 0);
    let mut status = 0;
    // SAFETY: the child made above; `status` outlives the call.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    assert_eq!(status, 0);
    assert_eq!(get(&cache, b"k").unwrap(), b"v");
}

#[test]
fn unknown_commands_and_commands_of_connections_are_refused() {
    let cache = open();
    assert_eq!(cache.execute(&[b"NOSUCH"]).err().unwrap().code(), "ERR");
    for name in ["SELECT", "auth", "Hello", "QUIT", "RESET", "SHUTDOWN"] {
        let error = cache.execute(&[name.as_bytes(), b"0"]).err().unwrap();
        assert!(error.text().contains("is for connections"), "{error}");
    }
    assert_eq!(cache.execute(&[]).err().unwrap().kind(), ErrorKind::Misuse);
}

/// A thread is in the middle of a call at the moment of the fork: the child can open, use and close a cache all the same.
#[test]
fn a_child_of_a_busy_parent_can_close_its_own() {
    let cache = open();
    set(&cache, b"k", b"v");
    let (inside, leave) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            cache.get(b"k", |_| {
                inside.store(true, Ordering::SeqCst);
                while !leave.load(Ordering::SeqCst) {
                    thread::yield_now();
                }
            })
        });
        while !inside.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        // SAFETY: the child's only thread uses an engine of its own, and ends without running exit handlers. (glibc makes
        // its allocator usable in the child.)
        let child = unsafe { libc::fork() };
        if child == 0 {
            let own = open();
            set(&own, b"k", b"child");
            let right = get(&own, b"k").as_deref() == Some(b"child") && own.close().is_ok();
            // SAFETY: as above.
            unsafe { libc::_exit(if right { 0 } else { 1 }) };
        }
        let mut status = 0;
        // SAFETY: the child made above; `status` outlives the call.
        let ended = unsafe { libc::waitpid(child, &mut status, 0) };
        leave.store(true, Ordering::SeqCst);
        assert_eq!((ended, status), (child, 0));
    });
    assert_eq!(get(&cache, b"k").unwrap(), b"v");
}

/// Items of memcached clients, over TCP or a Unix socket, are keys of the cache: with their times, and a write in-process
/// makes their CAS numbers old.
#[test]
fn memcached_clients_share_the_keys() {
    use std::io::{Read, Write};
    let cache = open();
    let dir = tempfile::tempdir().unwrap();
    let path = format!("unix:{}", dir.path().join("m.sock").display());
    let serve = Serve { memcached: Some(path.clone()), ..Serve::default() };
    let served = cache.serve(&serve).unwrap();
    assert_eq!(served.memcached(), Some(path.as_str()));
    let mut stream = std::os::unix::net::UnixStream::connect(&path["unix:".len()..]).unwrap();
    let mut ask = |request: &str, len: usize| {
        stream.write_all(request.as_bytes()).unwrap();
        let mut reply = vec![0; len];
        stream.read_exact(&mut reply).unwrap();
        String::from_utf8(reply).unwrap()
    };
    assert_eq!(ask("ms item 5 F7 T500 E99\r\nvalue\r\n", 4), "HD\r\n");
    assert_eq!(get(&cache, b"item").unwrap(), b"value");
    assert!(matches!(cache.ttl(b"item").unwrap(), Ttl::Left { ms } if ms > 400_000 && ms <= 500_000));
    let expected = "VA 5 f7 c99 h1\r\nvalue\r\n";
    assert_eq!(ask("mg item f c v h\r\n", expected.len()), expected, "a read in-process is a read");
    set(&cache, b"item", b"other");
    assert_eq!(ask("ms item 1 C99\r\nx\r\n", 4), "EX\r\n");
    assert_eq!(ask("mg item f\r\n", 7), "HD f0\r\n");
    served.stop();
}

fn pop(cache: &Cache, timeout: &[u8]) -> Result<Value, Error> {
    cache.execute(&[b"BLPOP", b"queue", timeout]).map(|(value, _)| value)
}

#[test]
fn a_thread_waits_for_another() {
    let cache = open();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| pop(&cache, b"0"));
        cache.execute(&[b"RPUSH", b"queue", b"x", b"y"]).unwrap().1.wait().unwrap();
        let pair = [b"queue", b"x".as_slice()].map(|part| Value::Bulk(part.to_vec()));
        assert_eq!(waiting.join().unwrap().unwrap(), Value::Array(pair.to_vec()));
    });
    assert!(matches!(pop(&cache, b"0.001"), Ok(Value::Array(_))));
    assert_eq!(pop(&cache, b"0.001").unwrap(), Value::Null);
    let mut asked = 0;
    let (reply, _) = cache
        .execute_while(&[b"BLPOP", b"queue", b"0"], &mut || {
            asked += 1;
            false
        })
        .unwrap();
    assert_eq!((reply, asked), (Value::Null, 1));
}

#[test]
fn closing_ends_the_waiting() {
    let cache = open();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| pop(&cache, b"0"));
        while cache.info(Some("clients")).unwrap()["blocked_clients"] != "1" {
            thread::yield_now();
        }
        cache.close().unwrap();
        assert!(waiting.join().unwrap().is_err());
    });
}

#[test]
fn commands_count_in_the_statistics() {
    let cache = open();
    for _ in 0..3 {
        cache.execute(&[b"RPUSH", b"list", b"x"]).unwrap().1.wait().unwrap();
    }
    assert!(cache.execute(&[b"GET", b"list"]).is_err());
    assert!(cache.execute(&[b"GET"]).is_err());
    let info = cache.info(Some("everything")).unwrap();
    assert!(
        info["cmdstat_rpush"].starts_with("calls=3,") && info["cmdstat_rpush"].ends_with("failed_calls=0")
    );
    assert!(info["cmdstat_get"].starts_with("calls=1,"), "{}", info["cmdstat_get"]);
    assert!(info["cmdstat_get"].ends_with("rejected_calls=1,failed_calls=1"), "{}", info["cmdstat_get"]);
    assert_eq!(
        (info["errorstat_WRONGTYPE"].as_str(), info["errorstat_ERR"].as_str()),
        ("count=1", "count=1")
    );
    assert!(info.contains_key("latency_percentiles_usec_rpush"));
}
