//! SLOWLOG, COMMANDLOG and LATENCY beside Valkey.

use std::thread::sleep;
use std::time::Duration;

use polycache_tests::support::{Client, Kind, Server, ServerOptions, Value};

fn start(kind: Kind) -> Server {
    let options = ServerOptions::new().flag("save", "").flag("enable-debug-command", "yes");
    Server::start(kind, options)
}

/// Both servers, Valkey first.
fn both() -> [Server; 2] {
    [start(Kind::Valkey), start(Kind::Polycache)]
}

fn text(value: &Value) -> String {
    String::from_utf8_lossy(value.bytes().unwrap_or_else(|| panic!("no text: {value:?}"))).into_owned()
}

fn integer(value: &Value) -> i64 {
    match value {
        Value::Integer(integer) => *integer,
        other => panic!("no integer: {other:?}"),
    }
}

/// Value and arguments of the entries of a log.
fn entries(client: &mut Client, log: &str) -> Vec<(i64, Vec<String>)> {
    let reply = client.call(&["COMMANDLOG", "GET", "-1", log]);
    let entry = |entry: &Value| match entry.items() {
        [id, at, value, arguments, address, name] => {
            assert!(integer(id) >= 0 && integer(at) > 1_700_000_000 && text(address).contains("127.0.0.1:"));
            assert_eq!(text(name), "tester");
            (integer(value), arguments.items().iter().map(text).collect())
        }
        other => panic!("{other:?}"),
    };
    reply.items().iter().map(entry).collect()
}

#[test]
fn large_requests_and_replies_are_those_of_valkey() {
    let found = both().map(|server| {
        let mut client = server.client();
        client.say("CLIENT SETNAME tester");
        client.say("CONFIG SET commandlog-request-larger-than 100 commandlog-reply-larger-than 60");
        for length in [10, 70, 90, 200] {
            client.call(&["SET", "key", &"v".repeat(length)]);
            client.say("GET key");
        }
        client.call(&vec!["DEL"; 50]);
        client.say("AUTH user very-long-password-very-long-password-very-long-password-very-long-password-very-long-pa");
        client.send(format!("ECHO {}\r\n", "i".repeat(120)).as_bytes()).unwrap();
        client.read().unwrap();
        client.say("CONFIG SET commandlog-large-request-max-len 4");
        client.say("SET a b");
        let requests = entries(&mut client, "large-request");
        let replies = entries(&mut client, "large-reply");
        (requests, replies, client.say("COMMANDLOG LEN large-reply"))
    });
    assert_eq!(found[1], found[0]);
    assert!(found[0].0.len() == 4 && found[0].1.len() >= 3, "{:?}", found[0]);
}

#[test]
fn errors_of_the_logs_are_those_of_valkey() {
    let servers = both();
    for command in [
        "COMMANDLOG GET 1 foo",
        "COMMANDLOG GET x slow",
        "COMMANDLOG GET -2 slow",
        "COMMANDLOG GET 1",
        "COMMANDLOG LEN foo",
        "COMMANDLOG LEN SLOW",
        "COMMANDLOG RESET foo",
        "COMMANDLOG RESET Large-Reply",
        "COMMANDLOG",
        "COMMANDLOG FOO",
        "COMMANDLOG HELP",
        "SLOWLOG HELP",
        "SLOWLOG GET x",
        "SLOWLOG GET 1 2",
        "SLOWLOG LEN 1",
        "SLOWLOG RESET",
        "LATENCY HELP",
        "LATENCY FOO",
        "LATENCY",
        "LATENCY GRAPH x",
        "LATENCY HISTORY x",
        "LATENCY LATEST",
        "LATENCY RESET",
        "LATENCY RESET a b",
        "LATENCY HISTOGRAM nothing",
        "LATENCY GRAPH",
        "CONFIG SET latency-monitor-threshold -1",
        "CONFIG SET slowlog-max-len -1",
        "CONFIG SET commandlog-request-larger-than -2",
        "CONFIG GET commandlog*",
        "CONFIG GET slowlog*",
    ] {
        let [peer, ours] = [&servers[0], &servers[1]].map(|server| server.client().say(command));
        assert_eq!(ours, peer, "{command}");
    }
}

