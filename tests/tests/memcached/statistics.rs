//! `stats` and its groups: tools ask for figures by the names that memcached gives them.

use std::collections::BTreeSet;

use polycache_tests::support::memcached::TextClient;
use polycache_tests::support::{Kind, Server, ServerOptions};

/// The names of a group, numbers of classes and connections left out, and the values seen.
fn names(client: &mut TextClient, group: &str) -> BTreeSet<String> {
    let reply = client.exchange(format!("stats {group}\r\n").as_bytes()).expect("an answer");
    let text = String::from_utf8(reply).expect("text");
    let name = |line: &str| {
        let name = line.trim_end().strip_prefix("STAT ")?.split(' ').next()?;
        Some(name.split(':').filter(|part| part.parse::<u64>().is_err()).collect::<Vec<_>>().join(":"))
    };
    text.lines().filter_map(name).collect()
}

#[test]
fn names_are_those_of_memcached() {
    let servers = [Server::start(Kind::Memcached, ServerOptions::new()), Server::volatile(Kind::Polycache)];
    let mut clients = servers.each_ref().map(|server| TextClient::connect(server.memcached_port));
    for client in &mut clients {
        client.set("key", b"value", 0, 0);
        assert!(client.gets("key").is_some());
    }
    for group in ["", "settings", "items", "slabs", "conns", "sizes"] {
        let [theirs, ours] = clients.each_mut().map(|client| names(client, group));
        assert!(!theirs.is_empty(), "stats {group}");
        let missing: Vec<_> = theirs.difference(&ours).collect();
        assert!(missing.is_empty(), "stats {group} has no {missing:?}");
    }
}
