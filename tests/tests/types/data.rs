//! A data set with every type in each of its forms, and what says that two servers hold the same.

use polycache_tests::support::{Client, Kind, Server, ServerOptions};

/// Names of the keys that [`fill`] makes, in database 0.
pub const KEYS: [&str; 12] = [
    "string",
    "number",
    "rope",
    "list:small",
    "list:large",
    "set:numbers",
    "set:small",
    "set:large",
    "zset:small",
    "zset:large",
    "hash:small",
    "hash:large",
];
/// Streams, and strings that hold a HyperLogLog.
pub const STREAMS: [&str; 2] = ["stream", "stream:group"];

/// Elements of large values.
const MANY: usize = 3000;

pub fn options() -> ServerOptions {
    ServerOptions::new().flag("save", "").flag("enable-debug-command", "yes")
}

pub fn start(kind: Kind) -> Server {
    Server::start(kind, options().flag("appendonly", "no"))
}

/// Carries out a command that must not fail.
pub fn run(client: &mut Client, words: &str) -> polycache_tests::support::Value {
    let reply = client.say(words);
    assert!(!reply.is_error(), "{words}: {}", reply.text());
    reply
}

/// Makes the data set.
pub fn fill(client: &mut Client) {
    run(client, "SET string value");
    run(client, "SET number 42 PXAT 4000000030000");
    run(client, &format!("SET rope {}", "x".repeat(100_000)));
    for (key, count) in [("small", 5), ("large", MANY)] {
        let each = |what: &dyn Fn(usize) -> String| (0..count).map(what).collect::<Vec<_>>().join(" ");
        run(client, &format!("RPUSH list:{key} {}", each(&|number| format!("element:{number}"))));
        run(client, &format!("SADD set:{key} {}", each(&|number| format!("member:{number}"))));
        let scores = each(&|number| format!("{}.5 member:{number}", number % 100));
        run(client, &format!("ZADD zset:{key} {scores}"));
        let fields = each(&|number| format!("field:{number} value:{number}"));
        run(client, &format!("HSET hash:{key} {fields}"));
    }
    run(client, "SADD set:numbers 1 2 3 -4");
    run(client, "PEXPIREAT list:large 4000000030000");
    run(client, "SELECT 1");
    run(client, "RPUSH elsewhere a b");
    run(client, "SELECT 0");
}

/// Adds what redis-server has no exact equal of in its file format of version 7, or what digests do not cover.
pub fn fill_streams(client: &mut Client) {
    for number in 1..150 {
        run(client, &format!("XADD stream {number}-1 field value:{number} other {number}"));
    }
    run(client, "XADD stream:group 1-1 a b");
    run(client, "XADD stream:group 2-1 c d");
    run(client, "XGROUP CREATE stream:group readers 0");
    run(client, "XREADGROUP GROUP readers one COUNT 1 STREAMS stream:group >");
}

/// What a server holds, in one word.
pub fn digest(client: &mut Client) -> String {
    run(client, "DEBUG DIGEST").text()
}

/// What it holds, key by key, for a report that helps.
pub fn assert_same(left: &mut Client, right: &mut Client) {
    for key in KEYS.iter().chain(&STREAMS) {
        for question in ["TYPE", "DEBUG DIGEST-VALUE"] {
            let question = format!("{question} {key}");
            assert_eq!(left.say(&question), right.say(&question), "{question}");
        }
        // Times to live travel as such: some milliseconds are lost on the way.
        let expires = |client: &mut Client| {
            let at = run(client, &format!("PEXPIRETIME {key}")).integer().expect("a time");
            if at > 0 { at / 60_000 } else { at }
        };
        assert_eq!(expires(left), expires(right), "{key}");
    }
    assert_eq!(digest(left), digest(right));
}
