//! The commands on sorted sets, places and HyperLogLogs.

use polycache_core::config::FormLimits;

use crate::session::Connection;

fn small() -> Connection {
    let connection = Connection::new();
    connection.engine.tuning().set_forms(&FormLimits {
        zset_max_listpack_entries: 4,
        zset_max_listpack_value: 10,
        ..FormLimits::default()
    });
    connection
}

#[test]
fn zeroes_lose_their_sign_in_listpacks() {
    small().check(
        "
        ZADD z 1 elevenbytes -0 a -0 elevenbytes2 0 b => :4
        ZRANGE z 0 -1 WITHSCORES => [[\"a\" ,-0] [\"b\" ,0] [\"elevenbytes2\" ,-0] [\"elevenbytes\" ,1]]
        ZRANGESTORE to z 0 -1 => :4
        ZRANGE to 0 -1 WITHSCORES => [[\"a\" ,0] [\"b\" ,0] [\"elevenbytes2\" ,-0] [\"elevenbytes\" ,1]]
        ZRANGESTORE to z 0 -1 REV => :4
        ZRANGE to 0 0 WITHSCORES => [[\"a\" ,-0]]
        ZRANGESTORE to z 0 1 => :2
        ZRANGE to 0 0 WITHSCORES => [[\"a\" ,0]]
        ZADD z -0 c => :1
        ZRANGESTORE to z 0 -1 => :5
        ZRANGE to 0 0 WITHSCORES => [[\"a\" ,-0]]
        ZRANGESTORE to z -inf inf BYSCORE => :5
        ZRANGE to 0 0 WITHSCORES => [[\"a\" ,0]]
        ",
    );
}

#[test]
fn scores_are_added_under_conditions() {
    small().check(
        "
        ZADD z 1 a 2 b 2 c => :3
        OBJECT ENCODING z => \"listpack\"
        ZADD z XX CH 5 a 7 nobody => :1
        ZADD z GT CH 4 a 3 b => :1
        ZADD z LT INCR 9 a => nil
        ZADD z NX 1 a 1 d => :1
        ZADD z INCR 0.5 a => ,5.5
        ZRANGE z 0 -1 WITHSCORES => [[\"d\" ,1] [\"c\" ,2] [\"b\" ,3] [\"a\" ,5.5]]
        ZADD z 9 e => :1
        OBJECT ENCODING z => \"skiplist\"
        ZADD long 1 elevenbytes => :1
        OBJECT ENCODING long => \"skiplist\"
        ZADD z nan a => -ERR value is not a valid float
        ZADD z 1e400 a => -ERR value is not a valid float
        ZADD z inf top => :1
        ZINCRBY z gt 12 => -ERR syntax error
        ZINCRBY z INCR NX => -ERR syntax error
        ZINCRBY z 1 nx => ,1
        ZREM z nx => :1
        ZINCRBY z -inf top => -ERR resulting score is not a number (NaN)
        ZADD z NX XX 1 a => -ERR XX and NX options at the same time are not compatible
        ZADD z GT LT 1 a => -ERR GT, LT, and/or NX options at the same time are not compatible
        ZADD z INCR 1 a 2 b => -ERR INCR option supports a single increment-element pair
        ",
    );
}

#[test]
fn ranges_and_pops() {
    small().check(
        "
        ZADD z 1 a 2 b 3 c 4 d 5 e 6 f => :6
        ZRANK z c WITHSCORE => [:2 ,3]
        ZREVRANK z c => :3
        ZRANGE z (1 4 BYSCORE LIMIT 1 2 => [\"c\" \"d\"]
        ZRANGE z 4 (1 BYSCORE REV WITHSCORES => [[\"d\" ,4] [\"c\" ,3] [\"b\" ,2]]
        ZREVRANGEBYSCORE z +inf -inf LIMIT -2 5 => [\"b\" \"a\"]
        ZREMRANGEBYRANK z 0 -9 => :0
        ZCOUNT z (2 +inf => :4
        ZADD names 0 a 0 b 0 c 0 d => :4
        ZLEXCOUNT names [b + => :3
        ZRANGEBYLEX names (a [c => [\"b\" \"c\"]
        ZRANGE names + - BYLEX REV LIMIT 1 2 => [\"c\" \"b\"]
        ZRANGESTORE kept z 1 2 REV => :2
        ZRANGE kept 0 -1 WITHSCORES => [[\"d\" ,4] [\"e\" ,5]]
        ZPOPMIN z => [\"a\" ,1]
        ZPOPMAX z 2 => [[\"f\" ,6] [\"e\" ,5]]
        ZMPOP 2 none z MAX COUNT 2 => [\"z\" [[\"d\" ,4] [\"c\" ,3]]]
        ZMPOP 1 none MIN => nil
        ZREMRANGEBYSCORE z -inf +inf => :1
        EXISTS z => :0
        ",
    );
}

#[test]
fn sets_are_combined() {
    small().check(
        "
        ZADD x 1 a 2 b 3 c => :3
        ZADD y inf a -1 b 5 d => :3
        SADD s a d e => :3
        ZUNION 2 x y WITHSCORES => [[\"b\" ,1] [\"c\" ,3] [\"d\" ,5] [\"a\" ,inf]]
        ZUNION 3 x y s WEIGHTS 2 0 1 AGGREGATE MAX WITHSCORES => [[\"d\" ,1] [\"e\" ,1] [\"a\" ,2] [\"b\" ,4] [\"c\" ,6]]
        ZINTER 2 x s WITHSCORES => [[\"a\" ,2]]
        ZDIFF 2 x y => [\"c\"]
        ZINTERCARD 2 x y LIMIT 1 => :1
        ZINTERSTORE d 2 x y AGGREGATE MIN => :2
        ZRANGE d 0 -1 WITHSCORES => [[\"b\" ,-1] [\"a\" ,1]]
        ZDIFFSTORE d 1 none => :0
        EXISTS d => :0
        ZUNION 1 x AGGREGATE => -ERR syntax error
        ZUNION 0 x => -ERR at least 1 input key is needed for 'zunion' command
        SET string v => +OK
        ZUNIONSTORE d 1 string WEIGHTS => -WRONGTYPE Operation against a key holding the wrong kind of value
        ",
    );
}

#[test]
fn places() {
    small().check(
        "
        GEOADD Sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania => :2
        GEODIST Sicily Palermo Catania => \"166274.1516\"
        GEODIST Sicily Palermo Catania mi => \"103.3182\"
        GEOHASH Sicily Palermo nowhere => [\"sqc8b49rny0\" nil]
        GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 200 km ASC WITHDIST => [[\"Catania\" \"56.4413\"] [\"Palermo\" \"190.4424\"]]
        GEOSEARCH Sicily FROMLONLAT 15 37 BYBOX 400 400 km DESC COUNT 1 WITHHASH => [[\"Palermo\" :3479099956230698]]
        GEOSEARCH Sicily BYPOLYGON 3 12 36 16 36 14.5 39.5 => [\"Catania\"]
        GEOSEARCHSTORE near Sicily FROMMEMBER Palermo BYRADIUS 100 km STOREDIST => :1
        ZRANGE near 0 -1 WITHSCORES => [[\"Palermo\" ,0]]
        GEORADIUS Sicily 15 37 200 km STORE all => :2
        ZCARD all => :2
        GEOADD Sicily 181 0 x => -ERR invalid longitude,latitude pair 181.000000,0.000000
        GEOSEARCH Sicily FROMMEMBER nobody BYRADIUS 1 m => -ERR member nobody does not exist
        GEOSEARCH Sicily BYRADIUS 1 m => -ERR wrong number of arguments for 'geosearch' command
        ",
    );
}

#[test]
fn hyperloglogs() {
    small().check(
        "
        PFADD h a b c d => :1
        PFADD h a => :0
        PFCOUNT h => :4
        PFADD g c d e => :1
        PFCOUNT h g none => :5
        PFMERGE m h g => +OK
        PFCOUNT m => :5
        PFDEBUG ENCODING m => +sparse
        PFDEBUG TODENSE m => :1
        STRLEN m => :12304
        SETRANGE h 16 x => :30
        PFCOUNT h g => -INVALIDOBJ Corrupted HLL object detected
        SET other HYLL => +OK
        PFADD other a => -WRONGTYPE Key is not a valid HyperLogLog string value.
        PFSELFTEST => +OK
        PFDEBUG DECODE none => -ERR The specified key does not exist
        ",
    );
}

#[test]
fn both_forms_answer_alike() {
    // Packed and in trees: the same replies but for the names of the forms.
    for entries in [0, 128] {
        let mut connection = small();
        connection.engine.tuning().set_zset_max_listpack_entries(entries);
        connection.check(
            "
            ZADD z 2 b 1 a 3 c 2 bb => :4
            ZRANGE z 0 -1 => [\"a\" \"b\" \"bb\" \"c\"]
            ZRANK z bb => :2
            ZSCORE z c => ,3
            ZREM z b nobody => :1
            ZREVRANK z a => :2
            ZINCRBY z 5 a => ,6
            ZRANGE z 0 -1 WITHSCORES => [[\"bb\" ,2] [\"c\" ,3] [\"a\" ,6]]
            ZSCAN z 0 MATCH c => [\"0\" [\"c\" \"3\"]]
            ZREM z a c bb => :3
            EXISTS z => :0
            ",
        );
    }
}
