//! The classic text protocol byte by byte against memcached, and against itself in other portions.
//!
//! Every script is sent to a real memcached and fed to our codec; replies must be equal but for what
//! `tests/differences.md` lists. Then the script is fed again, cut in two at every place, and the replies must stay
//! the same: where packets end is no part of the protocol.

use crate::oracle::{compare, long_key};

fn scripts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

#[test]
fn storing_and_retrieving() {
    compare(&scripts(&[
        "set a 0 0 1\r\nx\r\nget a\r\n",
        "set a 0 0 1\nx\r\nget a\n",
        "set a 0 0 1 noreply\r\nx\r\nget a\r\n",
        "set a 0 0 1 foo\r\nx\r\nget a\r\n",
        "set a 0 0 0\r\n\r\nget a\r\n",
        "set a 4294967295 0 5\r\nab\r\nc\r\nget a b  a \r\n",
        "set a 010 0 010\r\n0123456789\r\nget a\r\n",
        "set a +5 +0 +1\r\nx\r\nget a\r\n",
        "set a \t5 \t7 \t1\r\nx\r\nget a\r\n",
        "set a 5\tz 7\t 1\t\r\nx\r\nget a\r\n",
        "set a -18446744073709551615 0 1\r\nx\r\nget a\r\n",
        "set a  0  0  1  \r\nx\r\nget  a  \r\n get a\r\n",
        "  set  a 0 0 1\r\nx\r\n   gets   a\r\n incr a 1\r\n",
        "set a\tb 0 0 1\r\nx\r\nget a\tb\r\nset a\x01 0 0 1\r\nx\r\nget a\x01\r\n",
        "set \u{e9}\u{20ac} 0 0 1\r\nx\r\nget \u{e9}\u{20ac} a\r\n",
        "set a 0 0 1\r\nx\r\nget a a a\r\ngets a a\r\n",
        "set a 0 0 1\r\nx\r\nset b 0 0 1\r\ny\r\ngets b a b\r\nset a 0 0 1\r\nx\r\ngets a b\r\n",
        "add a 1 0 1\r\nx\r\nadd a 2 0 1\r\ny\r\nget a\r\n",
        "replace a 0 0 1\r\nx\r\nset a 0 0 1\r\nx\r\nreplace a 7 0 1\r\nz\r\nget a\r\n",
        "append a 0 0 1\r\nx\r\nset a 3 0 1\r\nx\r\nappend a 7 0 2\r\nyz\r\nget a\r\nprepend a 9 0 1\r\nw\r\nget a\r\n",
        "prepend a 0 0 1\r\nx\r\nset a 3 0 1\r\nx\r\nappend a 7 -1 2 noreply\r\nyz\r\nget a\r\n",
        "cas a 0 0 1 1\r\nx\r\nset a 0 0 1\r\nx\r\ncas a 0 0 1 0\r\nx\r\ncas a 0 0 1 1 noreply\r\nx\r\n",
        "set a 0 -1 1\r\nx\r\nget a\r\nadd a 0 -1 1\r\nx\r\nget a\r\n",
        "set a 0 0 1\r\nx\r\nset a 0 -1 1\r\ny\r\nget a\r\n",
        "set a 0 0 1\r\nx\r\nadd a 0 -1 1\r\ny\r\nget a\r\nreplace a 0 -1 1\r\nx\r\nget a\r\n",
        "set a 0 2592000 1\r\nx\r\nget a\r\nset a 0 2592001 1\r\nx\r\nget a\r\n",
        "set a 0 2147483647 1\r\nx\r\nget a\r\n",
    ]));
}

