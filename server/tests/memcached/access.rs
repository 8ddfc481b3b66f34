//! Users of the access control on the memcached protocols: what they may not do as Redis clients they may not do here.

use polycache_core::engine::Engine;
use polycache_server::Server;
use polycache_server::config::Settings;
use polycache_server::memcached::converse;

use crate::binary::{request, shown};

fn server() -> std::sync::Arc<Server> {
    let settings = Settings::parse(
        "user default off\nuser reader on >secret +get ~a*\nuser writer on >pen +set +incrby ~a* +@connection",
    )
    .unwrap();
    let server = Server::new(Engine::in_memory(Default::default()), settings.clone());
    server.acl.start(&settings).unwrap();
    server
}

fn say(server: &std::sync::Arc<Server>, login: &str, script: &str) -> String {
    let text = format!("set x 0 0 {}\r\n{login}\r\n{script}", login.len());
    let replies = converse(server, [text.as_bytes()]);
    String::from_utf8(replies).unwrap().strip_prefix("STORED\r\n").expect("logged in").to_owned()
}

#[test]
fn text_and_meta_commands_are_judged() {
    let server = server();
    assert_eq!(converse(&server, [b"get a\r\n".as_slice()]), b"CLIENT_ERROR unauthenticated\r\n");
    let no_key = "CLIENT_ERROR NOPERM No permissions to access a key\r\n";
    let no = |user: &str, command: &str| {
        format!("CLIENT_ERROR NOPERM User {user} has no permissions to run the '{command}' command\r\n")
    };
    assert_eq!(say(&server, "writer pen", "set a1 0 0 1\r\n5\r\nincr a1 2\r\n"), "STORED\r\n7\r\n");
    assert_eq!(say(&server, "writer pen", "set b 0 0 1\r\n5\r\n"), no_key);
    assert_eq!(say(&server, "writer pen", "get a1\r\n"), no("writer", "get"));
    assert_eq!(say(&server, "writer pen", "ms b 1\r\nx\r\n"), no_key);
    assert_eq!(
        say(&server, "reader secret", "get a1\r\nmg a1 v\r\n"),
        "VALUE a1 0 1\r\n7\r\nEND\r\nVA 1\r\n7\r\n"
    );
    assert_eq!(say(&server, "reader secret", "get a1 b\r\n"), no_key);
    for (script, command) in [
        ("set a1 0 0 1\r\nx\r\n", "set"),
        ("append a1 0 0 1\r\nx\r\n", "append"),
        ("delete a1\r\n", "del"),
        ("incr a1 1\r\n", "incrby"),
        ("touch a1 5\r\n", "expire"),
        ("gat 5 a1\r\n", "getex"),
        ("md a1\r\n", "del"),
        ("mg a1 v T5\r\n", "expire"),
        ("mg a2 v N5\r\n", "set"),
        ("flush_all\r\n", "flushdb"),
        ("stats\r\n", "info"),
        ("lru_crawler metadump all\r\n", "keys"),
        ("cache_memlimit 100\r\n", "config|set"),
    ] {
        assert_eq!(say(&server, "reader secret", script), no("reader", command), "{script}");
    }
    assert!(say(&server, "reader secret", "version\r\n").starts_with("VERSION"));
}

#[test]
fn sasl_knows_the_users() {
    let server = server();
    let auth = |token: &[u8]| request(0x21, &[], b"PLAIN", token, 0);
    let say = |script: &[Vec<u8>]| shown(&converse(&server, [&script.concat()[..]])).join("\n");
    assert!(say(&[auth(b"\0reader\0wrong")]).ends_with("Auth failure."));
    let told = say(&[auth(b"\0reader\0secret"), request(0x00, &[], b"a9", b"", 0)]);
    assert!(told.ends_with("Not found"), "{told}");
    let told = say(&[auth(b"\0reader\0secret"), request(0x01, &[0; 8], b"a1", b"v", 0)]);
    assert!(told.contains("NOPERM User reader has no permissions to run the"), "{told}");
    let told = say(&[auth(b"\0reader\0secret"), request(0x00, &[], b"b", b"", 0)]);
    assert!(told.ends_with("NOPERM No permissions to access a key"), "{told}");
}
