//! SORT: orders, patterns, limits, and what is stored.

use crate::session::Connection;

#[test]
fn elements_come_in_the_order_that_was_asked_for() {
    Connection::new().check(
        r#"
        RPUSH l 3 10 2 1 => :4
        SORT l => ["1" "2" "3" "10"]
        SORT l DESC => ["10" "3" "2" "1"]
        SORT l ALPHA => ["1" "10" "2" "3"]
        SORT l ALPHA DESC LIMIT 1 2 => ["2" "10"]
        SORT l LIMIT 1 2 => ["2" "3"]
        SORT l DESC LIMIT 3 10 => ["1"]
        SORT l LIMIT -1 2 => ["1" "2"]
        SORT l LIMIT 9 2 => []
        SORT l LIMIT 0 0 => []
        SORT l BY nosort LIMIT 1 2 => ["10" "2"]
        SORT l BY nosort DESC LIMIT 1 2 => ["2" "10"]
        SADD s 3 1 2 => :3
        SORT s => ["1" "2" "3"]
        ZADD z 3 1 1 2 2 3 => :3
        SORT z => ["1" "2" "3"]
        SORT z BY nosort => ["2" "3" "1"]
        SORT z BY nosort DESC LIMIT 0 2 => ["1" "3"]
        SORT nothing => []
        SORT nothing STORE l2 => :0
        RPUSH l x => :5
        SORT l => -ERR One or more scores can't be converted into double
        SORT l LIMIT x 1 => -ERR value is not an integer or out of range
        SORT l LIMIT 1 => -ERR syntax error
        SORT l FOO => -ERR syntax error
        SORT_RO l STORE m => -ERR syntax error
        SET str 1 => +OK
        SORT str => -WRONGTYPE Operation against a key holding the wrong kind of value
        "#,
    );
}

#[test]
fn patterns_reach_for_other_keys() {
    Connection::new().check(
        r#"
        RPUSH l a b c => :3
        MSET w_a 3 w_b 1 w_c 2 => +OK
        HSET h_a f 1 g x => :2
        HSET h_c f 0 => :1
        SORT l BY w_* => ["b" "c" "a"]
        SORT l BY w_* DESC GET # GET w_* => ["a" "3" "c" "2" "b" "1"]
        SORT l BY h_*->f GET # GET h_*->g => ["b" nil "c" nil "a" "x"]
        SORT l BY h_*->f ALPHA => ["b" "c" "a"]
        SORT l BY h_* ALPHA GET nothing => [nil nil nil]
        SORT l BY none_* GET w_*->f LIMIT 0 1 => [nil]
        SORT l BY w_* LIMIT 1 1 GET w_* => ["2"]
        SET w_b x => +OK
        SORT l BY w_* => -ERR One or more scores can't be converted into double
        "#,
    );
}

#[test]
fn what_is_stored_is_a_list() {
    Connection::new().check(
        r#"
        SADD s c b a => :3
        SET w_a 1 => +OK
        SORT s BY nosort STORE d => :3
        LRANGE d 0 -1 => ["a" "b" "c"]
        SORT s ALPHA DESC GET # GET w_* STORE d => :6
        LRANGE d 0 -1 => ["c" "" "b" "" "a" "1"]
        SORT d ALPHA LIMIT 3 2 STORE d => :2
        LRANGE d 0 -1 => ["a" "b"]
        SET d string => +OK
        SORT s ALPHA STORE d => :3
        TYPE d => +list
        SORT s ALPHA LIMIT 9 9 STORE d => :0
        EXISTS d => :0
        "#,
    );
}
