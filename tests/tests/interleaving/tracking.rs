//! Client-side caching in all its modes, step by step against Valkey.

use polycache_server::embedded::SetOptions;
use polycache_tests::interleaving::{Interleaving, compare};
use polycache_tests::support::memcached::TextClient;
use polycache_tests::support::{Client, Embedded, Kind, Server, ServerOptions};

#[test]
fn options() {
    compare(&[
        "a CLIENT TRACKING ON PREFIX a
         a CLIENT TRACKING ON BCAST OPTIN
         a CLIENT TRACKING ON OPTIN OPTOUT
         a CLIENT TRACKING ON REDIRECT 99999
         a CLIENT TRACKING ON REDIRECT x
         a CLIENT TRACKING FOO
         a CLIENT TRACKING ON FOO
         a CLIENT TRACKING ON REDIRECT
         a CLIENT CACHING YES
         a CLIENT GETREDIR
         a CLIENT TRACKINGINFO
         a ? flags redir
         a CLIENT TRACKING ON
         a ? flags redir
         a CLIENT CACHING YES
         a CLIENT CACHING NO
         a CLIENT CACHING X
         a CLIENT TRACKING ON BCAST
         a CLIENT TRACKING ON OPTIN
         a CLIENT CACHING YES
         a CLIENT TRACKINGINFO
         a CLIENT CACHING NO
         a CLIENT TRACKING ON OPTOUT
         a CLIENT TRACKING ON
         a CLIENT TRACKING ON OPTOUT
         a CLIENT CACHING NO
         a CLIENT TRACKINGINFO
         a CLIENT TRACKING OFF OPTOUT",
        "a CLIENT TRACKING ON BCAST PREFIX ab PREFIX abc
         a CLIENT TRACKING ON BCAST PREFIX ab PREFIX ab
         a CLIENT TRACKING ON BCAST PREFIX ab PREFIX cd NOLOOP
         a CLIENT TRACKINGINFO
         a CLIENT TRACKING ON BCAST PREFIX a
         a CLIENT TRACKING ON BCAST PREFIX ef
         a CLIENT TRACKINGINFO
         a ? flags redir
         a CLIENT TRACKING ON
         a CLIENT TRACKING OFF
         a CLIENT TRACKINGINFO
         a CLIENT TRACKING ON BCAST
         a CLIENT TRACKINGINFO
         a RESET
         a CLIENT TRACKINGINFO",
    ]);
}

#[test]
fn each_mode() {
    compare(&[
        "a CLIENT TRACKING ON
         b MSET k 1 l 2 m 3
         a GET k
         a MGET k l
         b SET k 2
         b SET k 3
         b DEL l
         a GET k
         a SET k 4
         a SET k 5
         a GET k
         b FLUSHALL
         b SET k 1
         a EXISTS nothing
         b SET nothing x
         a CLIENT TRACKING OFF
         a GET k
         b SET k 2",
        // What a script reads on behalf of its client is tracked as well.
        "a CLIENT TRACKING ON
         b MSET k 1 l 2
         a EVAL \"return redis.call('GET', KEYS[1])\" 1 k
         b SET k 2
         b SET l 3
         a EVAL_RO \"return redis.call('GET', KEYS[1])\" 1 l
         b SET l 4",
        "a CLIENT TRACKING ON NOLOOP
         a GET k
         a SET k 1
         a GET k
         b SET k 2",
        "a CLIENT TRACKING ON OPTIN
         a GET k
         b SET k 1
         a CLIENT CACHING YES
         a GET k
         a GET l
         b SET k 2
         b SET l 2",
        // Only CLIENT's own commands leave the wish for the next command as it is.
        "a CLIENT TRACKING ON OPTIN
         a CLIENT CACHING YES
         a PING
         a GET k
         b SET k 1
         a CLIENT CACHING YES
         a CLIENT GETNAME
         a GET k
         b SET k 2
         a CLIENT CACHING YES
         a NONSENSE
         a GET k
         b SET k 3
         a CLIENT CACHING YES
         a GET
         a GET k
         b SET k 4
         a CLIENT CACHING YES
         a CLIENT NONSENSE
         a GET k
         b SET k 5
         a CLIENT CACHING YES
         a MULTI
         a PING
         a GET k
         a EXEC
         b SET k 6
         a CLIENT CACHING YES
         a SELECT 0
         a GET k
         b SET k 7",
        // Served and not served, a read that blocks is tracked.
        "a CLIENT TRACKING ON
         a XREAD BLOCK 0 STREAMS s 0
         b XADD s 1-1 f v
         b XADD s 2-1 f v
         b XADD s 3-1 f v
         a XREAD BLOCK 0 STREAMS s t $ $
         b XADD t 1-1 f v
         b XADD t 1-2 f v
         b XADD s 4-1 f v",
        "a CLIENT TRACKING ON OPTOUT
         a CLIENT CACHING NO
         a GET k
         a GET l
         b SET k 2
         b SET l 2",
        "a CLIENT TRACKING ON BCAST PREFIX user: PREFIX item:
         b SET user:1 x
         b MSET item:1 x other x
         b EXPIRE user:1 100
         b RPUSH item:l a b
         a SET user:2 x
         b FLUSHDB",
        "a CLIENT TRACKING ON BCAST NOLOOP
         a SET k x
         b SET k y
         b MSET z 1 y 2 x 3",
        "a CLIENT TRACKING ON
         b HSET h f v
         b SET s v PX 1000
         a HGETALL h
         a GET s
         (wait 1400)
         b HSET h f w
         a LRANGE l 0 -1
         b RENAME h l",
    ]);
}

