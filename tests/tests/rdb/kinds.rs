//! Every type in small and large forms, taken from real servers and given back to them: by files, by payloads, and
//! through every form of our own log.

use std::path::Path;
use std::process::Command;

use polycache_tests::differential::allowed::Rules;
use polycache_tests::differential::session::state;
use polycache_tests::support::{Client, Kind, Server, ServerOptions, Value, programs};

use super::samples::{fill, fingerprint, keys, options, run};

const ABOUT: &[&str] = &[
    "TYPE",
    "PEXPIRETIME",
    "GET",
    "LRANGE <key> 0 -1",
    "SMEMBERS",
    "HGETALL",
    "HPEXPIRETIME <key> FIELDS 3 f field1 field3",
    "ZRANGE <key> 0 -1 WITHSCORES",
    "XINFO STREAM <key> FULL COUNT 0",
];

type State = Vec<(String, Value)>;

fn agree(expected: &State, found: &State, about: &str) {
    let rules = Rules::from_document();
    assert_eq!(expected.len(), found.len(), "{about}");
    for ((command, expected), (_, found)) in expected.iter().zip(found) {
        let words = command.split(' ').map(|word| word.as_bytes().to_vec()).collect();
        if !rules.of(&words).agrees(&scored(command, expected), &scored(command, found)) {
            let different = expected.items().iter().zip(found.items()).find(|(left, right)| left != right);
            panic!("{about}: {command}\n{:.1000}", format!("{different:?}"));
        }
    }
}

/// Scores as bits: servers print doubles in different ways, and commands make minus zero zero.
fn scored(command: &str, reply: &Value) -> Value {
    let Value::Array(items) = reply else { return reply.clone() };
    if !command.starts_with("ZRANGE") {
        return reply.clone();
    }
    let score = |text: &Value| text.text().parse::<f64>().map_or(-1, |score| (score + 0.0).to_bits() as i64);
    let is_score = |at: usize| at % 2 == 1;
    let items = items.iter().enumerate();
    Value::Array(
        items
            .map(|(at, item)| if is_score(at) { Value::Integer(score(item)) } else { item.clone() })
            .collect(),
    )
}

/// A server with everything in its `dump.rdb`.
fn filled(kind: Kind, folder: &Path) -> Server {
    let server = Server::start(kind, options(kind).dir(folder));
    fill(&server);
    let mut client = server.client();
    // Beyond what is packed here, and what one command of a base adds.
    for number in 0..3000 {
        client.say(&format!("SADD set:large member:{number}"));
        client.say(&format!("HSET hash:large field:{number} {number}"));
        client.say(&format!("ZADD zset:large {number}.5 member:{number}"));
    }
    // Pending entries that are gone: from the middle, and from the front.
    for number in 1..=30 {
        client.say(&format!("XADD stream:holes {number}-1 a {number}"));
    }
    client.say("XGROUP CREATE stream:holes g 0");
    client.say("XREADGROUP GROUP g alice COUNT 20 STREAMS stream:holes >");
    client.say("XDEL stream:holes 12-1 15-1");
    client.say("XTRIM stream:holes MAXLEN 22");
    client.say("XGROUP CREATE stream:none g $ MKSTREAM");
    run(&mut client, &[b"SAVE"]);
    server
}

/// The libraries of functions, with their sources.
fn libraries(server: &Server) -> Value {
    let found = server.client().say("FUNCTION LIST WITHCODE");
    assert_eq!(found.items().len(), 1, "{found:?}");
    found
}

fn ours(folder: &Path) -> ServerOptions {
    ServerOptions::new().dir(folder).flag("save", "").flag("rdb-version", "valkey80")
}

#[test]
fn files_of_real_servers_are_loaded_whole() {
    for kind in [Kind::Valkey, Kind::Redis] {
        let folder = tempfile::tempdir().expect("a directory");
        filled(kind, folder.path()).kill();
        // Valkey says what a file holds, whoever wrote it.
        let copy = tempfile::tempdir().expect("a directory");
        std::fs::copy(folder.path().join("dump.rdb"), copy.path().join("dump.rdb")).expect("copied");
        let reference = Server::start(Kind::Valkey, options(Kind::Valkey).dir(copy.path()));
        let expected = state(reference.port, ABOUT);
        let server = Server::start(Kind::Polycache, ours(folder.path()).flag("appendonly", "no"));
        agree(&expected, &state(server.port, ABOUT), &format!("{kind:?}"));
        assert_eq!(libraries(&server), libraries(&reference), "{kind:?}");
    }
}

