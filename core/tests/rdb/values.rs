//! Values to write and to compare, and how.

use polycache_core::rdb::gathered::{Field, Gathered, Stream, StreamConsumer, StreamGroup, Value};
use polycache_core::rdb::visitor::{Key, Pending, StreamId, StreamMeta};
use polycache_core::rdb::{FileVisitor, Options, PayloadWriter, RdbError, Version, Writer};
use polycache_core::rdb::{read_file, read_payload};
use proptest::prelude::*;

pub const VERSIONS: [Version; 4] = [Version::Redis10, Version::Redis11, Version::Redis12, Version::Valkey80];

/// The payload of `value`.
pub fn payload(value: &Value, options: Options) -> Vec<u8> {
    let mut writer = PayloadWriter::payload(options);
    value.tell(&mut writer).expect("it can be written");
    writer.finish_payload().expect("memory")
}

/// The value in `payload`.
pub fn value_of(payload: &[u8]) -> Value {
    let mut gathered = Gathered::default();
    read_payload(payload, &mut gathered).expect("a whole payload");
    gathered.value.expect("a value")
}

/// A file of these keys.
pub fn file(keys: &[(Key<'_>, Value)], options: Options) -> Vec<u8> {
    let mut writer = Writer::file(Vec::new(), options).expect("memory");
    writer.aux(b"redis-ver", b"7.2.0").expect("memory");
    writer.function(b"#!lua name=lib\nredis.register_function('f', function() end)").expect("memory");
    for (key, value) in keys {
        writer.key(key).expect("memory");
        value.tell(&mut writer).expect("it can be written");
    }
    writer.finish().expect("memory")
}

pub fn read(bytes: &[u8]) -> Result<Gathered, RdbError> {
    let mut gathered = Gathered::default();
    read_file(bytes, &mut gathered).map(|_| gathered)
}

fn element() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..12),
        3 => any::<i64>().prop_map(|number| number.to_string().into_bytes()),
        3 => any::<i16>().prop_map(|number| number.to_string().into_bytes()),
        2 => (any::<u8>(), 0_usize..300).prop_map(|(byte, len)| vec![byte; len]),
        1 => prop::collection::vec(any::<u8>(), 0..5000),
    ]
}

fn unique(elements: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut seen = std::collections::HashSet::new();
    elements.into_iter().filter(|element| seen.insert(element.clone())).collect()
}

fn score() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<i32>().prop_map(f64::from),
        any::<f64>().prop_filter("a number", |score| !score.is_nan()),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
    ]
}

fn stream() -> impl Strategy<Value = Value> {
    let pairs = prop::collection::vec((element(), element()), 1..4);
    let entries = prop::collection::vec((1_u64..1000, any::<u64>(), pairs), 0..250);
    let groups = prop::collection::vec((element(), prop::option::of(0_u64..1000), 0_usize..20), 0..3);
    (entries, groups).prop_map(|(entries, groups)| {
        let mut ms = 0;
        let entries: Vec<_> = entries
            .into_iter()
            .map(|(step, seq, pairs)| {
                ms += step;
                // Most entries have the fields of the first.
                let pairs = pairs
                    .into_iter()
                    .enumerate()
                    .map(|(at, (field, value))| {
                        (if seq % 4 > 0 { format!("f{at}").into_bytes() } else { field }, value)
                    })
                    .collect();
                (StreamId { ms, seq }, pairs)
            })
            .collect();
        let last_id = entries.last().map_or(StreamId::MIN, |entry: &(StreamId, _)| entry.0);
        let names = unique(groups.iter().map(|group| group.0.clone()).collect());
        let groups: Vec<StreamGroup> = names
            .into_iter()
            .zip(groups)
            .map(|(name, (_, entries_read, pending))| {
                let pending: Vec<Pending> = entries
                    .iter()
                    .take(pending)
                    .map(|entry| Pending { id: entry.0, delivered_at: 1_700_000_000_000, deliveries: 3 })
                    .collect();
                let owned = pending.iter().map(|pending| pending.id).collect();
                let consumer = |name: &str, owned| StreamConsumer {
                    name: name.into(),
                    seen_at: 5,
                    active_at: -1,
                    owned,
                };
                let consumers = vec![consumer("owner", owned), consumer("idle", Vec::new())];
                StreamGroup { name, last_id, entries_read, pending, consumers }
            })
            .collect();
        let meta = StreamMeta {
            length: entries.len() as u64,
            last_id,
            first_id: entries.first().map_or(StreamId::MIN, |entry| entry.0),
            max_deleted_id: StreamId::MIN,
            entries_added: entries.len() as u64 + 7,
            groups: groups.len() as u64,
        };
        Value::Stream(Stream { entries, meta, groups })
    })
}

/// Values of every type, small and large.
pub fn any_value() -> impl Strategy<Value = Value> {
    let counts = prop_oneof![Just(1..4_usize), Just(100..140), Just(500..530)];
    let elements = counts.prop_flat_map(|count| prop::collection::vec(element(), count));
    let numbers = prop::collection::vec(any::<i32>(), 1..600);
    prop_oneof![
        element().prop_map(Value::String),
        elements.clone().prop_map(Value::List),
        elements.clone().prop_map(|members| Value::Set(unique(members))),
        numbers.prop_map(|numbers| {
            Value::Set(unique(numbers.iter().map(|number| number.to_string().into_bytes()).collect()))
        }),
        (elements.clone(), element(), any::<bool>()).prop_map(|(names, value, short)| {
            let fields = unique(names).into_iter().map(|name| Field {
                value: if short { b"v".to_vec() } else { value.clone() },
                expire_at: None,
                name,
            });
            Value::Hash(fields.collect())
        }),
        (elements, prop::collection::vec(score(), 530)).prop_map(|(members, scores)| {
            Value::SortedSet(unique(members).into_iter().zip(scores).collect())
        }),
        stream(),
    ]
}
