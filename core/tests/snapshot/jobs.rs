//! Saves that fail, saves by the engine's own hand, and what a crash leaves.

use std::fs;

use polycache_core::command::Registry;
use polycache_core::config::EngineConfig;
use polycache_core::engine::Engine;
use polycache_core::log::Lsn;
use polycache_core::snapshot::{SaveError, check, remove_stale, save};

use crate::support::*;

#[test]
fn one_save_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let engine = engine(dir.path());
    set(&engine, b"k", b"v");
    let path = snapshot(dir.path());
    let (saved, inner) =
        save(&engine, &path, || (Lsn(42), save(&engine, &path, || (Lsn(0), ())).map(|_| ()))).unwrap();
    assert!(matches!(inner, Err(SaveError::Busy)));
    assert_eq!((saved.header.keys(), saved.header.lsn), (1, Lsn(42)));
    save_to(&engine, dir.path());
}

#[test]
fn failed_saves_leave_the_old_file_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let engine = engine(dir.path());
    set(&engine, b"k", b"old");
    save_to(&engine, dir.path());
    set(&engine, b"k", b"new");
    // Cancelled at the cut: the walk looks before it begins.
    let failed = save(&engine, &snapshot(dir.path()), || {
        assert!(engine.cancel_save());
        (Lsn(0), ())
    });
    assert!(matches!(failed, Err(SaveError::Cancelled)));
    engine.forget_cancelled_save();
    let error = save(&engine, &dir.path().join("missing/dump.pcs"), || (Lsn(0), ())).unwrap_err();
    assert!(error.to_string().contains("missing"), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    assert_eq!(get(&reopened(dir.path()), b"k").unwrap(), b"old");
    // The table may grow again, and saving works again.
    for number in 0..1000 {
        set(&engine, format!("key:{number}").as_bytes(), b"v");
    }
    save_to(&engine, dir.path());
    assert_eq!(reopened(dir.path()).len(0), 1001);
}

#[test]
fn what_a_crash_left_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let stale = dir.path().join("dump.pcs.123-0.saving");
    fs::write(&stale, b"half").unwrap();
    let other = dir.path().join("other.pcs.123-0.saving");
    fs::write(&other, b"half").unwrap();
    remove_stale(&snapshot(dir.path()));
    assert!(!stale.exists() && other.exists());
}

fn open(config: &EngineConfig) -> Engine {
    let registry = Registry::new(polycache_core::command::TABLES);
    Engine::open(config.clone(), &registry).unwrap()
}

#[test]
fn an_engine_opens_what_it_saved() {
    let dir = tempfile::tempdir().unwrap();
    let config = EngineConfig { dir: Some(dir.path().to_path_buf()), ..EngineConfig::default() };
    let first = open(&config);
    set(&first, b"k", b"v");
    first.persistence().unwrap().save(&first).unwrap();
    set(&first, b"unsaved", b"v");
    first.close().unwrap();
    drop(first);
    let second = open(&config);
    assert_eq!(get(&second, b"k").unwrap(), b"v");
    assert_eq!(second.len(0), 1);
    // Opening has begun to read through the file.
    while !second.scrub_status().done {
        std::thread::yield_now();
    }
    assert_eq!((second.scrub_status().checked, second.scrub_status().damaged), (1, 0));
}

#[test]
fn the_log_goes_on_behind_a_snapshot_base() {
    let dir = tempfile::tempdir().unwrap();
    let config =
        EngineConfig { dir: Some(dir.path().to_path_buf()), append_only: true, ..EngineConfig::default() };
    for round in 0..4u32 {
        let engine = open(&config);
        assert_eq!(engine.len(0), u64::from(round) * 200);
        for number in 0..100 {
            set(&engine, format!("{round}:base:{number}").as_bytes(), b"v");
        }
        engine.persistence().unwrap().rewrite(&engine).unwrap();
        for number in 0..100 {
            set(&engine, format!("{round}:log:{number}").as_bytes(), b"v");
        }
        engine.close().unwrap();
    }
    let engine = open(&config);
    assert_eq!(engine.len(0), 800);
    let aof = engine.persistence().unwrap().aof_dir();
    let bases: Vec<_> = fs::read_dir(aof)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "pcs"))
        .collect();
    assert_eq!(bases.len(), 1);
    assert!(check(&bases[0]).unwrap().is_whole());
}
