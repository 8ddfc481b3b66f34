//! What commands leave in the log, and that a replay of it leads to the same state.

use std::collections::BTreeMap;
use std::path::PathBuf;

use polycache_core::clock::UnixMillis;
use polycache_core::command::spec::flag;
use polycache_core::command::{Registry, TABLES};
use polycache_core::config::{AofIo, FormLimits};
use polycache_core::container::hash;
use polycache_core::exchange::digest_of_value;
use polycache_core::log::{Increment, Lsn};
use polycache_core::record::{Kind, Record};
use polycache_core::sha1::Sum;
use tempfile::TempDir;

use crate::session::Connection;

/// A connection whose engine logs to a file.
pub struct Logged {
    pub connection: Connection,
    path: PathBuf,
    _dir: TempDir,
}

impl Logged {
    pub fn new() -> Logged {
        let connection = Connection::new();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("effects.aof");
        let increment = Increment::create(&path, Lsn(0)).unwrap();
        connection.engine.log().start(increment, Lsn(0), AofIo::Thread).unwrap();
        Logged { connection, path, _dir: dir }
    }

    /// Ends the log and gives the commands in it.
    pub fn finish(&self) -> Vec<Vec<Vec<u8>>> {
        self.connection.engine.log().stop().unwrap();
        commands(&std::fs::read(&self.path).unwrap())
    }

    /// The effects of some commands, one line each; SELECT is left out.
    pub fn effects(script: &[&str]) -> Vec<String> {
        let mut logged = Logged::new();
        for line in script {
            logged.connection.run(line);
        }
        let effects = logged.finish();
        effects
            .iter()
            .map(|words| {
                words.iter().map(|word| word.escape_ascii().to_string()).collect::<Vec<_>>().join(" ")
            })
            .filter(|line| !line.to_ascii_uppercase().starts_with("SELECT"))
            .collect()
    }
}

/// Splits RESP into commands and passes over annotations.
fn commands(mut bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
    fn line<'a>(bytes: &mut &'a [u8]) -> &'a [u8] {
        let end = bytes.windows(2).position(|pair| pair == b"\r\n").expect("a whole line");
        let line = &bytes[..end];
        *bytes = &bytes[end + 2..];
        line
    }
    fn number(line: &[u8]) -> usize {
        std::str::from_utf8(&line[1..]).unwrap().parse().unwrap()
    }
    let mut commands = Vec::new();
    while !bytes.is_empty() {
        let head = line(&mut bytes);
        if head[0] == b'#' {
            continue;
        }
        let words = (0..number(head))
            .map(|_| {
                let length = number(line(&mut bytes));
                let word = bytes[..length].to_vec();
                bytes = &bytes[length + 2..];
                word
            })
            .collect();
        commands.push(words);
    }
    commands
}

