//! Engines with files, and short words for what the tests do with them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use polycache_core::clock::UnixMillis;
use polycache_core::config::{EngineConfig, Maintenance};
use polycache_core::engine::{DbIndex, Engine};
use polycache_core::index::Damaged;
use polycache_core::log::Lsn;
use polycache_core::operation::Touch;
use polycache_core::record::{Draft, Effect, NewValue};
use polycache_core::snapshot::{Saved, restore, save};
use polycache_core::transaction::Entry;

pub type Contents = BTreeMap<Vec<u8>, Vec<u8>>;

/// An engine that saves to `dir`.
pub fn engine(dir: &Path) -> Engine {
    Engine::in_memory(EngineConfig {
        dir: Some(dir.to_path_buf()),
        maintenance: Maintenance::Caller,
        ..EngineConfig::default()
    })
}

/// The same, opened from the snapshot in `dir`.
pub fn reopened(dir: &Path) -> Engine {
    let engine = engine(dir);
    restore(&engine, &snapshot(dir)).unwrap();
    engine
}

pub fn snapshot(dir: &Path) -> PathBuf {
    dir.join("dump.pcs")
}

/// Saves to the snapshot in `dir`.
pub fn save_to(engine: &Engine, dir: &Path) -> Saved {
    save(engine, &snapshot(dir), || (Lsn(0), ())).unwrap().0
}

pub fn put(engine: &Engine, db: DbIndex, key: &[u8], draft: Draft<'_>) {
    Entry::latch(&engine.begin(), db, key).unwrap().put(draft, Effect::Set);
}

pub fn set(engine: &Engine, key: &[u8], value: &[u8]) {
    put(engine, 0, key, Draft::string(value));
}

pub fn try_set(engine: &Engine, key: &[u8], value: &[u8]) -> Result<(), Damaged> {
    Entry::latch(&engine.begin(), 0, key).map(|mut entry| entry.put(Draft::string(value), Effect::Set))
}

pub fn set_full(engine: &Engine, key: &[u8], value: &[u8], expire_at: Option<u64>, flags: u32) {
    let draft =
        Draft { value: NewValue::Bytes(value), expire_at: expire_at.map(UnixMillis), flags, raw: true };
    put(engine, 0, key, draft);
}

pub fn remove(engine: &Engine, key: &[u8]) -> bool {
    Entry::latch(&engine.begin(), 0, key).unwrap().remove(Effect::Del)
}

pub fn try_get(engine: &Engine, db: DbIndex, key: &[u8]) -> Result<Option<Vec<u8>>, Damaged> {
    let op = engine.begin();
    let record = op.read(db, key, Touch::Access)?;
    Ok(record.map(|record| record.string().unwrap().to_vec()))
}

pub fn get(engine: &Engine, key: &[u8]) -> Option<Vec<u8>> {
    try_get(engine, 0, key).unwrap()
}

pub fn all(engine: &Engine, db: DbIndex) -> Contents {
    let mut all = Contents::new();
    engine.for_each_record(db, &mut |record| {
        let older = all.insert(record.key().to_vec(), record.string().unwrap().to_vec());
        assert!(older.is_none(), "visited twice");
    });
    all
}
