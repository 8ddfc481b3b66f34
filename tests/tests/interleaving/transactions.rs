//! MULTI, EXEC, DISCARD, WATCH, UNWATCH.

use polycache_tests::interleaving::compare;

#[test]
fn connections_see_each_others_writes() {
    compare(&[
        "a SET k v\n b GET k\n b GETSET k \"two words\"\n a GET k\n a close\n b PING",
        "a BLPOP k 0\n a ? flags\n b RPUSH k x\n b LLEN k",
        "a BLPOP k 0.05\n a ...\n a PING",
        "a BLPOP k 0\n b CLIENT UNBLOCK @a ERROR\n b CLIENT KILL ID @a\n b PING",
    ]);
}

#[test]
fn transactions_queue_and_run_as_in_valkey() {
    compare(&[
        "a MULTI\n a SET k 1\n b GET k\n a INCR k\n a ? multi watch flags\n a GET k\n a EXEC\n b GET k\n a ? multi flags",
        "a MULTI\n a EXEC\n a MULTI\n a DISCARD\n a EXEC\n a DISCARD\n a PING",
        "a MULTI\n a SET k v\n a DISCARD\n a GET k\n a MULTI\n a SET k w\n a close\n b GET k",
        // Errors while running do not end it; those while queueing do.
        "a SET k v\n a MULTI\n a LPUSH k x\n a SET l w\n a INCR k\n a EXEC\n b GET l",
        "a MULTI\n a SET k v\n a NOSUCH x\n a SET l w\n a EXEC\n b EXISTS k l",
        "a MULTI\n a SET k\n a EXEC\n a EXEC\n a MULTI\n a SET k v\n a EXEC",
        "a MULTI\n a MULTI\n a SET k v\n a EXEC\n a GET k",
        "a MULTI\n a WATCH k\n a SET k v\n a EXEC\n a GET k",
        "a MULTI\n a CLIENT NOSUCH\n a EXEC",
        "a MULTI\n a CLIENT REPLY ON\n a EXEC",
        "a MULTI\n a SAVE\n a EXEC",
        "a MULTI\n a SET k v PX -1\n a GET k\n a EXEC",
        // Every kind of reply, in both protocols.
        "a MULTI\n a HSET h f v g w\n a HGETALL h\n a ZADD z 1.5 m\n a ZRANGE z 0 -1 WITHSCORES\n a ZSCORE z m\n a \
         GET none\n a LRANGE none 0 -1\n a SADD s a\n a SMEMBERS s\n a CONFIG GET maxmemory\n a EXEC",
        // Databases.
        "a MULTI\n a SET k 0\n a SELECT 1\n a SET k 1\n a GET k\n a EXEC\n a GET k\n b GET k\n a ? db\n a SELECT 0",
        "a MULTI\n a SET k v\n a MOVE k 1\n a EXISTS k\n a SELECT 1\n a GET k\n a EXEC",
        "a SET k v\n a MULTI\n a COPY k l\n a COPY k k DB 1\n a SWAPDB 0 1\n a DBSIZE\n a EXISTS k l\n a EXEC\n b KEYS *",
        "a MSET k 1 l 2\n a MULTI\n a DBSIZE\n a FLUSHALL\n a DBSIZE\n a SET m 3\n a KEYS *\n a EXEC\n b DBSIZE",
        "a RPUSH l 2 1 3\n a MSET w1 3 w2 2 w3 1\n a MULTI\n a SORT l BY w* GET w*\n a SORT l STORE s\n a EXEC\n b LLEN s",
        // Many keys, and one key often.
        "a MULTI\n a MSET a 1 b 2 c 3\n a RENAME a d\n a RENAMENX b c\n a MGET a b c d\n a DEL d nosuch\n a EXISTS d\n a EXEC",
        "a MULTI\n a SET k 1\n a DEL k\n a SET k 2\n a EXPIRE k 100\n a TTL k\n a PERSIST k\n a TTL k\n a DEL k k\n a EXEC\n b EXISTS k",
        "a MULTI\n a SADD a 1 2 3\n a SADD b 2 3 4\n a SINTERSTORE c a b\n a SUNION a c\n a SMOVE a d 1\n a SMEMBERS d\n a EXEC",
        "a MULTI\n a XADD s 1-1 f v\n a XREAD STREAMS s 0\n a XLEN s\n a EXEC",
        // What is not queued.
        "a MULTI\n a SET k v\n a RESET\n a ? multi flags\n a EXEC\n a EXISTS k",
        "a MULTI\n a QUIT",
        "a MULTI\n a UNWATCH\n a PING\n a ECHO x\n a TIME x\n a EXEC",
        "a MULTI\n a PING\n a ECHO x\n a UNWATCH\n a EXEC",
    ]);
}

