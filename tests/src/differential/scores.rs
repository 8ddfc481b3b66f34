//! The grammars of sorted sets, places and HyperLogLogs.

use super::families::Family;

/// Names are ranged over only at keys of their own, whose members all have one score: elsewhere what comes is up to
/// the form of the set.
pub const SORTED_SETS: Family = Family {
    templates: &[
        (20, "ZADD <zset> [ ( NX | XX ) ] [ ( GT | LT ) ] [ CH ] { <score> <member> }"),
        (6, "ZADD <zset> { <score> <member> <score> <member> }"),
        (3, "ZADD <zset> { ( NX | XX | GT | LT | CH | INCR ) } <score> <member>"),
        (8, "! ZADD names 0 <member> [ 0 <member> ] [ 0 <member> ]"),
        (6, "ZINCRBY <zset> <score> <member>"),
        (8, "ZREM <zset> { <member> }"),
        (3, "ZCARD <zset>"),
        (4, "ZSCORE <zset> <member>"),
        (3, "ZMSCORE <zset> { <member> }"),
        (4, "( ZRANK | ZREVRANK ) <zset> <member> [ WITHSCORE ]"),
        (4, "ZCOUNT <zset> <bound> <bound>"),
        (4, "! ZLEXCOUNT names <name-bound> <name-bound>"),
        (6, "ZRANGE <zset> <index> <index> [ REV ] [ WITHSCORES ]"),
        (6, "ZRANGE <zset> <bound> <bound> BYSCORE [ REV ] [ LIMIT <index> <index> ] [ WITHSCORES ]"),
        (6, "! ZRANGE names <name-bound> <name-bound> BYLEX [ REV ] [ LIMIT <index> <index> ]"),
        (2, "! ZRANGE names <name-bound> <name-bound> { ( REV | BYLEX | WITHSCORES | LIMIT 0 -1 ) }"),
        (3, "ZREVRANGE <zset> <index> <index> [ WITHSCORES ]"),
        (
            4,
            "( ZRANGEBYSCORE | ZREVRANGEBYSCORE ) <zset> <bound> <bound> [ WITHSCORES ] [ LIMIT <index> <index> ]",
        ),
        (4, "! ( ZRANGEBYLEX | ZREVRANGEBYLEX ) names <name-bound> <name-bound> [ LIMIT <index> <index> ]"),
        (4, "ZRANGESTORE <zset> <zset> <index> <index> [ REV ]"),
        (4, "ZRANGESTORE <zset> <zset> <bound> <bound> BYSCORE [ REV ] [ LIMIT <index> <index> ]"),
        (2, "! ZRANGESTORE names names <name-bound> <name-bound> BYLEX [ REV ] [ LIMIT <index> <index> ]"),
        (3, "ZREMRANGEBYRANK <zset> <index> <index>"),
        (3, "ZREMRANGEBYSCORE <zset> <bound> <bound>"),
        (2, "! ZREMRANGEBYLEX names <name-bound> <name-bound>"),
        (4, "( ZPOPMIN | ZPOPMAX ) <zset> [ <index> ]"),
        (3, "ZMPOP 2 <zset> <zset> ( MIN | MAX ) [ COUNT <index> ]"),
        (2, "ZRANDMEMBER <zset> [ ( 0 | 3 | 1000 | -5 | x ) [ WITHSCORES ] ]"),
        (3, "ZSCAN <zset> ( 0 | 0 | 0 | 7 | x ) [ MATCH <pattern> ] [ COUNT <count> ] [ NOSCORES ]"),
        (
            6,
            "( ZUNION | ZINTER ) 2 <zset> <zset> [ WEIGHTS <score> <score> ] [ AGGREGATE ( SUM | MIN | MAX ) ] [ \
             WITHSCORES ]",
        ),
        (3, "ZDIFF 2 <zset> <zset> [ WITHSCORES ]"),
        (
            6,
            "( ZUNIONSTORE | ZINTERSTORE ) <zset> 2 <zset> <zset> [ WEIGHTS <score> <score> ] [ AGGREGATE ( SUM | MIN \
             | MAX ) ]",
        ),
        (3, "ZDIFFSTORE <zset> 2 <zset> <zset>"),
        (3, "ZINTERCARD ( 1 | 2 | 0 | x ) { <zset> } [ LIMIT <index> ]"),
        // There is no waiting for what is there.
        (1, "! BZPOPMIN <zset> always 0.01"),
        (1, "! BZMPOP 0.01 2 <zset> always ( MIN | MAX ) [ COUNT 2 ]"),
        (1, "( BZPOPMIN | BZPOPMAX | BZMPOP ) ( -1 | x )"),
        (2, "! ZADD always 1 one 2 two 3 three 4 four"),
        (3, "SADD <zset> { <member> }"),
        (1, "SET <zset> <short>"),
        (2, "TYPE <zset>"),
        (3, "DEL <zset>"),
        (2, "COPY <zset> <zset> [ REPLACE ]"),
        (2, "RENAME <zset> <zset>"),
        (2, "PEXPIREAT <zset> <at-milliseconds>"),
        (1, "PERSIST <zset>"),
    ],
    settings: &[("zset-max-listpack-entries", "6"), ("zset-max-listpack-value", "64")],
    about: &["TYPE", "ZCARD", "SMEMBERS", "PEXPIRETIME"],
};

