//! Append-only directories that go from us to redis-server 7, and from it to us.

use polycache_tests::differential::session::state;
use polycache_tests::support::memcached::TextClient;
use polycache_tests::support::{Client, Kind, Server, ServerOptions, Value};

const COMMANDS: &[&str] = &["GET", "PEXPIRETIME"];

/// Keys of all shapes in several databases.
fn write(client: &mut Client, prefix: &str) {
    for database in [0, 3] {
        assert!(client.say(&format!("SELECT {database}")).is_ok());
        for key in 0..200 {
            assert!(client.say(&format!("SET {prefix}:{key} value-{key}-{database}")).is_ok());
        }
        client.say(&format!("EXPIRE {prefix}:1 100000"));
        client.say(&format!("SET {prefix}:2 short EX 90000 GET"));
        client.say(&format!("DEL {prefix}:3 {prefix}:4"));
        client.say(&format!("MSET {prefix}:5 a {prefix}:6 b"));
        client.say(&format!("INCRBY {prefix}:counter 41"));
        client.say(&format!("INCRBYFLOAT {prefix}:float 1.25"));
        client.say(&format!("APPEND {prefix}:7 -more"));
        client.say(&format!("SETRANGE {prefix}:sparse 40000 end"));
        client.say(&format!("SETBIT {prefix}:bits 77 1"));
        client.say(&format!("BITFIELD {prefix}:field SET u8 0 200 INCRBY i16 #1 -3"));
        client.say(&format!("RENAME {prefix}:8 {prefix}:renamed"));
        client.say(&format!("COPY {prefix}:9 {prefix}:copied"));
        client.say(&format!("PERSIST {prefix}:1"));
        client.say(&format!("GETEX {prefix}:10 PX 99999999"));
        client.call(&[
            b"SET".as_slice(),
            format!("{prefix}:\0\r\n\u{e9}").as_bytes(),
            &[0, 1, 2, 255, 13, 10],
        ]);
        client.say(&format!("MOVE {prefix}:11 5"));
    }
}

/// Rewrites the log and waits for it.
fn rewrite(client: &mut Client) {
    assert!(!client.say("BGREWRITEAOF").is_error());
    let mut is_busy = || {
        let state = client.say("INFO persistence").text();
        state.contains("aof_rewrite_in_progress:1") || state.contains("aof_rewrite_scheduled:1")
    };
    while is_busy() {}
}

/// Bases that redis-server 7.0 loads, by the values of `aof-base-format` and of Redis' `aof-use-rdb-preamble`.
const BASES: [(&str, &str); 2] = [("resp", "no"), ("rdb", "yes")];

#[test]
fn redis_server_loads_our_directory() {
    BASES.iter().for_each(|(base, _)| redis_loads_ours(base));
}

fn redis_loads_ours(base: &str) {
    let folder = tempfile::tempdir().expect("a directory");
    let ours = || {
        let options = ServerOptions::new().dir(folder.path()).flag("save", "").flag("appendonly", "yes");
        options.flag("aof-base-format", base).flag("rdb-version", "redis10").flag("appendfsync", "always")
    };
    let mut server = Server::start(Kind::Polycache, ours());
    let mut client = server.client();
    write(&mut client, "before");
    TextClient::connect(server.memcached_port).set("flagged", b"with flags", 42, 0);
    assert!(!client.say("BGREWRITEAOF").is_error());
    write(&mut client, "after");
    TextClient::connect(server.memcached_port).set("flagged-too", b"with flags", 7, 0);
    let expected = state(server.port, COMMANDS);
    server.stop();

    let redis = || ServerOptions::new().dir(folder.path()).flag("save", "").flag("appendonly", "yes");
    let server = Server::start(Kind::Redis, redis());
    assert_states_equal(&expected, &state(server.port, COMMANDS), &server.log());
}