#[test]
fn watched_keys_abort_as_in_valkey() {
    compare(&[
        "a WATCH k\n b SET k v\n a MULTI\n a SET l w\n a EXEC\n a EXISTS l\n a MULTI\n a SET l w\n a EXEC",
        "a WATCH k\n a MULTI\n a SET k v\n a EXEC\n a GET k",
        "a SET k v\n a WATCH k\n a ? watch\n a UNWATCH\n a ? watch\n b SET k w\n a MULTI\n a GET k\n a EXEC",
        "a SET k v\n a WATCH k\n b SET k v\n a MULTI\n a GET k\n a EXEC",
        "a SET k v\n a WATCH k\n b DEL k\n a MULTI\n a GET k\n a EXEC",
        "a SET k v\n a WATCH k\n b DEL k\n b SET k v\n a MULTI\n a GET k\n a EXEC",
        "a SET k v\n a WATCH k\n b DEL other\n b GET k\n b SETNX k w\n a MULTI\n a GET k\n a EXEC",
        "a SADD s 1\n a WATCH s\n b SADD s 1\n b SREM s 9\n a MULTI\n a SCARD s\n a EXEC",
        "a SADD s 1\n a WATCH s\n b SADD s 2\n a MULTI\n a SCARD s\n a EXEC",
        "a SET k v\n a WATCH k\n b EXPIRE k 100\n a MULTI\n a GET k\n a EXEC",
        "a SET k v\n a WATCH k\n b PERSIST k\n a MULTI\n a GET k\n a EXEC",
        "a WATCH k k l\n a WATCH l\n a ? watch\n a MULTI\n a ? watch multi\n a DISCARD\n a ? watch multi\n b SET k v\n a MULTI\n a EXEC",
        // The transaction's own connection counts, too.
        "a WATCH k\n a SET k v\n a MULTI\n a GET k\n a EXEC",
        // Several watchers.
        "a WATCH k\n b WATCH k\n a MULTI\n a SET k a\n b MULTI\n b SET k b\n a EXEC\n b EXEC\n c GET k",
        "a WATCH k\n b WATCH l\n a MULTI\n a SET l a\n b MULTI\n b SET k b\n a EXEC\n b EXEC\n c MGET k l",
        // Whole databases.
        "a SET k v\n a WATCH k\n b FLUSHALL\n a MULTI\n a PING\n a EXEC",
        "a WATCH k\n b FLUSHALL\n a MULTI\n a PING\n a EXEC",
        "a SET k v\n a WATCH k\n b SWAPDB 0 1\n a MULTI\n a PING\n a EXEC",
        "b SELECT 1\n b SET k v\n a WATCH k\n b SWAPDB 0 1\n a MULTI\n a PING\n a EXEC",
        "a WATCH k\n b SELECT 1\n b SET k v\n a MULTI\n a PING\n a EXEC",
        "a SELECT 1\n a WATCH k\n a SELECT 0\n b SELECT 1\n b SET k v\n a MULTI\n a PING\n a EXEC",
        // Expiry.
        "a SET k v PX 1000\n a WATCH k\n (wait 1050)\n a MULTI\n a PING\n a EXEC",
        "a SET k v PX 10\n (wait 40)\n a WATCH k\n a MULTI\n a PING\n a EXEC",
        // Eviction.
        "a SET k v\n a WATCH k\n b CONFIG SET maxmemory-policy allkeys-random maxmemory 1\n b SET x y\n b CONFIG SET \
         maxmemory 0 maxmemory-policy noeviction\n b EXISTS k\n a MULTI\n a PING\n a EXEC",
        // Scripts where memory is full, by what they say of themselves.
        "a SET k v\n b CONFIG SET maxmemory 1\n a MULTI\n a EVAL \"return redis.call('SET', 'x', 1)\" 1 x\n a EVAL \"return \
         redis.pcall('SET', 'x', 1).err\" 1 x\n a EVAL \"return redis.call('GET', 'k')\" 1 k\n a EXEC\n a GET x\n a MULTI\n a \
         EVAL \"#!lua¶return redis.call('SET', 'x', 1)\" 1 x\n a EXEC\n a MULTI\n a EVAL \"#!lua flags=allow-oom¶return \
         redis.call('SET', 'x', 1)\" 1 x\n a EXEC\n a EVAL \"#!lua¶return 1\" 0\n a MULTI\n a EVAL \"#!lua \
         flags=no-writes¶return 1\" 0\n a EXEC\n b CONFIG SET maxmemory 0\n a MULTI\n a EVAL \"#!lua¶return 1\" 0\n b \
         CONFIG SET maxmemory 1\n a EXEC\n b CONFIG SET maxmemory 0",
        // Errors forget the keys as well.
        "a WATCH k\n a MULTI\n a NOSUCH\n a EXEC\n b SET k v\n a MULTI\n a PING\n a EXEC",
        "a WATCH\n a WATCH k\n a RESET\n b SET k v\n a MULTI\n a PING\n a EXEC",
        "a SET k 1\n a WATCH k\n b MULTI\n b SET k 2\n a MULTI\n a GET k\n b EXEC\n a EXEC",
    ]);
}