#[test]
fn bad_lines() {
    let long = long_key();
    let mut all = scripts(&[
        "\r\n",
        "\n",
        " \r\n",
        "\r\r\n",
        "x\r\n",
        "foo\r\n",
        "GET a\r\n",
        "get\r\n",
        "gets\r\n",
        "get \r\n",
        "gett a\r\n",
        "gat\r\n",
        "gat a\r\n",
        "gat 0\r\n",
        "gat x a\r\n",
        "gat noreply a\r\n",
        "get a\r\r\n",
        "get a\r",
        "version\r\r\n",
        "get noreply\r\n",
        "a\r\nb\r\nget a\r\n\r\nversion\r\n",
        "set \0a 0 0 1\r\nx\r\nget \0a\r\n",
        "set a\0b 0 0 1\r\nx\r\nget a\0b\r\nget a\r\n",
        "set a 0 0 1\r\nx\r\nget a\0b c d\r\nget a b\0\r\n",
        "set a 0 0 1 noreply x\r\nx\r\nget a\r\n",
        "set a 0 0 1 noreply \r\nx\r\nget a\r\n",
        "set a 0 0 1 NOREPLY\r\nx\r\nset a 0 0 1 noreplyx\r\nx\r\nset a 0 0 1\tnoreply\r\nx\r\n",
        "set a 0 0\r\nx\r\n",
        "set a\r\n",
        "set\r\n",
        "set a 1  \r\n",
        "set a 0 0 noreply\r\nversion\r\n",
        "set a 0 noreply\r\n",
        "set a b c d\r\nx\r\n",
        "set a 0 0 -1\r\n",
        "set a 0 0 x\r\n",
        "set a -1 0 1\r\nx\r\nget a\r\n",
        "set a 0x10 0 1\r\nx\r\nget a\r\n",
        "set a 5z 0 1\r\nx\r\n",
        "set a 0 0z 1\r\nx\r\n",
        "set a 0 0 1z\r\nx\r\n",
        "set a 0 1.5 1\r\nx\r\n",
        "set a -4294967295 0 1\r\nx\r\n",
        "set a 18446744073709551616 0 1\r\nx\r\n",
        "set a 0 0 2147483647\r\nversion\r\n",
        "set a 0 0 2147483646\r\nversion\r\n",
        "set a 0 0 99999999999999999999\r\nversion\r\n",
        "cas a 0 0 1\r\nx\r\n",
        "cas a 0 0 1 x\r\nx\r\n",
        "cas a 0 0 1 -1\r\nx\r\n",
        "cas a 0 0 1 18446744073709551616\r\nx\r\n",
        "cas a 0 0 noreply\r\n",
        "cas a 0 0 1 noreply\r\ny\r\n",
        "set a 0 0 1 a b c d e f g h i j k l m n o p q r s t u v w x y z a a\r\nx\r\n",
        "version a b c d e f g h i j k l m n o p q r s t u v w x y z a a\r\n",
        "add\r\nreplace x\r\nappend\r\nprepend\r\ncas\r\nincr\r\ndecr\r\ndelete\r\ntouch\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n\r\nversion\r\n",
        "POST / HTTP/1.0\r\n\r\n",
        "foo HTTP/\r\nversion\r\n",
        "slabs\r\nlru\r\nlru_crawler\r\nextstore\r\nmisbehave\r\nms\r\nmx a\r\nm\r\nmga a\r\n",
    ]);
    for line in [
        format!("get {long}\r\nversion\r\n"),
        // Without a reply before it: memcached forgets that one, too.
        format!("set a 0 0 1 noreply\r\nx\r\nget a {long}\r\nget a\r\n"),
        format!("set a 0 0 1 noreply\r\nx\r\nget {}{long} a\r\nget a\r\n", "a ".repeat(40)),
        format!("set a 0 0 1 noreply\r\nx\r\ngat 0 a {long}\r\nget a\r\n"),
        format!("set a 0 0 1 noreply\r\nx\r\ngats 0 {long} a\r\nget a\r\n"),
        format!("set {long} 0 0 1\r\nx\r\nset {long} 0 0 1 noreply\r\nx\r\n"),
        format!("set {0} 0 0 1\r\nx\r\nget {0}\r\n", &long[1..]),
        format!("incr {long} 1\r\ndelete {long}\r\ntouch {long} 0\r\ndelete {long} 1\r\n"),
    ] {
        all.push(line.into_bytes());
    }
    compare(&all);
}

#[test]
fn bad_data_blocks() {
    compare(&scripts(&[
        "set a 0 0 3\r\nabcdef\r\nget a\r\n",
        "set a 0 0 3\r\nab\r\n\r\nget a\r\n",
        "set a 0 0 3 noreply\r\nabcdef\r\nget a\r\n",
        "set a 0 0 1\r\n\r\nget a\r\n",
        "set a 0 0 3\r\nabc\nget a\r\nget a\r\n",
        "set a 0 0 3\r\nabc\rxget a\r\nget a\r\n",
        "set a 0 0 3\r\nabcd\nget a\r\nget a\r\n",
        "set a 0 0 1\r\nx\r\nset a 0 0 3\r\nabcdef\r\nget a\r\n",
        "set a 0 0 1 noreply\r\nx\r\nset a 0 0 5\r\nxx",
    ]));
}

