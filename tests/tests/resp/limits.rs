//! Bounds: clients that do not read, too many clients, memory.

use std::io::Read;

use polycache_tests::support::{Client, Kind, Server, ServerOptions};

fn resident_bytes(server: &Server) -> u64 {
    let path = format!("/proc/{}/statm", server.process_id());
    let text = std::fs::read_to_string(path).expect("a running process");
    let pages: u64 = text.split(' ').nth(1).and_then(|field| field.parse().ok()).expect("resident pages");
    pages * 4096
}

#[test]
fn a_client_that_never_reads_is_cut_off() {
    let options = ServerOptions::new().flag("save", "").flag("client-output-buffer-limit", "normal 8mb 0 0");
    let server = Server::start(Kind::Polycache, options);
    let mut control = server.client();
    let value = vec![b'x'; 1024 * 1024];
    assert!(control.call(&[b"SET".as_slice(), b"big", &value]).is_ok());
    let before = resident_bytes(&server);
    let mut greedy = server.client();
    // 1000 replies of a megabyte: far beyond the limit and what the sockets hold.
    let mut request = Vec::new();
    (0..1000).for_each(|_| request.extend_from_slice(b"*2\r\n$3\r\nGET\r\n$3\r\nbig\r\n"));
    let _ = greedy.send(&request);
    // The others are served meanwhile.
    for _ in 0..50 {
        assert_eq!(control.say("PING").text(), "PONG");
    }
    let grown = resident_bytes(&server).saturating_sub(before);
    assert!(grown < 200 * 1024 * 1024, "the server grew by {grown} bytes");
    // Whoever reads at last finds fewer replies than were asked for, or all of them if the server waited instead.
    let mut received = 0;
    let mut chunk = vec![0; 1 << 20];
    while received < 1000 * (value.len() + 12) {
        match greedy.stream().read(&mut chunk) {
            Ok(0) | Err(_) => break,
            Ok(read) => received += read,
        }
    }
    assert_eq!(control.say("PING").text(), "PONG");
}

#[test]
fn too_many_clients_are_told_so() {
    let options = ServerOptions::new().flag("save", "").flag("maxclients", 10);
    let server = Server::start(Kind::Polycache, options);
    // Connections of the start's probes may still be closing.
    let mut held: Vec<Client> = Vec::new();
    let refused = loop {
        let mut client = server.client();
        match client.try_call(&["PING"]) {
            Ok(reply) if reply.is_error() => break reply.text(),
            Ok(_) => held.push(client),
            // The refusal may be lost in the reset, as with Redis.
            Err(_) => break "ERR max number of clients reached".into(),
        }
        assert!(held.len() <= 10, "{} clients are connected", held.len());
    };
    assert_eq!(refused, "ERR max number of clients reached");
    assert_eq!(held[0].say("PING").text(), "PONG");
}

#[test]
fn a_thousand_idle_connections() {
    let server = Server::volatile(Kind::Polycache);
    // Both ends of each need a descriptor; the soft limit of 1024 is common.
    let mut clients: Vec<Client> = (0..400).map(|_| server.client()).collect();
    for client in &mut clients {
        assert_eq!(client.say("PING").text(), "PONG");
    }
}

#[test]
fn memory_stays_below_maxmemory() {
    let options = ServerOptions::new()
        .flag("save", "")
        .flag("maxmemory", "50mb")
        .flag("maxmemory-policy", "allkeys-lru");
    let server = Server::start(Kind::Polycache, options);
    let mut client = server.client();
    let value = "x".repeat(1000);
    for batch in 0..100 {
        let commands: Vec<Vec<Vec<u8>>> = (0..1000)
            .map(|i| {
                vec![
                    b"SET".to_vec(),
                    format!("key:{}", batch * 1000 + i).into_bytes(),
                    value.clone().into_bytes(),
                ]
            })
            .collect();
        let replies = client.pipeline(&commands).expect("replies");
        assert!(
            replies.iter().all(|reply| reply.is_ok()),
            "{:?}",
            replies.iter().find(|reply| !reply.is_ok())
        );
    }
    let keys = client.say("DBSIZE").integer().expect("a number");
    assert!((10_000..60_000).contains(&keys), "{keys} keys of 1000 bytes in 50 MB");
    let information = client.say("INFO stats").text();
    assert!(!information.contains("evicted_keys:0\r"), "{information}");
}

#[test]
fn writes_are_refused_without_eviction() {
    let options = ServerOptions::new()
        .flag("save", "")
        .flag("maxmemory", "10mb")
        .flag("maxmemory-policy", "noeviction");
    let server = Server::start(Kind::Polycache, options);
    let mut client = server.client();
    let value = "x".repeat(10_000);
    let refused = (0..5000).map(|i| client.say(&format!("SET key:{i} {value}"))).find(|reply| !reply.is_ok());
    let refused = refused.expect("10 MB hold no 50 MB").text();
    assert_eq!(refused, "OOM command not allowed when used memory > 'maxmemory'.");
    assert_eq!(client.say("GET key:0").text(), value);
    assert_eq!(client.say("DEL key:0 key:1 key:2").integer(), Some(3));
}
