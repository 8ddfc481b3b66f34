//! MONITOR beside Valkey, and across the faces.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use polycache_tests::support::{Client, Kind, Server, ServerOptions};

fn start(kind: Kind) -> Server {
    Server::start(kind, ServerOptions::new().flag("save", ""))
}

fn monitor(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(b"MONITOR\r\n").unwrap();
    let mut ok = [0; 5];
    stream.read_exact(&mut ok).unwrap();
    assert_eq!(&ok, b"+OK\r\n");
    stream
}

/// The lines until one that holds `last`, without times and ports.
fn lines(stream: &mut TcpStream, last: &str) -> Vec<String> {
    let mut bytes = Vec::new();
    while !String::from_utf8_lossy(&bytes).contains(last) {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).unwrap();
        assert!(read > 0, "closed after {}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&chunk[..read]);
    }
    let text = String::from_utf8(bytes).expect("MONITOR quotes what is no text");
    let shorten = |line: &str| {
        let (time, rest) = line.split_once(" [").unwrap_or_else(|| panic!("{line}"));
        assert!(time.len() == 18 && time.starts_with('+'), "{time}");
        let (db, rest) = rest.split_once(' ').unwrap();
        let (who, rest) = rest.split_once("] ").unwrap();
        format!("{db} {} {rest}", who.split(':').next().unwrap())
    };
    text.trim_end().split("\r\n").map(shorten).collect()
}

fn both(drive: impl Fn(&Server, &mut Client)) {
    let [peer, ours] = [start(Kind::Valkey), start(Kind::Polycache)].map(|server| {
        let mut monitor = monitor(&server);
        drive(&server, &mut server.client());
        server.client().say("ECHO the-last-one");
        lines(&mut monitor, "the-last-one")
    });
    assert_eq!(ours, peer);
}

#[test]
fn lines_are_those_of_valkey() {
    both(|_, client| {
        client.call(&[&b"SET"[..], b"a \"q\" \\ \x00\xff\n\r\t\x07\x08", b"v"]);
        for line in [
            "auth x y",
            "AUTH x",
            "CONFIG GET port",
            "CONFIG SET maxmemory 0",
            "SELECT 3",
            "PING",
            "HELLO 2",
            "HELLO 2 AUTH default x",
            "GET",
            "NOSUCH x",
            "get k",
            "ACL SETUSER bob >x",
            "ACL WHOAMI",
            "SLOWLOG LEN",
            "LPUSH l 1",
            "BLPOP l 1",
            "OBJECT ENCODING l",
            "DEBUG SLEEP 0",
            "INFO server",
            "HGET l f",
            "SELECT 0",
            "FLUSHALL",
            "EVAL return(redis.call('SET','k','v')) 0",
            "EXISTS k",
            "MULTI",
            "GET k",
            "SET k 1",
            "EXEC",
        ] {
            client.say(line);
        }
    });
}

#[test]
fn a_monitor_may_not_touch_keys_and_can_be_reset() {
    for server in [start(Kind::Valkey), start(Kind::Polycache)] {
        let mut stream = monitor(&server);
        stream.write_all(b"GET k\r\n").unwrap();
        let mut reply = [0; 200];
        let read = stream.read(&mut reply).unwrap();
        assert_eq!(&reply[..read], b"-ERR Replica can't interact with the keyspace\r\n");
        stream.write_all(b"PING\r\n").unwrap();
        assert_eq!(lines_after(&mut stream, b"+PONG\r\n"), ["0 127.0.0.1 \"PING\""]);
        stream.write_all(b"RESET\r\n").unwrap();
        let mut seen = Vec::new();
        while !seen.windows(8).any(|part| part == b"+RESET\r\n") {
            let read = stream.read(&mut reply).unwrap();
            seen.extend_from_slice(&reply[..read]);
        }
        server.client().say("SET k v");
        stream.write_all(b"GET k\r\n").unwrap();
        let read = stream.read(&mut reply).unwrap();
        assert_eq!(&reply[..read], b"$1\r\nv\r\n", "{:?}", String::from_utf8_lossy(&reply[..read]));
    }
}

fn lines_after(stream: &mut TcpStream, reply: &[u8]) -> Vec<String> {
    let mut first = vec![0; reply.len()];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(first, reply);
    lines(stream, "PING")
}

#[test]
fn memcached_clients_are_heard() {
    let server = start(Kind::Polycache);
    let mut monitor = monitor(&server);
    let mut memcached = TcpStream::connect(("127.0.0.1", server.memcached_port)).unwrap();
    memcached.write_all(b"set k 0 0 1\r\nv\r\nget k\r\nincr n 1\r\ndelete k\r\nquit\r\n").unwrap();
    let mut rest = Vec::new();
    memcached.read_to_end(&mut rest).unwrap();
    let heard = lines(&mut monitor, "\"del\"");
    let starts = [
        "0 127.0.0.1 \"set\" \"k\"",
        "0 127.0.0.1 \"get\" \"k\"",
        "0 127.0.0.1 \"incrby\" \"n\"",
        "0 127.0.0.1 \"del\" \"k\"",
    ];
    for (line, start) in heard.iter().zip(starts) {
        assert!(line.starts_with(start), "{heard:?}");
    }
}

#[test]
fn a_monitor_that_does_not_read_is_closed() {
    let options = ServerOptions::new().flag("save", "").flag("client-output-buffer-limit", "normal 1mb 0 0");
    let server = Server::start(Kind::Polycache, options);
    let mut monitor = monitor(&server);
    let mut client = server.client();
    let value = "x".repeat(100_000);
    let listed = |client: &mut Client| {
        let list = client.say("CLIENT LIST");
        String::from_utf8_lossy(list.bytes().unwrap()).lines().count()
    };
    let before = listed(&mut client);
    for _ in 0..300 {
        client.call(&["SET", "k", &value]);
    }
    assert_eq!(listed(&mut client), before - 1);
    let mut rest = Vec::new();
    let _ = monitor.read_to_end(&mut rest);
    assert!(rest.len() < 20 << 20, "{}", rest.len());
}
