//! What commands on streams leave in the log, and that a replay of it leads to the same streams.

use polycache_core::command::Value;

use crate::effects::{Logged, carry_out};
use crate::session::Connection;

#[test]
fn effects_are_known_to_every_server() {
    const BEGIN: &[&str] =
        &["XADD s 1 f v", "XADD s 2 f v", "XADD s 3 f v", "XGROUP CREATE s g 0", "XGROUP CREATE s h 2"];
    const BEGUN: &[&str] = &[
        "XADD s 1-0 f v",
        "XADD s 2-0 f v",
        "XADD s 3-0 f v",
        "XGROUP CREATE s g 0-0",
        "XGROUP CREATE s h 2-0",
    ];
    let claimed = |id: &str, count: u8, last: &str| {
        format!("XCLAIM s g c 0 {id} TIME 5 RETRYCOUNT {count} FORCE JUSTID LASTID {last}")
    };
    let claim = "XCLAIM s g c 0 1 2 TIME 5 FORCE JUSTID LASTID 2";
    let (first, second) = (claimed("1-0", 1, "2-0"), claimed("2-0", 1, "2-0"));
    let taken = ["MULTI", "XGROUP CREATECONSUMER s g c", &first, &second, "EXEC"];
    for (script, expected) in [
        (&["XDEL s 9 1 8", "XDEL s 9"][..], &["XDEL s 1-0"][..]),
        (
            &["XDELEX s DELREF IDS 2 1 9", "XDELEX s IDS 1 9"],
            &["MULTI", "XACK s g 1-0", "XDEL s 1-0", "EXEC"],
        ),
        (&["XACK s g 1", "XDELEX s ACKED IDS 3 1 2 3"], &["XACK s g 1-0", "XDEL s 1-0"]),
        (&["XACKDEL s g IDS 2 2 3"], &["MULTI", "XACK s g 2-0", "XDEL s 2-0", "EXEC"]),
        (
            &["XACKDEL s g ACKED IDS 2 1 2", "XACKDEL s g IDS 1 2"],
            &["MULTI", "XACK s g 1-0 2-0", "XDEL s 1-0 2-0", "EXEC"],
        ),
        (&["XTRIM s MAXLEN 2 DELREF"], &["MULTI", "XTRIM s MAXLEN = 2", "XACK s g 1-0", "EXEC"]),
        (&["XACK s g 1", "XTRIM s MAXLEN 0 ACKED"], &["XACK s g 1-0", "XDEL s 1-0"]),
        (
            &["XADD s DELREF MAXLEN 1 4 f v"],
            &["MULTI", "XADD s MAXLEN = 1 4-0 f v", "XACK s g 1-0 2-0", "EXEC"],
        ),
        (
            &["XACK s g 1 9", "XADD s ACKED MAXLEN 1 4 f v"],
            &["XACK s g 1-0", "MULTI", "XADD s 4-0 f v", "XDEL s 1-0", "EXEC"],
        ),
        (
            &["XDEL s 1", "XCLAIM s g c 0 1 2 TIME 5 RETRYCOUNT 7"],
            &["XDEL s 1-0", "MULTI", "XACK s g 1-0", &claimed("2-0", 7, "2-0"), "EXEC"],
        ),
        (&["XCLAIM s g c 0 9 LASTID 3"], &["XGROUP SETID s g 3-0 ENTRIESREAD -1"]),
    ] {
        let script = [BEGIN, &[claim], script].concat();
        let expected = [BEGUN, &taken, expected].concat();
        assert_eq!(Logged::effects(&script), expected, "{script:?}");
    }
}