#[test]
fn redirection() {
    compare(&[
        "b SUBSCRIBE __redis__:invalidate
         a CLIENT TRACKING ON REDIRECT @b
         a GET k
         c SET k 1
         a GET k
         c FLUSHALL
         b UNSUBSCRIBE
         a GET k
         c SET k 1",
        "b SUBSCRIBE __redis__:invalidate
         a CLIENT TRACKING ON BCAST REDIRECT @b
         c MSET k 1 l 2
         a ? flags
         c DEL k",
    ]);
}

/// The numbers of clients differ, so this is not compared.
#[test]
fn a_broken_redirection_is_told() {
    let server = Server::start(Kind::Polycache, ServerOptions::new().flag("save", ""));
    let (mut tracker, mut target, mut writer) = (server.client(), server.client(), server.client());
    tracker.say("HELLO 3");
    let target_id = target.say("CLIENT ID").integer().unwrap();
    tracker.say(&format!("CLIENT TRACKING ON BCAST REDIRECT {target_id}"));
    drop(target);
    let told = loop {
        writer.say("SET k 1");
        std::thread::sleep(std::time::Duration::from_millis(10));
        if tracker.has_input() {
            break tracker.read().unwrap();
        }
    };
    assert_eq!(format!("{told:?}"), format!(">[\"tracking-redir-broken\", :{target_id}]"));
    assert!(writer.say("CLIENT LIST").text().contains(" flags=tRB "));
}

#[test]
fn the_table_is_bounded() {
    let settings = [("tracking-table-max-keys", "2")];
    let interleaving = Interleaving { settings: &settings, flags: &[] };
    interleaving.compare(&["a CLIENT TRACKING ON\n b SET k 1\n a GET k\n b SET k 2"]);
    let server = Server::start(Kind::Polycache, ServerOptions::new().flag("save", ""));
    let mut control = server.client();
    assert!(control.say("CONFIG SET tracking-table-max-keys 10").is_ok());
    for _ in 0..100 {
        let mut tracker = server.client();
        tracker.say("CLIENT TRACKING ON");
        for key in 0..50 {
            tracker.call(&["GET", &format!("key:{key}")]);
        }
        let info = control.say("INFO stats").text();
        let keys =
            info.lines().find_map(|line| line.trim().strip_prefix("tracking_total_keys:")?.parse().ok());
        assert!(keys.is_some_and(|keys: u64| keys <= 10), "{keys:?}");
    }
    // All of them are gone: nothing is left of them.
    let started = std::time::Instant::now();
    while !control.say("INFO").text().contains("tracking_total_items:0\r") {
        assert!(started.elapsed().as_secs() < 5, "{}", control.say("INFO stats").text());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// A client that has read a key hears of its change by every face, and of its eviction.
#[test]
fn every_change_is_told() {
    let Embedded { cache, resp_port, memcached_port } = Embedded::start();
    let mut memcached = TextClient::connect(memcached_port);
    let mut writer = Client::connect(resp_port);
    let mut tracker = Client::connect(resp_port);
    tracker.say("HELLO 3");
    tracker.say("CLIENT TRACKING ON");
    let told = r#">["invalidate", ["k"]]"#;
    let mut expect = |what: &str, change: &mut dyn FnMut()| {
        tracker.say("GET k");
        change();
        // The message is on its way before the change is acknowledged.
        assert_eq!(format!("{:?}", tracker.read().unwrap()), told, "{what}");
    };
    expect("RESP", &mut || assert!(writer.say("SET k 1").is_ok()));
    expect("a script", &mut || assert!(!writer.call(&["EVAL", "redis.call('INCR', 'k')", "0"]).is_error()));
    expect("a transaction", &mut || {
        writer.say("MULTI");
        writer.say("SET k 2");
        writer.say("EXEC");
    });
    expect("memcached's set", &mut || memcached.set("k", b"3", 0, 0));
    expect("memcached's incr", &mut || assert_eq!(memcached.ask(b"incr k 4\r\n"), "7"));
    expect("memcached's ms", &mut || assert_eq!(memcached.ask(b"ms k 1\r\n8\r\n"), "HD"));
    expect("memcached's delete", &mut || assert_eq!(memcached.ask(b"delete k\r\n"), "DELETED"));
    expect("in-process", &mut || {
        let _ = cache.set(b"k", b"9", &SetOptions::default()).unwrap();
    });
    expect("an in-process deletion", &mut || assert!(cache.delete(b"k").unwrap().0));
    expect("an in-process command", &mut || {
        let _ = cache.execute(&[b"APPEND", b"k", b"1"]).unwrap();
    });
    expect("expiry", &mut || assert!(!writer.say("PEXPIRE k 30").is_error()));
    expect("expiry itself", &mut || ());
    writer.say("SET k 1");
    expect("eviction", &mut || {
        assert!(writer.say("CONFIG SET maxmemory-policy allkeys-random maxmemory 1").is_ok());
        writer.say("SET other 1");
    });
    writer.say("CONFIG SET maxmemory 0");
    expect("a renaming", &mut || {
        writer.say("SET j 1");
        writer.say("RENAME j k");
    });
    tracker.say("GET k");
    assert_eq!(memcached.ask(b"flush_all\r\n"), "OK");
    assert_eq!(format!("{:?}", tracker.read().unwrap()), r#">["invalidate", _]"#, "all keys are gone");
}