#[test]
fn every_type_survives_in_every_log() {
    let source = tempfile::tempdir().expect("a directory");
    let valkey = filled(Kind::Valkey, source.path());
    let expected = state(valkey.port, ABOUT);
    for base in ["snapshot", "rdb", "resp"] {
        let folder = tempfile::tempdir().expect("a directory");
        let start = || {
            // The version has no expiry of fields: a base is written in one that has.
            let options =
                ServerOptions::new().dir(folder.path()).flag("save", "").flag("rdb-version", "redis11");
            let options = options.flag("appendonly", "yes").flag("aof-base-format", base);
            Server::start(Kind::Polycache, options)
        };
        std::fs::copy(source.path().join("dump.rdb"), folder.path().join("dump.rdb")).expect("copied");
        let mut server = start();
        run(&mut server.client(), &[b"BGREWRITEAOF"]);
        wait_for_rewrite(&mut server.client());
        agree(&expected, &state(server.port, ABOUT), base);
        server.stop();
        let server = start();
        agree(&expected, &state(server.port, ABOUT), &format!("{base}, started again"));
    }
}

fn wait_for_rewrite(client: &mut Client) {
    for _ in 0..600 {
        let info = client.say("INFO persistence").text();
        if info.contains("aof_rewrite_in_progress:0") && info.contains("aof_rewrite_scheduled:0") {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("the log is still being rewritten");
}

#[test]
fn what_is_exported_real_servers_load() {
    let folder = tempfile::tempdir().expect("a directory");
    let valkey = filled(Kind::Valkey, folder.path());
    let fingerprints = |server: &Server| {
        let mut client = server.client();
        let keys = keys(&mut client, 0);
        keys.into_iter().map(|key| (key.clone(), fingerprint(&mut client, &key))).collect::<Vec<_>>()
    };
    let expected = fingerprints(&valkey);
    let path = |name: &str| folder.path().join(name).display().to_string();
    let program = |arguments: &[&str]| {
        let output = Command::new(programs::ours()).args(arguments).output().expect("the program runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let (file, data, out) = (path("dump.rdb"), path("data"), path("data/out.rdb"));
    program(&["import", &file, "--dir", &data]);
    program(&["export", &out, "--dir", &data, "--rdb-version", "valkey80"]);
    let target = tempfile::tempdir().expect("a directory");
    std::fs::copy(&out, target.path().join("dump.rdb")).expect("copied");
    let server = Server::start(Kind::Valkey, options(Kind::Valkey).dir(target.path()));
    for (expected, found) in expected.iter().zip(&fingerprints(&server)) {
        assert_eq!(expected, found, "{}", expected.0.escape_ascii());
    }
    assert_eq!(libraries(&server), libraries(&valkey));
    assert_eq!(server.client().say("FCALL answer 0").integer(), Some(42));
}

#[test]
fn payloads_go_both_ways() {
    let source = tempfile::tempdir().expect("a directory");
    let valkey = filled(Kind::Valkey, source.path());
    let folder = tempfile::tempdir().expect("a directory");
    let server = Server::start(Kind::Polycache, ours(folder.path()).flag("appendonly", "no"));
    let (mut theirs, mut mine) = (valkey.client(), server.client());
    for key in keys(&mut theirs, 0) {
        let dumped = run(&mut theirs, &[b"DUMP", &key]);
        run(&mut mine, &[b"RESTORE", &key, b"0", dumped.bytes().expect("a payload")]);
        let dumped = run(&mut mine, &[b"DUMP", &key]);
        let expected = fingerprint(&mut theirs, &key);
        theirs.say("DEL back");
        let expire_at = run(&mut theirs, &[b"PEXPIRETIME", &key]).integer().expect("a time").max(0);
        let expire_at = expire_at.to_string();
        let payload = dumped.bytes().expect("a payload");
        run(&mut theirs, &[b"RESTORE", b"back", expire_at.as_bytes(), payload, b"ABSTTL"]);
        assert_eq!(fingerprint(&mut theirs, b"back"), expected, "{}", key.escape_ascii());
    }
}
