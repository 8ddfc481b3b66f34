//! XDELEX, XACKDEL and the words KEEPREF, DELREF and ACKED, and XREADGROUP's CLAIM, which Valkey 9.1 does not have: as
//! Redis 8.2 and 8.4 document them.

use polycache_core::clock::UnixMillis;

use crate::session::Connection;

/// A stream of entries 1-0 to 5-0. Group `a` has read three and acknowledged 1-0, group `b` has read two.
fn with_groups() -> Connection {
    let mut connection = Connection::new();
    for line in [
        "XADD s 1 f v",
        "XADD s 2 f v",
        "XADD s 3 f v",
        "XADD s 4 f v",
        "XADD s 5 f v",
        "XGROUP CREATE s a 0",
        "XGROUP CREATE s b 0",
        "XREADGROUP GROUP a c COUNT 3 STREAMS s >",
        "XREADGROUP GROUP b c COUNT 2 STREAMS s >",
        "XACK s a 1",
    ] {
        connection.run(line);
    }
    connection
}

#[test]
fn xdelex_with_each_word() {
    with_groups().check(
        r#"
        XDELEX s IDS 2 1-0 9-0 => [:1 :-1]
        XPENDING s b => [:2 "1-0" "2-0" [["c" "2"]]]
        XDELEX s KEEPREF IDS 1 2 => [:1]
        XLEN s => :3
        XPENDING s a => [:2 "2-0" "3-0" [["c" "2"]]]
        "#,
    );
    with_groups().check(
        r#"
        XDELEX s delref IDS 3 1 2 4 => [:1 :1 :1]
        XPENDING s a => [:1 "3-0" "3-0" [["c" "1"]]]
        XPENDING s b => [:0 nil nil nil]
        XDEL s 3 => :1
        XDELEX s DELREF IDS 1 3 => [:-1]
        XPENDING s a => [:0 nil nil nil]
        "#,
    );
    with_groups().check(
        r#"
        XDELEX s ACKED IDS 4 1 2 4 9 => [:2 :2 :2 :-1]
        XACK s b 1 => :1
        XDELEX s IDS 3 1 2 4 ACKED => [:1 :2 :2]
        XGROUP DESTROY s b => :1
        XDELEX s ACKED IDS 2 2 3 => [:2 :2]
        XGROUP DESTROY s a => :1
        XDELEX s ACKED IDS 3 2 3 4 => [:1 :1 :1]
        XLEN s => :1
        "#,
    );
}

#[test]
fn xackdel_with_each_word() {
    with_groups().check(
        r#"
        XACKDEL s a IDS 3 1 2 4 => [:-1 :1 :-1]
        XLEN s => :4
        XPENDING s b => [:2 "1-0" "2-0" [["c" "2"]]]
        XACKDEL s b IDS 1 2 => [:1]
        XPENDING s b => [:1 "1-0" "1-0" [["c" "1"]]]
        "#,
    );
    with_groups().check(
        r#"
        XACKDEL s b DELREF IDS 2 1 2 => [:1 :1]
        XPENDING s a => [:1 "3-0" "3-0" [["c" "1"]]]
        XACKDEL s a DELREF IDS 1 2 => [:-1]
        XLEN s => :3
        "#,
    );
    with_groups().check(
        r#"
        XACKDEL s a ACKED IDS 2 2 3 => [:2 :2]
        XPENDING s a => [:0 nil nil nil]
        XLEN s => :5
        XACKDEL s b ACKED IDS 2 1 2 => [:1 :1]
        XLEN s => :3
        XACKDEL s nobody IDS 2 1 2 => [:-1 :-1]
        XACKDEL none b IDS 2 1 2 => [:-1 :-1]
        "#,
    );
}

