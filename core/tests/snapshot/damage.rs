//! Flipped bytes and short files: an error or the right data, never wrong data, never a panic.

use std::fs;
use std::path::Path;

use polycache_core::engine::Engine;
use polycache_core::snapshot::{check, fuzz, repair, restore};
use polycache_core::stats::Counter;

use crate::support::*;

const NOISE_BYTES: usize = 17_000;

/// A value that is too long for a record and cannot be compressed.
fn noise() -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(1);
    (0..NOISE_BYTES).map(|_| random.u8(..)).collect()
}

/// A small file with overflow buckets, an expiry, client flags, and values stored in every way.
fn small_file(dir: &Path) -> (Vec<u8>, Contents) {
    let first = engine(dir);
    for number in 0..150u32 {
        set(&first, format!("key:{number}").as_bytes(), format!("value {number}").as_bytes());
    }
    // Few keys over few chains, and some of those removed: the walk meets empty slots.
    for number in (0..120).filter(|number| number % 5 == 0) {
        remove(&first, format!("key:{number}").as_bytes());
    }
    set_full(&first, b"expires", b"later", Some(4_000_000_000_000), 77);
    set_full(&first, b"zstd", &[b'z'; 5000], None, 0);
    set_full(&first, b"long zstd", &[b'l'; 50_000], None, 0);
    set_full(&first, b"long", &noise(), None, 0);
    save_to(&first, dir);
    (fs::read(snapshot(dir)).unwrap(), all(&first, 0))
}

/// Whether the engine answers every key with the right value or an error; returns the number of errors.
fn answers(engine: &Engine, expected: &Contents) -> usize {
    let mut errors = 0;
    for (key, value) in expected {
        match try_get(engine, 0, key) {
            Ok(found) => assert_eq!(found.as_ref(), Some(value), "{}", String::from_utf8_lossy(key)),
            Err(_) => errors += 1,
        }
    }
    for absent in 0..50 {
        // An absent key may share a tag with a damaged one, but is never found.
        assert!(!matches!(try_get(engine, 0, format!("absent:{absent}").as_bytes()), Ok(Some(_))));
    }
    errors
}

/// Positions worth flipping: few of those in holes and in the long noise, all others.
fn positions(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let noise = find(bytes, &noise()[..32]);
    let is_dull = move |at: usize| bytes[at] == 0 || (noise..noise + NOISE_BYTES).contains(&at);
    (0..bytes.len()).filter(move |at| !is_dull(*at) || at % 61 == 0)
}

#[test]
fn flipped_bytes_are_never_served() {
    let dir = tempfile::tempdir().unwrap();
    let (bytes, expected) = small_file(dir.path());
    let path = snapshot(dir.path());
    let (mut refused, mut errors, mut harmless) = (0, 0, 0);
    for at in positions(&bytes) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        // A file of its own: the last one may still be mapped.
        fs::remove_file(&path).unwrap();
        fs::write(&path, &damaged).unwrap();
        let opened = engine(dir.path());
        match restore(&opened, &path) {
            Err(error) => {
                refused += 1;
                assert!(error.to_string().contains("dump.pcs"), "{error}");
                assert_eq!(opened.len(0), 0);
            }
            Ok(_) => {
                let found = answers(&opened, &expected);
                if found > 0 {
                    errors += 1;
                    assert!(opened.stats().get(Counter::DamagedRecords) > 0);
                    assert!(!check(&path).unwrap().is_whole());
                } else {
                    harmless += 1;
                }
                let scrubbed = opened.scrub();
                assert_eq!(scrubbed.damaged > 0, found > 0, "byte {at}");
            }
        }
    }
    assert!(refused > 500 && errors > 2000 && harmless > 0, "{refused} {errors} {harmless}");
}

