//! RDB files in directories: bases, preambles, snapshots of others, import and export.

use std::fs;

use super::{export, import};
use crate::command::Value;
use crate::config::EngineConfig;
use crate::engine::Engine;
use crate::persistence::test::{config, registry, run};
use crate::persistence::{Verdict, check};

/// An RDB file of one string.
fn rdb_file(key: &str, value: &str) -> Vec<u8> {
    use crate::rdb::{FileVisitor, Kind, Options, Shape, ValueVisitor, Version, Writer, visitor::Key};
    let mut writer = Writer::file(Vec::new(), Options::new(Version::Redis10)).unwrap();
    writer.key(&Key::new(0, key.as_bytes())).unwrap();
    writer.begin_value(Shape::new(Kind::String, value.len() as u64)).unwrap();
    writer.string(value.as_bytes()).unwrap();
    writer.end_value().unwrap();
    writer.finish().unwrap()
}

#[test]
fn an_rdb_base_is_loaded_and_a_damaged_one_refused() {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().join("appendonlydir/appendonly.aof.1.base.rdb");
    fs::create_dir(dir.path().join("appendonlydir")).unwrap();
    let manifest = "file appendonly.aof.1.base.rdb seq 1 type b\n";
    fs::write(dir.path().join("appendonlydir/appendonly.aof.manifest"), manifest).unwrap();
    let mut bytes = rdb_file("k", "value");
    fs::write(&base, &bytes).unwrap();
    {
        let engine = Engine::open(config(dir.path()), &registry()).unwrap();
        assert_eq!(run(&engine, "GET k"), Value::Bulk("value".into()));
        run(&engine, "SET more 1");
        engine.close().unwrap();
    }
    assert_eq!(check(&base).unwrap()[0].verdict, Verdict::Whole);
    let engine = Engine::open(config(dir.path()), &registry()).unwrap();
    assert_eq!(run(&engine, "GET more"), Value::Bulk("1".into()));
    drop(engine);
    bytes[14] ^= 1;
    fs::write(&base, &bytes).unwrap();
    let error = Engine::open(config(dir.path()), &registry()).err().unwrap().to_string();
    assert!(error.contains("damaged at offset"), "{error}");
    assert_eq!(check(&base).unwrap()[0].verdict, Verdict::DamagedRdb);
}

#[test]
fn an_old_log_with_a_preamble_goes_on_with_commands() {
    let dir = tempfile::tempdir().unwrap();
    let preamble = rdb_file("k", "value");
    let commands = b"*3\r\n$6\r\nAPPEND\r\n$1\r\nk\r\n$1\r\n+\r\n*3\r\n$3\r\nSET\r\n$1\r\n";
    fs::write(dir.path().join("appendonly.aof"), [&preamble[..], commands].concat()).unwrap();
    // The second command is torn.
    for _ in 0..2 {
        let engine = Engine::open(config(dir.path()), &registry()).unwrap();
        assert_eq!(run(&engine, "GET k"), Value::Bulk("value+".into()));
        engine.close().unwrap();
    }
    let file = dir.path().join("appendonlydir/appendonly.aof");
    assert_eq!(fs::metadata(file).unwrap().len(), (preamble.len() + 30) as u64);
}

#[test]
fn a_foreign_snapshot_is_picked_up_until_there_is_one_of_ours() {
    for append_only in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("dump.rdb"), rdb_file("k", "theirs")).unwrap();
        let config = || EngineConfig { append_only, ..config(dir.path()) };
        {
            let engine = Engine::open(config(), &registry()).unwrap();
            assert_eq!(run(&engine, "GET k"), Value::Bulk("theirs".into()));
            run(&engine, "SET k ours");
            engine.persistence().unwrap().save(&engine).unwrap();
            engine.close().unwrap();
        }
        let engine = Engine::open(config(), &registry()).unwrap();
        assert_eq!(run(&engine, "GET k"), Value::Bulk("ours".into()));
    }
}

#[test]
fn what_is_exported_can_be_imported() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = from.path().join("out.rdb");
    let long = "long".repeat(100_000);
    {
        let engine = Engine::open(config(from.path()), &registry()).unwrap();
        run(&engine, "SET k v PXAT 4000000000123");
        run(&engine, &format!("SET long {long}"));
        assert!(export(config(from.path()), &registry(), &file).is_err(), "an engine has the directory");
        engine.close().unwrap();
    }
    assert_eq!(export(config(from.path()), &registry(), &file).unwrap(), 2);
    for append_only in [true, false] {
        let dir = to.path().join(append_only.to_string());
        let config = || EngineConfig { append_only, ..config(&dir) };
        assert_eq!(import(config(), &registry(), &file).unwrap(), 2);
        let error = import(config(), &registry(), &file).unwrap_err().to_string();
        assert!(error.contains("already holds 2 keys"), "{error}");
        let engine = Engine::open(config(), &registry()).unwrap();
        assert_eq!(run(&engine, "GET long"), Value::Bulk(long.as_bytes().into()));
        assert_eq!(run(&engine, "PEXPIRETIME k"), Value::Integer(4_000_000_000_123));
    }
    assert!(import(config(to.path()), &registry(), &to.path().join("nothing")).is_err());
}

#[test]
fn a_file_in_the_very_directory_is_imported_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("dump.rdb");
    fs::write(&file, rdb_file("k", "v")).unwrap();
    let config = || EngineConfig { append_only: false, ..config(dir.path()) };
    assert_eq!(import(config(), &registry(), &file).unwrap(), 1);
    assert!(dir.path().join("dump.pcs").exists());
    let named = EngineConfig { snapshot_filename: "dump.rdb".into(), ..config() };
    assert!(import(named, &registry(), &file).unwrap_err().to_string().contains("dbfilename"));
}
