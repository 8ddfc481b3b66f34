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
    assert!(refused > 100 && errors > 2500 && harmless > 0, "{refused} {errors} {harmless}");
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

/// A file of several pages of table, and the offsets of the table's begin and end.
fn paged_file(dir: &Path) -> (Vec<u8>, Contents, std::ops::Range<usize>) {
    let first = engine(dir);
    for number in 0..3000u32 {
        set(&first, format!("key:{number}").as_bytes(), format!("value {number}").as_bytes());
    }
    let saved = save_to(&first, dir);
    let section = saved.header.sections[0];
    assert!(section.pages() > 4, "the test is of several pages");
    let table = section.table_offset as usize..(section.table_offset + section.table_bytes()) as usize;
    (fs::read(snapshot(dir)).unwrap(), all(&first, 0), table)
}

/// Opens a file whose table has the second of its pages damaged.
fn open_with_damaged_page(dir: &Path) -> (Engine, Contents, usize) {
    let (mut bytes, expected, table) = paged_file(dir);
    // Neither slot nor link is what it was, and some lead out of the file.
    bytes[table.start + 4096..table.start + 4096 + 512].fill(0xee);
    fs::remove_file(snapshot(dir)).unwrap();
    fs::write(snapshot(dir), &bytes).unwrap();
    let opened = reopened(dir);
    let errors = answers(&opened, &expected);
    assert!(errors > 100 && errors < expected.len() / 2, "{errors}");
    (opened, expected, errors)
}

#[test]
fn a_damaged_page_of_the_table_is_an_error_for_its_keys_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (opened, expected, _) = open_with_damaged_page(dir.path());
    assert_eq!(opened.stats().get(Counter::DamagedRecords), 1, "a page is told once");
    assert_eq!(opened.scrub().damaged, 1);
    let lost = expected.keys().find(|key| try_get(&opened, 0, key).is_err()).unwrap();
    // It may be there: nobody can say that it is new, nor that it is gone.
    assert!(try_set(&opened, lost, b"new").is_err());
    assert!(try_get(&opened, 0, lost).is_err());
    let mut seen = 0;
    opened.for_each_record(0, &mut |_| seen += 1);
    assert_eq!(seen, expected.keys().filter(|key| try_get(&opened, 0, key).is_ok()).count());
}

#[test]
fn a_damaged_page_stays_an_error_through_saves_and_growth_until_it_is_repaired() {
    let dir = tempfile::tempdir().unwrap();
    let path = snapshot(dir.path());
    let (mut opened, expected, errors) = open_with_damaged_page(dir.path());
    for generation in 0..3 {
        // The table grows by chains that split from lost ones, and shrinks again.
        let more = |number: u32| format!("more:{number}").into_bytes();
        let written: Vec<u32> =
            (0..20_000).filter(|&number| try_set(&opened, &more(number), b"v").is_ok()).collect();
        assert!(written.len() > 15_000);
        assert_eq!(answers(&opened, &expected), errors, "generation {generation}");
        for number in written {
            assert!(remove(&opened, &more(number)));
        }
        assert_eq!(answers(&opened, &expected), errors, "generation {generation}");
        let saved = save_to(&opened, dir.path());
        assert!(saved.header.sections[0].damaged > 0, "generation {generation}");
        let report = check(&path).unwrap();
        assert!(!report.is_whole() && !report.databases[0].is_table_damaged, "{report}");
        opened = reopened(dir.path());
        assert_eq!(answers(&opened, &expected), errors, "generation {generation}");
        assert!(opened.scrub().damaged > 0);
    }
    let lost = expected.keys().find(|key| try_get(&opened, 0, key).is_err()).unwrap();
    repair(&path, &path).unwrap();
    assert!(check(&path).unwrap().is_whole());
    let repaired = reopened(dir.path());
    assert_eq!(all(&repaired, 0).len(), expected.len() - errors);
    set(&repaired, lost, b"again");
    assert_eq!(get(&repaired, lost).unwrap(), b"again");
}

#[test]
fn flipped_bytes_of_tables_are_never_followed() {
    let dir = tempfile::tempdir().unwrap();
    let (bytes, expected, table) = paged_file(dir.path());
    let path = snapshot(dir.path());
    let positions = |bytes: &[u8]| {
        let sums_end = find(bytes, b"key:");
        (table.start..sums_end).filter(|at| at % 251 == 0).collect::<Vec<_>>()
    };
    let (mut errors, mut harmless) = (0, 0);
    for at in positions(&bytes) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        fs::remove_file(&path).unwrap();
        fs::write(&path, &damaged).unwrap();
        let opened = engine(dir.path());
        match restore(&opened, &path) {
            // What sums up the pages: a test of its own has that.
            Err(_) => {}
            Ok(_) => match answers(&opened, &expected) {
                0 => harmless += 1,
                _ => errors += 1,
            },
        }
    }
    assert!(errors > 50 && harmless > 0, "{errors} {harmless}");
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
    let opened = engine(dir.path());
    restore(&opened, &path).unwrap();
    assert_eq!(answers(&opened, &expected), expected.len(), "all keys are in one page");
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
fn damage_of_what_describes_the_table_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let first = engine(dir.path());
    set(&first, b"key", b"value");
    let section = save_to(&first, dir.path()).header.sections[0];
    let path = snapshot(dir.path());
    let mut damaged = fs::read(&path).unwrap();
    damaged[section.sums_offset as usize + 9] ^= 1;
    fs::remove_file(&path).unwrap();
    fs::write(&path, &damaged).unwrap();
    let error = restore(&engine(dir.path()), &path).unwrap_err().to_string();
    assert!(error.contains("check --repair"), "{error}");
    repair(&path, &path).unwrap();
    assert_eq!(get(&reopened(dir.path()), b"key").unwrap(), b"value");
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