#[test]
fn short_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (bytes, _) = small_file(dir.path());
    let path = snapshot(dir.path());
    let lengths = (0..bytes.len()).filter(|len| *len < 300 || len % 97 == 0 || bytes.len() - len < 100);
    for len in lengths {
        fs::remove_file(&path).unwrap();
        fs::write(&path, &bytes[..len]).unwrap();
        let error = restore(&engine(dir.path()), &path).unwrap_err().to_string();
        assert!(error.contains("cannot be used") && error.contains("backup"), "{len}: {error}");
        assert!(check(&path).is_err());
        assert!(repair(&path, &dir.path().join("repaired")).is_err());
    }
    fs::write(&path, [bytes.as_slice(), b"x"].concat()).unwrap();
    assert!(restore(&engine(dir.path()), &path).is_err());
}

/// The offset of a key's bytes in a file.
fn find(bytes: &[u8], key: &[u8]) -> usize {
    bytes.windows(key.len()).position(|window| window == key).unwrap()
}

#[test]
fn damage_stays_an_error_through_saves_and_growth_until_it_is_repaired() {
    let dir = tempfile::tempdir().unwrap();
    let (mut bytes, mut expected) = small_file(dir.path());
    let path = snapshot(dir.path());
    let at = find(&bytes, b"key:77value 77");
    bytes[at + 8] ^= 1;
    fs::remove_file(&path).unwrap();
    fs::write(&path, &bytes).unwrap();
    assert!(!check(&path).unwrap().is_whole());
    for generation in 0..3 {
        let opened = reopened(dir.path());
        assert!(try_get(&opened, 0, b"key:77").is_err());
        // Growth and shrinking move what cannot be read along.
        for number in 0..2000 {
            set(&opened, format!("more:{number}").as_bytes(), b"v");
        }
        assert!(try_get(&opened, 0, b"key:77").is_err());
        assert_eq!(answers(&opened, &expected), 1);
        for number in 0..2000 {
            assert!(remove(&opened, format!("more:{number}").as_bytes()));
        }
        assert!(try_get(&opened, 0, b"key:77").is_err());
        let saved = save_to(&opened, dir.path());
        assert!(saved.header.sections[0].damaged > 0, "generation {generation}");
        assert!(!check(&path).unwrap().is_whole());
    }
    let report = repair(&path, &path).unwrap();
    assert!(report.databases[0].damaged > 0);
    assert!(check(&path).unwrap().is_whole());
    let repaired = reopened(dir.path());
    expected.remove(&b"key:77"[..]);
    assert_eq!(all(&repaired, 0), expected);
    set(&repaired, b"key:77", b"again");
    assert_eq!(get(&repaired, b"key:77").unwrap(), b"again");
}

#[test]
fn a_damaged_table_is_rebuilt_from_the_heap() {
    let dir = tempfile::tempdir().unwrap();
    let (bytes, expected) = small_file(dir.path());
    let path = snapshot(dir.path());
    let mut damaged = bytes.clone();
    // The bucket array begins behind the header.
    damaged[4096..4096 + 512].fill(0xee);
    let lost = find(&bytes, b"key:77value 77");
    damaged[lost] ^= 1;
    fs::remove_file(&path).unwrap();
    fs::write(&path, &damaged).unwrap();
    let error = restore(&engine(dir.path()), &path).unwrap_err().to_string();
    assert!(error.contains("check --repair"), "{error}");
    let repaired = dir.path().join("repaired.pcs");
    let report = repair(&path, &repaired).unwrap();
    assert!(report.databases[0].is_table_damaged);
    let opened = engine(dir.path());
    restore(&opened, &repaired).unwrap();
    let mut left = expected;
    left.remove(&b"key:77"[..]);
    assert_eq!(all(&opened, 0), left);
}

#[test]
fn any_bytes_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let (bytes, _) = small_file(dir.path());
    fuzz(b"");
    fuzz(&bytes);
    let mut random = fastrand::Rng::with_seed(3);
    for round in 0..2000 {
        let len = if round % 4 == 0 { random.usize(0..=bytes.len()) } else { bytes.len() };
        let mut damaged = bytes[..len].to_vec();
        for _ in 0..random.usize(0..20) {
            if !damaged.is_empty() {
                // The header and the first chains are where a byte decides most.
                let within = if random.bool() { damaged.len() } else { damaged.len().min(8192) };
                damaged[random.usize(0..within)] = random.u8(..);
            }
        }
        fuzz(&damaged);
    }
}
