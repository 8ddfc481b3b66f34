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
