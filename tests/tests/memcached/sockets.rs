//! UDP, the Unix socket, authentication files, memcached's own flags, shutdown, the cluster's members.

use std::io::{Read, Write};
use std::net::UdpSocket;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use polycache_tests::support::memcached::TextClient;
use polycache_tests::support::{Kind, Server, ServerOptions};

fn volatile() -> ServerOptions {
    ServerOptions::new().flag("save", "").flag("appendonly", "no")
}

/// The payloads of a reply to `request`, in order.
fn ask_udp(socket: &UdpSocket, number: u16, sequence: [u8; 4], request: &[u8]) -> Vec<u8> {
    let mut datagram = number.to_be_bytes().to_vec();
    datagram.extend_from_slice(&sequence);
    datagram.extend_from_slice(&[0, 0]);
    datagram.extend_from_slice(request);
    socket.send(&datagram).expect("sent");
    let mut parts: Vec<Option<Vec<u8>>> = Vec::new();
    loop {
        let mut buffer = [0; 2000];
        let len = socket.recv(&mut buffer).expect("an answer");
        assert!((8..=1400).contains(&len), "{len}");
        assert_eq!(buffer[..2], number.to_be_bytes());
        let (place, count) =
            (u16::from_be_bytes([buffer[2], buffer[3]]), u16::from_be_bytes([buffer[4], buffer[5]]));
        parts.resize(usize::from(count), None);
        parts[usize::from(place)] = Some(buffer[8..len].to_vec());
        if parts.iter().all(Option::is_some) {
            return parts.into_iter().flatten().flatten().collect();
        }
    }
}

#[test]
fn datagrams_are_answered() {
    let port = polycache_tests::support::free_port();
    let server = Server::start(Kind::Polycache, volatile().flag("memcached-udp-port", port));
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.connect(("127.0.0.1", port)).expect("connected");
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    let whole = [0, 0, 0, 1];
    assert_eq!(
        ask_udp(&socket, 1, whole, b"set a 0 0 1\r\nx\r\nget a\r\n"),
        b"STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n"
    );
    // Others come over TCP.
    let mut client = TextClient::connect(server.memcached_port);
    let value = vec![b'v'; 100_000];
    client.set("long", &value, 0, 0);
    let reply = ask_udp(&socket, 77, whole, b"get long\r\n");
    assert_eq!(reply.len(), b"VALUE long 0 100000\r\n\r\nEND\r\n".len() + value.len());
    // Part of a sequence, no payload, no header, half a line: nothing breaks.
    assert!(ask_udp(&socket, 2, [0, 0, 0, 2], b"get a\r\n").starts_with(b"SERVER_ERROR multi-packet"));
    socket.send(b"short").expect("sent");
    socket.send(b"\0\x09\0\0\0\x01\0\0").expect("sent");
    socket.send(b"\0\x05\0\0\0\x01\0\0get a").expect("sent");
    assert!(ask_udp(&socket, 3, whole, b"version\r\n").starts_with(b"VERSION "));
    assert_eq!(
        ask_udp(
            &socket,
            4,
            whole,
            &[0x80, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0]
        )[..2],
        [0x81, 0x0a]
    );
}

#[test]
fn datagrams_stay_on_the_loopback_interface() {
    let port = polycache_tests::support::free_port();
    let options = volatile().flag("memcached-udp-port", port).flag("memcached-bind", "0.0.0.0");
    let Err((_, log)) = Server::try_start(Kind::Polycache, options) else { panic!("it started") };
    assert!(log.contains("memcached-udp-remote"), "{log}");
}

#[test]
fn a_unix_socket() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("memcached.sock");
    let _server = Server::start(Kind::Polycache, volatile().flag("memcached-unixsocket", path.display()));
    let mut stream = UnixStream::connect(&path).expect("connected");
    stream.write_all(b"set a 0 0 1\r\nx\r\nget a\r\n").expect("sent");
    let expected = b"STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n";
    let mut reply = vec![0; expected.len()];
    stream.read_exact(&mut reply).expect("an answer");
    assert_eq!(reply, expected);
}

#[test]
fn a_file_of_users() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("users");
    std::fs::write(&path, "alice:wonder land\nbob:builder\n").expect("written");
    let server = Server::start(Kind::Polycache, volatile().flag("memcached-auth-file", path.display()));
    let mut client = TextClient::connect(server.memcached_port);
    assert_eq!(client.ask(b"get a\r\n"), "CLIENT_ERROR unauthenticated");
    assert_eq!(client.ask(b"set a 0 0 11\r\nbob wonder \r\n"), "CLIENT_ERROR unauthenticated");
    assert_eq!(client.ask(b"set a 0 0 17\r\nalice wonder land\r\n"), "STORED");
    assert_eq!(client.ask(b"get a\r\n"), "END");
    let missing = volatile().flag("memcached-auth-file", dir.path().join("missing").display());
    let Err((_, log)) = Server::try_start(Kind::Polycache, missing) else { panic!("it started") };
    assert!(log.contains("memcached-auth-file"), "{log}");
}

#[test]
fn flags_of_memcached() {
    let port = polycache_tests::support::free_port();
    let arguments = format!("-m 100 -c 200 -t 1 -p {port} -l 127.0.0.1 -I 2k -o modern -A -v");
    let mut server = Server::start(Kind::Polycache, volatile().flag("memcached-args", arguments));
    let mut client = TextClient::connect(port);
    let text = String::from_utf8(client.exchange(b"stats settings\r\n").expect("an answer")).expect("text");
    for expected in [
        "maxbytes 104857600",
        "maxconns 200",
        "num_threads 1",
        "item_size_max 2048",
        "evictions on",
        "shutdown_command yes",
    ] {
        assert!(text.contains(&format!("STAT {expected}\n")), "{expected} in {text}");
    }
    client.send(b"shutdown\r\n").expect("sent");
    assert!(client.line().is_err(), "closed");
    for _ in 0..1000 {
        if !server.is_running() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it goes on");
}

#[test]
fn members_change_while_it_runs() {
    let server = Server::start(Kind::Polycache, volatile().flag("memcached-cluster", "one|10.0.0.1|11211"));
    let mut client = TextClient::connect(server.memcached_port);
    let members = |client: &mut TextClient| {
        let text =
            String::from_utf8(client.exchange(b"config get cluster\r\n").expect("an answer")).expect("text");
        let lines: Vec<&str> = text.lines().collect();
        (lines[1].parse::<u64>().expect("a version"), lines[2].to_owned())
    };
    let (first, before) = members(&mut client);
    assert_eq!(before, "one|10.0.0.1|11211");
    let mut resp = server.client();
    assert!(resp.call(&["CONFIG", "SET", "memcached-cluster", "one|10.0.0.1|11211 two||11212"]).is_ok());
    let (second, after) = members(&mut client);
    assert!(second > first);
    assert_eq!(after, "one|10.0.0.1|11211 two||11212");
    assert_eq!(members(&mut client), (second, after));
    assert!(resp.call(&["CONFIG", "SET", "memcached-cluster", "nonsense"]).is_error());
}