pub const PLACES: Family = Family {
    templates: &[
        (20, "GEOADD <place-key> [ ( NX | XX ) ] [ CH ] { <longitude> <latitude> <place> }"),
        (4, "GEODIST <place-key> <place> <place> [ ( m | km | km | ft | mi | KM | parsec ) ]"),
        (4, "GEOHASH <place-key> { <place> }"),
        (4, "GEOPOS <place-key> { <place> }"),
        (
            8,
            "( GEORADIUS | GEORADIUS_RO ) <place-key> <longitude> <latitude> <distance> ( m | km | km | ft | mi | KM | parsec ) [ WITHDIST ] [ WITHCOORD \
             ] [ WITHHASH ] [ COUNT 1000 [ ANY ] ] [ ( ASC | DESC ) ]",
        ),
        (
            6,
            "( GEORADIUSBYMEMBER | GEORADIUSBYMEMBER_RO ) <place-key> <place> <distance> ( m | km | km | ft | mi | KM | parsec ) [ WITHDIST ] [ WITHHASH \
             ] [ COUNT 3 ANY ]",
        ),
        (
            3,
            "( GEORADIUSBYMEMBER | GEORADIUSBYMEMBER_RO ) <place-key> <place> <distance> ( m | km | km | ft | mi | KM | parsec ) [ WITHCOORD ] \
             [ COUNT 1000 ] [ ( ASC | DESC ) ]",
        ),
        (
            2,
            "GEORADIUSBYMEMBER <place-key> <place> <distance> ( m | km | km | ft | mi | KM | parsec ) [ COUNT 1000 ] ( STORE | STOREDIST ) \
             <place-key>",
        ),
        (
            4,
            "GEORADIUS <place-key> <longitude> <latitude> <distance> ( m | km | km | ft | mi | KM | parsec ) [ WITHDIST ] ( STORE | STOREDIST ) \
             <place-key>",
        ),
        (
            12,
            "GEOSEARCH <place-key> ( FROMLONLAT <longitude> <latitude> | FROMMEMBER <place> ) ( BYRADIUS <distance> \
             ( m | km | km | ft | mi | KM | parsec ) | BYBOX <distance> <distance> ( m | km | km | ft | mi | KM | parsec ) ) [ ( ASC | DESC ) ] [ COUNT 1000 [ ANY ] ] [ \
             WITHDIST ] [ WITHCOORD ] [ WITHHASH ]",
        ),
        (
            6,
            "GEOSEARCH <place-key> BYPOLYGON ( 3 | 4 | 4 | 2 | x ) <corner> <corner-latitude> <corner> <corner-latitude> \
             <corner> <corner-latitude> [ <corner> <corner-latitude> ] [ WITHDIST ]",
        ),
        (
            5,
            "GEOSEARCHSTORE <place-key> <place-key> ( FROMLONLAT <longitude> <latitude> | FROMMEMBER <place> ) ( \
             BYRADIUS <distance> ( m | km | km | ft | mi | KM | parsec ) | BYBOX <distance> <distance> ( m | km | km | ft | mi | KM | parsec ) ) [ ( ASC | DESC ) ] \
             [ COUNT 1000 [ ANY ] ] [ STOREDIST ]",
        ),
        (
            2,
            "GEOSEARCHSTORE <place-key> <place-key> BYPOLYGON 3 <corner> <corner-latitude> <corner> <corner-latitude> \
             <corner> <corner-latitude> [ STOREDIST ]",
        ),
        (2, "ZREM <place-key> { <place> }"),
        (2, "ZRANGE <place-key> 0 -1 WITHSCORES"),
        (1, "SET <place-key> <short>"),
        (2, "DEL <place-key>"),
    ],
    settings: &[("zset-max-listpack-entries", "12")],
    about: &["TYPE", "ZCARD"],
};

pub const HYPERLOGLOGS: Family = Family {
    templates: &[
        (20, "PFADD <key> [ <element> ] [ <element> ] { <element> }"),
        (3, "PFADD <key>"),
        (8, "PFCOUNT <key>"),
        (6, "PFCOUNT { <key> }"),
        (6, "PFMERGE <key> { <key> }"),
        (3, "PFDEBUG ( ENCODING | DECODE | TODENSE | NONSENSE ) <key>"),
        (6, "GET <key>"),
        (2, "SETRANGE <key> ( 4 | 15 ) x"),
        (2, "APPEND <key> <short>"),
        (1, "SET <key> <short>"),
        (1, "SADD <key> <member>"),
        (2, "DEL <key>"),
        (2, "COPY <key> <key> [ REPLACE ]"),
        (2, "PEXPIREAT <key> <at-milliseconds>"),
    ],
    settings: &[("hll-sparse-max-bytes", "60")],
    about: &["GET", "PEXPIRETIME"],
};
