//! The Redis protocol over real sockets: what clients may do to a connection, and what it must survive.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use polycache_core::config::EngineConfig;
use polycache_core::engine::Engine;
use polycache_server::config::Settings;
use polycache_server::net::listen::{Bind, Listen};
use polycache_server::{Running, Server};

/// A wait that long is a hang.
const HANG: Duration = Duration::from_secs(30);

fn start(configuration: &str) -> Running {
    start_at(configuration, Listen::default())
}

fn start_at(configuration: &str, listen: Listen) -> Running {
    let settings = Settings::parse(&format!("io-threads 2\n{configuration}")).unwrap();
    let bind = |host: &str| Bind { host: host.into(), port: 0, optional: false };
    let listen = Listen { resp: vec![bind("127.0.0.1")], backlog: 64, ..listen };
    let engine = Engine::in_memory(EngineConfig::default());
    Server::new(engine, settings).listen_on(&listen).unwrap()
}

fn connect(running: &Running) -> TcpStream {
    let stream = TcpStream::connect(running.addresses().resp[0]).unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    stream.set_write_timeout(Some(HANG)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

fn request(args: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", args.len()).into_bytes();
    for arg in args {
        bytes.extend(format!("${}\r\n", arg.len()).into_bytes());
        bytes.extend_from_slice(arg);
        bytes.extend(b"\r\n");
    }
    bytes
}

/// Sends words and expects exactly this answer.
fn expect(stream: &mut (impl Read + Write), words: &str, answer: &str) {
    let words: Vec<&[u8]> = words.split(' ').map(str::as_bytes).collect();
    stream.write_all(&request(&words)).unwrap();
    expect_bytes(stream, answer.as_bytes());
}

fn expect_bytes(stream: &mut impl Read, answer: &[u8]) {
    let mut bytes = vec![0; answer.len()];
    stream.read_exact(&mut bytes).unwrap();
    assert_eq!(bytes.escape_ascii().to_string(), answer.escape_ascii().to_string());
}

/// Everything until the server closes; a reset counts as the end.
fn drain(stream: &mut impl Read) -> String {
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error} after {}", bytes.escape_ascii()),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn every_byte_alone() {
    let running = start("");
    let mut stream = connect(&running);
    let mut bytes = request(&[b"SET", b"key", b"va\r\nlue"]);
    bytes.extend(b"GET key\r\n");
    for byte in bytes {
        stream.write_all(&[byte]).unwrap();
    }
    expect_bytes(&mut stream, b"+OK\r\n$7\r\nva\r\nlue\r\n");
    running.stop();
}

#[test]
fn a_hundred_thousand_pipelined_commands() {
    let running = start("");
    let mut stream = connect(&running);
    let mut reader = stream.try_clone().unwrap();
    let writer = std::thread::spawn(move || {
        for chunk in 0..100 {
            let mut bytes = Vec::new();
            for i in 0..1000 {
                bytes.extend(request(&[b"INCR", format!("counter{}", (chunk * 1000 + i) % 7).as_bytes()]));
            }
            stream.write_all(&bytes).unwrap();
        }
        stream
    });
    let mut replies = 0;
    let mut part = [0; 65536];
    while replies < 100_000 {
        let count = reader.read(&mut part).unwrap();
        assert!(count > 0, "closed after {replies} replies");
        replies += part[..count].iter().filter(|byte| **byte == b'\n').count();
    }
    let mut stream = writer.join().unwrap();
    expect(&mut stream, "GET counter0", "$5\r\n14286\r\n");
    running.stop();
}

#[test]
fn a_client_that_writes_everything_before_it_reads() {
    let running = start("");
    let mut stream = connect(&running);
    let value = vec![b'v'; 10_000];
    stream.write_all(&request(&[b"SET", b"k", &value])).unwrap();
    expect_bytes(&mut stream, b"+OK\r\n");
    // 30 MB of replies behind 60 kB of requests.
    let get = request(&[b"GET", b"k"]).repeat(3000);
    stream.write_all(&get).unwrap();
    let reply = [b"$10000\r\n", &value[..], b"\r\n"].concat();
    for _ in 0..3000 {
        expect_bytes(&mut stream, &reply);
    }
    running.stop();
}

#[test]
fn large_values_and_many_arguments() {
    let running = start("");
    let mut stream = connect(&running);
    let value: Vec<u8> = (0..20_000_000u32).map(|i| (i % 251) as u8).collect();
    stream.write_all(&request(&[b"SET", b"large", &value])).unwrap();
    expect_bytes(&mut stream, b"+OK\r\n");
    stream.write_all(&request(&[b"GET", b"large"])).unwrap();
    expect_bytes(&mut stream, b"$20000000\r\n");
    let mut back = vec![0; value.len() + 2];
    stream.read_exact(&mut back).unwrap();
    assert!(back[..value.len()] == value, "the value came back changed");
    let keys: Vec<Vec<u8>> = (0..100_000).map(|i| format!("nokey{i}").into_bytes()).collect();
    let mut args: Vec<&[u8]> = vec![b"EXISTS"];
    args.extend(keys.iter().map(Vec::as_slice));
    stream.write_all(&request(&args)).unwrap();
    expect_bytes(&mut stream, b":0\r\n");
    running.stop();
}

#[test]
fn protocol_errors_close_after_the_replies_before_them() {
    let running = start("");
    for (garbage, error) in [
        (&b"*x\r\n"[..], "invalid multibulk length"),
        (b"*1\r\n$-5\r\n", "invalid bulk length"),
        (b"*1\r\n+PING\r\n", "expected '$', got '+'"),
        (b"PING \"x\r\n", "unbalanced quotes in request"),
        (b"*1\r\n$536870913\r\n", "invalid bulk length"),
    ] {
        let mut stream = connect(&running);
        stream.write_all(&[b"PING\r\n", garbage, b"PING\r\n"].concat()).unwrap();
        assert_eq!(drain(&mut stream), format!("+PONG\r\n-ERR Protocol error: {error}\r\n"));
    }
    running.stop();
}

#[test]
fn authentication() {
    let running = start("requirepass secret");
    let mut stream = connect(&running);
    expect(&mut stream, "GET k", "-NOAUTH Authentication required.\r\n");
    // Strangers do not learn which commands there are.
    expect(&mut stream, "NOSUCH", "-NOAUTH Authentication required.\r\n");
    expect(&mut stream, "GET", "-NOAUTH Authentication required.\r\n");
    expect(&mut stream, "AUTH", "-ERR wrong number of arguments for 'auth' command\r\n");
    expect(&mut stream, "AUTH wrong", "-WRONGPASS invalid username-password pair or user is disabled.\r\n");
    expect(
        &mut stream,
        "AUTH other secret",
        "-WRONGPASS invalid username-password pair or user is disabled.\r\n",
    );
    expect(&mut stream, "AUTH default secret", "+OK\r\n");
    expect(&mut stream, "GET k", "$-1\r\n");
    expect(&mut stream, "RESET", "+RESET\r\n");
    expect(&mut stream, "GET k", "-NOAUTH Authentication required.\r\n");
    let mut stream = connect(&running);
    stream.write_all(&request(&[b"HELLO", b"3", b"AUTH", b"default", b"secret"])).unwrap();
    expect_bytes(&mut stream, b"%7\r\n$6\r\nserver\r\n");
    let mut stream = connect(&running);
    stream.write_all(b"*11\r\n").unwrap();
    assert!(drain(&mut stream).contains("unauthenticated multibulk length"));
    running.stop();
}

#[test]
fn dialects_databases_and_quiet_replies() {
    let running = start("");
    let mut stream = connect(&running);
    expect(&mut stream, "SELECT 3", "+OK\r\n");
    expect(&mut stream, "SET k v", "+OK\r\n");
    expect(&mut stream, "SELECT 16", "-ERR DB index is out of range\r\n");
    expect(&mut stream, "CLIENT REPLY SKIP", "");
    expect(&mut stream, "SET k w", "");
    expect(&mut stream, "GET k", "$1\r\nw\r\n");
    expect(&mut stream, "CLIENT REPLY OFF", "");
    expect(&mut stream, "SET k x", "");
    expect(&mut stream, "CLIENT REPLY ON", "+OK\r\n");
    expect(&mut stream, "GET k", "$1\r\nx\r\n");
    expect(&mut stream, "CLIENT SETNAME me", "+OK\r\n");
    expect(&mut stream, "RESET", "+RESET\r\n");
    expect(&mut stream, "GET k", "$-1\r\n");
    expect(&mut stream, "CLIENT GETNAME", "$-1\r\n");
    stream.write_all(&request(&[b"HELLO", b"3"])).unwrap();
    expect_bytes(
        &mut stream,
        b"%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.2.4\r\n$5\r\nproto\r\n:3\r\n",
    );
    running.stop();
}

#[test]
fn too_many_clients() {
    let running = start("maxclients 2");
    let (mut first, mut second) = (connect(&running), connect(&running));
    expect(&mut first, "PING", "+PONG\r\n");
    expect(&mut second, "PING", "+PONG\r\n");
    assert_eq!(drain(&mut connect(&running)), "-ERR max number of clients reached\r\n");
    expect(&mut first, "PING", "+PONG\r\n");
    expect(&mut second, "QUIT", "+OK\r\n");
    assert_eq!(drain(&mut second), "");
    running.stop();
}

#[test]
fn clients_are_listed_and_killed() {
    let running = start("");
    let (mut killer, mut victim) = (connect(&running), connect(&running));
    expect(&mut victim, "CLIENT SETNAME victim", "+OK\r\n");
    let address = victim.local_addr().unwrap().to_string();
    expect(&mut killer, "CLIENT KILL ID 999", ":0\r\n");
    expect(&mut killer, "CLIENT KILL nobody:1", "-ERR No such client\r\n");
    expect(&mut killer, &format!("CLIENT KILL {address}"), "+OK\r\n");
    assert_eq!(drain(&mut victim), "");
    let mut victims: Vec<TcpStream> = (0..5).map(|_| connect(&running)).collect();
    for victim in &mut victims {
        expect(victim, "PING", "+PONG\r\n");
    }
    expect(&mut killer, "CLIENT KILL TYPE normal", ":5\r\n");
    for victim in &mut victims {
        assert_eq!(drain(victim), "");
    }
    expect(&mut killer, "CLIENT KILL SKIPME no", ":1\r\n");
    assert_eq!(drain(&mut killer), "");
    running.stop();
}

#[test]
fn a_pause_holds_writes_until_it_is_lifted() {
    let running = start("");
    let (mut first, mut second) = (connect(&running), connect(&running));
    expect(&mut first, "CLIENT PAUSE 100000 WRITE", "+OK\r\n");
    second.write_all(&[request(&[b"GET", b"k"]), request(&[b"SET", b"k", b"v"])].concat()).unwrap();
    expect_bytes(&mut second, b"$-1\r\n");
    expect(&mut first, "GET k", "$-1\r\n");
    expect(&mut first, "CLIENT UNPAUSE", "+OK\r\n");
    expect_bytes(&mut second, b"+OK\r\n");
    running.stop();
}

#[test]
fn a_pause_holds_memcached_too() {
    let bind = Bind { host: "127.0.0.1".into(), port: 0, optional: false };
    let running = start_at("", Listen { memcached: vec![bind], ..Listen::default() });
    let mut first = connect(&running);
    let mut second = TcpStream::connect(running.addresses().memcached[0]).unwrap();
    second.set_read_timeout(Some(HANG)).unwrap();
    expect(&mut first, "CLIENT PAUSE 100000 WRITE", "+OK\r\n");
    second.write_all(b"set k 0 0 1\r\nv\r\n").unwrap();
    expect(&mut first, "GET k", "$-1\r\n");
    expect(&mut first, "CLIENT UNPAUSE", "+OK\r\n");
    expect_bytes(&mut second, b"STORED\r\n");
    expect(&mut first, "GET k", "$1\r\nv\r\n");
    running.stop();
}

#[test]
fn unread_output_has_a_limit() {
    let running = start("client-output-buffer-limit normal 1mb 0 0");
    let mut stream = connect(&running);
    let value = vec![b'v'; 100_000];
    stream.write_all(&request(&[b"SET", b"k", &value])).unwrap();
    expect_bytes(&mut stream, b"+OK\r\n");
    let get = request(&[b"GET", b"k"]).repeat(10);
    let mut other = connect(&running);
    // The kernel's buffers take some of it; the server closes once more than the limit is left.
    for _ in 0..10_000 {
        if stream.write_all(&get).is_err() {
            break;
        }
        expect(&mut other, "PING", "+PONG\r\n");
        if running.server.clients.connected() == 1 {
            break;
        }
    }
    assert_eq!(running.server.clients.connected(), 1);
    running.stop();
}

#[test]
fn unix_socket() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket").to_str().unwrap().to_owned();
    let running = start_at("", Listen { unixsocket: Some(path.clone()), ..Listen::default() });
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    expect(&mut stream, "SET k v", "+OK\r\n");
    expect(&mut stream, "GET k", "$1\r\nv\r\n");
    running.stop();
    assert!(!std::path::Path::new(&path).exists());
}

