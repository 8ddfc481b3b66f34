//! The commands on sets.

use std::collections::BTreeSet;

use polycache_core::command::Value;
use polycache_core::config::FormLimits;

use crate::session::{Connection, show};

fn small() -> Connection {
    let connection = Connection::new();
    connection.engine.tuning().set_forms(&FormLimits {
        set_max_intset_entries: 4,
        set_max_listpack_entries: 8,
        set_max_listpack_value: 10,
        ..FormLimits::default()
    });
    connection
}

#[test]
fn forms_change_as_in_valkey() {
    small().check(
        "
        SADD s 3 1 2 => :3
        SMEMBERS s => [\"1\" \"2\" \"3\"]
        OBJECT ENCODING s => \"intset\"
        SADD s 4 => :1
        OBJECT ENCODING s => \"intset\"
        SADD s 5 => :1
        OBJECT ENCODING s => \"hashtable\"
        SADD t -5 7 0 => :3
        SADD t z => :1
        SMEMBERS t => [\"-5\" \"0\" \"7\" \"z\"]
        OBJECT ENCODING t => \"listpack\"
        SADD t b c d e => :4
        OBJECT ENCODING t => \"listpack\"
        SADD t f => :1
        OBJECT ENCODING t => \"hashtable\"
        SADD u 1 2 3 4 5 6 => :6
        OBJECT ENCODING u => \"listpack\"
        SADD v 01 -0 9223372036854775807 => :3
        OBJECT ENCODING v => \"hashtable\"
        SADD w abcdefghijk => :1
        OBJECT ENCODING w => \"hashtable\"
        SADD big 1 2 3 4 5 6 7 8 9 => :9
        OBJECT ENCODING big => \"hashtable\"
        SINTERSTORE d big s => :5
        OBJECT ENCODING d => \"hashtable\"
        SREM s 5 4 => :2
        SINTERSTORE d big s => :3
        OBJECT ENCODING d => \"intset\"
        SUNIONSTORE d s t => :12
        OBJECT ENCODING d => \"hashtable\"
        SDIFFSTORE d t s u => :9
        OBJECT ENCODING d => \"hashtable\"
        SADD x b c => :2
        SDIFFSTORE d t x => :7
        OBJECT ENCODING d => \"listpack\"
        ",
    );
}

#[test]
fn replies_and_errors_are_valkeys() {
    Connection::new().check(
        "
        SADD s 1 2 3 => :3
        SADD s 3 4 => :1
        SREM s 4 5 => :1
        SCARD s => :3
        SISMEMBER s 2 => :1
        SISMEMBER s 02 => :0
        SMISMEMBER s 1 x 3 => [:1 :0 :1]
        SMISMEMBER none 1 2 => [:0 :0]
        SPOP s 0 => []
        SPOP s -1 => -ERR value is out of range, must be positive
        SPOP s abc => -ERR value is out of range, must be positive
        SPOP none => nil
        SPOP none 2 => []
        SPOP s 1 2 => -ERR syntax error
        SRANDMEMBER none => nil
        SRANDMEMBER none 2 => []
        SRANDMEMBER s x => -ERR value is not an integer or out of range
        SRANDMEMBER s -9223372036854775807 => -ERR value is out of range
        SRANDMEMBER s -9223372036854775808 => -ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
        SINTERCARD 0 s => -ERR numkeys should be greater than 0
        SINTERCARD 3 s => -ERR Number of keys can't be greater than number of args
        SINTERCARD 1 s LIMIT -1 => -ERR LIMIT can't be negative
        SINTERCARD 1 s LIMIT => -ERR syntax error
        SINTERCARD 1 s LIMIT 1 LIMIT 2 => :2
        SINTERCARD 2 s s LIMIT 0 => :3
        SSCAN s 0 => [\"0\" [\"1\" \"2\" \"3\"]]
        SSCAN s 0 MATCH [13] COUNT 1 => [\"0\" [\"1\" \"3\"]]
        SSCAN s 0 COUNT 0 => -ERR syntax error
        SSCAN s 0 NOVALUES => -ERR NOVALUES option can only be used in HSCAN
        SSCAN none 0 FOO => [\"0\" []]
        SSCAN s x => -ERR invalid cursor
        SET str x => +OK
        SADD str 1 => -WRONGTYPE Operation against a key holding the wrong kind of value
        SINTER none str => -WRONGTYPE Operation against a key holding the wrong kind of value
        SDIFF str => -WRONGTYPE Operation against a key holding the wrong kind of value
        SMOVE none str 1 => :0
        SMOVE s str 99 => -WRONGTYPE Operation against a key holding the wrong kind of value
        SMOVE s s 1 => :1
        SMOVE s s 99 => :0
        SMOVE s t 1 => :1
        SMOVE s t 2 => :1
        SMEMBERS t => [\"1\" \"2\"]
        GET s => -WRONGTYPE Operation against a key holding the wrong kind of value
        SDIFFSTORE str t none => :2
        SMEMBERS str => [\"1\" \"2\"]
        SUNIONSTORE str none => :0
        EXISTS str => :0
        TYPE t => +set
        SREM t 1 2 => :2
        EXISTS t => :0
        ",
    );
}

fn members(value: &Value) -> BTreeSet<Vec<u8>> {
    match value {
        Value::Set(values) | Value::Array(values) => values
            .iter()
            .map(|value| match value {
                Value::Bulk(bytes) => bytes.clone(),
                other => panic!("{}", show(other)),
            })
            .collect(),
        other => panic!("{}", show(other)),
    }
}

fn member(random: &mut fastrand::Rng) -> String {
    match random.u8(..8) {
        0..4 => random.i32(-20..20).to_string(),
        4..7 => format!("m{}", random.u8(..60)),
        _ => format!("{}{}", "long".repeat(random.usize(..200)), random.u8(..4)),
    }
}

#[test]
fn sets_behave_like_a_model() {
    for seed in 0..12 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut connection = if seed % 2 == 0 { small() } else { Connection::new() };
        let mut model: [BTreeSet<Vec<u8>>; 3] = Default::default();
        let keys = ["a", "b", "c"];
        for _ in 0..500 {
            let (at, other, to) = (random.usize(..3), random.usize(..3), random.usize(..3));
            let text = member(&mut random);
            let (key, bytes) = (keys[at], text.clone().into_bytes());
            match random.u8(..12) {
                0..4 => {
                    let added = model[at].insert(bytes);
                    assert_eq!(connection.run(&format!("SADD {key} {text}")), Value::Integer(added.into()));
                }
                4 => {
                    let more: Vec<String> = (0..random.usize(1..20)).map(|_| member(&mut random)).collect();
                    let added =
                        more.iter().filter(|member| model[at].insert(member.as_bytes().to_vec())).count();
                    let reply = connection.run(&format!("SADD {key} {}", more.join(" ")));
                    assert_eq!(reply, Value::Integer(added as i64));
                }
                5 => {
                    let removed = model[at].remove(&bytes);
                    assert_eq!(connection.run(&format!("SREM {key} {text}")), Value::Integer(removed.into()));
                }
                6 => {
                    let count = random.usize(..12);
                    let popped = members(&connection.run(&format!("SPOP {key} {count}")));
                    assert_eq!(popped.len(), count.min(model[at].len()));
                    assert!(popped.iter().all(|member| model[at].remove(member)));
                }
                7 => {
                    let reply = connection.run(&format!("SMOVE {key} {} {text}", keys[other]));
                    let moved = model[at].remove(&bytes);
                    if moved {
                        model[other].insert(bytes);
                    }
                    assert_eq!(reply, Value::Integer(moved.into()));
                }
                8 => {
                    let (name, result): (_, BTreeSet<_>) = match random.u8(..3) {
                        0 => ("SINTER", model[at].intersection(&model[other]).cloned().collect()),
                        1 => ("SUNION", model[at].union(&model[other]).cloned().collect()),
                        _ => ("SDIFF", model[at].difference(&model[other]).cloned().collect()),
                    };
                    let operands = format!("{key} {}", keys[other]);
                    assert_eq!(members(&connection.run(&format!("{name} {operands}"))), result);
                    let stored = connection.run(&format!("{name}STORE {} {operands}", keys[to]));
                    assert_eq!(stored, Value::Integer(result.len() as i64));
                    model[to] = result;
                }
                9 => {
                    let count = random.i64(-30..30);
                    let Value::Array(found) = connection.run(&format!("SRANDMEMBER {key} {count}")) else {
                        panic!("no array")
                    };
                    let distinct = members(&Value::Array(found.clone()));
                    assert!(distinct.is_subset(&model[at]));
                    let expected = if count < 0 && !model[at].is_empty() {
                        -count as usize
                    } else {
                        (count.max(0) as usize).min(model[at].len())
                    };
                    assert_eq!(found.len(), expected);
                    assert!(count < 0 || distinct.len() == found.len());
                }
                _ => {
                    assert_eq!(
                        connection.run(&format!("SISMEMBER {key} {text}")),
                        Value::Integer(model[at].contains(&bytes).into())
                    );
                }
            }
            for (key, model) in keys.iter().zip(&model) {
                assert_eq!(&members(&connection.run(&format!("SMEMBERS {key}"))), model);
            }
        }
    }
}

#[test]
fn scans_return_what_stays() {
    let mut connection = small();
    let mut random = fastrand::Rng::with_seed(3);
    for number in 0..2000 {
        connection.run(&format!("SADD s stays{number}"));
    }
    let (mut seen, mut cursor, mut steps) = (BTreeSet::new(), "0".to_owned(), 0);
    loop {
        let Value::Array(reply) = connection.run(&format!("SSCAN s {cursor} COUNT 20")) else {
            panic!("no array")
        };
        let Value::Bulk(next) = &reply[0] else { panic!("no cursor") };
        cursor = String::from_utf8(next.clone()).unwrap();
        seen.extend(members(&reply[1]));
        steps += 1;
        for _ in 0..20 {
            let goes = random.u32(..500);
            connection.run(&format!("SADD s goes{goes}"));
            connection.run(&format!("SREM s goes{}", random.u32(..500)));
        }
        if cursor == "0" {
            break;
        }
    }
    assert!(steps >= 50, "{steps} steps");
    assert!((0..2000).all(|number| seen.contains(format!("stays{number}").as_bytes())));
}
