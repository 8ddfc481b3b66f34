//! Files of real servers, read by us; files of ours, loaded by them.

use std::fs;

use polycache_core::rdb::gathered::Gathered;
use polycache_core::rdb::visitor::FileVisitor;
use polycache_core::rdb::{Checksum, Dialect, Options, Version, Writer, read_file};
use polycache_tests::support::{Client, Kind, Server};

use super::samples::{fill, fingerprint, keys, options, run};

const DATABASES: [u32; 2] = [0, 7];

/// Name and fingerprint of every key.
fn state(client: &mut Client) -> Vec<(u32, Vec<u8>, Vec<String>)> {
    let mut state = Vec::new();
    for database in DATABASES {
        for key in keys(client, database) {
            let fingerprint = fingerprint(client, &key);
            state.push((database, key, fingerprint));
        }
    }
    state
}

/// Saves on `kind`, reads that, writes it in each version, and lets servers load it. Fields with an expiry, which not
/// every version has, are left out where they must be.
fn exchange(kind: Kind, dialect: Dialect, targets: &[(Kind, Version)]) {
    let server = Server::start(kind, options(kind));
    fill(&server);
    let mut client = server.client();
    let expected = state(&mut client);
    run(&mut client, &[b"SAVE"]);
    let file = fs::read(server.dir().join("dump.rdb")).expect("saved");
    let mut gathered = Gathered::default();
    let summary = read_file(file.as_slice(), &mut gathered).expect("a whole file");
    assert_eq!((summary.dialect, summary.checksum), (dialect, Checksum::Right));
    assert_eq!((summary.keys, summary.bytes), (expected.len() as u64, file.len() as u64));
    assert_eq!(gathered.functions.len(), 1);
    let (by_idle, by_frequency) = (kind == Kind::Redis, kind == Kind::Valkey);
    assert!(gathered.keys.iter().all(|(key, _)| key.idle.is_some() == by_idle));
    assert!(gathered.keys.iter().all(|(key, _)| key.frequency.is_some() == by_frequency));

    for &(target, version) in targets {
        let is_left_out = |name: &[u8]| {
            version < Version::Redis12 && name.ends_with(b"expiring") || name.ends_with(b"expires")
        };
        let folder = tempfile::tempdir().expect("a directory");
        let out = fs::File::create(folder.path().join("dump.rdb")).expect("a file");
        let mut writer = Writer::file(out, Options::new(version)).expect("written");
        gathered.functions.iter().for_each(|code| writer.function(code).expect("written"));
        for (key, value) in gathered.keys.iter().filter(|(key, _)| !is_left_out(&key.name)) {
            writer.key(key).expect("written");
            value.tell(&mut writer).expect("written");
        }
        writer.finish().expect("written");
        let server = Server::start(target, options(target).dir(folder.path()));
        let found = state(&mut server.client());
        let expected: Vec<_> = expected.iter().filter(|(_, name, _)| !is_left_out(name)).cloned().collect();
        assert_eq!(found.len(), expected.len(), "{target:?} {version:?}\n{}", server.log());
        for (expected, found) in expected.iter().zip(&found) {
            // Only Valkey knows the expiry of fields.
            let same = if kind == target { expected == found } else { expected.2[..2] == found.2[..2] };
            assert!(same, "{target:?} {version:?}\n{expected:?}\n{found:?}");
        }
        assert_eq!(server.client().say("FCALL answer 0").integer(), Some(42));
    }
}

#[test]
fn files_of_valkey() {
    let targets = [
        (Kind::Valkey, Version::Valkey80),
        (Kind::Valkey, Version::Redis11),
        (Kind::Valkey, Version::Redis10),
    ];
    exchange(Kind::Valkey, Dialect::Valkey, &targets);
}

#[test]
fn files_of_redis() {
    let targets =
        [(Kind::Redis, Version::Redis10), (Kind::Valkey, Version::Redis10), (Kind::Valkey, Version::Redis11)];
    exchange(Kind::Redis, Dialect::Redis, &targets);
}

#[test]
fn redis_7_0_refuses_version_11_by_name() {
    let folder = tempfile::tempdir().expect("a directory");
    let out = fs::File::create(folder.path().join("dump.rdb")).expect("a file");
    Writer::file(out, Options::new(Version::Redis11)).and_then(Writer::finish).expect("written");
    let refused = Server::try_start(Kind::Redis, options(Kind::Redis).dir(folder.path()));
    let (_, log) = refused.err().expect("its version is 10");
    assert!(log.contains("Can't handle RDB format version 11"), "{log}");
}
