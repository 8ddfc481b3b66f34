//! Blocking commands of several connections, step by step on our server and on Valkey: who is served with what.

use polycache_tests::interleaving::compare;

#[test]
fn lists_serve_their_waiters_as_valkey_does() {
    compare(&[
        // One waiter, one push; the pusher sees the length with its element.
        "a BLPOP k 0\n b RPUSH k x\n b LLEN k\n b EXISTS k",
        // In order of arrival, each from its own end.
        "a BLPOP k 0\n b BRPOP k 0\n c BLPOP k 0\n p RPUSH k 1 2\n p LRANGE k 0 -1\n p RPUSH k 3 4",
        "a BLPOP k 0\n b BLPOP k 0\n p LPUSH k 1 2 3\n p LRANGE k 0 -1",
        // Several keys: the first that has something, in the order of the command at first, of the pushes later.
        "p RPUSH k2 b\n p RPUSH k1 a\n a BLPOP k1 k2 0\n a BLPOP k1 k2 0\n a BLPOP k1 k2 0\n p RPUSH k2 c",
        "a BLPOP k k k 0\n p RPUSH k 1 2\n p LLEN k",
        "a BLPOP k1 k2 0\n b BLPOP k2 k1 0\n p RPUSH k2 x\n p RPUSH k1 y\n p EXISTS k1 k2",
        // Served by one key, no longer waiting for the others.
        "a BLPOP k1 k2 0\n p RPUSH k1 x\n p RPUSH k2 y\n p LRANGE k2 0 -1\n a BLPOP k2 0",
        // Another type in the way: passed over while waiting, an error at first.
        "a BLPOP k 0\n p SET k v\n p GET k\n p DEL k\n p RPUSH k x",
        "p SET k v\n a BLPOP k 0\n a BLPOP other k 0\n p RPUSH other y\n a BLPOP other k 0",
        "a BLPOP k 0\n p SADD k v\n p DEL k\n p LPUSH k 1",
        // Any command that makes a list.
        "a BLPOP k 0\n p RPUSH other x y\n p RENAME other k\n p LRANGE k 0 -1",
        "a BLPOP k 0\n p RPUSH other x y\n p COPY other k\n p LRANGE k 0 -1",
        "a BLPOP k 0\n p RPUSH other x\n p LMOVE other k LEFT LEFT\n p EXISTS k other",
        "a BLPOP k 0\n p SELECT 1\n p RPUSH k x\n p MOVE k 0\n p EXISTS k",
        "a BLPOP k 0\n p SELECT 1\n p RPUSH k x y\n p SWAPDB 0 1\n p SELECT 0\n p LRANGE k 0 -1",
        "a BLPOP k 0\n p FLUSHALL\n p RPUSH k x",
        "a BLPOP k 0\n p RPUSHX k x\n p LINSERT k BEFORE x y\n p RPUSH k z",
        // Databases are apart.
        "a SELECT 1\n a BLPOP k 0\n p RPUSH k x\n p LLEN k\n p SELECT 1\n p RPUSH k y",
        // A pop between push and push.
        "a BLPOP k 0\n p RPUSH k 1\n q LPOP k\n b BLPOP k 0\n p RPUSH k 2\n q LLEN k",
    ]);
}

#[test]
fn moves_and_counts_are_served_as_valkey_does() {
    compare(&[
        "a BLMPOP 0 2 k1 k2 LEFT COUNT 2\n p RPUSH k2 1 2 3\n p LRANGE k2 0 -1\n a BLMPOP 0 1 k2 RIGHT COUNT 10",
        "a BLMPOP 0 1 k RIGHT COUNT 3\n b BLPOP k 0\n p RPUSH k 1 2 3 4 5\n p LRANGE k 0 -1",
        "a BLMOVE s d LEFT RIGHT 0\n p RPUSH s x y\n p LRANGE s 0 -1\n p LRANGE d 0 -1",
        "a BRPOPLPUSH s d 0\n p RPUSH s x y\n p LRANGE s 0 -1\n p LRANGE d 0 -1",
        // The destination has a waiter, and that one another.
        "a BLPOP d 0\n b BLMOVE s d LEFT LEFT 0\n p RPUSH s x\n p EXISTS s d",
        "a BLMOVE d e LEFT LEFT 0\n b BLMOVE s d LEFT LEFT 0\n c BLPOP e 0\n p RPUSH s x\n p EXISTS s d e",
        // Round and round.
        "a BLMOVE k k LEFT RIGHT 0\n p RPUSH k 1 2 3\n p LRANGE k 0 -1",
        "a BLMOVE x y LEFT RIGHT 0\n b BLMOVE y x LEFT RIGHT 0\n p RPUSH x 1\n p LRANGE x 0 -1\n p LRANGE y 0 -1",
        "a BRPOPLPUSH k k 0\n b BLPOP k 0\n p RPUSH k 1 2\n p LRANGE k 0 -1",
        // The destination is no list: an error for the one who waits, and the element stays.
        "p SET d v\n a BLMOVE s d LEFT LEFT 0\n p RPUSH s x\n p LRANGE s 0 -1",
        "p SET d v\n a BLMOVE s d LEFT LEFT 0\n b BLPOP s 0\n p RPUSH s x\n p EXISTS s",
        "a BLMOVE s d LEFT LEFT 0\n p SET d v\n p RPUSH s x\n p DEL d\n p LLEN s",
        // A mixture in order of arrival.
        "a BLMOVE s d RIGHT LEFT 0\n b BRPOP s 0\n c BLMPOP 0 1 s LEFT COUNT 5\n p RPUSH s 1 2 3 4 5\n p LRANGE d 0 -1",
    ]);
}