#[test]
fn blocked_clients_meet_transactions_as_in_valkey() {
    compare(&[
        "a MULTI\n a BLPOP k 0\n a BRPOPLPUSH k l 0\n a BLMOVE k l LEFT LEFT 0\n a BLMPOP 0 1 k LEFT\n a BZPOPMIN z 0\n a \
         BZMPOP 0 1 z MIN\n a XREAD BLOCK 0 STREAMS s 0\n a EXEC",
        "a RPUSH k x y\n a MULTI\n a BLPOP k 0\n a BLMOVE k l LEFT LEFT 0\n a EXEC",
        // Served after EXEC, not in the midst of it.
        "a BLPOP k 0\n b MULTI\n b RPUSH k 1 2\n b LPOP k\n b LLEN k\n b EXEC\n b LRANGE k 0 -1",
        "a BLPOP k 0\n b MULTI\n b RPUSH k 1\n b DEL k\n b EXEC\n a ? flags\n b RPUSH k 2",
        "a BLPOP k l 0\n b MULTI\n b RPUSH l 1\n b RPUSH k 2\n b EXEC\n b EXISTS k l",
        "a BLPOP k 0\n c BLPOP k 0\n b MULTI\n b RPUSH k 1\n b RPUSH k 2\n b EXEC\n b EXISTS k",
        "a BLMOVE k l LEFT RIGHT 0\n c BLPOP l 0\n b MULTI\n b RPUSH k 1\n b EXEC\n b EXISTS k l",
        "a BLPOP k 0\n b MULTI\n b FLUSHALL\n b RPUSH k 1\n b EXEC\n b EXISTS k",
        "a BLPOP k 0\n b SELECT 1\n b RPUSH k x\n b MULTI\n b SWAPDB 0 1\n b EXEC\n b SELECT 0\n b EXISTS k",
        // The blocked one's command counts for those who watch. (A key that was absent, came and went is as it was to us.)
        "c RPUSH k w\n c WATCH k\n c LPOP k\n a BLPOP k 0\n b RPUSH k x y\n c MULTI\n c PING\n c EXEC",
    ]);
}
