//! The commands on hashes.

use std::collections::BTreeMap;

use polycache_core::clock::UnixMillis;
use polycache_core::command::Value;
use polycache_core::config::FormLimits;
use polycache_core::exchange::digest_of_value;
use polycache_core::operation::Touch;
use polycache_core::stats::Counter;

use crate::session::{Connection, show};

fn small() -> Connection {
    let connection = Connection::new();
    connection.engine.tuning().set_forms(&FormLimits {
        hash_max_listpack_entries: 4,
        hash_max_listpack_value: 10,
        ..FormLimits::default()
    });
    connection
}

#[test]
fn forms_change_as_in_valkey() {
    small().check(
        "
        HSET h a 1 b 2 c 3 d 4 => :4
        OBJECT ENCODING h => \"listpack\"
        HGETALL h => {\"a\" \"1\" \"b\" \"2\" \"c\" \"3\" \"d\" \"4\"}
        HSET h b x => :0
        HKEYS h => [\"a\" \"b\" \"c\" \"d\"]
        HSET h e 5 => :1
        OBJECT ENCODING h => \"hashtable\"
        HLEN h => :5
        HSET i f 12345678901 => :1
        OBJECT ENCODING i => \"hashtable\"
        HSET j a 1 => :1
        HEXPIRE j 100 FIELDS 1 a => [:1]
        OBJECT ENCODING j => \"hashtable\"
        HSETEX k KEEPTTL FIELDS 1 a b => :1
        OBJECT ENCODING k => \"listpack\"
        TYPE k => +hash
        ",
    );
}

#[test]
fn replies_and_errors_are_valkeys() {
    Connection::new().check(
        "
        HSET h a 1 b => -ERR wrong number of arguments for 'hset' command
        HMSET h a 1 b => -ERR wrong number of arguments for 'hmset' command
        HMSET h a 1 b 2 => +OK
        HSETNX h a 5 => :0
        HSETNX h c 5 => :1
        HMGET h a zz b => [\"1\" nil \"2\"]
        HGETALL none => {}
        HSTRLEN h zz => :0
        HINCRBY h a 5 => :6
        HINCRBY h a x => -ERR value is not an integer or out of range
        HINCRBY h s 9223372036854775807 => :9223372036854775807
        HINCRBY h s 1 => -ERR increment or decrement would overflow
        HSET h t abc inf inf => :2
        HINCRBY h t 1 => -ERR hash value is not an integer
        HINCRBYFLOAT h t 1 => -ERR hash value is not a float
        HINCRBYFLOAT h a 0.5 => \"6.5\"
        HINCRBYFLOAT h a inf => -ERR value is NaN or Infinity
        HINCRBYFLOAT h a nan => -ERR value is not a valid float
        HINCRBYFLOAT h inf 1 => -ERR increment would produce NaN or Infinity
        HRANDFIELD none => nil
        HRANDFIELD none 2 => []
        HRANDFIELD h 1 FOO => -ERR syntax error
        HRANDFIELD h -9223372036854775807 WITHVALUES => -ERR value is out of range
        HSCAN h 0 MATCH a => [\"0\" [\"a\" \"6.5\"]]
        HSCAN h 0 MATCH [ab] NOVALUES => [\"0\" [\"a\" \"b\"]]
        HDEL h a zz b => :2
        HDEL h c s t inf => :4
        EXISTS h => :0
        SET str x => +OK
        HSET str a => -ERR wrong number of arguments for 'hset' command
        HSET str a b => -WRONGTYPE Operation against a key holding the wrong kind of value
        HTTL str FIELDS 2 a => -ERR syntax error
        HTTL str FIELDS 1 a => -WRONGTYPE Operation against a key holding the wrong kind of value
        ",
    );
}

#[test]
fn fields_expire_as_in_valkey() {
    Connection::new().check(
        "
        HSET h a 1 b 2 => :2
        HEXPIRE h 100 FIELDS 1 a => [:1]
        HTTL h FIELDS 3 a b zz => [:100 :-1 :-2]
        HEXPIRE h 100 NX FIELDS 2 a b => [:0 :1]
        HEXPIRE h 200 XX FIELDS 3 a b zz => [:1 :1 :-2]
        HEXPIRE h 50 GT FIELDS 1 a => [:0]
        HEXPIRE h 50 LT FIELDS 1 a => [:1]
        HEXPIRE h 50 GT LT FIELDS 1 a => -ERR GT and LT options at the same time are not compatible
        HEXPIRE h 50 FOO FIELDS 1 a => -ERR Unsupported option FOO
        HEXPIRE h -1 FIELDS 1 a => -ERR invalid expire time in 'hexpire' command
        HEXPIRE h x FIELDS 2 a => -ERR numfields should be greater than 0 and match the provided number of fields
        HPEXPIREAT h 99999999999999 FIELDS 1 b => [:1]
        HEXPIRETIME h FIELDS 1 b => [:100000000000]
        HPEXPIRETIME h FIELDS 1 b => [:99999999999999]
        HPERSIST h FIELDS 3 a a zz => [:1 :-1 :-2]
        HSETEX h NX FIELDS 1 a 2 => :0
        HSETEX h FNX FIELDS 2 c 3 a 2 => :0
        HSETEX h FXX EX 100 FIELDS 2 a 5 b 6 => :1
        HTTL h FIELDS 2 a b => [:100 :100]
        HSETEX h KEEPTTL FIELDS 1 a 7 => :1
        HSET h b 8 => :0
        HTTL h FIELDS 2 a b => [:100 :-1]
        HINCRBY h a 1 => :8
        HTTL h FIELDS 1 a => [:100]
        HGETEX h PERSIST FIELDS 2 a zz => [\"8\" nil]
        HTTL h FIELDS 1 a => [:-1]
        HGETEX h EX 5 PERSIST FIELDS 1 a => -ERR syntax error
        HGETEX h EX 0 FIELDS 2 a a => [\"8\" nil]
        HGETDEL h FIELDS 2 b b => [\"8\" nil]
        EXISTS h => :0
        HSETEX h PXAT 1 FIELDS 1 a 1 => :1
        EXISTS h => :0
        HSET h a 1 => :1
        HEXPIRE h 0 XX FIELDS 1 a => [:0]
        HEXPIRE h 0 FIELDS 2 a a => [:2 :-2]
        EXISTS h => :0
        ",
    );
}

/// Value and whether it expires, far ahead.
type Model = BTreeMap<String, (String, bool)>;

fn whole(connection: &mut Connection, key: &str) -> Model {
    let Value::Map(pairs) = connection.run(&format!("HGETALL {key}")) else { panic!("no map") };
    let text = |value: &Value| show(value).trim_matches('"').to_owned();
    let mut model = Model::new();
    for (name, value) in pairs {
        let name = text(&name);
        let ttl = show(&connection.run(&format!("HPEXPIRETIME {key} FIELDS 1 {name}")));
        assert!(model.insert(name, (text(&value), ttl != "[:-1]")).is_none());
    }
    assert_eq!(connection.run(&format!("HLEN {key}")), Value::Integer(model.len() as i64));
    model
}

#[test]
fn hashes_behave_like_a_model() {
    for seed in 0..12 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut connection = if seed % 2 == 0 { small() } else { Connection::new() };
        let mut model = Model::new();
        for _ in 0..300 {
            let name = match random.u8(..6) {
                0 => format!("{}{}", "long".repeat(random.usize(..200)), random.u8(..4)),
                _ => format!("f{}", random.u8(..30)),
            };
            let value = match random.u8(..4) {
                0 => "v".repeat(random.usize(1..700)),
                _ => random.i32(-99..99).to_string(),
            };
            match random.u8(..10) {
                0..4 => {
                    connection.run(&format!("HSET h {name} {value}"));
                    model.insert(name, (value, false));
                }
                4 => {
                    let removed = model.remove(&name).is_some();
                    assert_eq!(connection.run(&format!("HDEL h {name}")), Value::Integer(removed.into()));
                }
                5 => {
                    connection.run(&format!("HPEXPIREAT h 4000000000000 FIELDS 1 {name}"));
                    model.entry(name).and_modify(|field| field.1 = true);
                }
                6 => {
                    connection.run(&format!("HPERSIST h FIELDS 1 {name}"));
                    model.entry(name).and_modify(|field| field.1 = false);
                }
                7 => {
                    connection.run(&format!("HSETEX h KEEPTTL FIELDS 1 {name} {value}"));
                    model.entry(name).or_default().0 = value;
                }
                8 => {
                    connection.run(&format!("HSETEX h EX 1000 FIELDS 1 {name} {value}"));
                    model.insert(name, (value, true));
                }
                _ => {
                    connection.run(&format!("HEXPIRE h 0 FIELDS 1 {name}"));
                    model.remove(&name);
                }
            }
            assert!(whole(&mut connection, "h") == model, "seed {seed}");
        }
    }
}

#[test]
fn fields_whose_time_is_over_are_absent_at_once() {
    let mut connection = Connection::new();
    connection.engine.tuning().set_active_expire(false);
    for number in 0..300 {
        connection.run(&format!("HSET h f{number} v"));
        if number % 3 != 0 {
            connection.run(&format!("HPEXPIRE h {} FIELDS 1 f{number}", 1 + number % 2));
        }
    }
    std::thread::sleep(std::time::Duration::from_millis(5));
    connection.check(
        "
        HLEN h => :100
        HGET h f1 => nil
        HEXISTS h f2 => :0
        HMGET h f0 f1 => [\"v\" nil]
        HPTTL h FIELDS 2 f0 f1 => [:-1 :-2]
        HINCRBY h f1 5 => :5
        HPTTL h FIELDS 1 f1 => [:-1]
        HSETNX h f2 x => :1
        HDEL h f4 => :0
        HLEN h => :102
        ",
    );
    assert_eq!(whole(&mut connection, "h").len(), 102);
    for count in [50, 102, 1000, -500] {
        let Value::Array(found) = connection.run(&format!("HRANDFIELD h {count}")) else {
            panic!("no array")
        };
        let expected = if count < 0 { 500 } else { count.min(102) };
        assert_eq!(found.len() as i32, expected);
    }
    assert!(matches!(connection.run("HRANDFIELD h"), Value::Bulk(_)));
}

#[test]
fn the_sweep_removes_fields_whose_time_is_over() {
    let mut connection = Connection::new();
    let engine = connection.engine.clone();
    engine.tuning().set_active_expire(false);
    connection.run("HSET stays a 1 b 2");
    connection.run("HEXPIRE stays 1000 FIELDS 1 a");
    connection.run("HSET plain a 1");
    connection.run("HSET both a 1");
    connection.run("HEXPIRE both 1000 FIELDS 1 a");
    connection.run("EXPIRE both 1000");
    for number in 0..1000 {
        connection.run(&format!("HSETEX part PX 1 FIELDS 1 f{number} v"));
        connection.run(&format!("HSETEX whole PX 1 FIELDS 1 f{number} v"));
    }
    connection.run("HSET part lasts v");
    std::thread::sleep(std::time::Duration::from_millis(5));
    assert_eq!((engine.volatile_hashes(0), engine.expires(0)), (4, 1));
    connection.check("EXISTS whole => :1");
    engine.tuning().set_active_expire(true);
    // Runs are bounded by time, so a loaded machine may need some.
    for _ in 0..100 {
        engine.maintain();
    }
    engine.tuning().set_active_expire(false);
    connection.check(
        "
        EXISTS whole => :0
        HGETALL part => {\"lasts\" \"v\"}
        HLEN stays => :2
        DEL both => :1
        ",
    );
    assert_eq!((engine.volatile_hashes(0), engine.expires(0)), (1, 0));
    assert_eq!(engine.stats().get(Counter::ExpiredFields), 2000);
    connection.check(
        "
        HPERSIST stays FIELDS 1 a => [:1]
        RENAME stays moved => +OK
        HEXPIRE moved 1000 FIELDS 1 b => [:1]
        COPY moved copied => :1
        ",
    );
    assert_eq!((engine.volatile_hashes(0), engine.expires(0)), (2, 0));
    connection.run("HDEL moved b");
    connection.run("DEL copied");
    assert_eq!((engine.volatile_hashes(0), engine.expires(0)), (0, 0));
}

#[test]
fn fields_whose_time_is_over_do_not_count_in_digests() {
    let mut connection = Connection::new();
    connection.run("HSET h a 1 b 2");
    connection.run("HEXPIRE h 1000 FIELDS 1 a");
    connection.run("HSET lasting b 2");
    let digest = |key: &[u8], now: UnixMillis| {
        let op = connection.engine.begin();
        digest_of_value(op.read(0, key, Touch::Quiet).unwrap().unwrap(), now).unwrap()
    };
    let (now, later) = (UnixMillis::now(), UnixMillis(UnixMillis::now().0 + 2_000_000));
    assert_ne!(digest(b"h", now), digest(b"lasting", now));
    assert_eq!(digest(b"h", later), digest(b"lasting", later));
}
