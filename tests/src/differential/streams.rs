//! The grammar of streams. Most entries have IDs that are given, so that replies are the same on both servers.

use super::families::Family;

pub const STREAMS: Family = Family {
    templates: &[
        (24, "XADD <stream> <next-id> { <member> <short> }"),
        (4, "XADD <stream> <next-id> <member> <value>"),
        (4, "XADD <stream> [ NOMKSTREAM ] <next-id> f v"),
        (4, "XADD <stream> [ NOMKSTREAM ] ( MAXLEN | MINID ) [ = ] <id> <next-id> f v"),
        (3, "XADD <stream> MAXLEN [ = ] ( 0 | 1 | 3 | 5 | -1 | x ) [ LIMIT <count> ] <next-id> f v"),
        (2, "XADD <stream> MAXLEN ~ ( 1000 | 2000 ) [ LIMIT ( 0 | 10 | -1 | x ) ] <next-id> f v"),
        (3, "XADD <stream> <id> { <member> <short> }"),
        (
            1,
            "XADD <stream> ( 5-* | 0-* | *-5 | 18446744073709551615-18446744073709551615 | 0-0 | 0 | x ) f v",
        ),
        (1, "! XADD a * f v"),
        (1, "XADD <stream> <next-id> { <member> }"),
        (6, "XDEL <stream> { <id> }"),
        (5, "XLEN <stream>"),
        (6, "XRANGE <stream> ( - | <id> | (1-1 | (x ) ( + | <id> | (30 | x ) [ COUNT <index> ]"),
        (4, "XREVRANGE <stream> ( + | <id> | (30-1 ) ( - | <id> ) [ COUNT <index> ]"),
        (4, "XRANGE <stream> - +"),
        (4, "XTRIM <stream> MAXLEN [ = ] ( 0 | 1 | 2 | 3 | 5 | 8 )"),
        (4, "XTRIM <stream> MINID [ = ] <id>"),
        (2, "XTRIM <stream> ( MAXLEN ~ 1000 | MAXLEN ~ 0 | MINID ~ 0 ) [ LIMIT ( 0 | 1000 ) ]"),
        (1, "XTRIM <stream> { ( MAXLEN | MINID | ~ | = | 5 | LIMIT 3 | COUNT ) }"),
        (8, "XREAD [ COUNT <index> ] STREAMS <stream> <id>"),
        (5, "XREAD [ COUNT ( 1 | 2 ) ] STREAMS <stream> <stream> <id> <id>"),
        (
            3,
            "XREAD [ COUNT 2 ] [ BLOCK ( 1 | -1 | x ) ] STREAMS <stream> <stream> ( $ | + | <id> ) ( + | $ | 0 | > )",
        ),
        (1, "XREAD { ( COUNT | 1 | BLOCK 1 | STREAMS | NOACK | <stream> | 0 | GROUP g c ) }"),
        (
            8,
            "XGROUP CREATE <stream> <group> ( $ | 0 | <id> | - ) [ MKSTREAM ] [ ENTRIESREAD ( 0 | 3 | -1 | -2 | x ) ]",
        ),
        (4, "XGROUP SETID <stream> <group> ( $ | 0 | <id> | - | + ) [ ENTRIESREAD ( 0 | 3 | -1 | -2 ) ]"),
        (2, "XGROUP DESTROY <stream> <group>"),
        (4, "XGROUP CREATECONSUMER <stream> <group> <consumer>"),
        (3, "XGROUP DELCONSUMER <stream> <group> <consumer>"),
        (1, "XGROUP ( NONSENSE | CREATE | HELP x ) <stream> <group>"),
        (16, "XREADGROUP GROUP <group> <consumer> [ COUNT ( 1 | 2 | 3 ) ] [ NOACK ] STREAMS <stream> >"),
        (
            8,
            "XREADGROUP GROUP <group> <consumer> [ COUNT ( 1 | 2 | 0 | -1 ) ] [ NOACK ] STREAMS <stream> <id>",
        ),
        (
            4,
            "XREADGROUP GROUP <group> <consumer> [ COUNT 2 ] STREAMS <stream> <stream> ( > | 0 ) ( > | 0 | $ | + )",
        ),
        (2, "XREADGROUP GROUP <group> <consumer> BLOCK 1 STREAMS <stream> >"),
        (1, "XREADGROUP { ( GROUP | <group> | <consumer> | COUNT 1 | NOACK | STREAMS <stream> > ) }"),
        (10, "XACK <stream> <group> { <id> }"),
        (6, "XPENDING <stream> <group>"),
        (
            8,
            "XPENDING <stream> <group> [ IDLE ( 0 | 1000000 | -1 | x ) ] ( - | <id> | (1-1 ) ( + | <id> ) <index> [ <consumer> ]",
        ),
        (
            10,
            "XCLAIM <stream> <group> <consumer> ( 0 | 0 | 1000000 | -5 | x ) { <id> } [ ( IDLE 5000000 | TIME 1 | TIME -1 | IDLE -1 | \
             TIME 99999999999999 ) ] [ RETRYCOUNT ( 0 | 7 | -1 ) ] [ FORCE ] [ JUSTID ] [ LASTID <id> ]",
        ),
        (5, "XCLAIM <stream> <group> <consumer> 0 { <id> } FORCE [ IDLE 5000000 ]"),
        (
            1,
            "XCLAIM <stream> <group> <consumer> 0 1-1 { ( IDLE | FORCE | NONSENSE | LASTID x | RETRYCOUNT x | IDLE x ) }",
        ),
        (
            8,
            "XAUTOCLAIM <stream> <group> <consumer> ( 0 | 0 | 1000000 | x ) <id> [ COUNT ( 1 | 2 | 0 | x ) ] [ JUSTID ]",
        ),
        (3, "XAUTOCLAIM <stream> <group> <consumer> 0 ( - | + | (1-1 | (x ) [ NONSENSE ]"),
        (3, "XSETID <stream> <id> [ ENTRIESADDED ( 100 | 0 | 3 | -1 | x ) ] [ MAXDELETEDID <id> ]"),
        (2, "XSETID <stream> 1000-0 [ ENTRIESADDED ( 100 | 2 ) ] [ MAXDELETEDID <id> ]"),
        (5, "XINFO STREAM <stream>"),
        (5, "XINFO STREAM <stream> FULL [ COUNT ( 0 | 1 | 3 | -1 | x ) ]"),
        (5, "XINFO GROUPS <stream>"),
        (4, "XINFO CONSUMERS <stream> <group>"),
        (1, "XINFO ( NONSENSE | STREAM | GROUPS <stream> x | STREAM <stream> x ) <stream>"),
        (1, "XINFO HELP"),
        (2, "SET <stream> <short>"),
        (1, "GET <key>"),
        (1, "SADD <key> <member>"),
        (2, "TYPE <key>"),
        (1, "OBJECT ENCODING <key>"),
        (2, "DEL <stream>"),
        (3, "COPY <stream> <stream> [ REPLACE ]"),
        (2, "RENAME <key> <key>"),
        (1, "PEXPIREAT <key> <at-milliseconds>"),
        (1, "PERSIST <key>"),
        (
            1,
            "COMMAND GETKEYS ( XREAD STREAMS a b 0 0 | XREADGROUP GROUP g c COUNT 1 STREAMS a b > > | XADD a * f v | XREAD COUNT \
             1 | XGROUP CREATE a g $ | XINFO STREAM a | XACK a g 1 | XCLAIM a g c 0 1 | XAUTOCLAIM a g c 0 1 | XREAD STREAMS a )",
        ),
        (
            1,
            "COMMAND GETKEYSANDFLAGS ( XREAD STREAMS a b 0 0 | XADD a * f v | XTRIM a MAXLEN 1 | XDEL a 1 | XGROUP SETID a g 1 | \
             XSETID a 1 | XPENDING a g | XINFO GROUPS a | XRANGE a - + | XLEN a )",
        ),
    ],
    settings: &[],
    about: &["TYPE", "XINFO STREAM <key> FULL COUNT 0", "PEXPIRETIME"],
};