#[test]
fn trimming_with_each_word() {
    with_groups().check(
        r#"
        XTRIM s MAXLEN 3 => :2
        XPENDING s b => [:2 "1-0" "2-0" [["c" "2"]]]
        "#,
    );
    with_groups().check(
        r#"
        XTRIM s MAXLEN 3 DELREF => :2
        XPENDING s a => [:1 "3-0" "3-0" [["c" "1"]]]
        XPENDING s b => [:0 nil nil nil]
        XADD s DELREF MINID = 4 6 f v => "6-0"
        XPENDING s a => [:0 nil nil nil]
        XLEN s => :3
        "#,
    );
    with_groups().check(
        r#"
        XTRIM s MAXLEN 0 ACKED => :0
        XACK s b 1 2 => :2
        XADD s MAXLEN = 1 ACKED 6 f v => "6-0"
        XRANGE s - + COUNT 1 => [["2-0" ["f" "v"]]]
        XACK s a 2 => :1
        XTRIM s ACKED MINID 3 => :1
        XTRIM s MAXLEN = 2 ACKED => :0
        XLEN s => :4
        "#,
    );
    // Those that may go lie behind one that may not.
    with_groups().check(
        r#"
        XREADGROUP GROUP b c NOACK STREAMS s > => {"s" [["3-0" ["f" "v"]] ["4-0" ["f" "v"]] ["5-0" ["f" "v"]]]}
        XREADGROUP GROUP a c NOACK STREAMS s > => {"s" [["4-0" ["f" "v"]] ["5-0" ["f" "v"]]]}
        XTRIM s MAXLEN 3 ACKED => :2
        XRANGE s - + => [["1-0" ["f" "v"]] ["2-0" ["f" "v"]] ["3-0" ["f" "v"]]]
        XINFO GROUPS none => -ERR no such key
        "#,
    );
    // Without groups the words mean nothing.
    Connection::new().check(
        r#"
        XADD s 1 f v => "1-0"
        XADD s ACKED MAXLEN 1 2 f v => "2-0"
        XTRIM s MAXLEN 0 ACKED => :1
        XLEN s => :0
        "#,
    );
}

#[test]
fn bad_words() {
    with_groups().check(
        r#"
        XDELEX s IDS x 1-1 => -ERR Number of IDs must be a positive integer
        XDELEX s IDS 0 1-1 => -ERR Number of IDs must be a positive integer
        XDELEX s IDS -5 1-1 => -ERR Number of IDs must be a positive integer
        XDELEX s IDS 9223372036854775807 1-1 => -ERR The `numids` parameter must match the number of arguments
        XDELEX s IDS 3 1-1 2-2 => -ERR The `numids` parameter must match the number of arguments
        XDELEX s IDS 1 1-1 2-2 => -ERR syntax error
        XDELEX s KEEPREF DELREF IDS 1 1-1 => -ERR syntax error
        XACKDEL s a ACKED ACKED IDS 1 1-1 => -ERR syntax error
        XDELEX s IDS 1 x => -ERR Invalid stream ID specified as stream command argument
        XDELEX s IDS 1 => -ERR wrong number of arguments for 'xdelex' command
        XACKDEL s a IDS 1 => -ERR wrong number of arguments for 'xackdel' command
        XTRIM s ACKED KEEPREF MAXLEN 1 => -ERR syntax error
        XTRIM s ACKED DELREF => -ERR syntax error
        XADD s ACKED DELREF MAXLEN 1 9 f v => -ERR Invalid stream ID specified as stream command argument
        XLEN s => :5
        SET x 1 => +OK
        XDELEX x IDS 1 1 => -WRONGTYPE Operation against a key holding the wrong kind of value
        XACKDEL x g IDS 1 1 => -WRONGTYPE Operation against a key holding the wrong kind of value
        "#,
    );
}

