//! COMMAND: what is told of each command is what Valkey tells of it.

use std::collections::BTreeMap;

use polycache_tests::support::{Client, Kind, Server, ServerOptions, Value};

/// Rows whose documentation is still ours: the filters of CLIENT came in several versions.
const OWN_DOCS: [&str; 3] = ["client|list", "client|kill", "hello"];

/// What Valkey has for nodes of its cluster among themselves.
const NOT_HERE: [&str; 2] = ["clusterscan", "restore-asking"];

/// What is here of Redis 8.
const OF_REDIS_8: [&str; 4] = ["delex", "digest", "xackdel", "xdelex"];

fn both() -> [Server; 2] {
    [Kind::Valkey, Kind::Polycache].map(|kind| Server::start(kind, ServerOptions::new().flag("save", "")))
}

fn resp3(server: &Server) -> Client {
    let mut client = server.client();
    client.say("HELLO 3");
    client
}

fn text(value: &Value) -> String {
    match value {
        Value::Simple(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => String::from_utf8_lossy(other.bytes().unwrap_or_default()).into_owned(),
    }
}

/// Sets in one order, so that they can be compared.
fn ordered(value: &Value) -> Value {
    match value {
        Value::Set(items) => {
            let mut items: Vec<Value> = items.iter().map(ordered).collect();
            items.sort_by_key(|item| format!("{item:?}"));
            Value::Set(items)
        }
        Value::Array(items) => Value::Array(items.iter().map(ordered).collect()),
        Value::Map(pairs) => {
            let mut pairs: Vec<(Value, Value)> = pairs.iter().map(|(k, v)| (k.clone(), ordered(v))).collect();
            pairs.sort_by_key(|(key, _)| text(key));
            Value::Map(pairs)
        }
        other => other.clone(),
    }
}

/// The rows of COMMAND INFO by full name, subcommands too, each without those.
fn rows(reply: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for row in reply.items() {
        let fields = row.items();
        found.insert(text(&fields[0]), ordered(&Value::Array(fields[..9].to_vec())));
        found.extend(rows(&fields[9]));
    }
    found
}

/// The entries of COMMAND DOCS by full name, each without those of subcommands.
fn docs(reply: &Value) -> BTreeMap<String, Value> {
    let Value::Map(pairs) = reply else { panic!("no map: {reply:?}") };
    let mut found = BTreeMap::new();
    for (name, doc) in pairs {
        let Value::Map(fields) = doc else { panic!("no map: {doc:?}") };
        let (subs, own): (Vec<_>, Vec<_>) =
            fields.iter().cloned().partition(|(key, _)| text(key) == "subcommands");
        found.insert(text(name), ordered(&Value::Map(own)));
        for (_, subs) in subs {
            found.extend(docs(&subs));
        }
    }
    found
}

#[test]
fn rows_are_those_of_valkey() {
    let [peer, ours] = both().map(|server| rows(&resp3(&server).say("COMMAND")));
    assert!(ours.len() > 200, "{}", ours.len());
    for (name, row) in &ours {
        // A command of our own has nothing to be compared with.
        if let Some(expected) = peer.get(name) {
            assert_eq!(row, expected, "COMMAND INFO {name}");
        }
    }
}

/// What one of the two servers has alone.
#[test]
fn the_commands_are_those_of_valkey() {
    let [peer, ours] = both().map(|server| rows(&resp3(&server).say("COMMAND")));
    let missing: Vec<&String> = peer.keys().filter(|name| !ours.contains_key(*name)).collect();
    assert_eq!(missing, NOT_HERE, "of Valkey alone");
    let own: Vec<&String> = ours.keys().filter(|name| !peer.contains_key(*name)).collect();
    assert_eq!(own, OF_REDIS_8, "ours alone");
}

#[test]
fn documentation_is_that_of_valkey() {
    let [peer, ours] = both().map(|server| docs(&resp3(&server).say("COMMAND DOCS")));
    let mut wrong = Vec::new();
    for (name, doc) in ours.iter().filter(|(name, _)| !OWN_DOCS.contains(&name.as_str())) {
        if peer.get(name).is_some_and(|expected| doc != expected) {
            wrong.push(format!("{name}\n  Valkey: {:?}\n  ours:   {doc:?}", peer[name]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lists_are_those_of_valkey() {
    let servers = both();
    // Some commands are of one server alone.
    let [of_peer, ours] = [0, 1].map(|server: usize| rows(&resp3(&servers[server]).say("COMMAND")));
    let known: Vec<&String> = ours.keys().filter(|name| of_peer.contains_key(*name)).collect();
    let categories = [
        "keyspace",
        "read",
        "write",
        "set",
        "sortedset",
        "list",
        "hash",
        "string",
        "bitmap",
        "hyperloglog",
        "geo",
        "stream",
        "pubsub",
        "admin",
        "fast",
        "slow",
        "blocking",
        "dangerous",
        "connection",
        "transaction",
        "scripting",
        "nonsense",
    ];
    let mut queries: Vec<String> =
        categories.iter().map(|name| format!("COMMAND LIST FILTERBY ACLCAT {name}")).collect();
    for pattern in ["*", "h*", "*get*", "xinfo|*", "[ab]*", "GET"] {
        queries.push(format!("COMMAND LIST FILTERBY PATTERN {pattern}"));
    }
    queries.push("COMMAND LIST FILTERBY MODULE none".into());
    queries.push("COMMAND LIST".into());
    for query in queries {
        let [peer, ours] = [&servers[0], &servers[1]].map(|server| {
            let mut names: Vec<String> = resp3(server).say(&query).items().iter().map(text).collect();
            names.retain(|name| known.contains(&name));
            names.sort();
            names
        });
        assert_eq!(ours, peer, "{query}");
    }
    for error in ["COMMAND LIST FILTERBY", "COMMAND LIST FILTERBY FOO x", "COMMAND FOO", "COMMAND COUNT x"] {
        let [peer, ours] = [&servers[0], &servers[1]].map(|server| server.client().say(error));
        assert_eq!(ours, peer, "{error}");
    }
    assert_eq!(
        resp3(&servers[1]).say("COMMAND INFO none get|x"),
        Value::Array(vec![Value::Null, Value::Null])
    );
}

/// A line for each way in which commands name their keys.
const LINES: &[&str] = &[
    "GET k",
    "SET k v",
    "SET k v GET",
    "MSET a 1 b 2",
    "MGET a b c",
    "DEL a b",
    "RENAME a b",
    "COPY a b",
    "BITOP AND d a b",
    "ZUNIONSTORE d 2 a b WEIGHTS 1 2",
    "ZINTER 2 a b WITHSCORES",
    "ZDIFF 1 a",
    "SINTERCARD 2 a b LIMIT 3",
    "LMPOP 2 a b LEFT",
    "BLMPOP 0 2 a b LEFT",
    "BZMPOP 1 1 a MIN",
    "XREAD COUNT 1 STREAMS a b 0 0",
    "XREADGROUP GROUP g c STREAMS a >",
    "SORT k BY p GET q STORE d",
    "SORT k",
    "SORT_RO k",
    "GEORADIUS k 1 1 1 m STORE d",
    "GEORADIUSBYMEMBER k m 1 km STOREDIST d",
    "GEOSEARCHSTORE d s FROMMEMBER m BYRADIUS 1 m",
    "MIGRATE h 1 k 0 9",
    "MIGRATE h 1  0 9 KEYS a b",
    "OBJECT ENCODING k",
    "XINFO STREAM k",
    "XGROUP CREATE k g $",
    "MEMORY USAGE k",
    "PFCOUNT a b",
    "PFMERGE d a",
    "LCS a b",
    "SMOVE a b m",
    "BLPOP a b 0",
    "LMOVE a b LEFT RIGHT",
    "HSET k f v",
    "EVAL x 2 a b c",
    "EVALSHA x 1 a",
    "FCALL f 1 a",
    "MSETEX 2 a 1 b 2",
    "PING",
    "GET",
    "NONSENSE a",
    "OBJECT FOO k",
    "ZUNIONSTORE d 5 a b",
    "ZINTER 0 a",
    "EVAL x 0",
    "EVAL x 9 a",
    "SINTERCARD x a",
    "XREAD COUNT 1",
    "BITFIELD k GET u8 0",
    "BITFIELD k SET u8 0 1",
    "RESTORE k 0 v",
    "TOUCH a b",
    "UNLINK a",
    "WATCH a b",
];

#[test]
fn keys_of_lines_are_those_of_valkey() {
    let servers = both();
    for line in LINES {
        let words: Vec<&str> = line.split(' ').collect();
        let name = words[0].to_ascii_lowercase();
        if resp3(&servers[1]).call(&["COMMAND", "INFO", &name]).items() == [Value::Null] && name != "nonsense"
        {
            continue;
        }
        for sub in ["GETKEYS", "GETKEYSANDFLAGS"] {
            let mut command = vec!["COMMAND", sub];
            command.extend(&words);
            let [peer, ours] =
                [&servers[0], &servers[1]].map(|server| ordered(&resp3(server).call(&command)));
            assert_eq!(ours, peer, "{}", command.join(" "));
        }
    }
}
