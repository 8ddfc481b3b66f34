//! The string commands.

use polycache_core::command::Value;

use crate::session::Connection;

#[test]
fn set_keeps_its_options_apart() {
    Connection::new().check(
        r#"
        SET a 1 NX GET => nil
        SET a 2 NX GET => "1"
        SET a 2 NX => nil
        SET b 2 XX => nil
        SET a 5 IFEQ 1 GET => "1"
        SET a 6 IFEQ 1 => nil
        SET a 6 IFEQ 5 => +OK
        SET nokey 5 IFEQ 1 => nil
        SET a 5 IFEQ 5 NX => -ERR syntax error
        SET a 7 IFNE 6 => nil
        SET a 7 IFNE 6 GET => "6"
        SET a 7 IFNE 5 => +OK
        SET made 1 IFNE 5 => +OK
        SET made 1 IFNE => -ERR syntax error
        SET a 7 IFNE 5 IFEQ 7 => -ERR syntax error
        SET a 5 EX 10 EX 20 => +OK
        TTL a => :20
        SET a 5 KEEPTTL => +OK
        TTL a => :20
        SET a 5 => +OK
        TTL a => :-1
        SET a 5 EX 10 PX 10 => -ERR syntax error
        SET a 5 EX => -ERR syntax error
        SET a 5 EX 0 => -ERR invalid expire time in 'set' command
        SET a 5 PX 9223372036854775807 => -ERR invalid expire time in 'set' command
        SET a 5 EX abc => -ERR value is not an integer or out of range
        SET a 5 EXAT 1 => +OK
        EXISTS a => :0
        SETEX a 0 x => -ERR invalid expire time in 'setex' command
        PSETEX a -1 x => -ERR invalid expire time in 'psetex' command
        SETEX a 100 x => +OK
        TTL a => :100
        SETNX a y => :0
        SETNX c y => :1
        SET a => -ERR wrong number of arguments for 'set' command
        "#,
    );
}

#[test]
fn reading_can_change_expiry_or_delete() {
    Connection::new().check(
        r#"
        SET a 1 => +OK
        GETEX a EX 100 => "1"
        TTL a => :100
        GETEX a => "1"
        TTL a => :100
        GETEX a PERSIST => "1"
        TTL a => :-1
        GETEX a KEEPTTL => -ERR syntax error
        GETEX nokey EX 0 => -ERR invalid expire time in 'getex' command
        GETEX a PXAT 1000 => "1"
        GET a => nil
        SET a 2 => +OK
        GETSET a 3 => "2"
        GETDEL a => "3"
        GETDEL a => nil
        GETSET a 4 => nil
        DIGEST nokey => nil
        SET d Hello\x20world => +OK
        DIGEST d => "b6acb9d84a38ff74"
        SET d x IFDEQ b6acb9d84a38ff75 => nil
        SET d x IFDNE b6acb9d84a38ff74 => nil
        SET d x IFDEQ B6ACB9D84A38FF74 GET => "Hello world"
        SET d y IFDNE b6acb9d84a38ff74 => +OK
        SET nokey2 y IFDEQ b6acb9d84a38ff74 => nil
        SET nokey2 y IFDNE b6acb9d84a38ff74 => +OK
        SET d y IFDEQ b6acb9d84a38ff7 => -ERR a digest must be exactly 16 hexadecimal characters
        SET d y IFDEQ b6acb9d84a38ff7x => -ERR a digest must be exactly 16 hexadecimal characters
        DELEX d IFEQ x => :0
        DELEX d IFNE y => :0
        DELEX d IFDNE x => -ERR a digest must be exactly 16 hexadecimal characters
        DELEX d FOO x => -ERR syntax error
        DELEX d IFEQ => -ERR syntax error
        DELEX d IFEQ y => :1
        DELEX d IFNE y => :0
        DELEX nokey2 => :1
        RPUSH l 1 => :1
        DIGEST l => -WRONGTYPE Operation against a key holding the wrong kind of value
        DELEX l IFEQ 1 => -WRONGTYPE Operation against a key holding the wrong kind of value
        SET l 1 IFNE 1 => -WRONGTYPE Operation against a key holding the wrong kind of value
        DELEX l => :1
        DELIFEQ a 5 => :0
        DELIFEQ a 4 => :1
        DELIFEQ a 4 => :0
        STRLEN a => :0
        "#,
    );
}

