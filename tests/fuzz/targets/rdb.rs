//! RDB files, DUMP payloads and packed encodings: any bytes, read in every way; what can be read survives writing.
//!
//! What RESTORE takes is worked with, too: every type's readers and some of its writers meet the value, whatever scores,
//! IDs, registers and times it has.

#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use polycache_core::command::Value;
use polycache_core::rdb;
use polycache_server::embedded::{Cache, Options};

thread_local! {
    static CACHE: RefCell<Option<Cache>> = const { RefCell::new(None) };
}

/// Readers of every type; most answer WRONGTYPE.
const READERS: &[&str] = &[
    "OBJECT ENCODING k",
    "MEMORY USAGE k SAMPLES 0",
    "GETRANGE k 0 -1",
    "PFCOUNT k",
    "BITCOUNT k",
    "LRANGE k 0 -1",
    "LPOS k a RANK -1 COUNT 0",
    "SORT k ALPHA",
    "SMEMBERS k",
    "SRANDMEMBER k -3",
    "SINTERCARD 2 k k",
    "HGETALL k",
    "HRANDFIELD k -3 WITHVALUES",
    "HPTTL k FIELDS 1 a",
    "HSCAN k 0",
    "ZRANGE k 0 -1 WITHSCORES",
    "ZRANGE k (1 +inf BYSCORE REV LIMIT 0 3",
    "ZRANGE k [a + BYLEX",
    "ZCOUNT k -inf +inf",
    "GEOPOS k a b",
    "GEOHASH k a b",
    "GEODIST k a b km",
    "GEOSEARCH k FROMLONLAT 15 37 BYRADIUS 20000 km ASC WITHCOORD WITHDIST WITHHASH",
    "GEOSEARCH k FROMLONLAT -170 80 BYBOX 9000 9000 km COUNT 2 ANY",
    "GEOSEARCH k BYPOLYGON 4 0 0 90 0 90 80 0 80 WITHCOORD",
    "XRANGE k - +",
    "XREVRANGE k + - COUNT 2",
    "XINFO STREAM k FULL",
    "XINFO GROUPS k",
    "XPENDING k a - + 5",
];

/// Writers, over a copy of it.
const WRITERS: &[&str] = &[
    "PFADD w a b c",
    "PFMERGE w k w",
    "APPEND w a",
    "SETRANGE w 3 a",
    "LINSERT w BEFORE a b",
    "LREM w 0 a",
    "LSET w -1 b",
    "RPOPLPUSH w w",
    "SADD w 1 a",
    "SREM w 1",
    "SPOP w 2",
    "HSET w a b c d",
    "HINCRBY w a 1",
    "HPEXPIRE w 100000 FIELDS 1 a",
    "HDEL w c",
    "ZADD w 1 a nan b",
    "ZADD w GT 1 a 2 b",
    "ZINCRBY w inf a",
    "ZUNIONSTORE z 2 w k WEIGHTS 2 -1 AGGREGATE MIN",
    "GEOADD w 13 38 a",
    "GEOSEARCHSTORE z w FROMMEMBER a BYRADIUS 100 km STOREDIST",
    "ZREMRANGEBYRANK w 0 1",
    "ZPOPMAX w",
    "XADD w * a b",
    "XREADGROUP GROUP a b COUNT 2 CLAIM 0 STREAMS w >",
    "XAUTOCLAIM w a b 0 -",
    "XTRIM w MAXLEN 1",
    "XDEL w 1-1",
];

fn say(cache: &Cache, line: &str) {
    let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    let _ = cache.execute(&words);
}

/// Restores the payload, works with it, and restores what is dumped again: it must be the same value.
fn restore(cache: &Cache, payload: &[u8]) {
    if cache.execute(&[b"RESTORE", b"k", b"0", payload, b"REPLACE"]).is_err() {
        return;
    }
    READERS.iter().for_each(|line| say(cache, line));
    let dump = |key: &[u8]| match cache.execute(&[b"DUMP", key]) {
        Ok((Value::Bulk(payload), _)) => Some(payload),
        _ => None,
    };
    // A value may hold nothing but what has expired.
    if let Some(again) = dump(b"k") {
        for copy in [b"w", b"v"] {
            let restored = cache.execute(&[b"RESTORE", copy, b"0", &again, b"REPLACE"]);
            assert!(restored.is_ok(), "what is dumped is taken: {}", again.escape_ascii());
        }
        WRITERS.iter().for_each(|line| say(cache, line));
    }
    let _ = cache.execute(&[b"FLUSHALL"]);
}

fuzz_target!(|input: &[u8]| {
    rdb::fuzz(input);
    CACHE.with_borrow_mut(|cache| {
        let cache = cache.get_or_insert_with(|| Cache::open(&Options::default()).expect("an engine in memory"));
        // The first byte of each body is the value's type, whose numbers Redis 7.4 and Valkey 9 give different meanings.
        for version in [11, 12, 80] {
            restore(cache, &rdb::seal(input.to_vec(), version));
        }
    });
});
