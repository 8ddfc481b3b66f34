//! The commands on keys and databases.

use std::collections::BTreeSet;

use polycache_core::command::Value;

use crate::session::Connection;

#[test]
fn existence() {
    Connection::new().check(
        r#"
        MSET a 1 b 2 => +OK
        EXISTS a a nokey => :2
        TOUCH a b nokey => :2
        TYPE a => +string
        TYPE nokey => +none
        DEL a a nokey => :1
        UNLINK b => :1
        DBSIZE => :0
        RANDOMKEY => nil
        SET only 1 => +OK
        RANDOMKEY => "only"
        "#,
    );
}

#[test]
fn expiry() {
    Connection::new().check(
        r#"
        TTL nokey => :-2
        PEXPIRETIME nokey => :-2
        EXPIRE nokey 10 => :0
        SET a 1 => +OK
        TTL a => :-1
        PERSIST a => :0
        EXPIRE a 10 XX => :0
        EXPIRE a 10 GT => :0
        EXPIRE a 10 LT => :1
        EXPIRE a 10 NX => :0
        EXPIRE a 20 GT => :1
        TTL a => :20
        EXPIRE a 10 FOO => -ERR Unsupported option FOO
        EXPIRE a 10 NX XX => -ERR NX and XX, GT or LT options at the same time are not compatible
        EXPIRE a 10 GT LT => -ERR GT and LT options at the same time are not compatible
        EXPIRE a abc => -ERR value is not an integer or out of range
        EXPIRE a 9223372036854775807 => -ERR invalid expire time in 'expire' command
        PEXPIREAT a 4000000000123 => :1
        PEXPIRETIME a => :4000000000123
        EXPIRETIME a => :4000000000
        EXPIREAT a 4000000001 => :1
        EXPIRETIME a => :4000000001
        GET a => "1"
        PERSIST a => :1
        TTL a => :-1
        PEXPIRE a -9223372036854775808 => :1
        EXISTS a => :0
        "#,
    );
}

#[test]
fn expired_keys_are_gone() {
    let mut connection = Connection::new();
    connection.check("PSETEX a 1 x => +OK");
    std::thread::sleep(std::time::Duration::from_millis(5));
    connection.check(
        r#"
        GET a => nil
        EXISTS a => :0
        KEYS * => []
        SCAN 0 COUNT 100 => ["0" []]
        RANDOMKEY => nil
        APPEND a y => :1
        TTL a => :-1
        "#,
    );
}

#[test]
fn other_names() {
    Connection::new().check(
        r#"
        RENAME nokey x => -ERR no such key
        RENAMENX nokey nokey => -ERR no such key
        SETEX a 100 1 => +OK
        RENAME a a => +OK
        RENAMENX a a => :0
        RENAME a b => +OK
        TTL b => :100
        EXISTS a => :0
        SET c 3 => +OK
        RENAMENX b c => :0
        RENAME b c => +OK
        GET c => "1"
        COPY c c => -ERR source and destination objects are the same
        COPY c c DB 0 => -ERR source and destination objects are the same
        COPY c d DB 16 => -ERR DB index is out of range
        COPY c d DB => -ERR syntax error
        COPY c d => :1
        TTL d => :100
        COPY c d => :0
        COPY c d REPLACE => :1
        COPY c c DB 1 => :1
        COPY nokey e => :0
        MOVE c 0 => -ERR source and destination objects are the same
        MOVE c 99 => -ERR DB index is out of range
        MOVE c abc => -ERR value is not an integer or out of range
        MOVE nokey 1 => :0
        MOVE c 1 => :0
        MOVE d 1 => :1
        EXISTS d => :0
        SWAPDB 0 1 => +OK
        MGET c d => ["1" "1"]
        SWAPDB a 0 => -ERR invalid first DB index
        SWAPDB 0 a => -ERR invalid second DB index
        SWAPDB 0 99 => -ERR DB index is out of range
        FLUSHDB FOO => -ERR syntax error
        FLUSHDB ASYNC => +OK
        DBSIZE => :0
        SWAPDB 0 1 => +OK
        DBSIZE => :1
        FLUSHALL => +OK
        DBSIZE => :0
        "#,
    );
}

#[test]
fn a_long_value_keeps_its_bytes_under_another_name() {
    let mut connection = Connection::new();
    let value = vec![b'v'; 70_000];
    connection.call(&[b"SET", b"a", &value]);
    connection.check("COPY a b => :1");
    connection.check("RENAME a c => +OK");
    connection.check("APPEND c x => :70001");
    assert_eq!(connection.run("GET b"), Value::Bulk(value));
}

#[test]
fn encodings() {
    Connection::new().check(
        r#"
        SET n 9223372036854775807 => +OK
        OBJECT ENCODING n => "int"
        SET n -0 => +OK
        OBJECT ENCODING n => "embstr"
        APPEND n 1 => :3
        OBJECT ENCODING n => "raw"
        APPEND new 1 => :1
        OBJECT ENCODING new => "int"
        OBJECT ENCODING nokey => nil
        OBJECT REFCOUNT n => :1
        OBJECT IDLETIME n => :0
        OBJECT FOO => -ERR unknown subcommand 'FOO'. Try OBJECT HELP.
        OBJECT ENCODING => -ERR wrong number of arguments for 'object|encoding' command
        OBJECT => -ERR wrong number of arguments for 'object' command
        "#,
    );
}

fn bulk_set(value: &Value) -> BTreeSet<Vec<u8>> {
    let Value::Array(values) = value else { panic!("{value:?}") };
    let keys: BTreeSet<Vec<u8>> = values
        .iter()
        .map(|value| match value {
            Value::Bulk(bytes) => bytes.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(keys.len(), values.len(), "a key came twice");
    keys
}

#[test]
fn iteration_meets_every_key() {
    let mut connection = Connection::new();
    let all: BTreeSet<Vec<u8>> = (0..5_000).map(|number| format!("key:{number}").into_bytes()).collect();
    for key in &all {
        connection.call(&[b"SET", key, b"x"]);
    }
    assert_eq!(bulk_set(&connection.run("KEYS *")), all);
    assert_eq!(bulk_set(&connection.run("KEYS key:1???")).len(), 1_000);
    assert_eq!(bulk_set(&connection.run("KEYS key:17")).len(), 1);

    let mut found = BTreeSet::new();
    let mut cursor = b"0".to_vec();
    loop {
        let reply = connection.call(&[b"SCAN", &cursor, b"COUNT", b"100", b"TYPE", b"string"]);
        let Value::Array(parts) = reply else { panic!("{reply:?}") };
        let [Value::Bulk(next), keys] = parts.as_slice() else { panic!("{parts:?}") };
        found.extend(bulk_set(keys));
        cursor = next.clone();
        if cursor == b"0" {
            break;
        }
    }
    assert_eq!(found, all);
}

#[test]
fn scan_checks_its_words() {
    Connection::new().check(
        r#"
        SCAN abc => -ERR invalid cursor
        SCAN -1 => -ERR invalid cursor
        SCAN 18446744073709551616 => -ERR invalid cursor
        SCAN 18446744073709551615 => ["0" []]
        SCAN 0 MATCH => -ERR syntax error
        SCAN 0 COUNT 0 => -ERR syntax error
        SCAN 0 COUNT abc => -ERR value is not an integer or out of range
        SCAN 0 TYPE foo => -ERR unknown type name 'foo'
        SCAN 0 NOVALUES => -ERR NOVALUES option can only be used in HSCAN
        SCAN 0 FOO bar => -ERR syntax error
        SCAN 0 TYPE hash => ["0" []]
        "#,
    );
}
