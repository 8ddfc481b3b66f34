//! memcached over sockets: limits, garbage, other kinds of sockets, and the keyspace shared with RESP.

#[path = "memcached/capable.rs"]
mod capable;
#[path = "memcached/faces.rs"]
mod faces;
#[path = "memcached/sockets.rs"]
mod sockets;
#[path = "memcached/statistics.rs"]
mod statistics;
#[path = "memcached/watch.rs"]
mod watch;

use polycache_tests::support::memcached::TextClient;
use std::time::Duration;

use polycache_tests::support::{Kind, Server, ServerOptions};

fn start() -> (Server, TextClient) {
    let server = Server::volatile(Kind::Polycache);
    let client = TextClient::connect(server.memcached_port);
    (server, client)
}

#[test]
fn one_keyspace_for_both_protocols() {
    let (server, mut memcached) = start();
    let mut resp = server.client();
    memcached.set("shared", b"from memcached", 42, 0);
    assert_eq!(resp.say("GET shared").text(), "from memcached");
    assert!(resp.call(&["SET", "other", "from resp"]).is_ok());
    let (value, flags, first) = memcached.gets("other").expect("the key");
    assert_eq!((value.as_slice(), flags), (b"from resp".as_slice(), 0));
    // Any write over RESP changes the CAS number.
    assert!(resp.call(&["APPEND", "other", "!"]).integer().is_some());
    let (value, _, second) = memcached.gets("other").expect("the key");
    assert_eq!(value, b"from resp!");
    assert_ne!(first, second);
    assert_eq!(memcached.ask(format!("cas other 0 0 1 {first}\r\nx\r\n").as_bytes()), "EXISTS");
    assert_eq!(memcached.ask(format!("cas other 0 0 1 {second}\r\nx\r\n").as_bytes()), "STORED");
    memcached.set("short", b"v", 0, 100_000);
    let ttl = resp.say("TTL short").integer().expect("a number");
    assert!((90_000..=100_000).contains(&ttl), "TTL {ttl}");
}

#[test]
fn keys_have_250_bytes_at_most() {
    let (_server, mut client) = start();
    let longest = "k".repeat(250);
    client.set(&longest, b"v", 0, 0);
    assert_eq!(client.gets(&longest).expect("the key").0, b"v");
    let longer = "k".repeat(251);
    assert_eq!(client.ask(format!("get {longer}\r\n").as_bytes()), "CLIENT_ERROR bad command line format");
    let reply = client.exchange(format!("set {longer} 0 0 1\r\nv\r\n").as_bytes()).expect("an answer");
    assert!(reply.starts_with(b"CLIENT_ERROR"), "{}", reply.escape_ascii());
}

#[test]
fn bad_data_blocks_are_told_and_skipped() {
    let (_server, mut client) = start();
    // Not ended where the length says.
    let reply = client.exchange(b"set key 0 0 2\r\nabcdef\r\n").expect("an answer");
    assert!(reply.starts_with(b"CLIENT_ERROR bad data chunk"), "{}", reply.escape_ascii());
    assert!(client.gets("key").is_none());
    assert_eq!(client.ask(b"set key 0 0 -1\r\n"), "CLIENT_ERROR bad command line format");
}

#[test]
fn garbage_harms_nobody() {
    let (mut server, mut bystander) = start();
    let mut random = fastrand::Rng::with_seed(3);
    for _ in 0..200 {
        let mut client = TextClient::connect(server.memcached_port);
        let bytes: Vec<u8> = (0..random.usize(1..3000)).map(|_| random.u8(..)).collect();
        let _ = client.send(&bytes);
    }
    // A line without an end must not grow without bound.
    let mut endless = TextClient::connect(server.memcached_port);
    let chunk = vec![b'a'; 1 << 20];
    for _ in 0..64 {
        if endless.send(&chunk).is_err() {
            break;
        }
    }
    bystander.set("key", b"value", 0, 0);
    assert!(server.is_running(), "{}", server.log());
}

#[test]
fn values_beyond_the_limit_are_refused_and_skipped() {
    let (_server, mut client) = start();
    let length = 600_u64 * 1024 * 1024;
    let reply = client.ask(format!("set key 0 0 {length}\r\n").as_bytes());
    assert_eq!(reply, "SERVER_ERROR object too large for cache");
}

#[test]
fn many_requests_in_one_write() {
    let (_server, mut client) = start();
    let mut request = Vec::new();
    for i in 0..10_000 {
        request.extend_from_slice(format!("set key{i} 0 0 1 noreply\r\nv\r\n").as_bytes());
    }
    assert_eq!(client.exchange(&request).expect("an answer"), b"");
    let line: String = (0..1000).map(|i| format!(" key{i}")).collect();
    let reply = client.exchange(format!("get{line}\r\n").as_bytes()).expect("an answer");
    assert_eq!(reply.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"VALUE ")).count(), 1000);
}

/// CLIENT PAUSE holds memcached's writers, too, and lets them go on afterwards.
#[test]
fn a_pause_of_writes_holds_writers_only() {
    let (server, mut client) = start();
    let mut resp = server.client();
    client.set("key", b"old", 0, 0);
    assert!(resp.say("CLIENT PAUSE 600000 WRITE").is_ok());
    client.send(b"get key\r\nset key 0 0 3\r\nnew\r\nget key\r\n").expect("sent");
    for expected in [&b"VALUE key 0 3"[..], b"old", b"END"] {
        assert_eq!(client.line().expect("an answer"), expected);
    }
    let mut other = TextClient::connect(server.memcached_port);
    assert_eq!(other.gets("key").expect("the key").0, b"old");
    assert!(resp.say("CLIENT UNPAUSE").is_ok());
    for expected in [&b"STORED"[..], b"VALUE key 0 3", b"new", b"END"] {
        assert_eq!(client.line().expect("an answer"), expected);
    }
}

/// A delayed flush_all takes what is there when its time comes, for both protocols.
#[test]
fn a_delayed_flush_comes() {
    let (server, mut client) = start();
    client.set("key", b"value", 0, 0);
    assert_eq!(client.ask(b"flush_all 1000\r\n"), "OK");
    assert!(client.gets("key").is_some());
    // It takes the place of the other.
    assert_eq!(client.ask(b"flush_all 2\r\n"), "OK");
    let mut resp = server.client();
    while resp.say("DBSIZE").integer() != Some(0) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(client.gets("key").is_none());
}

/// With a password nothing is carried out before it has come.
#[test]
fn a_password_guards_memcached_too() {
    let server = Server::start(Kind::Polycache, ServerOptions::new().flag("requirepass", "secret"));
    let mut client = TextClient::connect(server.memcached_port);
    let refused = "CLIENT_ERROR unauthenticated";
    assert_eq!(client.ask(b"get key\r\n"), refused);
    assert_eq!(client.ask(b"version\r\n"), refused);
    assert_eq!(client.ask(b"set auth 0 0 14\r\ndefault wrong!\r\n"), refused);
    assert_eq!(client.ask(b"set auth 0 0 14\r\ndefault secret\r\n"), "STORED");
    client.set("key", b"value", 0, 0);
    assert_eq!(client.gets("key").expect("the key").0, b"value");
    assert!(client.gets("auth").is_none());
}
