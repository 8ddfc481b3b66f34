//! HELP of every container command as Valkey prints it, and the rest of what is for people.

use polycache_tests::support::{Kind, Server, ServerOptions, Value};

fn both() -> [Server; 2] {
    [Kind::Valkey, Kind::Polycache].map(|kind| {
        Server::start(kind, ServerOptions::new().flag("save", "").flag("enable-debug-command", "yes"))
    })
}

#[test]
fn help_is_that_of_valkey() {
    let [peer, ours] = both();
    let mut wrong = Vec::new();
    for container in [
        "ACL",
        "CLIENT",
        "COMMAND",
        "COMMANDLOG",
        "CONFIG",
        "FUNCTION",
        "LATENCY",
        "MEMORY",
        "OBJECT",
        "PUBSUB",
        "SCRIPT",
        "SLOWLOG",
        "XGROUP",
        "XINFO",
    ] {
        let [there, here] = [&peer, &ours].map(|server| server.client().call(&[container, "HELP"]));
        // A command that is not there at all has no HELP either.
        if there != here && !here.is_error_with("ERR unknown command") {
            wrong.push(format!("{container}\n  Valkey: {there:?}\n  ours:   {here:?}"));
        }
        let [there, here] = [&peer, &ours].map(|server| server.client().call(&[container, "HELP", "x"]));
        if there != here && !here.is_error_with("ERR unknown command") {
            wrong.push(format!("{container} HELP x: {there:?} {here:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn debug_answers_as_valkey_does() {
    let [peer, ours] = both();
    for protocol in ["2", "3"] {
        for kind in [
            "string", "integer", "double", "bignum", "null", "array", "set", "map", "attrib", "push",
            "verbatim", "true", "false", "nonsense",
        ] {
            let [there, here] = [&peer, &ours].map(|server| {
                let mut client = server.client();
                client.call(&["HELLO", protocol]);
                let mut bytes = Vec::new();
                polycache_tests::support::encode(&["DEBUG", "PROTOCOL", kind], &mut bytes);
                polycache_tests::support::encode(&["QUIT"], &mut bytes);
                client.send(&bytes).unwrap();
                String::from_utf8(client.read_to_end().unwrap()).unwrap()
            });
            assert_eq!(here, there, "DEBUG PROTOCOL {kind} in RESP{protocol}");
        }
    }
    for line in [
        "SLEEP 0",
        "SLEEP x",
        "SLEEP",
        "SET-ACTIVE-EXPIRE 0",
        "SET-ACTIVE-EXPIRE 1",
        "QUICKLIST-PACKED-THRESHOLD 100b",
        "QUICKLIST-PACKED-THRESHOLD 0",
        "CHANGE-REPL-ID",
        "ERROR boo",
        "LOG hello",
        "PAUSE-CRON 0",
        "DICT-RESIZING 1",
        "REPLYBUFFER RESIZING 0",
        "REPLYBUFFER PEAK-RESET-TIME RESET",
        "STRINGMATCH-TEST x",
        "NONSENSE",
        "OBJECT none",
        "CONFIG-REWRITE-FORCE-ALL x",
        "DIGEST",
        "DIGEST-VALUE none",
        "SET-SKIP-CHECKSUM-VALIDATION 0",
        "LISTPACK none",
        "QUICKLIST none",
        "SDSLEN none",
        "HTSTATS-KEY none",
        "POPULATE 2 pre 3",
        "JMAP",
        "CLIENT-ENFORCE-REPLY-LIST 0",
        "DELAY-RDB-CLIENT-FREE-SECOND 1",
        "HASHTABLE-CAN-ABORT-SHRINK 1",
        "AOF-FLUSH-SLEEP 0",
        "REPLICATE x",
        "LEAK x",
        "PAUSE-AFTER-FORK 0",
    ] {
        let [there, here] = [&peer, &ours].map(|server| server.client().say(&format!("DEBUG {line}")));
        assert_eq!(here, there, "DEBUG {line}");
    }
    assert_eq!(ours.client().say("GET pre:1"), peer.client().say("GET pre:1"));
}

#[test]
fn lolwut_takes_what_valkey_takes() {
    let [peer, ours] = both();
    for line in [
        "LOLWUT",
        "LOLWUT 5",
        "LOLWUT VERSION 5",
        "LOLWUT VERSION 6",
        "LOLWUT VERSION 8",
        "LOLWUT VERSION 9",
        "LOLWUT VERSION 5 20 3 2",
        "LOLWUT VERSION 9 20 10",
        "LOLWUT VERSION x",
        "LOLWUT VERSION",
        "LOLWUT x",
    ] {
        let [there, here] = [&peer, &ours].map(|server| server.client().say(line));
        assert_eq!(
            std::mem::discriminant(&here),
            std::mem::discriminant(&there),
            "{line}: {there:?} {here:?}"
        );
        match (&there, here) {
            (Value::Error(there), Value::Error(here)) => assert_eq!(here, *there, "{line}"),
            (_, here) => {
                let text = String::from_utf8_lossy(here.bytes().unwrap()).into_owned();
                assert!(text.contains("ver."), "{line}: {text}");
            }
        }
    }
}