#[test]
fn waiting_ends_as_in_valkey() {
    compare(&[
        "a BLPOP k 0.05\n a ...\n a BLPOP k 0.001\n a ...\n p RPUSH k x\n a LPOP k",
        "a BLMOVE s d LEFT LEFT 0.05\n a ...\n a BRPOPLPUSH s d 0.01\n a ...\n a BLMPOP 0.01 1 k LEFT\n a ...",
        "a BLPOP k 0\n p CLIENT UNBLOCK @a\n p CLIENT UNBLOCK @a\n p RPUSH k x\n p LLEN k",
        "a BLPOP k 0\n p CLIENT UNBLOCK @a TIMEOUT\n a BLPOP k 0\n p CLIENT UNBLOCK @a ERROR\n p CLIENT UNBLOCK @a ERROR",
        "a BLMOVE s d LEFT LEFT 0\n p CLIENT UNBLOCK @a\n p CLIENT UNBLOCK 99999999\n p CLIENT UNBLOCK x",
        "a BLPOP k 0\n b BLPOP k 0\n c BLPOP k 0\n p CLIENT UNBLOCK @b\n p RPUSH k 1 2",
        "a BLPOP k 0\n b BLPOP k 0.05\n c BLPOP k 0\n b ...\n p RPUSH k 1 2",
        "a BLPOP k x\n a BLPOP k -1\n a BLPOP k inf\n a BLPOP k 1e30\n a BLPOP k 9223372036854775807\n a BRPOP k -0.1",
    ]);
}

#[test]
fn sorted_sets_serve_their_waiters_as_valkey_does() {
    compare(&[
        "a BZPOPMIN z 0\n b BZPOPMAX z 0\n p ZADD z 1 a 2 b 3 c\n p ZRANGE z 0 -1 WITHSCORES",
        "a BZPOPMIN z1 z2 0\n p ZADD z2 1.5 x\n p EXISTS z2\n a BZPOPMIN z1 z2 0.01\n a ...",
        "a BZMPOP 0 2 z1 z2 MAX COUNT 2\n p ZADD z2 1 a 2 b 3 c\n p ZCARD z2\n a BZMPOP 0.01 1 z3 MIN\n a ...",
        "a BZPOPMIN z 0\n b BZPOPMIN z 0\n p ZINCRBY z 5 m\n p ZADD z INCR 2 n\n p EXISTS z",
        "p ZADD other 1 a 2 b\n a BZPOPMAX z 0\n p ZUNIONSTORE z 1 other\n p ZRANGE z 0 -1\n p RENAME other z",
        // The key becomes what only one of them waits for.
        "a BZPOPMIN k 0\n b BLPOP k 0\n c BZPOPMIN k 0\n p RPUSH k x\n p ZADD k 1 m\n p ZADD k 2 n\n p EXISTS k",
        "a BLPOP k 0\n p ZADD k 1 m\n p DEL k\n p RPUSH k x",
        "p SET k v\n a BZPOPMIN k 0\n a BZPOPMAX k -1\n a BZPOPMIN k x\n a BZMPOP x 1 k MIN\n a BZMPOP 1 0 k MIN",
        "a BZPOPMIN z 0\n p CLIENT UNBLOCK @a\n a BZPOPMIN z 0\n p CLIENT UNBLOCK @a ERROR\n p ZADD z 1 m",
    ]);
}
