//! Keys of every type through kills, rewrites and reloads, and to and from a real redis-server.

use std::path::Path;

use polycache_tests::support::{Client, Kind, Server};
use tempfile::TempDir;

use super::data::{digest, fill, fill_streams, options, run};

fn start(kind: Kind, dir: &Path, flags: &[(&str, &str)]) -> Server {
    let logged = options().dir(dir).flag("appendonly", "yes").flag("appendfsync", "always");
    Server::start(kind, flags.iter().fold(logged, |options, (name, value)| options.flag(name, value)))
}

/// Waits for a rewrite to end well.
fn rewrite(client: &mut Client) {
    run(client, "BGREWRITEAOF");
    for _ in 0..600 {
        let info = run(client, "INFO persistence").text();
        let is = |line: &str| info.lines().any(|found| found.trim() == line);
        if is("aof_rewrite_in_progress:0") && is("aof_rewrite_scheduled:0") {
            assert!(is("aof_last_bgrewrite_status:ok"), "{info}");
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("the rewrite does not end");
}

#[test]
fn the_log_brings_everything_back() {
    for format in ["snapshot", "resp", "rdb"] {
        let dir = TempDir::new().expect("a directory");
        let flags = [("aof-base-format", format)];
        let mut server = start(Kind::Polycache, dir.path(), &flags);
        let mut client = server.client();
        fill(&mut client);
        fill_streams(&mut client);
        let before = digest(&mut client);
        server.kill();
        let mut server = start(Kind::Polycache, dir.path(), &flags);
        let mut client = server.client();
        assert_eq!(digest(&mut client), before, "{format}, from the log");
        rewrite(&mut client);
        assert_eq!(digest(&mut client), before, "{format}, after the rewrite");
        // Some of what is in the base changes behind it.
        for words in ["LPUSH list:large x", "SREM set:large member:7", "ZINCRBY zset:large 3 member:9"] {
            run(&mut client, words);
        }
        run(&mut client, "HSET hash:large field:1 changed new field");
        let before = digest(&mut client);
        server.kill();
        let server = start(Kind::Polycache, dir.path(), &flags);
        let mut client = server.client();
        assert_eq!(digest(&mut client), before, "{format}, from the base and the log");
        assert_eq!(run(&mut client, "XINFO GROUPS stream:group").items().len(), 1);
    }
}

#[test]
fn a_reload_changes_nothing() {
    let dir = TempDir::new().expect("a directory");
    let server = Server::start(Kind::Polycache, options().dir(dir.path()));
    let mut client = server.client();
    fill(&mut client);
    fill_streams(&mut client);
    let before = digest(&mut client);
    run(&mut client, "DEBUG RELOAD");
    assert_eq!(digest(&mut client), before);
    run(&mut client, "ZADD zset:large 5 another");
    run(&mut client, "DEBUG RELOAD");
    assert_ne!(digest(&mut client), before);
}

/// `from` writes a directory, with a rewrite in the middle; `to` starts with it and holds the same.
fn hand_over(from: Kind, to: Kind, flags: &[(&str, &str)]) {
    let dir = TempDir::new().expect("a directory");
    let mut server = start(from, dir.path(), flags);
    let mut client = server.client();
    fill(&mut client);
    rewrite(&mut client);
    run(&mut client, "RPUSH list:large behind the base");
    run(&mut client, "ZREM zset:large member:1");
    run(&mut client, "HDEL hash:small field:1");
    run(&mut client, "SPOP set:small 2");
    // Digests of scores are made of other digits in redis-server 7.
    let about = |client: &mut Client| {
        super::data::KEYS.map(|key| {
            let scores = run(client, &format!("TYPE {key}")).text() == "zset";
            let question = if scores { "ZRANGE {} 0 -1 WITHSCORES" } else { "DEBUG DIGEST-VALUE {}" };
            format!("{key} {:?}", run(client, &question.replace("{}", key)))
        })
    };
    let before = about(&mut client);
    server.stop();
    let server = start(to, dir.path(), &[]);
    let mut client = server.client();
    assert_eq!(about(&mut client), before, "{from:?} to {to:?}, {flags:?}");
    run(&mut client, "SET written after");
}

#[test]
fn redis_loads_our_directory() {
    hand_over(Kind::Polycache, Kind::Redis, &[("aof-base-format", "resp")]);
    hand_over(Kind::Polycache, Kind::Redis, &[("aof-base-format", "rdb"), ("rdb-version", "redis10")]);
}

#[test]
fn we_load_a_directory_of_redis() {
    hand_over(Kind::Redis, Kind::Polycache, &[("aof-use-rdb-preamble", "no")]);
    hand_over(Kind::Redis, Kind::Polycache, &[("aof-use-rdb-preamble", "yes")]);
}
