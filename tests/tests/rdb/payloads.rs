//! DUMP of a real server, read and written again by us, RESTOREd there beside the original: the server judges.

use polycache_core::rdb::gathered::Gathered;
use polycache_core::rdb::{Options, PayloadWriter, Version, read_payload};
use polycache_tests::support::{Kind, Server};

use super::samples::{fill, fingerprint, keys, options, run};

/// What it restores of ours: the versions of ours that it accepts.
fn exchange(kind: Kind, versions: &[Version]) {
    let server = Server::start(kind, options(kind));
    fill(&server);
    let mut client = server.client();
    for key in keys(&mut client, 0) {
        let dumped = run(&mut client, &[b"DUMP", &key]);
        let payload = dumped.bytes().expect("a payload");
        let mut gathered = Gathered::default();
        let read = read_payload(payload, &mut gathered);
        read.unwrap_or_else(|error| panic!("{}: {error:?}", key.escape_ascii()));
        let value = gathered.value.expect("a value");
        let expire_at =
            run(&mut client, &[b"PEXPIRETIME", &key]).integer().expect("a time").max(0).to_string();
        let expected = fingerprint(&mut client, &key);
        for version in versions {
            for compress in [true, false] {
                let mut writer = PayloadWriter::payload(Options { compress, ..Options::new(*version) });
                if value.tell(&mut writer).is_err() {
                    // Fields with an expiry exist from version 80 on.
                    assert!(key.starts_with(b"hash:") && *version < Version::Valkey80);
                    continue;
                }
                let ours = writer.finish_payload().expect("memory");
                client.say("DEL ours");
                let arguments: [&[u8]; 6] =
                    [b"RESTORE", b"ours", expire_at.as_bytes(), &ours, b"ABSTTL", b"REPLACE"];
                let reply = client.call(&arguments);
                assert!(!reply.is_error(), "{}, {version:?}: {}", key.escape_ascii(), reply.text());
                let mut found = fingerprint(&mut client, b"ours");
                if *version == Version::Redis10 {
                    // It has no times of activity.
                    found.retain(|part| !part.contains("active"));
                }
                assert_eq!(found, expected, "{}, {version:?}", key.escape_ascii());
            }
        }
    }
    client.say("DEL ours");
}

#[test]
fn valkey_takes_back_what_it_dumped() {
    exchange(Kind::Valkey, &[Version::Redis10, Version::Redis11, Version::Valkey80]);
}

#[test]
fn redis_takes_back_what_it_dumped() {
    exchange(Kind::Redis, &[Version::Redis10]);
}

#[test]
fn redis_7_0_takes_version_10_and_refuses_11() {
    let server = Server::start(Kind::Redis, options(Kind::Redis));
    let mut client = server.client();
    for (version, is_taken) in [(Version::Redis10, true), (Version::Redis11, false)] {
        let mut writer = PayloadWriter::payload(Options::new(version));
        polycache_core::rdb::gathered::Value::String(b"value".to_vec()).tell(&mut writer).expect("memory");
        let payload = writer.finish_payload().expect("memory");
        let reply = client.call(&[b"RESTORE".as_slice(), b"key", b"0", &payload, b"REPLACE"]);
        assert_eq!(!reply.is_error(), is_taken, "{version:?}: {}", reply.text());
    }
}
