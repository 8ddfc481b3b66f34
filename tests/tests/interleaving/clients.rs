//! CLIENT over several connections: filters, kills of clients in every state, pauses, replies held back.

use polycache_tests::interleaving::compare;
use polycache_tests::support::{Kind, Server};

#[test]
fn kills() {
    compare(&[
        // Whoever waits, listens or gathers leaves nothing behind.
        "a BLPOP l 0
         b SUBSCRIBE ch
         b PSUBSCRIBE p*
         c GET k
         d SSUBSCRIBE s
         w CLIENT KILL ID @a @b @c @d
         w CLIENT KILL ID @a
         w LPUSH l x
         w LRANGE l 0 -1
         w PUBLISH ch m
         w PUBSUB CHANNELS *
         w PUBSUB NUMPAT
         w PUBSUB SHARDCHANNELS
         a PING
         b PING
         c PING
         d PING",
        // One in a transaction, and one that watches.
        "a MULTI
         a SET k v
         b WATCH k
         a ? flags multi
         b ? watch
         w CLIENT KILL FLAGS x
         w CLIENT KILL ID @b
         w EXISTS k
         a EXEC
         b PING
         w SET k v",
        // Oneself: not unless asked for.
        "a MULTI
         a SET k 1
         a CLIENT KILL ID @a SKIPME no
         a SET l 1
         a EXEC
         b MGET k l
         b CLIENT KILL ID @b SKIPME no",
        "a CLIENT KILL ID @a
         a CLIENT KILL ID @a SKIPME yes
         a CLIENT KILL ID @a SKIPME no
         a PING
         w PING",
        // By name, library, database, type, flags, user, and what they are not.
        "a CLIENT SETNAME one
         b CLIENT SETINFO LIB-NAME lib
         b CLIENT SETINFO LIB-VER 1
         c SELECT 7
         d SUBSCRIBE x
         e CLIENT NO-EVICT on
         f BLPOP q 0
         w CLIENT KILL NAME two
         w CLIENT KILL NAME one
         a PING
         w CLIENT KILL LIB-NAME lib LIB-VER 2
         w CLIENT KILL LIB-NAME lib LIB-VER 1
         b PING
         w CLIENT KILL DB 7
         c PING
         w CLIENT KILL TYPE pubsub
         d PING
         w CLIENT KILL FLAGS eb
         w CLIENT KILL FLAGS e
         e PING
         w CLIENT KILL FLAGS b
         f PING
         w RPUSH q x
         w LLEN q",
        "w ACL SETUSER u reset on nopass +@all ~* &*
         a AUTH u x
         b PING
         w CLIENT KILL USER u
         a PING
         b PING
         w CLIENT KILL USER nobody
         w CLIENT KILL ID @b NOT-USER default
         w CLIENT KILL ID @b NOT-ID @b
         w CLIENT KILL ID @b NOT-DB 0
         w CLIENT KILL ID @b NOT-TYPE pubsub
         b PING",
    ]);
}

#[test]
fn lines_tell_the_truth() {
    compare(&[
        "a CLIENT SETNAME me
         a SELECT 3
         a CLIENT NO-TOUCH on
         a CLIENT NO-EVICT on
         a CLIENT SETINFO LIB-NAME l
         a CLIENT SETINFO LIB-VER 2
         a CLIENT CAPA redirect
         a ? name db flags capa cmd user resp lib-name lib-ver multi watch sub psub ssub redir
         b BLPOP k 0
         b ? flags cmd db
         w RPUSH k x
         c SUBSCRIBE a b
         c PSUBSCRIBE c*
         c SSUBSCRIBE s
         c ? flags cmd sub psub ssub
         a RESET
         a ? name db flags capa user resp lib-name lib-ver
         a CLIENT GETNAME",
        "a CLIENT LIST ID @a NOT-ID @a
         a CLIENT LIST ID @a DB 1
         a CLIENT LIST ID @a NAME x
         a CLIENT LIST ID @a FLAGS P
         a CLIENT LIST ID @a FLAGS Z
         a CLIENT LIST ID @a IDLE 1000
         a CLIENT LIST ID @a MAXAGE 1000
         a CLIENT LIST ID @a IP 1.2.3.4
         a CLIENT LIST ID @a NOT-IP 127.0.0.1
         a CLIENT LIST ID @a CAPA r
         a CLIENT LIST ID @a CAPA q
         a CLIENT LIST ID @a TYPE pubsub
         a CLIENT LIST ID @a TYPE nope
         a CLIENT LIST ID @a USER nope
         a CLIENT LIST ID @a SKIPME yes
         a CLIENT IMPORT-SOURCE on
         a CLIENT IMPORT-SOURCE off
         a CLIENT PAUSE 9223372036854775807
         a CLIENT PAUSE 5 sometimes",
    ]);
}

#[test]
fn pauses_and_replies() {
    compare(&[
        "w CLIENT PAUSE 10000 WRITE
         a GET k
         a SET k v
         b BLPOP l 0
         c PUBLISH ch m
         d EVAL \"return 1\" 0
         e PFCOUNT h
         w CLIENT UNPAUSE
         w GET k
         w RPUSH l x",
        "w CLIENT PAUSE 100 ALL
         a GET k
         a ...
         w CLIENT PAUSE 50 WRITE
         a SET k v
         a ...",
        "a ! CLIENT REPLY OFF
         a ! SET k v
         a ! GET k
         a CLIENT REPLY ON
         a ! CLIENT REPLY SKIP
         a ! GET k
         a GET k
         a CLIENT REPLY NOPE",
    ]);
}

/// Who kills itself within a transaction is told as far as that command; an array of so many replies is never whole.
#[test]
fn a_transaction_that_kills_its_own_client_is_answered_so_far() {
    let replies = [Kind::Valkey, Kind::Polycache].map(|kind| {
        let server = Server::volatile(kind);
        let told = [&["PING"][..], &[], &["SET k v", "GET k"]].map(|behind| {
            let mut client = server.client();
            let id = client.say("CLIENT ID").integer().expect("a number");
            for line in ["MULTI", "SET k w", &format!("CLIENT KILL ID {id} SKIPME no")] {
                client.say(line);
            }
            behind.iter().for_each(|line| drop(client.say(line)));
            client.send(b"EXEC\r\n").expect("sent");
            client.read_to_end().expect("closed in order").escape_ascii().to_string()
        });
        (told, server.client().say("GET k").text())
    });
    assert_eq!(replies[1], replies[0]);
}
