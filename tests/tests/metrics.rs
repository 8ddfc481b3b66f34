//! The HTTP endpoint for monitoring: what it says when things are not well, and requests that are not well.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use polycache_tests::support::{Kind, Server, ServerOptions, free_port};

/// Sends `request` and reads until the other side closes.
fn ask(port: u16, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // The other side may have heard enough before all is sent.
    let _ = stream.write_all(request);
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    String::from_utf8_lossy(&reply).into_owned()
}

fn get(port: u16, path: &str) -> String {
    ask(port, format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes())
}

fn start(options: ServerOptions) -> (Server, u16) {
    let port = free_port();
    (Server::start(Kind::Polycache, options.flag("metrics-port", port)), port)
}

#[test]
fn a_server_that_cannot_log_is_alive_but_not_ready() {
    let options = ServerOptions::new()
        .flag("save", "")
        .flag("appendonly", "yes")
        .flag("appendfsync", "always")
        .flag("aof-io", "thread")
        .file_bytes_max(256 << 10);
    let (server, port) = start(options);
    assert!(get(port, "/ready").starts_with("HTTP/1.1 200"));
    let mut client = server.client();
    let value = "x".repeat(8 << 10);
    let failed = (0..200).any(|key: i32| client.call(&["SET", &key.to_string(), &value]).is_error());
    assert!(failed, "the limit of the file was not hit");
    let reply = get(port, "/ready");
    assert!(reply.starts_with("HTTP/1.1 503") && reply.contains("AOF"), "{reply}");
    assert!(get(port, "/health").starts_with("HTTP/1.1 200"));
    assert!(get(port, "/metrics").contains("\npolycache_log_last_write_ok 0\n"));
}

#[test]
fn bad_requests_get_nothing_and_harm_nobody() {
    let (_server, port) = start(ServerOptions::new().flag("save", ""));
    let mut long = b"GET /metrics HTTP/1.1\r\n".to_vec();
    long.extend(format!("X: {}\r\n", "y".repeat(1 << 20)).bytes());
    let many: String = (0..500).map(|i| format!("h{i}: 1\r\n")).collect();
    let many = format!("GET /metrics HTTP/1.1\r\n{many}\r\n");
    for bad in
        [&b"\0\xff\r\n\r\n"[..], b"PING\r\n\r\n", &long, many.as_bytes(), b"GET /metrics HTTP/9.9\r\n\r\n"]
    {
        let reply = ask(port, bad);
        assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 4"), "{reply}");
    }
    // Connections beyond the bound wait; those that say nothing are closed after a while.
    let silent: Vec<TcpStream> = (0..20).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
    assert!(get(port, "/metrics").contains("polycache_build_info"));
    drop(silent);
    let head = ask(port, b"HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
}

#[test]
fn the_endpoint_is_off_unless_asked_for_and_local() {
    let server = Server::start(Kind::Polycache, ServerOptions::new().flag("save", ""));
    let reply = server.client().call(&["CONFIG", "GET", "metrics-*"]);
    let text = format!("{reply:?}");
    assert!(text.contains("127.0.0.1 -::1"), "{text}");
    assert!(!server.log().contains("metrics:"));
}