#[test]
fn we_load_the_directory_of_a_redis_server() {
    for (is_killed, (_, preamble)) in
        [false, true].into_iter().flat_map(|killed| BASES.map(|base| (killed, base)))
    {
        let folder = tempfile::tempdir().expect("a directory");
        let redis = ServerOptions::new().dir(folder.path()).flag("save", "").flag("appendonly", "yes");
        let redis = redis.flag("aof-use-rdb-preamble", preamble).flag("appendfsync", "always");
        let mut server = Server::start(Kind::Redis, redis);
        let mut client = server.client();
        write(&mut client, "before");
        rewrite(&mut client);
        write(&mut client, "after");
        // A transaction in the log is one MULTI ... EXEC.
        for line in ["MULTI", "SET in:transaction 1", "INCR in:transaction", "EXEC"] {
            client.say(line);
        }
        let expected = state(server.port, COMMANDS);
        if is_killed {
            server.kill()
        } else {
            server.stop();
        }

        let ours = ServerOptions::new().dir(folder.path()).flag("save", "").flag("appendonly", "yes");
        let server = Server::start(Kind::Polycache, ours);
        assert_states_equal(&expected, &state(server.port, COMMANDS), &server.log());
    }
}

#[test]
fn a_redis_server_may_go_on_with_our_directory_and_we_with_its() {
    BASES.iter().for_each(|(base, preamble)| take_turns(base, preamble));
}

fn take_turns(base: &str, preamble: &str) {
    let folder = tempfile::tempdir().expect("a directory");
    let options = || ServerOptions::new().dir(folder.path()).flag("save", "").flag("appendonly", "yes");
    let ours = || {
        options().flag("aof-base-format", base).flag("rdb-version", "redis10").flag("appendfsync", "always")
    };
    let redis = || options().flag("aof-use-rdb-preamble", preamble).flag("appendfsync", "always");
    let mut expected = Vec::new();
    for (round, kind) in [Kind::Polycache, Kind::Redis, Kind::Polycache, Kind::Redis].into_iter().enumerate()
    {
        let mut server = Server::start(kind, if kind == Kind::Redis { redis() } else { ours() });
        if round > 0 {
            assert_states_equal(&expected, &state(server.port, COMMANDS), &server.log());
        }
        write(&mut server.client(), &format!("round{round}"));
        rewrite(&mut server.client());
        write(&mut server.client(), &format!("round{round}-after"));
        expected = state(server.port, COMMANDS);
        // A crash leaves what was acknowledged to the other as well.
        server.kill();
    }
    let server = Server::start(Kind::Polycache, ours());
    assert_states_equal(&expected, &state(server.port, COMMANDS), &server.log());
}

#[test]
fn memcached_flags_survive_a_restart() {
    let folder = tempfile::tempdir().expect("a directory");
    for base in ["snapshot", "resp", "rdb"] {
        let options = || {
            let options = ServerOptions::new().dir(folder.path()).flag("save", "").flag("appendonly", "yes");
            options.flag("aof-base-format", base)
        };
        let mut server = Server::start(Kind::Polycache, options());
        let mut memcached = TextClient::connect(server.memcached_port);
        memcached.set("in-base", b"one", 11, 0);
        server.client().say("BGREWRITEAOF");
        memcached.set("in-increment", b"two", 22, 1_000_000);
        server.stop();
        let server = Server::start(Kind::Polycache, options());
        let mut memcached = TextClient::connect(server.memcached_port);
        assert_eq!(
            memcached.gets("in-base").map(|(value, flags, _)| (value, flags)),
            Some((b"one".to_vec(), 11))
        );
        assert_eq!(
            memcached.gets("in-increment").map(|(value, flags, _)| (value, flags)),
            Some((b"two".to_vec(), 22))
        );
    }
}

fn assert_states_equal(expected: &[(String, Value)], found: &[(String, Value)], log: &str) {
    let differing: Vec<String> = expected
        .iter()
        .filter(|entry| !found.contains(entry))
        .map(|(command, value)| {
            let other = found.iter().find(|(name, _)| name == command).map(|(_, value)| value);
            format!("{command}: expected {value:?}, found {other:?}")
        })
        .take(20)
        .collect();
    assert!(differing.is_empty() && expected.len() == found.len(), "{}\n{log}", differing.join("\n"));
}