#[test]
fn stops_with_connections_open_and_starts_again() {
    let engine = Engine::in_memory(EngineConfig::default());
    let settings = Settings::parse("io-threads 2").unwrap();
    let server = Server::new(engine, settings);
    let bind = Bind { host: "127.0.0.1".into(), port: 0, optional: false };
    let listen = Listen { resp: vec![bind], backlog: 64, ..Listen::default() };
    for round in 0..3 {
        let running = Arc::clone(&server).listen_on(&listen).unwrap();
        let mut stream = connect(&running);
        let answer = format!(":{}\r\n", round + 1);
        expect(&mut stream, "INCR rounds", &answer);
        running.stop();
        assert_eq!(drain(&mut stream), "");
        assert_eq!(server.clients.connected(), 0);
    }
}

#[test]
fn counts_what_happens() {
    use polycache_server::stats::Counter;
    let running = start("");
    let mut stream = connect(&running);
    expect(&mut stream, "SET k v", "+OK\r\n");
    expect(&mut stream, "INCR k", "-ERR value is not an integer or out of range\r\n");
    expect(&mut stream, "CLIENT ID", ":1\r\n");
    let stats = &running.server.stats;
    assert_eq!(stats.total(Counter::Commands), 3);
    assert_eq!(stats.total(Counter::ConnectionsReceived), 1);
    assert!(stats.total(Counter::NetInputBytes) > 0 && stats.total(Counter::NetOutputBytes) > 0);
    let commands: Vec<(String, u64, u64)> =
        stats.commands().into_iter().map(|row| (row.name, row.calls, row.failed)).collect();
    assert!(commands.contains(&("set".into(), 1, 0)), "{commands:?}");
    assert!(commands.contains(&("incr".into(), 1, 1)), "{commands:?}");
    assert!(commands.contains(&("client|id".into(), 1, 0)), "{commands:?}");
    assert_eq!(stats.errors(), [("ERR".to_owned(), 1)]);
    stats.reset();
    assert_eq!(stats.total(Counter::Commands), 0);
    assert!(stats.commands().is_empty());
    running.stop();
}

