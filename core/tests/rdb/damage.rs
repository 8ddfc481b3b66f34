//! Damage of every kind: cut short, bits flipped, lengths that lie. An error each time, never a panic, and no memory
//! that no data stands for.

use polycache_core::rdb::crc64::crc64;
use polycache_core::rdb::gathered::{Gathered, Value};
use polycache_core::rdb::visitor::Key;
use polycache_core::rdb::{Options, PayloadError, Version, fuzz, read_payload};
use proptest::prelude::*;

use super::build::{file as built, key, length};
use super::values::{any_value, file, payload, read};

fn sample() -> Vec<u8> {
    let texts = |count: usize| (0..count).map(|at| format!("element {at}").into_bytes()).collect::<Vec<_>>();
    let values = [
        Value::String(b"a value that is long enough to be compressed, compressed, compressed".to_vec()),
        Value::List(texts(5)),
        Value::Set(texts(5)),
        Value::Set(vec![b"1".to_vec(), b"70000".to_vec()]),
        Value::SortedSet(texts(3).into_iter().map(|member| (member, 1.5)).collect()),
    ];
    let keys: Vec<_> = values.into_iter().map(|value| (Key::new(0, b"key"), value)).collect();
    file(&keys, Options::new(Version::Redis11))
}

#[test]
fn a_file_that_is_cut_short_is_refused_at_every_length() {
    let whole = sample();
    assert!(read(&whole).is_ok());
    for len in 0..whole.len() {
        let error = read(&whole[..len]).err().unwrap_or_else(|| panic!("{len} bytes were taken"));
        assert!(error.offset <= len as u64);
    }
}

#[test]
fn a_flipped_bit_is_noticed_wherever_it_is() {
    let whole = sample();
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << bit;
            assert!(read(&damaged).is_err(), "byte {at} bit {bit}");
        }
    }
}

#[test]
fn without_a_checksum_damage_is_still_no_panic() {
    let whole = sample();
    for at in 0..whole.len() - 8 {
        for bit in 0..8 {
            let mut damaged = whole[..whole.len() - 8].to_vec();
            damaged[at] ^= 1 << bit;
            damaged.extend([0; 8]);
            let _ = read(&damaged);
        }
    }
}

#[test]
fn huge_lengths_cost_nothing() {
    let huge = [vec![0x81], u64::MAX.to_be_bytes().to_vec()].concat();
    let large = length(400 << 20);
    for claimed in [huge, large] {
        for code in 0..=25_u8 {
            let body = built(b"REDIS0012", &key(code, "k", &claimed));
            assert!(read(&body).is_err(), "type {code}");
        }
        let compressed = [vec![0xc3], length(20), claimed].concat();
        assert!(read(&built(b"REDIS0011", &key(0, "k", &compressed))).is_err());
    }
}

#[test]
fn a_payload_is_checked_before_it_is_read() {
    let whole = payload(&Value::String(b"value".to_vec()), Options::new(Version::Redis11));
    let mut other = whole.clone();
    other[3] ^= 1;
    let mut newer = whole[..whole.len() - 10].to_vec();
    newer.extend(99_u16.to_le_bytes());
    newer.extend(crc64(&newer).to_le_bytes());
    for bytes in [&other[..], &newer, &whole[..whole.len() - 1], &[], &[0; 10], &[0; 11]] {
        let error = read_payload(bytes, &mut Gathered::default()).expect_err("refused");
        assert!(matches!(error, PayloadError::Footer), "{error}");
    }
    // A set without members exists nowhere.
    let mut empty = vec![2, 0, 11, 0];
    empty.extend(crc64(&empty).to_le_bytes());
    let error = read_payload(&empty, &mut Gathered::default()).expect_err("refused");
    assert_eq!(error.to_string(), "Bad data format");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_values_never_panic(
        value in any_value(),
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = payload(&value, Options { compress: false, ..Options::new(Version::Redis11) });
        bytes.truncate(bytes.len() - 10);
        for (place, byte) in places {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        // With a right checksum, in every dialect.
        fuzz(&bytes);
    }
}
