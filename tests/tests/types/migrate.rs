//! MIGRATE between servers of ours, and to and from Valkey.

use polycache_tests::support::{Kind, Server, free_port};

use super::data::{KEYS, STREAMS, assert_same, digest, fill, fill_streams, options, run, start};

/// Moves everything from one server to another, which then holds what the first one held.
fn migrate_all(from: Kind, to: Kind) {
    let (source, target, control) = (start(from), start(to), start(Kind::Polycache));
    let (mut client, mut there) = (source.client(), target.client());
    fill(&mut client);
    let mut names: Vec<&str> = KEYS.to_vec();
    let mut expected = control.client();
    fill(&mut expected);
    fill_streams(&mut client);
    fill_streams(&mut expected);
    names.extend(STREAMS);
    let reply = run(&mut client, &format!("MIGRATE 127.0.0.1 {} string 0 5000 COPY", target.port));
    assert!(reply.is_ok());
    assert_eq!(run(&mut client, "GET string").text(), "value");
    let keys = names.join(" ");
    let migrate = |options: &str| {
        let mut words = vec!["MIGRATE", "127.0.0.1"];
        let port = target.port.to_string();
        words.extend([port.as_str(), "", "0", "5000"]);
        words.extend(options.split_whitespace());
        words.push("KEYS");
        words.extend(keys.split(' '));
        words.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let reply = client.call(&migrate(""));
    assert!(reply.is_error_with("ERR Target instance replied with error: BUSYKEY"), "{}", reply.text());
    run(&mut client, "COPY string again REPLACE");
    let _ = client.call(&migrate("REPLACE"));
    run(&mut client, "SELECT 1");
    run(&mut client, &format!("MIGRATE localhost {} elsewhere 1 5000", target.port));
    assert_same(&mut there, &mut expected);
    run(&mut client, "SELECT 0");
    assert_eq!(run(&mut client, "DBSIZE").integer(), Some(1));
    assert_eq!(client.call(&migrate("")).text(), "NOKEY");
    assert_ne!(digest(&mut client), digest(&mut there));
}

#[test]
fn between_our_servers() {
    migrate_all(Kind::Polycache, Kind::Polycache);
}

#[test]
fn to_valkey() {
    migrate_all(Kind::Polycache, Kind::Valkey);
}

#[test]
fn from_valkey() {
    migrate_all(Kind::Valkey, Kind::Polycache);
}

#[test]
fn a_password_is_sent() {
    let source = start(Kind::Polycache);
    let target = Server::start(Kind::Polycache, options().flag("requirepass", "secret"));
    let mut client = source.client();
    run(&mut client, "SET a 1");
    run(&mut client, "SET b 1");
    let command = format!("MIGRATE 127.0.0.1 {} a 0 5000", target.port);
    let reply = client.say(&command);
    assert!(reply.is_error_with("ERR Target instance replied with error: NOAUTH"), "{}", reply.text());
    let reply = client.say(&format!("{command} AUTH wrong"));
    assert!(reply.is_error_with("ERR Target instance replied with error: WRONGPASS"), "{}", reply.text());
    assert_eq!(run(&mut client, "EXISTS a b").integer(), Some(2));
    assert!(client.say(&format!("{command} AUTH secret")).is_ok());
    assert!(client.say(&format!("{command} AUTH2 default secret").replace(" a ", " b ")).is_ok());
    assert_eq!(run(&mut client, "EXISTS a b").integer(), Some(0));
}

#[test]
fn nobody_listens() {
    let source = start(Kind::Polycache);
    let mut client = source.client();
    run(&mut client, "SET a 1");
    let reply = client.say(&format!("MIGRATE 127.0.0.1 {} a 0 100", free_port()));
    assert_eq!(reply.text(), "IOERR error or timeout connecting to the client");
    // Somebody who never answers.
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = silent.local_addr().expect("bound").port();
    let reply = client.say(&format!("MIGRATE 127.0.0.1 {port} a 0 100"));
    assert_eq!(reply.text(), "IOERR error or timeout reading to target instance");
    assert_eq!(run(&mut client, "GET a").text(), "1");
}