#[test]
fn replies_wait_for_the_disk_when_they_must() {
    use polycache_core::config::FsyncPolicy;
    let dir = tempfile::tempdir().unwrap();
    let config = EngineConfig {
        dir: Some(dir.path().to_owned()),
        append_only: true,
        fsync: FsyncPolicy::Always,
        ..EngineConfig::default()
    };
    let engine = Engine::open(config, polycache_server::registry()).unwrap();
    let server = Server::new(engine, Settings::parse("io-threads 2").unwrap());
    let bind = Bind { host: "127.0.0.1".into(), port: 0, optional: false };
    let running =
        server.clone().listen_on(&Listen { resp: vec![bind], backlog: 64, ..Listen::default() }).unwrap();
    let threads: Vec<_> = (0..8)
        .map(|number| {
            let mut stream = connect(&running);
            let server = server.clone();
            std::thread::spawn(move || {
                for round in 0..20 {
                    let before = server.engine.log().watermark().durable();
                    expect(&mut stream, &format!("SET key{number} {round}"), "+OK\r\n");
                    assert!(server.engine.log().watermark().durable() > before, "the reply came first");
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    running.stop();
    server.engine.close().unwrap();
}

#[test]
fn idle_clients_are_closed() {
    let running = start("timeout 1");
    let mut stream = connect(&running);
    expect(&mut stream, "PING", "+PONG\r\n");
    assert_eq!(drain(&mut stream), "");
    running.stop();
}

#[test]
fn unfinished_input_has_a_limit() {
    let running = start("client-query-buffer-limit 1mb");
    let mut stream = connect(&running);
    let mut bytes = b"*2\r\n$3\r\nGET\r\n$5000000\r\n".to_vec();
    bytes.resize(3_000_000, b'x');
    // The server may close before all is sent.
    let _ = stream.write_all(&bytes);
    assert_eq!(drain(&mut stream), "");
    expect(&mut connect(&running), "PING", "+PONG\r\n");
    running.stop();
}

#[test]
fn strangers_are_refused_in_protected_mode() {
    // The address that this machine would use towards the outside; none where it has no network.
    let probe = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let outside = probe.connect("192.0.2.1:9").and_then(|()| probe.local_addr()).map(|address| address.ip());
    let Some(outside) = outside.ok().filter(|address| !address.is_loopback()) else {
        eprintln!("this machine has only loopback addresses: nothing to refuse");
        return;
    };
    let any = Bind { host: "*".into(), port: 0, optional: false };
    let settings = Settings::parse("io-threads 1").unwrap();
    let server = Server::new(Engine::in_memory(EngineConfig::default()), settings);
    let running = server.listen_on(&Listen { resp: vec![any], backlog: 64, ..Listen::default() }).unwrap();
    let port = running.addresses().resp[0].port();
    let mut stranger = TcpStream::connect((outside, port)).unwrap();
    stranger.set_read_timeout(Some(HANG)).unwrap();
    assert!(drain(&mut stranger).starts_with("-DENIED "));
    let mut local = TcpStream::connect(("127.0.0.1", port)).unwrap();
    expect(&mut local, "CONFIG SET protected-mode no", "+OK\r\n");
    let mut stranger = TcpStream::connect((outside, port)).unwrap();
    expect(&mut stranger, "PING", "+PONG\r\n");
    running.stop();
}

#[test]
fn browsers_are_hung_up_on() {
    let running = start("");
    let mut stream = connect(&running);
    stream.write_all(b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\nSET k v\r\n").unwrap();
    let answer = drain(&mut stream);
    assert!(answer.starts_with("-ERR unknown command 'POST'"), "{answer}");
    expect(&mut connect(&running), "GET k", "$-1\r\n");
    running.stop();
}

/// As `printf ... | nc` does: the commands are all sent, and the answers are still wanted.
#[test]
fn a_client_that_sends_no_more_gets_its_answers() {
    let running = start("");
    // Long enough to go on a thread of its own.
    let slow =
        "local till = redis.call('TIME')[1] + 2; while redis.call('TIME')[1] + 0 < till do end; return 7";
    let mut stream = connect(&running);
    stream.write_all(&request(&[b"PING"])).unwrap();
    stream.write_all(&request(&[b"EVAL", slow.as_bytes(), b"0"])).unwrap();
    stream.write_all(&request(&[b"ECHO", b"behind"])).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(drain(&mut stream), "+PONG\r\n:7\r\n$6\r\nbehind\r\n");
    running.stop();
}
