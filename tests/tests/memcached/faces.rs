//! Items across the faces: flags, CAS numbers, times and leases, over memcached, RESP, several threads and restarts.

use std::sync::atomic::{AtomicBool, Ordering};

use polycache_tests::support::memcached::TextClient;
use polycache_tests::support::{Kind, Server, ServerOptions};

/// What a RESP write does to flags and CAS number: replacing the value drops the flags, changing it keeps them.
#[test]
fn resp_writes_follow_their_rules() {
    let server = Server::volatile(Kind::Polycache);
    let (mut memcached, mut resp) = (TextClient::connect(server.memcached_port), server.client());
    memcached.set("key", b"12", 42, 100_000);
    let flags_of = |memcached: &mut TextClient| memcached.gets("key").expect("the key").1;
    for (command, flags) in [
        ("INCRBY key 3", 42),
        ("APPEND key 0", 42),
        ("PERSIST key", 42),
        ("EXPIRE key 1000", 42),
        ("RENAME key other", 42),
        ("RENAME other key", 42),
        ("SET key 5", 0),
    ] {
        let before = memcached.gets("key").expect("the key").2;
        assert!(!resp.say(command).is_error(), "{command}");
        if command != "RENAME key other" {
            let after = memcached.gets("key").expect("the key").2;
            assert_ne!(before, after, "{command} makes a new CAS number");
            assert_eq!(flags_of(&mut memcached), flags, "{command}");
        }
        if command == "RENAME key other" {
            assert_eq!(memcached.gets("other").expect("the key").1, flags);
            memcached.set("key", b"x", 0, 0);
        }
    }
}

/// A list is no item: every protocol says so.
#[test]
fn other_types_are_refused_clearly() {
    let server = Server::volatile(Kind::Polycache);
    let (mut memcached, mut resp) = (TextClient::connect(server.memcached_port), server.client());
    if resp.call(&["RPUSH", "list", "a"]).is_error() {
        println!("no lists yet");
        return;
    }
    let refused = "SERVER_ERROR key holds a value that is not a string";
    for request in [
        "get list",
        "gets list",
        "incr list 1",
        "append list 0 0 1\r\nx",
        "touch list 10",
        "mg list v",
        "ma list",
        "me list",
        "mg list T10",
        "md list I",
        "gat 10 list",
    ] {
        assert_eq!(memcached.ask(format!("{request}\r\n").as_bytes()), refused, "{request}");
    }
    // What replaces or deletes works on any key.
    assert_eq!(memcached.ask(b"set list 0 0 1\r\nx\r\n"), "STORED");
    assert!(!resp.call(&["DEL", "list"]).is_error());
}

/// Flags, CAS numbers and times survive a restart from the log and from a snapshot.
#[test]
fn items_survive_a_restart() {
    let dir = tempfile::tempdir().expect("a directory");
    for appendonly in ["yes", "no"] {
        let start = || {
            let options = ServerOptions::new().dir(dir.path()).flag("appendonly", appendonly);
            Server::start(Kind::Polycache, options)
        };
        let mut server = start();
        let mut memcached = TextClient::connect(server.memcached_port);
        memcached.set("flagged", b"value", 77, 100_000);
        assert_eq!(memcached.ask(b"ms chosen 1 E12345\r\nx\r\n"), "HD");
        assert_eq!(memcached.ask(b"ms old 1 F3\r\nx\r\nmd old I q\r\n"), "HD");
        if appendonly == "no" {
            assert!(server.client().say("SAVE").is_ok());
        }
        server.stop();
        drop(server);
        let mut server = start();
        let mut memcached = TextClient::connect(server.memcached_port);
        let (value, flags, _) = memcached.gets("flagged").expect("the key");
        assert_eq!((value.as_slice(), flags), (b"value".as_slice(), 77));
        let ttl = server.client().say("TTL flagged").integer().expect("a number");
        assert!((90_000..=100_000).contains(&ttl), "{ttl}");
        assert_eq!(memcached.ask(b"mg chosen c\r\n"), "HD c12345");
        assert_eq!(memcached.ask(b"mg old f\r\n"), "HD f3 X W");
        assert_eq!(memcached.ask(b"mg old\r\n"), "HD Z X");
        server.client().say("FLUSHALL");
        server.stop();
    }
}

