//! State of connections: protocol versions, CLIENT commands, closing.

use polycache_tests::support::{Kind, Server, ServerOptions, Value};

#[test]
fn client_reply_off_and_skip() {
    let server = Server::volatile(Kind::Polycache);
    let mut client = server.client();
    client
        .send(b"CLIENT REPLY OFF\r\nSET a 1\r\nGET a\r\nCLIENT REPLY ON\r\nGET a\r\nCLIENT REPLY SKIP\r\nGET a\r\nPING\r\n")
        .expect("a connection");
    assert!(client.read().expect("a reply").is_ok());
    assert_eq!(client.read().expect("a reply").text(), "1");
    assert_eq!(client.read().expect("a reply").text(), "PONG");
}

#[test]
fn resp3_has_its_own_nulls_and_maps() {
    let server = Server::volatile(Kind::Polycache);
    let mut client = server.client();
    assert_eq!(client.say("GET none"), Value::NullBulk);
    let Value::Map(hello) = client.say("HELLO 3 SETNAME me") else { panic!("HELLO 3 answers with a map") };
    let field = |name: &str| hello.iter().find(|(key, _)| key.text() == name).map(|(_, value)| value.clone());
    assert_eq!(field("proto"), Some(Value::Integer(3)));
    assert_eq!(field("role").map(|role| role.text()), Some("master".into()));
    assert_eq!(client.say("GET none"), Value::Null);
    assert_eq!(client.say("CLIENT GETNAME").text(), "me");
    assert!(matches!(client.say("CONFIG GET maxmemory"), Value::Map(_)));
    assert_eq!(client.say("RESET").text(), "RESET");
    assert_eq!(client.say("GET none"), Value::NullBulk);
}

#[test]
fn clients_can_be_killed_by_id() {
    let server = Server::volatile(Kind::Polycache);
    let (mut first, mut second) = (server.client(), server.client());
    let id = second.say("CLIENT ID").integer().expect("an id");
    assert_eq!(first.say(&format!("CLIENT KILL ID {id}")).integer(), Some(1));
    assert!(second.try_call(&["PING"]).is_err());
    assert_eq!(first.say("PING").text(), "PONG");
}

#[test]
fn quit_answers_and_closes() {
    let server = Server::volatile(Kind::Polycache);
    let mut client = server.client();
    client.send(b"QUIT\r\nPING\r\n").expect("a connection");
    assert_eq!(client.read_to_end().expect("the end"), b"+OK\r\n");
}

#[test]
fn databases_are_apart() {
    let server = Server::volatile(Kind::Polycache);
    let mut client = server.client();
    assert!(client.say("SET key zero").is_ok());
    assert!(client.say("SELECT 1").is_ok());
    assert!(client.say("GET key").is_null());
    assert!(client.say("SET key one").is_ok());
    assert!(client.say("SWAPDB 0 1").is_ok());
    assert_eq!(client.say("GET key").text(), "zero");
    assert_eq!(server.client().say("GET key").text(), "one");
    assert_eq!(client.say("SELECT 16").text(), "ERR DB index is out of range");
}

#[test]
fn pause_holds_writes_until_it_ends() {
    let server = Server::volatile(Kind::Polycache);
    let (mut first, mut second) = (server.client(), server.client());
    assert!(first.say("CLIENT PAUSE 60000 WRITE").is_ok());
    assert!(second.say("GET key").is_null());
    second.send(b"SET key value\r\n").expect("a connection");
    assert!(first.say("GET key").is_null());
    assert!(first.say("CLIENT UNPAUSE").is_ok());
    assert!(second.read().expect("the held reply").is_ok());
    assert_eq!(first.say("GET key").text(), "value");
}

#[test]
fn a_unix_socket_serves_too() {
    use std::io::{Read, Write};
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("polycache.sock");
    let server = Server::start(
        Kind::Polycache,
        ServerOptions::new().flag("save", "").flag("unixsocket", path.display()),
    );
    let mut stream = std::os::unix::net::UnixStream::connect(&path).expect("the socket");
    stream.write_all(b"PING\r\n").expect("a connection");
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"+PONG\r\n");
    drop(server);
}

#[test]
fn bad_flags_are_refused_with_the_reason() {
    for (name, value) in [("no-such-setting", "1"), ("appendfsync", "sometimes"), ("maxmemory", "lots")] {
        let result = Server::try_start(Kind::Polycache, ServerOptions::new().flag(name, value));
        let Err((_, log)) = result else { panic!("--{name} {value} was accepted") };
        assert!(log.contains(name), "--{name} {value}: {log}");
    }
}
