//! Passwords are seen by nobody but the one who sends them: not in the server's log at its most talkative, not by those
//! who monitor, not in any log of commands, list of clients or figure.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use polycache_tests::support::{Kind, Server, ServerOptions, free_port};

/// In every password below, and nowhere else.
const MARK: &str = "hunter2";

/// Reads from a socket until `last` comes, or it closes.
fn read_until(stream: &mut TcpStream, last: &str) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&bytes).contains(last) {
        match stream.read(&mut chunk).unwrap() {
            0 => break,
            read => bytes.extend_from_slice(&chunk[..read]),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn nobody_else_sees_them() {
    let metrics_port = free_port();
    let folder = tempfile::tempdir().unwrap();
    let memcached_users = folder.path().join("users");
    std::fs::write(&memcached_users, format!("joe:{MARK}-memcached\n")).unwrap();
    let options = ServerOptions::new()
        .flag("save", "")
        .flag("loglevel", "debug")
        .flag("metrics-port", metrics_port)
        .flag("requirepass", format!("{MARK}-first"))
        .flag("memcached-auth-file", memcached_users.display())
        .flag("slowlog-log-slower-than", 0)
        .flag("commandlog-request-larger-than", 1)
        .flag("commandlog-reply-larger-than", 1)
        .flag("latency-monitor-threshold", 1);
    let server = Server::start(Kind::Polycache, options);
    let mut client = server.client();
    let auth = format!("AUTH {MARK}-first");
    assert!(client.say(&auth).is_ok());
    let mut monitor = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    monitor.write_all(format!("{auth}\r\nMONITOR\r\n").as_bytes()).unwrap();
    read_until(&mut monitor, "+OK\r\n+OK\r\n");
    let lines = [
        "AUTH default *-first",
        "AUTH *-wrong",
        "AUTH somebody *-wrong",
        "AUTH somebody *-wrong and more",
        "HELLO 2 AUTH default *-first SETNAME me",
        "HELLO 3 AUTH default *-wrong",
        "HELLO 9 AUTH default *-wrong",
        "ACL SETUSER bob on >*-bob allkeys +@all",
        "ACL SETUSER bob <*-other",
        "ACL SETUSER bob >*-bob +nonsense",
        "CONFIG SET requirepass *-second",
        "CONFIG SET masterauth *-master",
        "CONFIG SET maxmemory 100mb primaryauth *-primary",
        "CONFIG SET nonsense 1 requirepass *-third",
        "MIGRATE 127.0.0.1 1 k 0 10 AUTH *-migrate",
        "MIGRATE 127.0.0.1 1 k 0 10 AUTH2 user *-migrate",
        "SET k v",
    ];
    for line in lines {
        client.say(&line.replace('*', MARK));
    }
    // In a transaction, and by a user who may not.
    client.say("MULTI");
    client.say(&format!("CONFIG SET requirepass {MARK}-fourth"));
    client.say(&format!("ACL SETUSER carl on >{MARK}-carl"));
    client.say("EXEC");
    let mut bob = server.client();
    assert!(bob.say(&format!("AUTH bob {MARK}-bob")).is_ok());
    client.say("ACL SETUSER bob -config -acl -auth");
    bob.say(&format!("CONFIG SET requirepass {MARK}-bob"));
    bob.say(&format!("ACL SETUSER bob >{MARK}-bob"));
    // As an inline command, and to somebody who is no user yet.
    let mut stranger = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stranger.write_all(format!("auth {MARK}-wrong\r\nauth x {MARK}-wrong\r\nPING\r\n").as_bytes()).unwrap();
    read_until(&mut stranger, "NOAUTH");
    // memcached: users by a first set, and SASL.
    for (password, answer) in
        [(format!("{MARK}-wrong"), "CLIENT_ERROR"), (format!("{MARK}-memcached"), "STORED")]
    {
        let mut text = TcpStream::connect(("127.0.0.1", server.memcached_port)).unwrap();
        let value = format!("joe {password}");
        text.write_all(format!("set key 0 0 {}\r\n{value}\r\n", value.len()).as_bytes()).unwrap();
        assert!(read_until(&mut text, "\r\n").starts_with(answer));
    }
    let mut binary = TcpStream::connect(("127.0.0.1", server.memcached_port)).unwrap();
    let value = format!("\0joe\0{MARK}-memcached");
    let mut frame = vec![0x80, 0x21, 0, 5, 0, 0, 0, 0];
    frame.extend((5 + value.len() as u32).to_be_bytes());
    frame.extend([0; 12]);
    frame.extend(b"PLAIN");
    frame.extend(value.bytes());
    binary.write_all(&frame).unwrap();
    binary.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    binary.read_exact(&mut [0; 24]).unwrap();

    let mut seen = vec![("the log", server.log())];
    client.say("ECHO the-last-one");
    seen.push(("MONITOR", read_until(&mut monitor, "the-last-one")));
    for line in [
        "SLOWLOG GET -1",
        "COMMANDLOG GET -1 large-request",
        "COMMANDLOG GET -1 large-reply",
        "ACL LOG",
        "ACL LIST",
        "ACL GETUSER bob",
        "CLIENT LIST",
        "INFO everything",
        "LATENCY LATEST",
        "MEMORY STATS",
        "COMMAND LIST",
    ] {
        seen.push((line, format!("{:?}", client.say(line))));
    }
    let mut metrics = TcpStream::connect(("127.0.0.1", metrics_port)).unwrap();
    metrics.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    seen.push(("/metrics", read_until(&mut metrics, "\0 never comes")));
    // What is looked at is there.
    let text = |wanted: &str| seen.iter().find(|(name, _)| *name == wanted).map_or("", |(_, text)| text);
    assert!(text("SLOWLOG GET -1").contains("redacted") && text("MONITOR").contains("redacted"));
    assert!(text("ACL LOG").contains("auth") && text("/metrics").contains("# TYPE"));
    assert!(text("ACL LIST").contains("bob") && text("the log").contains("is ready"));
    for (name, text) in &seen {
        let at = text.find(MARK);
        assert!(at.is_none(), "{name}: {}", &text[at.unwrap_or(0).saturating_sub(200)..]);
    }
}
