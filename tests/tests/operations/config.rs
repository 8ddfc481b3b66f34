//! CONFIG: every setting of Valkey 9.1.2 is here, with its default, its aliases and its checks, or
//! `tests/differences.md` says why not.

use std::collections::BTreeMap;

use polycache_tests::differential::documented;
use polycache_tests::support::{Kind, Server, ServerOptions, Value};

/// Settings that a test cannot set to anything: they would take the server away from it.
const LEFT_ALONE: [&str; 16] = [
    "requirepass",
    "aclfile",
    "port",
    "bind",
    "dir",
    "tls-cluster",
    "tls-port",
    "tls-replication",
    "dbfilename",
    "logfile",
    "maxclients",
    "maxmemory",
    "timeout",
    "appendonly",
    "protected-mode",
    "replicaof",
];

fn start(kind: Kind) -> Server {
    Server::start(kind, ServerOptions::new())
}

fn settings(server: &Server) -> BTreeMap<String, String> {
    let reply = server.client().say("CONFIG GET *");
    let text = |value: &Value| String::from_utf8_lossy(value.bytes().unwrap()).into_owned();
    reply.items().chunks(2).map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}

#[test]
fn every_setting_of_valkey_is_there_with_its_default() {
    let (peer, ours) = (start(Kind::Valkey), start(Kind::Polycache));
    let allowed = documented::names("CONFIG", 0, None);
    let own = settings(&ours);
    let mut wrong = Vec::new();
    for (name, default) in settings(&peer) {
        match own.get(&name) {
            _ if allowed.contains(&name) => {}
            None => wrong.push(format!("{name} is missing")),
            Some(own) if *own != default => wrong.push(format!("{name}: {default:?} there, {own:?} here")),
            Some(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_setting_is_checked_as_in_valkey() {
    let (peer, ours) = (start(Kind::Valkey), start(Kind::Polycache));
    let allowed = documented::names("CONFIG SET", 0, None);
    let mut wrong = Vec::new();
    let (mut there, mut here) = (peer.client(), ours.client());
    for (name, value) in settings(&peer) {
        if LEFT_ALONE.contains(&name.as_str()) || allowed.contains(&name) {
            continue;
        }
        for value in [value.as_str(), "x", "-1", "", "yes", "99999999999999999999", "0", &value] {
            // The limit of the clients' memory would close this one.
            if name == "maxmemory-clients" && value.parse().is_ok_and(|bytes: u64| bytes > 0) {
                continue;
            }
            let [peer, ours] =
                [&mut there, &mut here].map(|client| client.call(&["CONFIG", "SET", &name, value]));
            if peer != ours {
                wrong.push(format!("CONFIG SET {name} {value:?}\n  Valkey: {peer:?}\n  ours:   {ours:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_config_rewrite_writes_starts_a_server_with_the_same_settings() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("polycache.conf");
    std::fs::write(&file, "# mine\nsave \"\"\nmaxmemory-samples 7\n").unwrap();
    let options = || ServerOptions::new().dir(folder.path()).config_file(&file);
    let changed = {
        let server = Server::start(Kind::Polycache, options());
        let mut client = server.client();
        for setting in [
            "commandlog-request-larger-than 5000",
            "commandlog-large-reply-max-len 3",
            "latency-monitor-threshold 25",
            "latency-tracking no",
            "latency-tracking-info-percentiles 90",
            "maxmemory-policy allkeys-lfu",
            "slowlog-log-slower-than 1",
            "timeout 1000",
        ] {
            assert!(client.say(&format!("CONFIG SET {setting}")).is_ok(), "{setting}");
        }
        client.call(&["CONFIG", "SET", "latency-tracking-info-percentiles", "50 99.5"]);
        assert!(client.say("CONFIG REWRITE").is_ok());
        settings(&server)
    };
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("# mine\n"));
    let server = Server::start(Kind::Polycache, options());
    let now = settings(&server);
    for (name, value) in changed {
        if !name.ends_with("port") {
            assert_eq!(now[&name], value, "{name}");
        }
    }
}