#[test]
fn effects_are_canonical() {
    for (script, expected) in [
        (&["SET a 1", "SET a 2 PXAT 4000000000000"][..], &["SET a 1", "SET a 2 PXAT 4000000000000"][..]),
        (&["SET a 1 EX 0", "SET a 1 XX", "GET a", "DEL a"], &[]),
        (&["SET a 1", "SET a 2 PXAT 1000"], &["SET a 1", "DEL a"]),
        (&["INCR n", "INCRBYFLOAT n 0.5"], &["SET n 1", "SET n 1.5"]),
        (&["APPEND a x", "APPEND a y"], &["SET a x", "APPEND a y"]),
        (&["SETRANGE a 1 x", "SETRANGE a 1 y"], &["SET a \\x00x", "SETRANGE a 1 y"]),
        (&["SETBIT a 1 1", "SETBIT a 1 1", "SETBIT a 1 0"], &["SET a @", "SETBIT a 1 0"]),
        (&["SET a 1", "EXPIREAT a 4000000000"], &["SET a 1", "PEXPIREAT a 4000000000000"]),
        (&["SET a 1", "EXPIRE a -1"], &["SET a 1", "DEL a"]),
        (
            &["SET a 1 PXAT 4000000000000", "PERSIST a", "PERSIST a"],
            &["SET a 1 PXAT 4000000000000", "PERSIST a"],
        ),
        (&["SET a 1", "GETEX a PXAT 4000000000000"], &["SET a 1", "PEXPIREAT a 4000000000000"]),
        (&["SET a 1", "GETDEL a"], &["SET a 1", "DEL a"]),
        (&["SET a 1", "DELIFEQ a 2", "DELIFEQ a 1"], &["SET a 1", "DEL a"]),
        (&["MSET a 1 b 2"], &["MULTI", "SET a 1", "SET b 2", "EXEC"]),
        (&["SET a 1", "RENAME a b"], &["SET a 1", "RENAME a b"]),
        (&["SET a 1", "COPY a b"], &["SET a 1", "COPY a b DB 0 REPLACE"]),
        (&["SET a 1", "MOVE a 1"], &["SET a 1", "MOVE a 1"]),
        (&["SET a 1", "BITOP NOT b a"], &["SET a 1", "SET b \\xce"]),
        (&["BITFIELD a SET u8 0 49 GET u8 0"], &["SET a 1"]),
        (&["SET a 1", "DEL a b"], &["SET a 1", "DEL a"]),
        (&["SADD s 1 2", "SADD s 2 3", "SADD s 2", "SREM s 1 9"], &["SADD s 1 2", "SADD s 3", "SREM s 1"]),
        (&["SADD s 1", "SPOP s"], &["SADD s 1", "DEL s"]),
        (&["SADD s 1", "SREM s 1"], &["SADD s 1", "DEL s"]),
        (&["SADD s 1 2", "SMOVE s t 1"], &["SADD s 1 2", "MULTI", "SADD t 1", "SREM s 1", "EXEC"]),
        (
            &["SADD s 1", "sunionstore t s", "SINTERSTORE t s s", "SDIFFSTORE t s s"],
            &["SADD s 1", "SADD t 1", "MULTI", "DEL t", "SADD t 1", "EXEC", "DEL t"],
        ),
        (&["SADD t 1", "SINTERSTORE t s"], &["SADD t 1", "DEL t"]),
        (
            &["HSET h a 1", "HINCRBY h a 2", "HINCRBYFLOAT h a 0.5"],
            &["HSET h a 1", "HSET h a 3", "HSET h a 3.5"],
        ),
        (
            &[
                "HSET h a 1 b 2",
                "HEXPIREAT h 4000000000 FIELDS 2 a z",
                "HINCRBY h a 1",
                "HPERSIST h FIELDS 2 a b",
            ],
            &[
                "HSET h a 1 b 2",
                "HPEXPIREAT h 4000000000000 FIELDS 1 a",
                "HSETEX h PXAT 4000000000000 FIELDS 1 a 2",
                "HPERSIST h FIELDS 1 a",
            ],
        ),
        (
            &[
                "HSETEX h EXAT 4000000000 FIELDS 1 a 1",
                "HSETEX h FXX KEEPTTL FIELDS 1 a 2",
                "HSETEX h FIELDS 1 a 3",
            ],
            &["HSETEX h PXAT 4000000000000 FIELDS 1 a 1", "HSETEX h KEEPTTL FIELDS 1 a 2", "HSET h a 3"],
        ),
        (
            &["HSET h a 1 b 2", "HSETEX h PXAT 1 FIELDS 1 a 3", "HEXPIRE h 0 FIELDS 1 b"],
            &["HSET h a 1 b 2", "HDEL h a", "DEL h"],
        ),
        (
            &[
                "HSET h a 1 b 2",
                "HGETEX h PXAT 4000000000000 FIELDS 1 a",
                "HGETEX h FIELDS 1 a",
                "HGETDEL h FIELDS 2 a z",
            ],
            &["HSET h a 1 b 2", "HPEXPIREAT h 4000000000000 FIELDS 1 a", "HDEL h a"],
        ),
        (&["SADD s b a", "SORT s ALPHA STORE l"], &["SADD s b a", "MULTI", "DEL l", "RPUSH l a b", "EXEC"]),
        (
            &[
                "ZADD z 1 a 2 b 3 c 4 d",
                "ZADD z NX 9 a 5 e",
                "ZADD z XX GT 1 b 7 c",
                "ZADD z 1 a",
                "ZINCRBY z 0.25 a",
                "ZREM z d nobody",
                "ZPOPMAX z",
                "ZREMRANGEBYSCORE z -inf 1.5",
                "ZREMRANGEBYRANK z 5 9",
                "ZPOPMIN z 10",
            ],
            &[
                "ZADD z 1 a 2 b 3 c 4 d",
                "ZADD z 5 e",
                "ZADD z 7 c",
                "ZADD z 1.25 a",
                "ZREM z d",
                "ZREMRANGEBYRANK z 3 3",
                "ZREMRANGEBYRANK z 0 0",
                "DEL z",
            ],
        ),
        (
            &["ZADD x 1 a 2 b", "ZUNIONSTORE d 1 x WEIGHTS 2", "ZRANGESTORE d x 0 0", "ZDIFFSTORE d 2 x x"],
            &["ZADD x 1 a 2 b", "ZADD d 2 a 4 b", "MULTI", "DEL d", "ZADD d 1 a", "EXEC", "DEL d"],
        ),
        (&["GEOADD g 0 0 m"], &["ZADD g 3377699720527872 m"]),
        (&["FLUSHALL", "FLUSHDB", "SWAPDB 0 1"], &["FLUSHALL", "FLUSHDB", "SWAPDB 0 1"]),
    ] {
        assert_eq!(Logged::effects(script), expected, "{script:?}");
    }
}

