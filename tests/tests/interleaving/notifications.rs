//! Keyspace events of the commands of every family, in the order and the words of Valkey.

use polycache_tests::interleaving::Interleaving;

/// A script in which `s` listens to everything and `c` carries out one command after the other.
fn script(commands: &str) -> String {
    let commands = commands.lines().map(str::trim).filter(|line| !line.is_empty());
    let steps = commands
        .map(|command| if command.starts_with('(') { command.to_owned() } else { format!("c {command}") });
    ["s PSUBSCRIBE __key*__:*".to_owned()].into_iter().chain(steps).collect::<Vec<_>>().join("\n")
}

fn compare(families: &[&str]) {
    let scripts: Vec<String> = families.iter().map(|family| script(family)).collect();
    let scripts: Vec<&str> = scripts.iter().map(String::as_str).collect();
    Interleaving { settings: &[("notify-keyspace-events", "KEAmn")], flags: &[] }.compare(&scripts);
}

#[test]
fn strings() {
    compare(&["SET k v
         SET k v2
         SET k v EX 100
         SET k v KEEPTTL
         SET k v PXAT 1
         SETEX k 100 v
         PSETEX k 100000 v
         SETNX n v
         SETNX n v
         GETSET k v
         GETSET k2 v
         MSET a 1 b 2 a 3
         MSETNX q 1 r 2
         APPEND a xyz
         SETRANGE a 5 zzz
         INCR cnt
         DECR cnt
         INCRBY cnt 5
         DECRBY cnt 3
         INCRBYFLOAT cnt 1.5
         GETDEL cnt
         GETDEL cnt
         GET nothing
         MGET a nothing nope
         EXISTS nothing
         TTL nothing
         TYPE nothing
         STRLEN nothing
         OBJECT ENCODING nothing
         TOUCH nothing
         GETEX nothing
         GETEX nothing EX 10
         GETEX a EX 100
         GETEX a PERSIST
         GETEX a EXAT 1"]);
}

#[test]
fn keys_and_bits() {
    compare(&["SET b v
         EXPIRE b 100
         PEXPIREAT b 99999999999999
         PERSIST b
         PERSIST b
         EXPIRE b -1
         EXPIRE nothing 10
         SETBIT bits 7 1
         BITFIELD bits SET u8 0 255
         BITFIELD bits GET u8 0
         BITFIELD nobits INCRBY u8 0 1
         BITOP AND dest bits nobits
         BITOP AND dest x y
         PFADD hll a b
         PFADD hll a b
         PFADD hll2 c
         PFCOUNT hll
         PFMERGE hll hll2
         PFMERGE hllnew hll hll2"]);
}

#[test]
fn lists() {
    compare(&["LPUSH l a b c
         LPUSHX l d
         LPUSHX nol d
         RPUSH l e
         RPUSHX l f
         LINSERT l BEFORE a z
         LSET l 0 y
         LREM l 1 z
         LTRIM l 0 3
         LPOP l
         RPOP l
         LMPOP 2 nol l LEFT COUNT 1
         LMOVE l l2 LEFT RIGHT
         RPUSH l g
         LMOVE l l LEFT RIGHT
         RPOPLPUSH l2 l
         RPOPLPUSH l l
         LPOP l 100
         BLPOP l 0.01
         RPUSH l a
         BLPOP l 0.01
         RPUSH l a
         LTRIM l 5 6
         RPUSH l a
         LREM l 0 a
         RPUSH l a
         BLMOVE l l3 LEFT LEFT 0.1
         BRPOPLPUSH l3 l 0.1"]);
}

#[test]
fn sets() {
    compare(&["SADD s a b c d e
         SADD s a
         SREM s a
         SREM s nothing
         SADD p x
         SPOP p
         DEL s
         SADD s a b
         SADD s2 b c
         SMOVE s s2 a
         SMOVE s s3 b
         SINTERSTORE si s2 s3
         SUNIONSTORE su s2 s3
         SDIFFSTORE su s3 s2
         SDIFFSTORE sn nope nope2"]);
}

#[test]
fn hashes() {
    compare(&["HSET h f v g w
         HSET h f v
         HMSET h f v
         HSETNX h x y
         HSETNX h x y
         HINCRBY h n 1
         HINCRBYFLOAT h n 1.5
         HDEL h x nothing
         HDEL h nothing
         HEXPIRE h 100 FIELDS 1 f
         HPEXPIRE h 100000 NX FIELDS 1 f
         HPERSIST h FIELDS 1 f
         HPERSIST h FIELDS 1 f
         HGETEX h EX 100 FIELDS 1 f
         HGETEX h PERSIST FIELDS 1 f
         HGETEX h EXAT 1 FIELDS 1 f
         HSETEX h EX 100 FIELDS 1 a b
         HSETEX h FIELDS 1 a c
         HSETEX h KEEPTTL FIELDS 1 a d
         HSETEX h EXAT 1 FIELDS 1 a b
         HSETEX hnew EXAT 1 FIELDS 1 a b
         HSETEX hnew EX 100 FIELDS 1 a b
         HEXPIREAT h 1 FIELDS 1 n
         HGETDEL h FIELDS 1 g
         HGETDEL hnew FIELDS 1 a
         HGET nothing f"]);
}

#[test]
fn sorted_sets() {
    compare(&["ZADD z 1 a 2 b 3 c
         ZADD z 1 a
         ZADD z XX 5 nothing
         ZADD z INCR 1 a
         ZINCRBY z 2 a
         ZREM z a
         ZREM z nothing
         ZADD z 1 a 4 d 5 e 6 f 7 g 8 h
         ZREMRANGEBYRANK z 0 0
         ZREMRANGEBYSCORE z 2 2
         ZREMRANGEBYLEX z - +
         ZADD z 1 a 2 b 3 c 4 d 5 e
         ZPOPMIN z
         ZPOPMAX z
         ZMPOP 1 z MIN
         BZPOPMIN z 0.01
         BZMPOP 0.01 1 z MAX
         BZPOPMIN z 0.01
         ZADD z1 1 a 2 b
         ZADD z2 1 b 2 c
         ZUNIONSTORE zu 2 z1 z2
         ZINTERSTORE zi 2 z1 z2
         ZDIFFSTORE zd 2 z1 z2
         ZDIFFSTORE zd 2 z1 z1
         ZRANGESTORE zr z1 0 -1
         ZRANGESTORE zr z1 5 6
         GEOADD geo 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
         GEOSEARCHSTORE gs geo FROMLONLAT 15 37 BYRADIUS 200 km
         GEORADIUS geo 15 37 200 km STORE gr
         GEORADIUS geo 15 37 1 m STORE gr"]);
}

#[test]
fn streams() {
    compare(&["XADD st 1-1 f v
         XADD st MAXLEN 1 2-1 f v
         XADD st NOMKSTREAM 3-1 f v
         XADD nost NOMKSTREAM 3-1 f v
         XTRIM st MAXLEN 1
         XTRIM st MAXLEN 1
         XDEL st 3-1
         XDEL st 9-9
         XSETID st 10-1
         XGROUP CREATE st g $
         XGROUP CREATE st2 g $ MKSTREAM
         XGROUP CREATECONSUMER st g c
         XGROUP CREATECONSUMER st g c
         XGROUP SETID st g 0
         XADD st 11-1 f v
         XREADGROUP GROUP g c STREAMS st >
         XREADGROUP GROUP g newc STREAMS st 0
         XREADGROUP GROUP g newd STREAMS st >
         XCLAIM st g newe 0 11-1
         XCLAIM st g c 0 11-1
         XAUTOCLAIM st g newf 0 0
         XACK st g 11-1
         XGROUP DELCONSUMER st g c
         XGROUP DESTROY st g"]);
}

#[test]
fn names_and_whole_keys() {
    compare(&["XADD st 1-1 f v
         SET k2 v
         SET q v
         SET r v
         SET n v
         RENAME st st9
         RENAME k2 st9
         RENAMENX st9 fresh
         COPY fresh copy1
         COPY q copy1 REPLACE
         MOVE copy1 1
         DEL fresh nothing q
         UNLINK r
         RPUSH sl 3 1 2
         SORT sl STORE sorted
         SORT nope STORE sorted
         DELIFEQ n v"]);
}

#[test]
fn what_expires_and_who_waits() {
    compare(&[
        "SET ex v PX 30
         (wait 300)
         HSET hx a 1 b 2
         HPEXPIRE hx 30 FIELDS 1 a
         (wait 300)
         HPEXPIRE hx 30 FIELDS 1 b
         (wait 300)",
        "! PING
         RPUSH before x",
    ]);
    let waiting = "s PSUBSCRIBE __key*__:*\n a BLPOP l 0\n b BLMOVE m n LEFT RIGHT 0\n d BZPOPMIN z 0\n \
                   c RPUSH l x y\n c RPUSH m x\n c ZADD z 1 a 2 b";
    Interleaving { settings: &[("notify-keyspace-events", "KEA")], flags: &[] }.compare(&[waiting]);
}

#[test]
fn classes_that_are_wanted() {
    for (classes, command) in
        [("Kl", "RPUSH l x"), ("El", "RPUSH l x"), ("A", "RPUSH l x"), ("Eg$", "SET k v EX 9")]
    {
        let script = format!(
            "s PSUBSCRIBE __key*__:*\n c {command}\n c DEL l k\n c CONFIG GET notify-keyspace-events"
        );
        Interleaving { settings: &[("notify-keyspace-events", classes)], flags: &[] }.compare(&[&script]);
    }
}
