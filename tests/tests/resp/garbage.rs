//! Bytes that are no commands: an error in the protocol's form, the connection closed, and the server goes on.

use std::io::Write;
use std::net::Shutdown;

use polycache_tests::support::{Client, Kind, Server};

/// Sends bytes, ends the input, and returns all that came back.
fn answer_to(server: &Server, bytes: &[u8]) -> String {
    let mut client = server.client();
    // The server may close before it has read everything.
    let _ = client.send(bytes);
    let _ = client.stream().shutdown(Shutdown::Write);
    String::from_utf8_lossy(&client.read_to_end().unwrap_or_default()).into_owned()
}

#[test]
fn protocol_errors_have_the_known_texts() {
    let server = Server::volatile(Kind::Polycache);
    let cases: &[(&[u8], &str)] = &[
        (b"*3\r\n$3\r\nSET\r\n$-5\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
        (b"*1\r\n$99999999999\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
        (b"*1\r\n$abc\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
        (b"*abc\r\n", "-ERR Protocol error: invalid multibulk length\r\n"),
        (b"*2147483648\r\n", "-ERR Protocol error: invalid multibulk length\r\n"),
        (b"*1\r\n+PING\r\n", "-ERR Protocol error: expected '$', got '+'\r\n"),
        (b"SET \"unbalanced\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"),
    ];
    for (input, expected) in cases {
        assert_eq!(answer_to(&server, input), *expected, "input {:?}", input.escape_ascii().to_string());
    }
    assert_eq!(server.client().say("PING").text(), "PONG");
}

#[test]
fn empty_requests_are_ignored() {
    let server = Server::volatile(Kind::Polycache);
    assert_eq!(answer_to(&server, b"\r\n\r\n*0\r\n*-1\r\n*1\r\n$4\r\nPING\r\n"), "+PONG\r\n");
}

#[test]
fn inline_commands_work() {
    let server = Server::volatile(Kind::Polycache);
    let input = b"PING\r\nSET key \"a\\x41 \\n\"\r\nGET key\nECHO 'it\\'s'\r\n";
    let answer = answer_to(&server, input);
    assert_eq!(answer, "+PONG\r\n+OK\r\n$4\r\naA \n\r\n$4\r\nit's\r\n");
}

#[test]
fn other_protocols_are_refused() {
    let server = Server::volatile(Kind::Polycache);
    let mut victim = server.client();
    assert!(victim.say("SET key untouched").is_ok());
    // A browser lured to the port must not run the commands in its body.
    let request = b"POST / HTTP/1.1\r\nHost: localhost:6379\r\nContent-Length: 20\r\n\r\nSET key changed\r\n";
    let _ = answer_to(&server, request);
    assert_eq!(victim.say("GET key").text(), "untouched");
    let _ = answer_to(&server, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
    assert_eq!(victim.say("GET key").text(), "untouched");
}

#[test]
fn random_bytes_harm_nobody() {
    let mut server = Server::volatile(Kind::Polycache);
    let mut bystander = server.client();
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..300 {
        let mut bytes: Vec<u8> = (0..random.usize(1..400)).map(|_| random.u8(..)).collect();
        // Half of them begin like a command.
        if round % 2 == 0 {
            let start = b"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n";
            let mut damaged = start.to_vec();
            damaged[random.usize(..start.len())] = random.u8(..);
            damaged.append(&mut bytes);
            bytes = damaged;
        }
        // A damaged line may be a command that waits for its end: closing both ways ends it.
        let _ = answer_to(&server, &bytes);
    }
    assert_eq!(bystander.say("PING").text(), "PONG");
    assert!(server.is_running(), "{}", server.log());
}

#[test]
fn input_may_come_in_any_pieces() {
    let server = Server::volatile(Kind::Polycache);
    let input =
        b"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$7\r\nv\r\nalue\r\n*2\r\n$3\r\nGET\r\n$3\r\nkey\r\nPING\r\n";
    let expected = "+OK\r\n$7\r\nv\r\nalue\r\n+PONG\r\n";
    for split in 0..=input.len() {
        let mut client = server.client();
        client.send(&input[..split]).expect("a connection");
        // A round trip on another connection lets the server see the first part alone.
        server.client().say("PING");
        client.send(&input[split..]).expect("a connection");
        client.stream().shutdown(Shutdown::Write).expect("a connection");
        let answer = client.read_to_end().expect("replies");
        assert_eq!(String::from_utf8_lossy(&answer), expected, "split at {split}");
    }
    let mut slow = server.client();
    for byte in input {
        slow.stream().write_all(&[*byte]).expect("a connection");
    }
    slow.stream().shutdown(Shutdown::Write).expect("a connection");
    assert_eq!(String::from_utf8_lossy(&slow.read_to_end().expect("replies")), expected);
}

#[test]
fn unauthenticated_clients_may_send_little() {
    let options =
        polycache_tests::support::ServerOptions::new().flag("save", "").flag("requirepass", "secret");
    let server = Server::start(Kind::Polycache, options);
    assert_eq!(
        answer_to(&server, b"*100\r\n$3\r\nGET\r\n"),
        "-ERR Protocol error: unauthenticated multibulk length\r\n"
    );
    assert_eq!(
        answer_to(&server, b"*2\r\n$3\r\nGET\r\n$100000\r\n"),
        "-ERR Protocol error: unauthenticated bulk length\r\n"
    );
    let mut client = Client::connect(server.port);
    assert_eq!(client.say("GET key").text(), "NOAUTH Authentication required.");
    assert!(client.say("AUTH wrong").is_error_with("WRONGPASS"));
    assert!(client.say("AUTH secret").is_ok());
    assert!(client.say("GET key").is_null());
}