/// A random command on streams. `next` is the time of the last ID.
fn random_command(random: &mut fastrand::Rng, next: &mut u64) -> Vec<Vec<u8>> {
    const TEMPLATES: &[&str] = &[
        "XADD K N f v",
        "XADD K N f v",
        "XADD K N f v",
        "XADD K NOMKSTREAM N f v",
        "XADD K MAXLEN = 6 N f v",
        "XADD K MAXLEN 4 ACKED N f v",
        "XADD K MAXLEN 4 DELREF N f v",
        "XADD K KEEPREF MINID I N f v",
        "XTRIM K MAXLEN 5",
        "XTRIM K MAXLEN 3 ACKED",
        "XTRIM K MINID I DELREF",
        "XDEL K I I",
        "XDELEX K IDS 2 I I",
        "XDELEX K DELREF IDS 2 I I",
        "XDELEX K ACKED IDS 3 I I I",
        "XACKDEL K G IDS 2 I I",
        "XACKDEL K G DELREF IDS 2 I I",
        "XACKDEL K G ACKED IDS 3 I I I",
        "XGROUP CREATE K G I MKSTREAM",
        "XGROUP CREATE K G 0",
        "XGROUP SETID K G I ENTRIESREAD 3",
        "XGROUP DESTROY K G",
        "XGROUP CREATECONSUMER K G C",
        "XGROUP DELCONSUMER K G C",
        "XREADGROUP GROUP G C COUNT 2 STREAMS K >",
        "XREADGROUP GROUP G C COUNT 3 STREAMS K >",
        "XREADGROUP GROUP G C NOACK COUNT 1 STREAMS K >",
        "XREADGROUP GROUP G C STREAMS K 0",
        "XREADGROUP GROUP G C COUNT 3 CLAIM 0 STREAMS K >",
        "XREADGROUP GROUP G C NOACK COUNT 4 CLAIM 0 STREAMS K >",
        "XACK K G I I",
        "XCLAIM K G C 0 I I I",
        "XCLAIM K G C 0 I I FORCE RETRYCOUNT 4",
        "XCLAIM K G C 0 I LASTID I",
        "XAUTOCLAIM K G C 0 - COUNT 3",
        "XSETID K N",
        "COPY K K REPLACE",
        "RENAME K K",
    ];
    let template = TEMPLATES[random.usize(..TEMPLATES.len())];
    let mut word = |word: &str| match word {
        "K" => vec![b'a' + random.u8(..3)],
        "G" => vec![b'g' + random.u8(..2)],
        "C" => vec![b'x' + random.u8(..3)],
        "N" => {
            *next += 1;
            next.to_string().into_bytes()
        }
        "I" => (*next - random.u64(..(*next).min(20))).to_string().into_bytes(),
        literal => literal.as_bytes().to_vec(),
    };
    template.split(' ').map(&mut word).collect()
}

/// Without when consumers were seen, which the log does not have.
fn timeless(value: &Value) -> Value {
    match value {
        Value::Array(values) => Value::Array(values.iter().map(timeless).collect()),
        Value::Map(pairs) => {
            let is_time = |name: &Value| matches!(name, Value::Bulk(name) if name.ends_with(b"-time"));
            let rest = pairs.iter().filter(|(name, _)| !is_time(name));
            Value::Map(rest.map(|(name, value)| (name.clone(), timeless(value))).collect())
        }
        other => other.clone(),
    }
}

#[test]
fn a_replay_leads_to_the_same_streams() {
    for seed in 0..30 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut logged = Logged::new();
        let mut next = 1;
        for _ in 0..700 {
            let command = random_command(&mut random, &mut next);
            carry_out(&mut logged.connection, &command);
        }
        let mut replayed = Connection::new();
        for command in logged.finish() {
            // What a server without our additions would not understand.
            let is_foreign = |word: &Vec<u8>| {
                [&b"XDELEX"[..], b"XACKDEL", b"KEEPREF", b"DELREF", b"ACKED", b"CLAIM"]
                    .contains(&word.as_slice())
            };
            assert!(!command.iter().any(is_foreign));
            if !matches!(command[0].as_slice(), b"MULTI" | b"EXEC") {
                carry_out(&mut replayed, &command);
            }
        }
        for key in ["a", "b", "c"] {
            let question = format!("XINFO STREAM {key} FULL COUNT 0");
            let (expected, found) = (logged.connection.run(&question), replayed.run(&question));
            assert_eq!(timeless(&found), timeless(&expected), "seed {seed}: {key}");
        }
    }
}