/// Of many clients that find a value out of date one is told to make a new one.
#[test]
fn one_of_many_gets_the_lease() {
    let server = Server::volatile(Kind::Polycache);
    for round in 0..30 {
        let mut first = TextClient::connect(server.memcached_port);
        let (request, key) = match round % 3 {
            0 => (format!("mg new{round} N30 v\r\n"), format!("new{round}")),
            1 => {
                assert_eq!(
                    first.ask(format!("ms old{round} 1\r\nx\r\nmd old{round} I q\r\n").as_bytes()),
                    "HD"
                );
                (format!("mg old{round} v\r\n"), format!("old{round}"))
            }
            _ => {
                assert_eq!(first.ask(format!("ms near{round} 1 T10\r\nx\r\n").as_bytes()), "HD");
                (format!("mg near{round} R30 v\r\n"), format!("near{round}"))
            }
        };
        let winners: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        let mut client = TextClient::connect(server.memcached_port);
                        let head = client.ask(request.as_bytes());
                        assert!(head.contains(" W") != head.contains(" Z"), "{key}: {head}");
                        usize::from(head.contains(" W"))
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
        });
        assert_eq!(winners, 1, "{key}");
    }
}

/// CAS holds against writers of both protocols at once.
#[test]
fn cas_against_both_faces() {
    let server = Server::volatile(Kind::Polycache);
    let done = AtomicBool::new(false);
    let mut setup = TextClient::connect(server.memcached_port);
    setup.set("sum", b"0", 9, 0);
    let total: i64 = std::thread::scope(|scope| {
        let by_cas = scope.spawn(|| {
            let mut client = TextClient::connect(server.memcached_port);
            let mut added = 0;
            while !done.load(Ordering::SeqCst) {
                let (value, flags, cas) = client.gets("sum").expect("the key");
                assert_eq!(flags, 9);
                let next = (String::from_utf8(value).expect("text").trim().parse::<i64>().expect("a number")
                    + 1)
                .to_string();
                let request = format!("cas sum 9 0 {} {cas}\r\n{next}\r\n", next.len());
                added += i64::from(client.ask(request.as_bytes()) == "STORED");
            }
            added
        });
        let by_resp = scope.spawn(|| {
            let mut client = server.client();
            (0..2000).filter(|_| client.say("INCR sum").integer().is_some()).count() as i64
        });
        let by_meta = scope.spawn(|| {
            let mut client = TextClient::connect(server.memcached_port);
            (0..2000).filter(|_| client.ask(b"ma sum\r\n") == "HD").count() as i64
        });
        let others = by_resp.join().expect("no panic") + by_meta.join().expect("no panic");
        done.store(true, Ordering::SeqCst);
        others + by_cas.join().expect("no panic")
    });
    let value = setup.gets("sum").expect("the key").0;
    assert_eq!(String::from_utf8(value).expect("text").trim().parse::<i64>(), Ok(total));
}

/// memcached's keys live in the database that the settings name.
#[test]
fn another_database() {
    let options = ServerOptions::new().flag("save", "").flag("memcached-database", 5);
    let server = Server::start(Kind::Polycache, options);
    let (mut memcached, mut resp) = (TextClient::connect(server.memcached_port), server.client());
    memcached.set("key", b"value", 0, 0);
    assert_eq!(resp.say("DBSIZE").integer(), Some(0));
    assert!(resp.say("SELECT 5").is_ok());
    assert_eq!(resp.say("GET key").text(), "value");
    assert_eq!(memcached.ask(b"flush_all\r\n"), "OK");
    assert_eq!(resp.say("DBSIZE").integer(), Some(0));
}
