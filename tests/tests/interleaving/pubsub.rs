//! Publish and subscribe, step by step against Valkey, and subscribers that do not read.

use std::time::{Duration, Instant};

use polycache_tests::interleaving::compare;
use polycache_tests::support::{Kind, Server, ServerOptions};

#[test]
fn channels_and_patterns() {
    compare(&[
        "a SUBSCRIBE x y x
         b PUBLISH x 1
         b PUBLISH y 2
         b PUBLISH z 3
         a GET k
         a PING
         a PING hi
         a ? flags sub psub ssub
         a UNSUBSCRIBE y
         b PUBLISH y 2
         a UNSUBSCRIBE
         a UNSUBSCRIBE
         a UNSUBSCRIBE q w
         a PUNSUBSCRIBE
         a SUNSUBSCRIBE
         a PING
         b PUBLISH x 1
         a ? flags sub psub ssub",
        "a PSUBSCRIBE n?ws [xy]*
         a SUBSCRIBE news
         a ? flags sub psub ssub
         b PUBLISH news hello
         b PUBLISH nows hello
         b PUBLISH yacht hello
         b PUBSUB NUMPAT
         b PUBSUB NUMSUB news other
         b PUBSUB CHANNELS n*
         b PUBSUB CHANNELS x*
         a PUNSUBSCRIBE n?ws nothing
         b PUBLISH news again
         a RESET
         b PUBLISH news again
         b PUBSUB NUMPAT",
        "a SSUBSCRIBE s1 s2
         a SUBSCRIBE s1
         b SPUBLISH s1 x
         b PUBLISH s1 y
         b PUBSUB SHARDCHANNELS s1
         b PUBSUB SHARDNUMSUB s1 s3
         a ? flags sub psub ssub
         a SUNSUBSCRIBE s1
         b SPUBLISH s1 x
         a close
         b PUBSUB SHARDCHANNELS",
        "a PUBSUB HELP
         a PUBSUB FOO
         a PUBSUB
         a PUBSUB CHANNELS a b
         a PUBSUB NUMPAT a
         a PUBLISH a
         a SUBSCRIBE",
        "a SUBSCRIBE x
         a CONFIG GET maxmemory
         a CLIENT LIST TYPE pubsub x
         b CLIENT KILL TYPE pubsub
         b PUBSUB CHANNELS",
    ]);
}

#[test]
fn a_publisher_hears_itself_behind_its_reply() {
    compare(&[
        "a SUBSCRIBE x
         a PSUBSCRIBE x*
         a PUBLISH x 1
         a PING a",
        "a SUBSCRIBE x
         a BLPOP list 0
         b PUBLISH x 1
         b RPUSH list e",
    ]);
}

/// A subscriber that does not read is closed once its limit is reached, and counted; the others go on.
#[test]
fn who_does_not_read_is_closed() {
    let options = ServerOptions::new().flag("save", "").flag("client-output-buffer-limit", "pubsub 1mb 0 0");
    let server = Server::start(Kind::Polycache, options);
    let (mut silent, mut reader, mut publisher) = (server.client(), server.client(), server.client());
    silent.say("SUBSCRIBE c");
    reader.say("SUBSCRIBE c");
    let payload = "x".repeat(64 << 10);
    let started = Instant::now();
    let mut receivers = 2;
    while receivers == 2 && started.elapsed() < Duration::from_secs(20) {
        receivers = publisher.call(&["PUBLISH", "c", &payload]).integer().unwrap_or_default();
        reader.read().expect("who reads stays");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(receivers, 1);
    let info = publisher.say("INFO stats");
    let info = String::from_utf8_lossy(info.bytes().unwrap_or_default()).into_owned();
    assert!(info.contains("client_output_buffer_limit_disconnections:1\r\n"), "{info}");
}
