//! Blocking reads of streams: who is woken by what, with groups and without.

use polycache_tests::interleaving::compare;

#[test]
fn readers_without_a_group() {
    compare(&[
        // All readers get the entry, each from its own place on.
        "w XADD s 1-0 f v
         a XREAD BLOCK 0 STREAMS s $
         b XREAD BLOCK 0 COUNT 1 STREAMS s 1-0
         c XREAD BLOCK 0 STREAMS s 5-0
         w XADD s 2-0 f v
         w XADD s 6-0 f v",
        // Two keys, and one that does not exist yet.
        "a XREAD BLOCK 0 STREAMS s none 0-0 $
         w XADD none 1-0 f v
         a XREAD BLOCK 0 STREAMS s none $ $
         w XADD s 1-0 f v",
        // A timeout, and a transaction, end it with nothing.
        "a XREAD BLOCK 30 STREAMS s $
         a ...
         w XADD s 1-0 f v",
        // The key becomes something else, and a stream again.
        "w XADD s 1-0 f v
         a XREAD BLOCK 0 STREAMS s $
         w DEL s
         w LPUSH s x
         w DEL s
         w XADD s 3-0 f v",
        // A deleted entry does not wake; a trimmed one was there.
        "w XADD s 1-0 f v
         a XREAD BLOCK 0 STREAMS s 1-0
         w XDEL s 1-0
         w XADD s MAXLEN 0 2-0 f v
         w XADD s 3-0 f v",
        // RENAME and RESTORE bring entries, too.
        "a XREAD BLOCK 0 STREAMS s 0-0
         w XADD t 1-0 f v
         w RENAME t s",
        "a XREAD BLOCK 0 STREAMS s +
         w XADD s 1-0 f v",
    ]);
}

#[test]
fn readers_in_groups() {
    compare(&[
        // One entry goes to one consumer, in order of arrival.
        "w XGROUP CREATE s g $ MKSTREAM
         a XREADGROUP GROUP g alice BLOCK 0 STREAMS s >
         b XREADGROUP GROUP g bob BLOCK 0 STREAMS s >
         w XADD s 1-0 f v
         w XADD s 2-0 f v
         w XPENDING s g
         w XACK s g 1-0
         w XPENDING s g",
        // Readers of different groups and of none all get it.
        "w XGROUP CREATE s g $ MKSTREAM
         w XGROUP CREATE s h $
         a XREADGROUP GROUP g alice BLOCK 0 STREAMS s >
         b XREADGROUP GROUP h bob BLOCK 0 NOACK STREAMS s >
         c XREAD BLOCK 0 STREAMS s $
         w XADD s 1-0 f v
         w XPENDING s g
         w XPENDING s h",
        // The group goes, the key goes, the type changes: each ends the wait with its error.
        "w XGROUP CREATE s g $ MKSTREAM
         a XREADGROUP GROUP g alice BLOCK 0 STREAMS s >
         w XGROUP DESTROY s g",
        "w XGROUP CREATE s g $ MKSTREAM
         a XREADGROUP GROUP g alice BLOCK 0 STREAMS s >
         w DEL s",
        "w XGROUP CREATE s g $ MKSTREAM
         a XREADGROUP GROUP g alice BLOCK 0 STREAMS s >
         w SET s text",
        "w XGROUP CREATE s g $ MKSTREAM
         a XREADGROUP GROUP g alice BLOCK 0 STREAMS s >
         w FLUSHALL",
        "w XGROUP CREATE s g $ MKSTREAM
         a XREADGROUP GROUP g alice BLOCK 0 STREAMS s >
         w RENAME s t",
        "w XGROUP CREATE s g $ MKSTREAM
         w SET t x
         a XREADGROUP GROUP g alice BLOCK 0 STREAMS s >
         w SWAPDB 0 1",
        // History does not wait.
        "w XADD s 1-0 f v
         w XGROUP CREATE s g 0
         a XREADGROUP GROUP g alice BLOCK 0 STREAMS s 0
         a XREADGROUP GROUP g alice BLOCK 0 STREAMS s >
         a XREADGROUP GROUP g alice BLOCK 0 STREAMS s 0
         w XINFO CONSUMERS s h
         a XREADGROUP GROUP g alice BLOCK 20 STREAMS s >
         a ...",
        // Waiting makes the consumer known; a client that goes away gets nothing.
        "w XGROUP CREATE s g $ MKSTREAM
         a XREADGROUP GROUP g alice BLOCK 0 STREAMS s >
         b XREADGROUP GROUP g bob BLOCK 0 STREAMS s >
         a close
         w XADD s 1-0 f v
         w XADD s 2-0 f v
         w XPENDING s g",
        // Unblocked by hand.
        "w XGROUP CREATE s g $ MKSTREAM
         a XREADGROUP GROUP g alice BLOCK 0 STREAMS s >
         w CLIENT UNBLOCK @a
         a XREADGROUP GROUP g alice BLOCK 0 STREAMS s >
         w CLIENT UNBLOCK @a ERROR
         w XADD s 1-0 f v
         w XPENDING s g",
        // Several streams: the first that has something answers alone.
        "w XGROUP CREATE s g $ MKSTREAM
         w XGROUP CREATE t g $ MKSTREAM
         a XREADGROUP GROUP g alice BLOCK 0 STREAMS s t > >
         w XADD t 1-0 f v
         a XREADGROUP GROUP g alice BLOCK 0 COUNT 1 STREAMS s t > >
         w XADD s 1-0 f v
         w XPENDING s g
         w XPENDING t g",
    ]);
}
