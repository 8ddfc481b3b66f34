//! What is saved comes back.

use polycache_core::operation::Touch;
use polycache_core::record::Draft;
use polycache_core::snapshot::{check, restore};

use crate::support::*;

#[test]
fn an_empty_engine_comes_back_empty() {
    let dir = tempfile::tempdir().unwrap();
    let saved = save_to(&engine(dir.path()), dir.path());
    assert_eq!(saved.header.keys(), 0);
    let again = reopened(dir.path());
    assert_eq!(again.len(0), 0);
    set(&again, b"k", b"v");
    assert_eq!(get(&again, b"k").unwrap(), b"v");
}

#[test]
fn every_kind_of_record_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let first = engine(dir.path());
    let random: Vec<u8> = (0..200_000).map(|_| fastrand::u8(..)).collect();
    let long_key = vec![b'k'; 70_000];
    let mut values: Vec<(Vec<u8>, Vec<u8>)> = vec![
        (b"".to_vec(), b"empty key".to_vec()),
        (b"empty".to_vec(), vec![]),
        (long_key, b"long key".to_vec()),
        (b"zeroes".to_vec(), vec![0; 3 << 20]),
        (b"random".to_vec(), random.clone()),
        (b"mixed".to_vec(), [&random[..100_000], &[7; 300_000]].concat()),
    ];
    for len in [1, 15, 16, 17, 254, 255, 256, 4095, 4096, 5000, 16_384, 16_385, 32_752] {
        values.push((vec![b'k'; len], random[..len].to_vec()));
        values.push((format!("text {len}").into_bytes(), b"ab".repeat(len)[..len].to_vec()));
    }
    for (number, (key, value)) in values.iter().enumerate() {
        let expires = (number % 3 == 0).then_some(4_000_000_000_000 + number as u64);
        set_full(&first, key, value, expires, if number % 2 == 0 { number as u32 } else { 0 });
    }
    // A rope that is short.
    put(&first, 0, b"rope", Draft::string(&[1; 40_000]));
    put(&first, 5, b"other", Draft::string(b"database"));
    let saved = save_to(&first, dir.path());
    assert_eq!(saved.header.keys(), values.len() as u64 + 2);
    let second = reopened(dir.path());
    for engine in [&second, &first] {
        assert_eq!(engine.len(0), values.len() as u64 + 1);
        assert_eq!(engine.expires(0), values.len().div_ceil(3) as u64);
        let op = engine.begin();
        for (number, (key, value)) in values.iter().enumerate() {
            let record = op.read(0, key, Touch::Quiet).unwrap().unwrap();
            let original = first.begin();
            let original = original.read(0, key, Touch::Quiet).unwrap().unwrap();
            assert_eq!(record.string().unwrap().to_vec(), *value, "value {number}");
            assert_eq!(record.expire_at(), original.expire_at());
            assert_eq!(record.flags(), original.flags());
            assert_eq!(record.is_raw(), original.is_raw());
            assert_eq!(record.version(), original.version());
        }
    }
    assert_eq!(try_get(&second, 5, b"other").unwrap().unwrap(), b"database");
    let report = check(&snapshot(dir.path())).unwrap();
    assert!(report.is_whole(), "{report}");
    assert_eq!(report.databases[0].whole, values.len() as u64 + 1);
    assert!(saved.header.file_bytes < 2 << 20, "long values of zeroes are compressed");
}

#[test]
fn memory_is_given_back() {
    let dir = tempfile::tempdir().unwrap();
    let first = engine(dir.path());
    let empty = first.memory().used();
    for number in 0..5000u32 {
        set(&first, format!("key:{number}").as_bytes(), &vec![1; number as usize % 3000]);
    }
    save_to(&first, dir.path());
    let before = first.memory().used();
    save_to(&first, dir.path());
    assert_eq!(first.memory().used(), before);
    let second = reopened(dir.path());
    // Nothing but the table is in memory.
    assert!(second.memory().used() < empty + 5000 * 16, "{}", second.memory().used());
    assert_eq!(all(&second, 0).len(), 5000);
    for number in 0..5000u32 {
        assert!(remove(&second, format!("key:{number}").as_bytes()));
    }
    assert_eq!(second.len(0), 0);
    second.flush(None);
    crossbeam_epoch::pin().flush();
    let table = second.memory().used();
    assert!(table <= empty + 64 * 1024, "{table} of {empty}");
}

#[test]
fn expired_keys_are_absent() {
    let dir = tempfile::tempdir().unwrap();
    let first = engine(dir.path());
    set_full(&first, b"over", b"v", Some(1), 0);
    set_full(&first, b"later", b"v", Some(4_000_000_000_000), 0);
    save_to(&first, dir.path());
    let second = reopened(dir.path());
    assert!(get(&second, b"later").is_some());
    assert!(get(&second, b"over").is_none());
    assert_eq!(second.maintain(), 1);
    assert_eq!((second.len(0), second.expires(0)), (1, 1));
}

#[test]
fn opening_replaces_what_was_there() {
    let dir = tempfile::tempdir().unwrap();
    let first = engine(dir.path());
    set(&first, b"saved", b"1");
    save_to(&first, dir.path());
    set(&first, b"saved", b"2");
    set(&first, b"unsaved", b"2");
    put(&first, 3, b"unsaved", Draft::string(b"2"));
    restore(&first, &snapshot(dir.path())).unwrap();
    assert_eq!(all(&first, 0).len(), 1);
    assert_eq!(get(&first, b"saved").unwrap(), b"1");
    assert_eq!(first.len(3), 0);
}

#[test]
fn versions_stay_unique_after_opening() {
    let dir = tempfile::tempdir().unwrap();
    let first = engine(dir.path());
    set(&first, b"old", b"v");
    let saved = save_to(&first, dir.path());
    let second = reopened(dir.path());
    set(&second, b"new", b"v");
    let op = second.begin();
    let old = op.read(0, b"old", Touch::Quiet).unwrap().unwrap().version();
    let new = op.read(0, b"new", Touch::Quiet).unwrap().unwrap().version();
    assert!(old <= saved.header.version_max && new > saved.header.version_max);
}
