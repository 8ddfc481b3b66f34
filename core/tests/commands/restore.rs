//! RESTORE of payloads with every kind of damage, behind a right checksum: an error, or a value that all commands can
//! work with, and that comes back from its own DUMP.

use polycache_core::clock::UnixMillis;
use polycache_core::command::Value;
use polycache_core::rdb::crc64::crc64;

use crate::effects::state;
use crate::session::Connection;

/// Before it, nothing is over.
const NOW: UnixMillis = UnixMillis(0);

/// Makes a key of every form, small and large.
const MAKE: &[&str] = &[
    "SET k some_text_some_text_some_text_some_text",
    "SET k 12345",
    "PFADD k a b c d e f g h",
    "RPUSH k a 1 300 70000 -5 99999999999 a_longer_element_of_the_list_that_is_packed",
    "SADD k 1 2 70000 99999999999",
    "SADD k a b 3",
    "HSET k f v g 12 h a_longer_value_of_the_hash_that_is_packed",
    "HSETEX k PXAT 4000000000000 FIELDS 2 f v g w",
    "ZADD k 1 a 2.5 b -inf c 3 d",
    "GEOADD k 13.361389 38.115556 Palermo 15.087269 37.502669 Catania",
    "XADD k 1-1 f v g w",
];

/// Reads and changes of every type; most fail for most keys.
const USE: &[&str] = &[
    "TYPE k",
    "OBJECT ENCODING k",
    "STRLEN k",
    "GETRANGE k 0 -1",
    "SETRANGE k 2 x",
    "BITCOUNT k",
    "PFCOUNT k",
    "PFADD k one two three",
    "PFMERGE merged k",
    "LRANGE k 0 -1",
    "LINSERT k BEFORE a b",
    "LPOS k 300",
    "LTRIM k 1 -2",
    "SMEMBERS k",
    "SADD k new 17",
    "SREM k 1 a",
    "SRANDMEMBER k 3",
    "HGETALL k",
    "HTTL k FIELDS 2 f g",
    "HSET k f changed new field",
    "HDEL k g",
    "ZRANGE k 0 -1 WITHSCORES",
    "ZRANK k b",
    "ZADD k 7 a 8 new",
    "ZREM k c",
    "ZCOUNT k -inf +inf",
    "GEOPOS k a Palermo",
    "GEOHASH k a Palermo",
    "GEOSEARCH k FROMLONLAT 15 37 BYRADIUS 20000 km ASC WITHCOORD WITHDIST WITHHASH",
    "GEOSEARCH k FROMMEMBER a BYBOX 400 400 km",
    "XRANGE k - +",
    "XINFO STREAM k FULL",
    "XADD k 18446744073709551615-1 f v",
    "XREADGROUP GROUP g c STREAMS k >",
    "XAUTOCLAIM k g d 0 -",
    "XTRIM k MAXLEN 1",
    "SORT k ALPHA",
    "COPY k other REPLACE",
];

/// With a footer that fits.
fn sealed(body: &[u8], version: u16) -> Vec<u8> {
    let mut payload = body.to_vec();
    payload.extend(version.to_le_bytes());
    payload.extend(crc64(&payload).to_le_bytes());
    payload
}

fn body(connection: &mut Connection) -> (Vec<u8>, u16) {
    let Value::Bulk(payload) = connection.run("DUMP k") else { panic!("no payload") };
    let (body, footer) = payload.split_at(payload.len() - 10);
    (body.to_vec(), u16::from_le_bytes([footer[0], footer[1]]))
}

/// Restores a payload and works with what it holds; whether it was taken.
fn restore(payload: &[u8]) -> bool {
    let mut connection = Connection::new();
    if connection.call(&[b"RESTORE", b"k", b"0", payload]) != Value::Status("OK".into()) {
        return false;
    }
    if connection.run("EXISTS k") == Value::Integer(0) {
        // All fields of a hash may be over.
        return true;
    }
    let (again, version) = body(&mut connection);
    let before = state(&connection, NOW);
    let mut other = Connection::new();
    let reply = other.call(&[b"RESTORE", b"k", b"0", &sealed(&again, version)]);
    assert_eq!(reply, Value::Status("OK".into()), "{}", again.escape_ascii());
    assert!(state(&other, NOW) == before, "what was written of {}", payload.escape_ascii());
    for line in USE {
        connection.run(line);
    }
    true
}

#[test]
fn damaged_payloads_are_refused_or_harmless() {
    let mut random = fastrand::Rng::with_seed(9);
    for make in MAKE {
        let mut connection = Connection::new();
        connection.run(make);
        if make.starts_with("XADD") {
            for line in ["XADD k 2-1 f v", "XGROUP CREATE k g 0", "XREADGROUP GROUP g c COUNT 1 STREAMS k >"]
            {
                connection.run(line);
            }
        }
        let (whole, version) = body(&mut connection);
        assert!(restore(&sealed(&whole, version)), "{make}");
        let mut taken = 0;
        for _ in 0..400 {
            let mut damaged = whole.clone();
            match random.u8(..4) {
                0 => damaged.truncate(random.usize(..damaged.len())),
                1 => {
                    let at = random.usize(..damaged.len());
                    damaged.insert(at, random.u8(..));
                }
                _ => {
                    for _ in 0..random.usize(1..3) {
                        let at = random.usize(..damaged.len());
                        damaged[at] = match random.u8(..3) {
                            0 => damaged[at] ^ 1 << random.u8(..8),
                            1 => [0, 0xff, 0x7f, 0x80, 0xfe][random.usize(..5)],
                            _ => random.u8(..),
                        };
                    }
                }
            }
            // Both dialects: some types have other meanings.
            taken += usize::from(restore(&sealed(&damaged, [11, 12, 80][random.usize(..3)])));
        }
        assert!(taken < 400, "{make}: damage is noticed");
    }
}