#[test]
fn several_keys_at_once() {
    Connection::new().check(
        r#"
        MSET a 1 b 2 a 3 => +OK
        MGET a b nokey => ["3" "2" nil]
        MSET a 1 b => -ERR wrong number of arguments for 'mset' command
        MSETNX c 1 a 2 => :0
        MSETNX q 1 q 2 => :1
        MGET c q => [nil "2"]
        MSETEX 2 a 1 b => -ERR syntax error
        MSETEX 0 a 1 => -ERR invalid numkeys value or out of range
        MSETEX 1 a 2 NX => :0
        MSETEX 2 a 7 nokey 7 XX => :0
        MSETEX 2 a 7 b 8 XX EX 100 => :1
        MGET a b => ["7" "8"]
        TTL b => :100
        MSETEX 1 b 9 KEEPTTL => :1
        TTL b => :100
        MSETEX 1 a 2 PXAT 1000 => :1
        EXISTS a => :0
        MSETEX 2 EX 1 EX 2 EX 10 => :1
        "#,
    );
}

#[test]
fn counters_are_strict() {
    Connection::new().check(
        r#"
        INCR n => :1
        INCRBY n 41 => :42
        DECR n => :41
        DECRBY n 42 => :-1
        DECRBY n -9223372036854775808 => -ERR decrement would overflow
        SET n 9223372036854775807 => +OK
        INCR n => -ERR increment or decrement would overflow
        SET s -0 => +OK
        INCR s => -ERR value is not an integer or out of range
        INCRBY n 1x => -ERR value is not an integer or out of range
        SETEX t 100 5 => +OK
        INCR t => :6
        TTL t => :100
        INCRBYFLOAT f 0.1 => "0.1"
        INCRBYFLOAT f 0.2 => "0.3"
        INCRBYFLOAT f 5.0e3 => "5000.29999999999999982"
        INCRBYFLOAT f -5000.3 => "0"
        INCRBYFLOAT f inf => -ERR increment would produce NaN or Infinity
        INCRBYFLOAT f nan => -ERR value is not a valid float
        SET s abc => +OK
        INCRBYFLOAT s 1 => -ERR value is not a valid float
        "#,
    );
}

#[test]
fn parts_of_values() {
    Connection::new().check(
        r#"
        APPEND a Hello => :5
        APPEND a World => :10
        GETRANGE a 0 4 => "Hello"
        GETRANGE a -3 -1 => "rld"
        GETRANGE a -3 -5 => ""
        SUBSTR a 5 100 => "World"
        GETRANGE nokey a b => -ERR value is not an integer or out of range
        SETRANGE a 5 Redis! => :11
        GET a => "HelloRedis!"
        SETRANGE nokey 3 "" => :0
        EXISTS nokey => :0
        SETRANGE pad 3 x => :4
        GET pad => "\x00\x00\x00x"
        SETRANGE a -1 x => -ERR offset is out of range
        SETRANGE a 536870912 x => -ERR string exceeds maximum allowed size (proto-max-bulk-len)
        SETRANGE nokey 9223372036854775807 x => -ERR string exceeds maximum allowed size (proto-max-bulk-len)
        SETRANGE a 9999999999 "" => :11
        "#,
    );
}

#[test]
fn long_values_are_written_in_part() {
    let mut connection = Connection::new();
    let mut model = vec![b'x'; 100_000];
    connection.call(&[b"SET", b"k", &model]);
    connection.call(&[b"EXPIRE", b"k", b"100"]);
    for (offset, length) in [(0, 10), (16_000, 1_000), (99_999, 50_000), (200_000, 3)] {
        let bytes = vec![b'a' + (length % 26) as u8; length];
        if model.len() < offset + length {
            model.resize(offset + length, 0);
        }
        model[offset..offset + length].copy_from_slice(&bytes);
        let reply = connection.call(&[b"SETRANGE", b"k", offset.to_string().as_bytes(), &bytes]);
        assert_eq!(reply, Value::Integer(model.len() as i64));
    }
    connection.call(&[b"APPEND", b"k", b"tail"]);
    model.extend_from_slice(b"tail");
    assert_eq!(connection.run("GET k"), Value::Bulk(model.clone()));
    assert_eq!(connection.run("GETRANGE k 16379 16390"), Value::Bulk(model[16379..=16390].to_vec()));
    connection.check("TTL k => :100");
}

#[test]
fn longest_common_subsequence() {
    Connection::new().check(
        r#"
        MSET a ohmytext b mynewtext => +OK
        LCS a b => "mytext"
        LCS a b LEN => :6
        LCS a b IDX => {"matches" [[[:4 :7] [:5 :8]] [[:2 :3] [:0 :1]]] "len" :6}
        LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN => {"matches" [[[:4 :7] [:5 :8] :4]] "len" :6}
        LCS a b IDX LEN => -ERR If you want both the length and indexes, please just use IDX.
        LCS a nokey => ""
        LCS a nokey IDX => {"matches" [] "len" :0}
        LCS a b FOO => -ERR syntax error
        LCS a b MINMATCHLEN => -ERR syntax error
        "#,
    );
}
