//! The bitmap commands.

use polycache_core::command::Value;

use crate::session::Connection;

#[test]
fn single_bits() {
    Connection::new().check(
        r#"
        SETBIT a 7 1 => :0
        SETBIT a 7 0 => :1
        GETBIT a 7 => :0
        GETBIT a 100 => :0
        STRLEN a => :1
        SETBIT a -1 1 => -ERR bit offset is not an integer or out of range
        SETBIT a 4294967296 1 => -ERR bit offset is not an integer or out of range
        SETBIT a 1 2 => -ERR bit is not an integer or out of range
        GETBIT nokey 4294967296 => -ERR bit offset is not an integer or out of range
        OBJECT ENCODING a => "raw"
        "#,
    );
}

#[test]
fn the_last_bit_of_the_longest_string_is_cheap() {
    let mut connection = Connection::new();
    connection.check(
        r#"
        SETBIT a 4294967295 1 => :0
        STRLEN a => :536870912
        GETBIT a 4294967295 => :1
        BITCOUNT a => :1
        BITPOS a 1 => :4294967295
        APPEND a x => -ERR string exceeds maximum allowed size (proto-max-bulk-len)
        "#,
    );
    let op = connection.engine.begin();
    let bytes = op
        .read(0, b"a", polycache_core::operation::Touch::Quiet)
        .expect("not damaged")
        .expect("set above")
        .memory_bytes();
    assert!(bytes < 2 << 20, "{bytes} bytes for one bit");
}

#[test]
fn operators_of_redis_8() {
    // One bit for every choice of sources that have it.
    Connection::new().check(
        r#"
        SET x \x0f => +OK
        SET y \x33 => +OK
        SET z \x55 => +OK
        BITOP DIFF d x y z => :1
        GET d => "\x08"
        BITOP DIFF1 d x y z => :1
        GET d => "p"
        BITOP ANDOR d x y z => :1
        GET d => "\x07"
        BITOP ONE d x y z => :1
        GET d => "h"
        BITOP ONE d x => :1
        GET d => "\x0f"
        BITOP diff d x nokey => :1
        BITOP DIFF d x => -ERR BITOP DIFF must be called with at least two source keys.
        BITOP DIFF1 d x => -ERR BITOP DIFF1 must be called with at least two source keys.
        BITOP ANDOR d x => -ERR BITOP ANDOR must be called with at least two source keys.
        "#,
    );
}

#[test]
fn counting_and_finding() {
    Connection::new().check(
        r#"
        SET a foobar => +OK
        BITCOUNT a => :26
        BITCOUNT a 0 0 => :4
        BITCOUNT a 1 => :22
        BITCOUNT a 5 30 BIT => :17
        BITCOUNT a -2 -1 BIT => :1
        BITCOUNT a -1 -2 => :0
        BITCOUNT a 0 -9223372036854775808 => :4
        BITCOUNT a 1 2 3 => -ERR syntax error
        BITCOUNT nokey x 2 FOO => -ERR value is not an integer or out of range
        BITCOUNT nokey 1 x FOO => -ERR syntax error
        BITCOUNT nokey 1 x => -ERR value is not an integer or out of range
        BITPOS a 1 => :1
        BITPOS a 1 2 => :17
        BITPOS a 1 10 => :-1
        BITPOS a 1 2 3 BIT => :2
        BITPOS a 2 => -ERR The bit argument must be 1 or 0.
        BITPOS a 1 2 3 FOO => -ERR syntax error
        BITPOS nokey 0 5 7 => :0
        BITPOS nokey 1 => :-1
        SET f \xff\xff => +OK
        BITPOS f 0 => :16
        BITPOS f 0 0 -1 => :-1
        BITPOS f 0 1 => :16
        BITPOS f 0 0 15 BIT => :-1
        SET e "" => +OK
        BITPOS e 0 => :-1
        "#,
    );
}

#[test]
fn combining() {
    Connection::new().check(
        r#"
        MSET a abc b ab => +OK
        BITOP AND d a b => :3
        GET d => "ab\x00"
        BITOP OR d a b nokey => :3
        GET d => "abc"
        BITOP XOR d a b => :3
        GET d => "\x00\x00c"
        BITOP NOT d b => :2
        GET d => "\x9e\x9d"
        BITOP NOT d a b => -ERR BITOP NOT must be called with a single source key.
        BITOP NAND d a b => -ERR syntax error
        BITOP AND d nokey => :0
        EXISTS d => :0
        BITOP AND a a b => :3
        GET a => "ab\x00"
        "#,
    );
}

#[test]
fn fields() {
    Connection::new().check(
        r#"
        BITFIELD nokey => []
        BITFIELD a SET u8 0 300 => [:0]
        BITFIELD a GET u8 0 => [:44]
        BITFIELD a OVERFLOW SAT INCRBY u8 0 250 OVERFLOW WRAP INCRBY u8 0 10 OVERFLOW FAIL INCRBY i8 0 127 => [:255 :9 nil]
        BITFIELD a INCRBY i5 100 1 GET u4 0 => [:1 :0]
        STRLEN a => :14
        BITFIELD a SET i8 #1 -1 GET i64 #0 => [:0 :720294465402568704]
        BITFIELD a GET u64 0 => -ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.
        BITFIELD a GET u8 -1 => -ERR bit offset is not an integer or out of range
        BITFIELD a GET u8 4294967295 => [:0]
        BITFIELD a GET u8 #536870912 => -ERR bit offset is not an integer or out of range
        BITFIELD a SET u8 0 abc => -ERR value is not an integer or out of range
        BITFIELD a OVERFLOW FOO => -ERR Invalid OVERFLOW type specified
        BITFIELD a FOO => -ERR syntax error
        BITFIELD new OVERFLOW FAIL INCRBY u2 0 10 => [nil]
        GET new => "\x00"
        BITFIELD_RO a SET u8 0 1 => -ERR BITFIELD_RO only supports the GET subcommand
        BITFIELD_RO a GET u8 0 => [:9]
        "#,
    );
}

#[test]
fn long_bitmaps_are_combined_piece_by_piece() {
    let mut connection = Connection::new();
    let bytes: Vec<u8> = (0..100_000u32).map(|at| (at * 7) as u8).collect();
    connection.call(&[b"SET", b"a", &bytes]);
    connection.call(&[b"SET", b"b", &bytes[..50_000]]);
    connection.check("BITOP XOR c a b => :100000");
    let mut expected = vec![0; 50_000];
    expected.extend_from_slice(&bytes[50_000..]);
    assert_eq!(connection.run("GET c"), Value::Bulk(expected.clone()));
    let ones: u32 = expected.iter().map(|byte| byte.count_ones()).sum();
    connection.check(&format!("BITCOUNT c => :{ones}"));
    connection.check("BITPOS c 1 => :400002");
}
