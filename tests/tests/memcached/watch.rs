//! watch: what others do is told.

use polycache_tests::support::memcached::TextClient;
use polycache_tests::support::{Kind, Server, ServerOptions};

#[test]
fn a_watcher_is_told() {
    let server = Server::volatile(Kind::Polycache);
    let mut watcher = TextClient::connect(server.memcached_port);
    assert_eq!(watcher.ask(b"watch bogus\r\n"), "ERROR");
    assert_eq!(watcher.ask(b"watch fetchers mutations connevents\r\n"), "OK");
    let mut client = TextClient::connect(server.memcached_port);
    client.set("a key".replace(' ', "/").as_str(), b"abc", 0, 50);
    assert_eq!(client.ask(b"get none\r\n"), "END");
    assert_eq!(client.ask(b"delete a/key\r\n"), "DELETED");
    drop(client);
    let mut next = || String::from_utf8(watcher.line().expect("a line")).expect("text");
    for expected in [
        "type=conn_new rip=127.0.0.1 rport=",
        "type=item_store key=a%2Fkey status=stored cmd=set ttl=50 clsid=1 cfd=",
        "type=item_get key=none status=not_found clsid=0 cfd=",
        "type=item_delete key=a%2Fkey status=deleted clsid=1 cfd=",
        "type=conn_close rip=127.0.0.1 rport=",
    ] {
        let line = next();
        assert!(
            line.starts_with("ts=") && line.contains(" gid=") && line.contains(expected),
            "{expected}: {line}"
        );
    }
    let mut other = TextClient::connect(server.memcached_port);
    other.send(b"version\r\nwatch\r\n").expect("sent");
    assert!(other.line().expect("a line").starts_with(b"VERSION"));
    assert_eq!(other.line().expect("a line"), b"ERROR cannot pipeline other commands before watch");
}

#[test]
fn evictions_are_told() {
    let options = ServerOptions::new()
        .flag("save", "")
        .flag("maxmemory", "8mb")
        .flag("maxmemory-policy", "allkeys-lru");
    let server = Server::start(Kind::Polycache, options);
    let mut watcher = TextClient::connect(server.memcached_port);
    assert_eq!(watcher.ask(b"watch evictions\r\n"), "OK");
    let mut client = TextClient::connect(server.memcached_port);
    for number in 0..200 {
        client.set(&format!("key{number}"), &[b'x'; 100_000], 0, 1000);
    }
    let line = String::from_utf8(watcher.line().expect("a line")).expect("text");
    assert!(line.contains(" type=eviction key=key") && line.contains(" fetch=no ttl="), "{line}");
}
