//! Encodings that are read and no longer written, and everything that surrounds keys.

use polycache_core::rdb::gathered::{Field, Value};
use polycache_core::rdb::packed::listpack_builder::ListpackBuilder;
use polycache_core::rdb::visitor::StreamId;

use super::build::{Element, file, key, length, string, text, ziplist, zipmap};
use super::values::read;

fn one(magic: &[u8], code: u8, value: &[u8]) -> Value {
    let bytes = file(magic, &[vec![0xfe, 0], key(code, "k", value)].concat());
    let mut found = read(&bytes).expect("a whole file");
    assert_eq!(found.keys.len(), 1);
    found.keys.remove(0).1
}

fn bytes(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn field(name: &str, value: &str, expire_at: Option<u64>) -> Field {
    Field { name: name.into(), value: value.into(), expire_at }
}

fn listpack(elements: &[&str]) -> Vec<u8> {
    let mut builder = ListpackBuilder::default();
    elements.iter().for_each(|element| builder.push(element.as_bytes()));
    builder.finish().to_vec()
}

#[test]
fn ziplists_with_every_encoding() {
    let long = vec![b'x'; 300];
    let longer = vec![b'y'; 20_000];
    let elements = vec![
        text(b"short"),
        Element::Tiny(0),
        Element::Tiny(12),
        Element::Wide(-100, 1),
        Element::Wide(-30_000, 2),
        text(&long),
        Element::Wide(-8_000_000, 3),
        Element::Wide(2_000_000_000, 4),
        text(&longer),
        Element::Wide(i64::MIN, 8),
        text(b""),
    ];
    let mut expected = bytes(&["short", "0", "12", "-100", "-30000"]);
    expected.extend([long, b"-8000000".to_vec(), b"2000000000".to_vec(), longer]);
    expected.extend(bytes(&["-9223372036854775808", ""]));
    for counted in [true, false] {
        let list = ziplist(&elements, counted);
        assert_eq!(one(b"REDIS0006", 10, &string(&list)), Value::List(expected.clone()));
        // A quicklist of two nodes, and one that is empty.
        let nodes = [length(3), string(&list), string(&ziplist(&[], true)), string(&list)].concat();
        assert_eq!(one(b"REDIS0008", 14, &nodes), Value::List([expected.clone(), expected.clone()].concat()));
    }
    let hash = ziplist(&[text(b"f"), Element::Tiny(7), text(b"g"), text(b"w")], true);
    let expected = Value::Hash(vec![field("f", "7", None), field("g", "w", None)]);
    assert_eq!(one(b"REDIS0006", 13, &string(&hash)), expected);
    let scored =
        ziplist(&[text(b"a"), text(b"-1.5"), text(b"b"), Element::Tiny(2), text(b"c"), text(b"inf")], true);
    let expected = vec![(b"a".to_vec(), -1.5), (b"b".to_vec(), 2.0), (b"c".to_vec(), f64::INFINITY)];
    assert_eq!(one(b"REDIS0006", 12, &string(&scored)), Value::SortedSet(expected));
}

#[test]
fn zipmaps_with_long_and_unused_parts() {
    let long = vec![b'v'; 400];
    for unused in [0, 3] {
        let map = zipmap(&[(b"f", b"v"), (b"long", &long), (b"", b"")], unused);
        let mut expected = vec![field("f", "v", None), field("long", "", None), field("", "", None)];
        expected[1].value = long.clone();
        assert_eq!(one(b"REDIS0006", 9, &string(&map)), Value::Hash(expected));
    }
}

#[test]
fn scores_as_text() {
    let members = [
        length(4),
        [string(b"a"), vec![3], b"1.5".to_vec()].concat(),
        [string(b"b"), vec![254]].concat(),
        [string(b"c"), vec![255]].concat(),
        [string(b"d"), vec![5], b"-3e10".to_vec()].concat(),
    ];
    let expected = [("a", 1.5), ("b", f64::INFINITY), ("c", f64::NEG_INFINITY), ("d", -3e10)];
    let expected = expected.map(|(member, score)| (member.as_bytes().to_vec(), score)).to_vec();
    assert_eq!(one(b"REDIS0006", 3, &members.concat()), Value::SortedSet(expected));
    let nan = file(b"REDIS0006", &key(3, "k", &[length(1), string(b"a"), vec![253]].concat()));
    assert!(read(&nan).is_err());
}

#[test]
fn strings_as_numbers() {
    for (encoded, expected) in [
        (&[0xc0, 0x85][..], "-123"),
        (&[0xc1, 0x00, 0x80], "-32768"),
        (&[0xc2, 0xff, 0xff, 0xff, 0x7f], "2147483647"),
    ] {
        assert_eq!(one(b"REDIS0006", 0, encoded), Value::String(expected.into()));
    }
    // Lengths in their wider forms.
    assert_eq!(one(b"REDIS0006", 0, &[0x80, 0, 0, 0, 1, b'x']), Value::String(b"x".to_vec()));
    assert_eq!(one(b"REDIS0006", 0, &[0x81, 0, 0, 0, 0, 0, 0, 0, 1, b'x']), Value::String(b"x".to_vec()));
}

#[test]
fn the_magic_chooses_what_type_22_is() {
    let absolute =
        [length(2), length(0), string(b"f"), string(b"v"), length(9000), string(b"g"), string(b"w")];
    let expected = Value::Hash(vec![field("f", "v", None), field("g", "w", Some(9000))]);
    assert_eq!(one(b"REDIS0012", 22, &absolute.concat()), expected);
    let behind = [length(2), string(b"f"), string(b"v"), vec![0xff; 8], string(b"g"), string(b"w")].concat();
    let behind = [behind, 9000_i64.to_le_bytes().to_vec()].concat();
    assert_eq!(one(b"VALKEY080", 22, &behind), expected);
    assert_eq!(one(b"VALKEY081", 22, &behind), expected);

    let relative = [length(2), length(0), string(b"f"), string(b"v"), length(1), string(b"g"), string(b"w")];
    let relative = [9000_i64.to_le_bytes().to_vec(), relative.concat()].concat();
    assert_eq!(one(b"REDIS0012", 24, &relative), expected);
    let packed = string(&listpack(&["f", "v", "0", "g", "w", "9000"]));
    assert_eq!(one(b"REDIS0012", 23, &packed), expected);
    assert_eq!(one(b"REDIS0012", 25, &[9000_i64.to_le_bytes().to_vec(), packed].concat()), expected);
    assert!(read(&file(b"VALKEY080", &key(24, "k", &relative))).is_err());
}

#[test]
fn streams_of_the_first_form() {
    // Two entries with the fields of the first, and a deleted one between them.
    let mut node = ListpackBuilder::default();
    for number in [2, 1, 1] {
        node.push_integer(number);
    }
    node.push(b"name");
    node.push_integer(0);
    for (flags, ms, value) in [(2, 0, "a"), (3, 5, "b"), (2, 9, "c")] {
        node.push_integer(flags);
        node.push_integer(ms);
        node.push_integer(0);
        node.push(value.as_bytes());
        node.push_integer(4);
    }
    let first = StreamId { ms: 1000, seq: 1 };
    let last = StreamId { ms: 1009, seq: 1 };
    let stream = [
        length(1),
        string(&first.to_bytes()),
        string(node.finish()),
        length(2),
        [length(1009), length(1)].concat(),
        length(1),
        string(b"group"),
        [length(1000), length(1)].concat(),
        length(1),
        [last.to_bytes().to_vec(), 77_i64.to_le_bytes().to_vec(), length(4)].concat(),
        length(1),
        string(b"consumer"),
        88_i64.to_le_bytes().to_vec(),
        length(1),
        last.to_bytes().to_vec(),
    ];
    let Value::Stream(stream) = one(b"REDIS0009", 15, &stream.concat()) else { panic!("a stream") };
    let values: Vec<_> = stream.entries.iter().map(|entry| entry.1[0].clone()).collect();
    assert_eq!(values, [(b"name".to_vec(), b"a".to_vec()), (b"name".to_vec(), b"c".to_vec())]);
    assert_eq!((stream.meta.first_id, stream.meta.last_id, stream.meta.entries_added), (first, last, 2));
    let group = &stream.groups[0];
    assert_eq!(group.entries_read, Some(1));
    assert_eq!((group.pending[0].delivered_at, group.pending[0].deliveries), (77, 4));
    assert_eq!((group.consumers[0].active_at, &group.consumers[0].owned), (88, &vec![last]));
}

#[test]
fn everything_around_keys() {
    let module = (0..9).fold(0_u64, |id, _| id << 6 | 1) << 10;
    let module_data =
        [&[2, 5][..], &[5], &string(b"text"), &[4], &[0; 8], &[3], &[0; 4], &[1, 9, 0]].concat();
    let body = [
        vec![0xfa],
        string(b"redis-ver"),
        string(b"8.0.0"),
        vec![0xf5],
        string(b"#!lua name=x"),
        vec![0xf7, 0x81],
        module.to_be_bytes().to_vec(),
        module_data,
        vec![0xfe, 3, 0xfb, 2, 1],
        vec![0xf4, 1, 2, 3],
        vec![0xfd],
        1_700_000_000_i32.to_le_bytes().to_vec(),
        vec![0xf8, 9],
        key(0, "a", &string(b"1")),
        vec![0xfc],
        1_800_000_000_123_i64.to_le_bytes().to_vec(),
        vec![0xf9, 200],
        key(0, "b", &string(b"2")),
        key(0, "c", &string(b"3")),
    ];
    let found = read(&file(b"REDIS0012", &body.concat())).expect("a whole file");
    let keys: Vec<_> =
        found.keys.iter().map(|(key, _)| (key.db, key.expire_at, key.idle, key.frequency)).collect();
    let expected = [
        (3, Some(1_700_000_000_000), Some(9), None),
        (3, Some(1_800_000_000_123), None, Some(200)),
        (3, None, None, None),
    ];
    assert_eq!(keys, expected);
    assert_eq!(found.aux, [(b"redis-ver".to_vec(), b"8.0.0".to_vec())]);
    assert_eq!(found.functions, [b"#!lua name=x".to_vec()]);
    assert_eq!(found.skipped, ["data of the module type 'BBBBBBBBB'"]);
    let slots = [vec![0xf3], string(b"job"), vec![2, 0, 5, 7, 9], key(0, "k", &string(b"v"))].concat();
    assert_eq!(read(&file(b"VALKEY080", &slots)).expect("a whole file").keys.len(), 1);
}

#[test]
fn values_of_modules_are_refused_by_name() {
    let value = [vec![0x81], 0_u64.to_be_bytes().to_vec(), vec![0]].concat();
    let error = read(&file(b"REDIS0011", &key(7, "jason", &value))).err().expect("refused").to_string();
    assert!(error.contains("jason") && error.contains("AAAAAAAAA"), "{error}");
}

#[test]
fn other_files_and_versions_are_refused_clearly() {
    for (bytes, expected) in [
        (b"REDIS0005\xff\0\0\0\0\0\0\0\0".to_vec(), "REDIS0005"),
        (b"REDIS0013\xff\0\0\0\0\0\0\0\0".to_vec(), "REDIS0013"),
        (b"VALKEY082\xff\0\0\0\0\0\0\0\0".to_vec(), "VALKEY082"),
        (b"*2\r\n$6\r\nSELECT".to_vec(), "not an RDB file"),
        (b"REDIS".to_vec(), "ends in the middle"),
        (b"REDIS00x1".to_vec(), "not a number"),
    ] {
        let error = read(&bytes).err().expect("refused").to_string();
        assert!(error.contains(expected), "{error}");
    }
}
