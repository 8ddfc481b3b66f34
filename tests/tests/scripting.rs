//! Scripts and functions, on our server and on Valkey 9.1.2: every conversion, every error, every library function.
//!
//! The tables are text: calls are separated by lines of `====`; a call is the source of a script without keys, or the
//! words of a command separated by lines of `--`. Calls of one table run in order on one connection.

#[path = "scripting/isolation.rs"]
mod isolation;
#[path = "scripting/limits.rs"]
mod limits;

use polycache_tests::support::{Client, Kind, Server, ServerOptions};

fn start(kind: Kind) -> Server {
    Server::start(kind, ServerOptions::new().flag("save", "").flag("appendonly", "no"))
}

fn ours() -> Server {
    start(Kind::Polycache)
}

/// Plays a table on both sides in both protocols.
fn compare(table: &str) {
    let (peer, ours) = (start(Kind::Valkey), start(Kind::Polycache));
    let mut differences = Vec::new();
    for protocol in ["2", "3"] {
        let mut clients = [Client::connect(peer.port), Client::connect(ours.port)];
        for client in &mut clients {
            client.call(&["HELLO", protocol]);
            client.call(&["FLUSHALL"]);
            client.call(&["FUNCTION", "FLUSH"]);
        }
        for call in table.split("\n====\n") {
            let mut words: Vec<&str> = call.split("\n--\n").collect();
            if let [source] = words[..] {
                words = vec!["EVAL", source, "0"];
            }
            let [expected, actual] = clients.each_mut().map(|client| format!("{:?}", client.call(&words)));
            if expected != actual {
                differences
                    .push(format!("RESP{protocol} {words:?}\n  Valkey: {expected}\n  ours:   {actual}"));
            }
        }
    }
    assert!(differences.is_empty(), "{} calls differ\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn conversions_and_errors() {
    compare(include_str!("scripting/calls.txt"));
}

#[test]
fn libraries() {
    compare(include_str!("scripting/libraries.txt"));
}