#[test]
fn slow_commands_are_logged_and_counted_as_events() {
    let found = both().map(|server| {
        let mut client = server.client();
        client.say("CLIENT SETNAME tester");
        client.say("CONFIG SET slowlog-log-slower-than 15000 latency-monitor-threshold 15");
        for seconds in ["0.001", "0.02"] {
            client.say(&format!("DEBUG SLEEP {seconds}"));
        }
        sleep(Duration::from_millis(1100));
        client.say("DEBUG SLEEP 0.04");
        let mut slow: Vec<Vec<String>> =
            entries(&mut client, "slow").into_iter().map(|(_, words)| words).collect();
        // A busy machine makes anything slow.
        slow.retain(|words| words[0] == "DEBUG");
        let latest = client.say("LATENCY LATEST");
        let found = latest.items().iter().find(|event| text(&event.items()[0]) == "command");
        let event = found.unwrap_or_else(|| panic!("{latest:?}"));
        let words = event.items();
        assert_eq!(text(&words[0]), "command");
        assert!((40..80).contains(&integer(&words[2])) && integer(&words[2]) == integer(&words[3]));
        assert_eq!((words.len(), integer(&words[5]) >= 2), (6, true));
        let history = client.say("LATENCY HISTORY command");
        assert!(history.items().len() >= 2, "{history:?}");
        let graph = text(&client.say("LATENCY GRAPH command"));
        let shape: Vec<&str> = graph.lines().skip(1).take(6).collect();
        assert!(text(&client.say("LATENCY DOCTOR")).contains("command"));
        assert_eq!(client.say("LATENCY RESET command nothing"), Value::Integer(1));
        (slow, shape.join("|"))
    });
    assert_eq!(found[1], found[0]);
}

#[test]
fn histograms_have_the_form_of_valkey() {
    for (server, is_ours) in both().into_iter().zip([false, true]) {
        let mut client = server.client();
        client.say("CONFIG RESETSTAT");
        for _ in 0..100 {
            client.say("SET k v");
        }
        client.say("DEBUG SLEEP 0.01");
        client.say("CONFIG GET maxmemory");
        let reply = client.say("LATENCY HISTOGRAM set debug config nothing config|get");
        let pairs: Vec<(String, &[Value])> =
            reply.items().chunks(2).map(|pair| (text(&pair[0]), pair[1].items())).collect();
        let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        // Valkey also shows the RESETSTAT that began it all.
        assert!(
            names.starts_with(&["set", "debug", "config|get"]) || names.contains(&"config|resetstat"),
            "{names:?}"
        );
        assert!(names.ends_with(&["config|get"]), "{names:?}");
        let [calls, count, word, buckets] = pairs[0].1 else { panic!("{reply:?}") };
        assert_eq!((text(calls), integer(count), text(word)), ("calls".into(), 100, "histogram_usec".into()));
        let bounds = [1, 2, 4, 8, 16, 33, 66, 132, 264, 528, 1056, 2113, 4227, 8454, 16908, 33816, 67633];
        for buckets in [buckets, &pairs[1].1[3]] {
            let numbers: Vec<i64> = buckets.items().iter().map(integer).collect();
            assert!(numbers.chunks(2).all(|pair| bounds.contains(&pair[0])), "{is_ours}: {numbers:?}");
            assert!(numbers.chunks(2).is_sorted_by(|a, b| a[0] < b[0] && a[1] < b[1]), "{numbers:?}");
        }
        assert_eq!(integer(buckets.items().last().unwrap()), 100);
        assert_eq!(integer(&pairs[1].1[3].items()[0]), 16908, "10 ms and a little");
    }
}

#[test]
fn the_log_and_the_sweep_are_events_too() {
    let options =
        ServerOptions::new().flag("save", "").flag("appendonly", "yes").flag("appendfsync", "always");
    let server = Server::start(Kind::Polycache, options.flag("latency-monitor-threshold", 1));
    let mut client = server.client();
    let value = "x".repeat(4 << 20);
    for _ in 0..10 {
        client.call(&["SET", "k", &value]);
    }
    sleep(Duration::from_millis(300));
    let latest = client.say("LATENCY LATEST");
    let names: Vec<String> = latest.items().iter().map(|event| text(&event.items()[0])).collect();
    assert!(names.iter().any(|name| name.starts_with("aof-")), "{names:?}");
    assert!(text(&client.say("LATENCY DOCTOR")).contains("aof-"));
}