#[test]
fn items_that_are_too_large() {
    let block = |len: usize| "x".repeat(len);
    let mut all = Vec::new();
    for len in [1_048_516, 1_048_517, 1_048_576, 3_000_000] {
        for line in [
            format!("set a 0 0 {len}\r\n{}\r\nget a\r\n", block(len)),
            format!("set a 0 0 {len} noreply\r\n{}\r\nversion\r\n", block(len)),
            format!("set a 0 0 1\r\nx\r\nset a 0 0 {len}\r\n{}\r\nget a\r\n", block(len)),
            format!("set a 0 0 1\r\nx\r\nadd a 0 0 {len}\r\n{}\r\nget a\r\n", block(len)),
            format!("set a 0 0 1\r\nx\r\nreplace a 0 0 {len}\r\n{}\r\nget a\r\n", block(len)),
        ] {
            all.push(line.into_bytes());
        }
    }
    let half = block(600_000);
    all.push(
        format!("set b 0 0 600000\r\n{half}\r\nappend b 0 0 600000\r\n{half}\r\nget b\r\n").into_bytes(),
    );
    all.push(format!("set b 0 0 600000\r\n{half}\r\nprepend b 0 0 3\r\nabc\r\nget b\r\n").into_bytes());
    all.push(
        format!("set b 9 0 20000\r\n{}\r\nappend b 0 0 3\r\nabc\r\nget b\r\n", block(20_000)).into_bytes(),
    );
    compare(&all);
}

#[test]
fn counters() {
    let mut all = scripts(&[
        "incr a\r\n",
        "incr a 1\r\ndecr a 1\r\n",
        "incr a 1 noreply\r\nincr a 1 foo\r\nincr a 1 noreply x\r\n",
        "incr a noreply\r\ntouch a noreply\r\nversion\r\n",
        "set a 5 0 2\r\n10\r\nincr a 1\r\ndecr a 2\r\nget a\r\ndecr a 100\r\nget a\r\n",
        "set a 0 0 2\r\n99\r\nincr a 1\r\nget a\r\ndecr a 1\r\nget a\r\nincr a 1\r\nget a\r\nincr a 999\r\nget a\r\n",
        "set a 0 0 1\r\n1\r\nincr a x\r\nincr a -1\r\nincr a -0\r\nincr a +3\r\nincr a 3x\r\nincr a 3\tx\r\nget a\r\n",
        "set a 0 0 1\r\n1\r\nincr a -18446744073709551615\r\nincr a 1 noreply\r\nget a\r\n",
        "set a 0 0 1\r\n5\r\nincr a 18446744073709551615\r\nincr a 18446744073709551616\r\nget a\r\n",
        "set a 0 0 20\r\n18446744073709551615\r\nincr a 1\r\nget a\r\n",
        "set a 0 0 20\r\n18446744073709551614\r\nincr a 3\r\nget a\r\n",
        "set a 0 0 3\r\nabc\r\nincr a 1\r\nincr a x\r\nincr a x noreply\r\n",
        "set a 0 0 0\r\n\r\nincr a 1\r\n",
        "set a 0 0 3\r\n 12\r\nincr a 1\r\nget a\r\n",
        "set a 0 0 3\r\n12 \r\nincr a 1\r\nget a\r\n",
        "set a 0 0 3\r\n-12\r\nincr a 1\r\nget a\r\n",
        "set a 0 0 3\r\n+12\r\nincr a 1\r\nget a\r\n",
        "set a 0 0 3\r\n12a\r\nincr a 1\r\nget a\r\n",
        "set a 0 0 21\r\n000000000000000000001\r\nincr a 1\r\nget a\r\n",
        "set a 0 0 20\r\n00000000000000000001\r\ndecr a 1\r\nget a\r\n",
        "set a 0 0 21\r\n184467440737095516160\r\nincr a 1\r\n",
        "set a 0 0 20\r\n18446744073709551616\r\nincr a 1\r\n",
        "set a 0 0 21\r\n-18446744073709551615\r\nincr a 1\r\nget a\r\n",
        "set a 0 0 5\r\n12\t34\r\nincr a 1\r\nset a 0 0 5\r\n12\x0034\r\nincr a 1\r\nget a\r\n",
        "set a 0 0 4\r\n\t\n12\r\nincr a 1\r\nget a\r\n",
        "set a 3 100000 1\r\n1\r\nincr a 10\r\ngets a\r\nincr a 1\r\ngets a\r\n",
        "incr a 1\0\r\ndelete a\0\r\n",
    ]);
    all.push(format!("set b 0 0 2000\r\n{}\r\nincr b 1\r\nget b\r\n", "1 ".repeat(1000)).into_bytes());
    all.push(format!("set b 0 0 20000\r\n{}\r\nincr b 1\r\nget b\r\n", "1 ".repeat(10_000)).into_bytes());
    all.push(format!("set b 0 0 600000\r\n{}\r\nincr b 1\r\n", "1 ".repeat(300_000)).into_bytes());
    compare(&all);
}