/// Database and key; the value's digest, expiry of fields and of the key, client flags.
pub type State = BTreeMap<(u8, Vec<u8>), (Sum, BTreeMap<Vec<u8>, Option<UnixMillis>>, Option<u64>, u32)>;

/// The time of the first random command: far ahead, so that the sweep, which has the true time, removes nothing.
const START: u64 = 4_000_000_000_000;

/// Everything of every key in the first databases that lives at `now`: value, expiry, memcached flags.
pub fn state(connection: &Connection, now: UnixMillis) -> State {
    let mut state = BTreeMap::new();
    for db in 0..3 {
        connection.engine.for_each_record(db, &mut |record| {
            let fields = field_expiry(record, now);
            if record.is_expired(now) || (record.kind() == Kind::Hash && fields.is_empty()) {
                return;
            }
            let value = digest_of_value(record, now).unwrap();
            let expire_at = record.expire_at().map(|at| at.0);
            state.insert((db, record.key().to_vec()), (value, fields, expire_at, record.flags()));
        });
    }
    state
}

/// When each field of a hash expires: digests do not tell.
fn field_expiry(record: Record<'_>, now: UnixMillis) -> BTreeMap<Vec<u8>, Option<UnixMillis>> {
    let mut expiry = BTreeMap::new();
    if record.kind() == Kind::Hash {
        let mut fields = hash::fields_of(record).unwrap();
        while let Some(field) = fields.next().unwrap() {
            if !field.is_expired(now) {
                expiry.insert(field.name.to_vec(), field.expire_at);
            }
        }
    }
    expiry
}

/// A random command of those that write; times lie a little or far ahead of `now`, or behind it.
fn random_command(random: &mut fastrand::Rng, now: UnixMillis) -> Vec<Vec<u8>> {
    const TEMPLATES: &[&str] = &[
        "SET K V",
        "SET K V PXAT T",
        "SET K V KEEPTTL",
        "SET K V NX GET",
        "GETEX K PXAT T",
        "GETEX K PERSIST",
        "GETDEL K",
        "GETSET K V",
        "MSET K V K V",
        "MSETNX K V K V",
        "MSETEX 2 K V K V PXAT T",
        "INCR K",
        "INCRBYFLOAT K 0.1",
        "APPEND K V",
        "APPEND K V",
        "SETRANGE K N V",
        "SETBIT K N 1",
        "BITOP XOR K K K",
        "BITOP NOT K K",
        "BITFIELD K SET u8 N 200 OVERFLOW FAIL INCRBY i5 N 9",
        "SADD K M M M",
        "SADD K M M V",
        "SREM K M M",
        "SPOP K",
        "SPOP K 3",
        "SMOVE K K M",
        "SINTERSTORE K K K",
        "SUNIONSTORE K K K",
        "SDIFFSTORE K K K",
        "HSET K M V M V",
        "HSETNX K M V",
        "HDEL K M M",
        "HINCRBY K M 3",
        "HINCRBYFLOAT K M 0.1",
        "HPEXPIREAT K T FIELDS 2 M M",
        "HPEXPIREAT K T NX FIELDS 1 M",
        "HPERSIST K FIELDS 2 M M",
        "HSETEX K FNX PXAT T FIELDS 1 M V",
        "HSETEX K PXAT T FIELDS 2 M V M V",
        "HSETEX K KEEPTTL FIELDS 2 M V M V",
        "HGETEX K PXAT T FIELDS 2 M M",
        "HGETEX K PERSIST FIELDS 1 M",
        "HGETDEL K FIELDS 1 M",
        "DEL K K",
        "DEL K K",
        "PEXPIREAT K T",
        "PERSIST K",
        "RENAME K K",
        "RENAMENX K K",
        "COPY K K REPLACE",
        "COPY K K DB D REPLACE",
        "MOVE K D",
        "SELECTED D",
        "SWAPDB D D",
        "RPUSH K V I I",
        "LPUSH K I V",
        "LPOP K I",
        "RPOP K",
        "LSET K -1 V",
        "LINSERT K BEFORE I V",
        "LREM K -1 I",
        "LTRIM K 1 -2",
        "LMOVE K K LEFT RIGHT",
        "LMPOP 2 K K RIGHT COUNT I",
        "ZADD K I I 0.5 V",
        "ZADD K GT CH I I",
        "ZINCRBY K 0.1 I",
        "ZREM K I",
        "ZPOPMIN K 2",
        "ZREMRANGEBYRANK K 1 2",
        "ZUNIONSTORE K 2 K K WEIGHTS 2 I",
        "ZRANGESTORE K K 0 3",
        "SORT K ALPHA STORE K",
        "SORT K BY * ALPHA GET # STORE K",
        "ZINTERSTORE K 2 K K",
        "ZDIFFSTORE K 2 K K",
        "ZMPOP 2 K K MIN COUNT I",
        "GEOADD K I I V",
        "GEOSEARCHSTORE K K FROMLONLAT 1 1 BYRADIUS 9999 km",
        "PFADD K V I",
        "PFMERGE K K K",
        "BITOP OR K K K",
    ];
    let template = TEMPLATES[random.usize(..TEMPLATES.len())];
    template
        .split(' ')
        .map(|word| match word {
            "K" => vec![b'a' + random.u8(..6)],
            "V" => match random.u8(..10) {
                0 => vec![b'v'; random.usize(16_000..40_000)],
                1 => Vec::new(),
                2..6 => random.i32(-1000..1000).to_string().into_bytes(),
                _ => (0..random.usize(..20)).map(|_| random.u8(..)).collect(),
            },
            "M" => random.i32(-20..20).to_string().into_bytes(),
            "T" => match random.u8(..4) {
                0 => 1000,
                1 => now.0 + random.u64(1..1_000_000),
                _ => now.0 + random.u64(1..200),
            }
            .to_string()
            .into_bytes(),
            "N" => random.usize(..40_000).to_string().into_bytes(),
            "I" => random.u8(..8).to_string().into_bytes(),
            "D" => random.u8(..3).to_string().into_bytes(),
            literal => literal.as_bytes().to_vec(),
        })
        .collect()
}