#[test]
fn claim_gives_what_lay_longest_and_then_what_is_new() {
    let mut connection = with_groups();
    let mut at = |millis: u64, script: &str| {
        connection.time = Some(UnixMillis(millis));
        connection.check(script);
    };
    // Who reads with CLAIM gets every entry with its age and how often it was delivered before.
    at(
        1_000,
        r#"
        XGROUP CREATE s g 0 => +OK
        XREADGROUP GROUP g c COUNT 1 CLAIM 50 STREAMS s > => {"s" [["1-0" ["f" "v"] :0 :0]]}
        "#,
    );
    at(1_010, r#"XREADGROUP GROUP g c COUNT 2 STREAMS s > => {"s" [["2-0" ["f" "v"]] ["3-0" ["f" "v"]]]}"#);
    at(
        1_050,
        r#"
        XREADGROUP GROUP g d COUNT 1 CLAIM 51 STREAMS s > => {"s" [["4-0" ["f" "v"] :0 :0]]}
        XREADGROUP GROUP g d COUNT 1 CLAIM 50 STREAMS s > => {"s" [["1-0" ["f" "v"] :50 :1]]}
        XPENDING s g - + 9 d => [["1-0" "d" :0 :2] ["4-0" "d" :0 :1]]
        "#,
    );
    // What lay longest comes first, then by ID; COUNT counts old and new ones.
    at(
        1_061,
        r#"
        XREADGROUP GROUP g e COUNT 9 CLAIM 10 NOACK STREAMS s > => {"s" [["2-0" ["f" "v"] :51 :1] ["3-0" ["f" "v"] :51 :1] ["1-0" ["f" "v"] :11 :2] ["4-0" ["f" "v"] :11 :1] ["5-0" ["f" "v"] :0 :0]]}
        XPENDING s g => [:4 "1-0" "4-0" [["e" "4"]]]
        XREADGROUP GROUP g e CLAIM 1 STREAMS s > => nil
        XREADGROUP GROUP g e CLAIM 9223372036854775807 STREAMS s > => nil
        XREADGROUP GROUP g e CLAIM 0 COUNT 1 STREAMS s > => {"s" [["1-0" ["f" "v"] :0 :3]]}
        XREADGROUP CLAIM 5 GROUP g e CLAIM 0 COUNT 1 STREAMS s 3 => {"s" [["4-0" ["f" "v"]]]}
        "#,
    );
    // What is gone from the stream is not given, and leaves the list.
    at(
        2_000,
        r#"
        XDEL s 2 => :1
        XACK s g 1 => :1
        XREADGROUP GROUP g c CLAIM 1 STREAMS s > => {"s" [["3-0" ["f" "v"] :939 :2] ["4-0" ["f" "v"] :939 :3]]}
        XPENDING s g => [:2 "3-0" "4-0" [["c" "2"]]]
        "#,
    );
}

#[test]
fn bad_claims() {
    const INTEGER: &str = "-ERR min-idle-time is not an integer";
    let mut connection = with_groups();
    for value in ["test", "5.5", "+10", "-0", "-5.5", "", "9223372036854775808"] {
        connection.check(&format!("XREADGROUP GROUP a c CLAIM \"{value}\" STREAMS s > => {INTEGER}"));
    }
    connection.check(&format!(
        r#"
        XREADGROUP GROUP a c CLAIM -10 STREAMS s > => -ERR min-idle-time must be a positive integer
        XREADGROUP CLAIM GROUP a c STREAMS s > => {INTEGER}
        XREADGROUP GROUP a c CLAIM STREAMS s > => {INTEGER}
        XREADGROUP GROUP a CLAIM 50 c STREAMS s > => -ERR syntax error
        XREADGROUP GROUP a c STREAMS s > CLAIM => -ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified.
        XREADGROUP GROUP none c CLAIM 50 STREAMS s > => -NOGROUP No such key 's' or consumer group 'none' in XREADGROUP with GROUP option
        XREAD CLAIM 50 STREAMS s 0 => -ERR The CLAIM option is only supported by XREADGROUP. You called XREAD instead.
        "#,
    ));
}
