//! `stats`: the counts, compared with memcached's.

use polycache_server::memcached::converse;

use crate::oracle::{Memcached, long_key, server};

/// Counts are those of memcached after the same commands.
#[test]
fn statistics() {
    let names = [
        "cmd_get",
        "cmd_set",
        "cmd_flush",
        "cmd_touch",
        "get_hits",
        "get_misses",
        "delete_misses",
        "delete_hits",
        "incr_misses",
        "incr_hits",
        "decr_misses",
        "decr_hits",
        "cas_misses",
        "cas_hits",
        "cas_badval",
        "touch_hits",
        "touch_misses",
        "store_too_large",
        "total_items",
        "item_size_max",
    ];
    let figures = |replies: &[u8]| -> Vec<(String, String)> {
        let replies = String::from_utf8_lossy(replies).into_owned();
        let find = |name: &str| replies.lines().find_map(|line| line.strip_prefix(&format!("STAT {name} ")));
        names.iter().map(|&name| (name.to_owned(), find(name).unwrap_or("missing").to_owned())).collect()
    };
    let script = format!(
        "set a 0 0 1\r\n1\r\nget a b\r\ngets a a\r\ngat 0 a zz\r\ntouch a 0\r\ntouch zz 0\r\nset a 0 0 1\r\n12345\r\n\
         add a 0 0 1\r\n1\r\nappend a 0 0 1\r\n1\r\nappend zz 0 0 1\r\n1\r\ncas a 0 0 1 0\r\n1\r\ncas zz 0 0 1 1\r\n1\r\n\
         incr a 1\r\nincr zz 1\r\ndecr a 1\r\ndecr a 1\r\ndecr zz 1\r\ndelete zz\r\ndelete a\r\nreplace b 0 0 1\r\n1\r\n\
         set big 0 0 1048576\r\n{}\r\nset c 0 0 1\r\nx\r\nincr c 1\r\nget {}\r\nflush_all\r\nset d 0 0 1\r\nx\r\n\
         stats settings\r\nstats\r\n",
        "x".repeat(1_048_576),
        long_key()
    );
    let server = server();
    let ours = figures(&converse(&server, [script.as_bytes()]));
    assert_eq!(ours[0], ("cmd_get".into(), "4".into()));
    if let Some(memcached) = Memcached::start() {
        // One flush and some reads are expected to be counted by both.
        assert_eq!(ours, figures(&memcached.converse(script.as_bytes())));
    }
}
