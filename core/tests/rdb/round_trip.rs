//! What is written comes back.

use polycache_core::rdb::gathered::{Field, Value};
use polycache_core::rdb::visitor::Key;
use polycache_core::rdb::{Options, PayloadWriter, Version};
use proptest::prelude::*;

use super::values::{VERSIONS, any_value, file, payload, read, value_of};

/// What a version keeps of `value`.
fn as_kept(value: &Value, version: Version) -> Value {
    let mut value = value.clone();
    if let (Value::Stream(stream), Version::Redis10) = (&mut value, version) {
        let consumers = stream.groups.iter_mut().flat_map(|group| &mut group.consumers);
        consumers.for_each(|consumer| consumer.active_at = consumer.seen_at);
    }
    value.sorted()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn payloads_come_back(value in any_value(), compress in any::<bool>()) {
        for version in VERSIONS {
            let payload = payload(&value, Options { compress, ..Options::new(version) });
            prop_assert_eq!(value_of(&payload).sorted(), as_kept(&value, version));
        }
    }

    #[test]
    fn files_come_back(
        values in prop::collection::vec(any_value(), 0..6),
        expiries in prop::collection::vec(prop::option::of(1_u64..1 << 50), 6),
        databases in prop::collection::vec(0_u64..16, 6),
    ) {
        let names: Vec<String> = (0..6).map(|number| format!("key:{number}")).collect();
        let keys: Vec<_> = values.into_iter().enumerate().map(|(at, value)| {
            let idle = expiries[at].map(|at| at % 1000);
            let frequency = if idle.is_none() { Some(at as u8) } else { None };
            let key = Key { expire_at: expiries[at], idle, frequency, ..Key::new(databases[at], names[at].as_bytes()) };
            (key, value)
        }).collect();
        for version in VERSIONS {
            let bytes = file(&keys, Options::new(version));
            let found = read(&bytes).expect("a whole file");
            prop_assert_eq!(found.functions.len(), 1);
            prop_assert_eq!(found.keys.len(), keys.len());
            for ((key, value), (found_key, found_value)) in keys.iter().zip(found.keys) {
                prop_assert_eq!(&found_key, key);
                prop_assert_eq!(found_value.sorted(), as_kept(value, version));
            }
        }
    }
}

#[test]
fn fields_keep_their_expiry_where_the_version_has_it() {
    for count in [1, 3, 600] {
        let fields = (0..count).map(|at: u64| Field {
            name: format!("field{at}").into_bytes(),
            value: at.to_string().into_bytes(),
            expire_at: (at % 3 != 1).then_some(1_800_000_000_000 + at),
        });
        let hash = Value::Hash(fields.collect());
        for version in [Version::Redis12, Version::Valkey80] {
            assert_eq!(value_of(&payload(&hash, Options::new(version))), hash);
        }
        let mut writer = PayloadWriter::payload(Options::new(Version::Redis11));
        let refusal = hash.tell(&mut writer).expect_err("the version has no expiry of fields").to_string();
        assert!(refusal.contains("Valkey 9"), "{refusal}");
    }
}

#[test]
fn a_long_string_goes_through_in_pieces() {
    let long: Vec<u8> = (0..5_000_000_u32).flat_map(|number| number.to_le_bytes()).collect();
    for version in VERSIONS {
        let value = Value::String(long.clone());
        assert!(value_of(&payload(&value, Options::new(version))) == value);
    }
}

#[test]
fn small_values_are_packed_as_redis_packs_them() {
    let text = |count: usize| (0..count).map(|at| format!("m{at}").into_bytes()).collect::<Vec<_>>();
    let numbers = |count: usize| (0..count).map(|at| at.to_string().into_bytes()).collect::<Vec<_>>();
    let scored = |count| text(count).into_iter().map(|member| (member, 0.5)).collect();
    let kind = |value: Value, version| payload(&value, Options::new(version))[0];
    for (value, expected) in [
        (Value::List(text(9)), 18),
        (Value::List(text(5000)), 1),
        (Value::Set(numbers(512)), 11),
        (Value::Set(numbers(513)), 2),
        (Value::Set(text(128)), 20),
        (Value::Set(text(129)), 2),
        (Value::SortedSet(scored(128)), 17),
        (Value::SortedSet(scored(129)), 5),
    ] {
        assert_eq!(kind(value, Version::Redis11), expected);
    }
    assert_eq!(kind(Value::Set(text(3)), Version::Redis10), 2);
}

#[test]
fn a_value_with_other_elements_than_announced_is_refused() {
    use polycache_core::rdb::{Kind, Shape, ValueVisitor};
    let mut writer = PayloadWriter::payload(Options::new(Version::Redis11));
    writer.begin_value(Shape::new(Kind::List, 2)).expect("memory");
    writer.list_element(b"one").expect("memory");
    assert!(writer.set_member(b"other").is_err());
    assert!(writer.end_value().is_err());
}
