//! DUMP and RESTORE of our server: payloads to and from real ones, and every error as Valkey words it.

use polycache_tests::support::{Client, Kind, Server, ServerOptions};

use super::samples::{fill, fingerprint, keys, options, run};

fn ours(version: &str) -> Server {
    let options = ServerOptions::new().flag("save", "").flag("appendonly", "no");
    Server::start(Kind::Polycache, options.flag("rdb-version", version))
}

/// From a real server through ours and back.
fn exchange(kind: Kind, version: &str) {
    let (real, ours) = (Server::start(kind, options(kind)), ours(version));
    fill(&real);
    let (mut client, mut between) = (real.client(), ours.client());
    let mut carried = 0;
    for key in keys(&mut client, 0) {
        let expected = fingerprint(&mut client, &key);
        let theirs = run(&mut client, &[b"DUMP", &key]);
        let theirs = theirs.bytes().expect("a payload");
        run(&mut between, &[b"RESTORE", &key, b"4000000000123", theirs, b"ABSTTL"]);
        assert_eq!(between.call(&[b"PEXPIRETIME".as_slice(), &key]).integer(), Some(4_000_000_000_123));
        let payload = run(&mut between, &[b"DUMP", &key]);
        let payload = payload.bytes().expect("a payload");
        let time = run(&mut client, &[b"PEXPIRETIME", &key]).integer().expect("a time").max(0).to_string();
        run(&mut client, &[b"RESTORE", b"ours", time.as_bytes(), payload, b"ABSTTL", b"REPLACE"]);
        assert_eq!(fingerprint(&mut client, b"ours"), expected, "{}", key.escape_ascii());
        client.say("DEL ours");
        carried += 1;
    }
    assert!(carried >= 26, "{carried}");
}

#[test]
fn payloads_of_valkey_go_through_ours() {
    exchange(Kind::Valkey, "redis11");
    exchange(Kind::Valkey, "valkey80");
}

#[test]
fn payloads_of_redis_go_through_ours() {
    exchange(Kind::Redis, "redis10");
}

#[test]
fn errors_and_choices_are_those_of_valkey() {
    let (real, ours) = (Server::start(Kind::Valkey, options(Kind::Valkey)), ours("valkey80"));
    let (mut real, mut ours) = (real.client(), ours.client());
    let payload = {
        real.say("SET source value");
        run(&mut real, &[b"DUMP", b"source"]).bytes().expect("a payload").to_vec()
    };
    let mut damaged = payload.clone();
    damaged[2] ^= 1;
    // A set that claims a member and has none, with a right checksum.
    let mut bad = vec![2, 1, 11, 0];
    bad.extend(polycache_core::rdb::crc64::crc64(&bad).to_le_bytes());
    let words = [
        "DUMP nothing",
        "RESTORE a -1 PAYLOAD",
        "RESTORE a x PAYLOAD",
        "RESTORE a 0 PAYLOAD BOGUS",
        "RESTORE a 0 PAYLOAD IDLETIME",
        "RESTORE a 0 PAYLOAD IDLETIME -1",
        "RESTORE a 0 PAYLOAD IDLETIME x",
        "RESTORE a 0 PAYLOAD FREQ 256",
        "RESTORE a 0 PAYLOAD FREQ 3 IDLETIME 4",
        "RESTORE a 0 DAMAGED",
        "RESTORE a 0 BAD",
        "RESTORE a 0 short",
        "EXISTS a",
        "RESTORE a 0 PAYLOAD",
        "RESTORE a 0 PAYLOAD",
        "RESTORE a -5 DAMAGED",
        "RESTORE a 0 DAMAGED REPLACE",
        "GET a",
        "RESTORE a 0 PAYLOAD REPLACE FREQ 77",
        "RESTORE a 4000000000123 PAYLOAD REPLACE ABSTTL IDLETIME 1000",
        "PEXPIRETIME a",
        "RESTORE a 1 PAYLOAD REPLACE ABSTTL",
        "EXISTS a",
        "RESTORE b 1 PAYLOAD ABSTTL",
        "EXISTS b",
        "RESTORE c 100000000 PAYLOAD",
        "GET c",
    ];
    for line in words {
        let arguments: Vec<&[u8]> = line
            .split(' ')
            .map(|word| match word {
                "PAYLOAD" => payload.as_slice(),
                "DAMAGED" => &damaged,
                "BAD" => &bad,
                other => other.as_bytes(),
            })
            .collect();
        let say = |client: &mut Client| client.call(&arguments);
        assert_eq!(say(&mut ours), say(&mut real), "{line}");
    }
    ours.say("CONFIG SET maxmemory-policy allkeys-lru");
    run(&mut ours, &[b"RESTORE", b"idle", b"0", &payload, b"IDLETIME", b"1000"]);
    assert!(ours.say("OBJECT IDLETIME idle").integer().is_some_and(|idle| (1000..1100).contains(&idle)));
}

#[test]
fn what_was_restored_survives_in_every_log() {
    let real = Server::start(Kind::Redis, options(Kind::Redis));
    fill(&real);
    let list = run(&mut real.client(), &[b"DUMP", b"list:long"]);
    let list = list.bytes().expect("a payload");
    for base in ["snapshot", "rdb", "resp"] {
        let folder = tempfile::tempdir().expect("a directory");
        let start = || {
            let options = ServerOptions::new().dir(folder.path()).flag("save", "").flag("appendonly", "yes");
            Server::start(
                Kind::Polycache,
                options.flag("aof-base-format", base).flag("rdb-version", "redis10"),
            )
        };
        let mut server = start();
        let mut client = server.client();
        run(&mut client, &[b"RESTORE", b"in-base", b"0", list]);
        run(&mut client, &[b"BGREWRITEAOF"]);
        run(&mut client, &[b"RESTORE", b"in-log", b"4000000000123", list, b"ABSTTL"]);
        let expected = run(&mut client, &[b"DUMP", b"in-base"]);
        server.stop();
        let server = start();
        let mut client = server.client();
        for key in [b"in-base".as_slice(), b"in-log"] {
            assert_eq!(run(&mut client, &[b"DUMP", key]), expected, "{base}");
        }
        assert_eq!(client.say("PEXPIRETIME in-log").integer(), Some(4_000_000_000_123));
    }
}