#[test]
fn deleting_touching_flushing() {
    compare(&scripts(&[
        "delete\r\n",
        "delete a\r\n",
        "set a 0 0 1\r\nx\r\ndelete a 0\r\nget a\r\ndelete a\r\n",
        "delete a 1\r\ndelete a foo\r\ndelete a 0 foo\r\ndelete a 00\r\ndelete a 0 noreply x\r\n",
        "set a 0 0 1\r\nx\r\ndelete a 1 noreply\r\nget a\r\ndelete a 0 noreply\r\nget a\r\n",
        "set a 0 0 1\r\nx\r\ndelete a noreply\r\nget a\r\ndelete noreply\r\n",
        "touch\r\n",
        "touch a\r\n",
        "touch a x\r\n",
        "touch a 0\r\n",
        "touch noreply 0\r\n",
        "touch a 0 noreply\r\ntouch a 0 noreply x\r\ntouch a 99999999999\r\n",
        "set a 0 0 1\r\nx\r\ntouch a 0\r\ntouch a 100\r\nget a\r\ntouch a -1\r\nget a\r\ntouch a 0\r\n",
        "set a 5 0 1\r\nx\r\ngat 100 a b a\r\ngats 100 zzz\r\ngat -1 a\r\nget a\r\n",
        "flush_all x\r\nflush_all 0 1 2\r\nflush_all 0 1\r\nflush_all 1x\r\nflush_all 99999999999999999999\r\n",
        "set a 0 0 1\r\nx\r\nflush_all\r\nget a\r\nset a 0 0 1\r\ny\r\nget a\r\n",
        "set a 0 0 1\r\nx\r\nflush_all 0 noreply\r\nget a\r\n",
        "set a 0 0 1\r\nx\r\nflush_all -1\r\nget a\r\nset a 0 0 1\r\nx\r\nget a\r\n",
        "verbosity\r\nverbosity 0\r\nverbosity x\r\nverbosity noreply\r\nverbosity 0 noreply\r\nverbosity 0 1\r\n",
        "verbosity 0 1 2\r\nverbosity -1\r\nverbosity 99999999999999999999999\r\nverbosity 0x\r\n",
        "version\r\nversion x\r\nversion noreply\r\n",
        "cache_memlimit\r\ncache_memlimit x\r\ncache_memlimit 0\r\ncache_memlimit 7\r\ncache_memlimit 64 x y\r\n",
        "set a 0 0 1\r\nx\r\nquit\r\n",
        "quit x\r\n",
        "quit noreply\r\n",
        "stats foo\r\nstats noreply\r\nstats detail\r\nstats detail foo\r\nstats detail off\r\nstats reset\r\n",
        "stats sizes\r\nstats reset x\r\nstats extstore\r\n",
        "stats detail on\r\nset a:b 0 0 1\r\nx\r\nget a:b\r\nget c\r\ndelete a:b\r\nget a:zz\r\ntouch a:b 1\r\n\
         incr a:k 1\r\nstats detail dump\r\nstats detail off\r\nstats reset\r\n",
    ]));
}

#[test]
fn long_lines() {
    let keys = |count: usize| (0..count).map(|i| format!("k{i}")).collect::<Vec<_>>().join(" ");
    let mut all = Vec::new();
    for line in [
        format!("{}\r\nversion\r\n", "x".repeat(2000)),
        "x".repeat(3000),
        format!("set k7 3 0 1\r\nx\r\nget {}\r\nget k7\r\n", keys(3000)),
        format!("set k7 3 0 1\r\nx\r\ngets {}\r\nget k7\r\n", keys(30_000)),
        format!("{}get {}\r\nversion\r\n", " ".repeat(100), keys(3000)),
        format!("get {} {} {}\r\nversion\r\n", keys(30), long_key(), keys(300)),
    ] {
        all.push(line.into_bytes());
    }
    compare(&all);
}