/// Carries out a command; SELECT is the session's matter.
pub fn carry_out(connection: &mut Connection, command: &[Vec<u8>]) {
    if matches!(command[0].to_ascii_uppercase().as_slice(), b"SELECT" | b"SELECTED") {
        connection.session.db = command[1][0] - b'0';
        return;
    }
    let words: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
    connection.call(&words);
}

#[test]
fn a_replay_leads_to_the_same_state() {
    for seed in 0..20 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut logged = Logged::new();
        if seed % 2 == 0 {
            logged.connection.engine.tuning().set_forms(&FormLimits {
                set_max_intset_entries: 4,
                set_max_listpack_entries: 6,
                hash_max_listpack_entries: 4,
                ..FormLimits::default()
            });
        }
        // A time of its own: what the commands give an expiry expires while others are carried out.
        let mut now = UnixMillis(START);
        for _ in 0..800 {
            now.0 += random.u64(..20);
            logged.connection.time = Some(now);
            let command = random_command(&mut random, now);
            carry_out(&mut logged.connection, &command);
        }
        let mut replayed = Connection::new();
        // As a replay does: nothing expires but what the log says.
        replayed.time = Some(UnixMillis(1));
        for command in logged.finish() {
            if matches!(command[0].as_slice(), b"MULTI" | b"EXEC") {
                continue;
            }
            carry_out(&mut replayed, &command);
        }
        let (expected, found) = (state(&logged.connection, now), state(&replayed, now));
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "seed {seed}");
        for (key, record) in expected {
            assert!(found[&key] == record, "seed {seed}: {key:?}");
        }
    }
}

/// A command that is not marked as a write must leave nothing in the log.
#[test]
fn only_writes_are_logged() {
    let registry = Registry::new(TABLES);
    let mut random = fastrand::Rng::with_seed(7);
    let mut logged = Logged::new();
    logged.connection.time = Some(UnixMillis(START));
    for _ in 0..300 {
        let command = random_command(&mut random, UnixMillis(START));
        carry_out(&mut logged.connection, &command);
    }
    let tail = logged.connection.engine.log().tail();
    for spec in registry.iter().filter(|spec| spec.flags & flag::WRITE == 0) {
        for words in 1..5 {
            let mut command = vec![spec.name.as_bytes()];
            command.extend(std::iter::repeat_n(b"a".as_slice(), words));
            logged.connection.call(&command);
        }
        assert_eq!(logged.connection.engine.log().tail(), tail, "{}", spec.name);
    }
    logged.finish();
}
