//! Users of the access control over several connections: who is refused, who is closed, who may go on.

use polycache_tests::interleaving::compare;

#[test]
fn connections_of_users() {
    compare(&[
        // A change holds for connections that are there; who is switched off stays, and comes in no more.
        "w ACL SETUSER u reset on >p ~k* &* +@all -flushall
         a AUTH u wrong
         a AUTH u p
         a ACL WHOAMI
         a SET k1 v
         a GET z
         a FLUSHALL
         w ACL SETUSER u -get
         a GET k1
         a SET k1 w
         w ACL SETUSER u off
         a SET k1 x
         a AUTH u p
         a SET k1 y
         b AUTH u p
         b HELLO 3 AUTH u p
         w ACL SETUSER u on >q <p
         b AUTH u p
         b AUTH u q
         b SET k2 v
         b RESET
         b ACL WHOAMI
         b SET z v",
        // Deleting a user closes its connections: idle, blocked, subscribed, its own.
        "w ACL SETUSER u reset on nopass ~* &* +@all
         a AUTH u x
         b AUTH u x
         c AUTH u x
         b BLPOP l 0
         c SUBSCRIBE ch
         w ACL DELUSER u nobody
         w PUBLISH ch m
         w LPUSH l v
         w LRANGE l 0 -1
         a PING
         b PING
         c PING",
        "w ACL SETUSER u reset on nopass ~* &* +@all
         a AUTH u x
         a ACL DELUSER u
         a PING
         w ACL SETUSER u reset on nopass
         b AUTH u x
         b PING",
        // Channels that are lost close their subscribers, and no others.
        "w ACL SETUSER u reset on nopass +@all &a &b* &p*
         a AUTH u x
         b AUTH u x
         c AUTH u x
         d AUTH u x
         a SUBSCRIBE a
         b PSUBSCRIBE b*
         c SSUBSCRIBE a
         d SUBSCRIBE d
         w ACL SETUSER u -ping
         w ACL SETUSER u resetchannels &a
         w PUBLISH a m
         w SPUBLISH a m
         w ACL SETUSER u allchannels
         w ACL SETUSER u resetchannels &[ab]
         w PUBLISH a m
         a ? sub user
         w ACL SETUSER u resetchannels
         w PUBLISH a m",
        // Patterns must stand in the rules as they are.
        "w ACL SETUSER u reset on nopass +@all &a* &b
         a AUTH u x
         a PSUBSCRIBE a?
         a PSUBSCRIBE a*
         a SUBSCRIBE abc b
         a PUBLISH c x
         a UNSUBSCRIBE c",
    ]);
}

#[test]
fn the_log_tells_who_was_refused() {
    compare(&[
        "w ACL LOG RESET
         w ACL SETUSER u reset on >p ~k* +get +@connection db=0
         a AUTH u wrong
         a AUTH u wrong
         a AUTH nobody wrong
         a HELLO 2 AUTH u wrong
         a AUTH u p
         a SET k v
         a SET k v
         a GET z
         a SELECT 3
         a CONFIG GET x
         w EVAL \"local out = {} for i, e in ipairs(redis.call('acl', 'log')) do out[i] = {} for j = 1, 10 do out[i][j] = e[j] end end return out\" 0
         w ACL LOG 0
         w ACL LOG RESET
         w ACL LOG",
    ]);
}

#[test]
fn databases_are_rules_too() {
    compare(&["w ACL SETUSER u reset on nopass ~* +@all db=0,2
         a AUTH u x
         a SET k v
         a SELECT 1
         a SELECT 2
         a GET k
         a SWAPDB 0 2
         a SWAPDB 0 1
         a MOVE k 1
         a COPY k j DB 1
         a FLUSHDB
         a FLUSHALL
         a SELECT 0
         w ACL SETUSER u db=2
         a GET k
         a PING
         a SELECT 2
         a SORT k BY x* GET y*
         w ACL SETUSER u resetkeys ~k
         a SORT k BY x*
         a SORT k GET #
         a SORT k BY nosort"]);
}

#[test]
fn rules_that_change_under_a_transaction() {
    compare(&["w ACL LOG RESET
         w ACL SETUSER u reset on nopass ~k* &* +@all
         a AUTH u x
         a MULTI
         a GET z
         a EXEC
         a MULTI
         a GET k
         a SET k v
         a PUBLISH ch m
         w ACL SETUSER u -set resetchannels
         a EXEC
         w ACL SETUSER u ~k* +set
         a MULTI
         a SET k v
         w ACL SETUSER u resetkeys
         a EXEC"]);
}
