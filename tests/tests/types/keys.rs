//! COPY, RENAME, MOVE, expiry and eviction of keys of every type.

use polycache_tests::support::Kind;

use super::data::{KEYS, STREAMS, fill, fill_streams, run, start};

#[test]
fn digests_are_those_of_valkey() {
    let (ours, valkey) = (start(Kind::Polycache), start(Kind::Valkey));
    let (mut left, mut right) = (ours.client(), valkey.client());
    for client in [&mut left, &mut right] {
        fill(client);
        fill_streams(client);
    }
    super::data::assert_same(&mut left, &mut right);
}

#[test]
fn a_value_keeps_under_another_name() {
    let server = start(Kind::Polycache);
    let mut client = server.client();
    fill(&mut client);
    fill_streams(&mut client);
    for key in KEYS.iter().chain(&STREAMS) {
        let about = |client: &mut _, name: &str| {
            ["TYPE", "OBJECT ENCODING", "PEXPIRETIME", "DEBUG DIGEST-VALUE"]
                .map(|question| run(client, &format!("{question} {name}")).text())
        };
        let before = about(&mut client, key);
        run(&mut client, &format!("COPY {key} copy"));
        run(&mut client, &format!("RENAME {key} renamed"));
        run(&mut client, "MOVE renamed 2");
        run(&mut client, "SELECT 2");
        assert_eq!(about(&mut client, "renamed"), before, "{key}");
        // A copy does not change with the original.
        run(&mut client, "DEL renamed");
        run(&mut client, "SELECT 0");
        assert_eq!(about(&mut client, "copy"), before, "{key}");
        assert!(run(&mut client, "MEMORY USAGE copy SAMPLES 0").integer() > Some(16));
        assert!(run(&mut client, "DEBUG OBJECT copy").text().contains("serializedlength:"));
        assert_eq!(run(&mut client, &format!("RENAMENX copy {key}")).integer(), Some(1));
        assert_eq!(run(&mut client, &format!("TOUCH {key} {key} nothing")).integer(), Some(2));
        assert_eq!(run(&mut client, &format!("OBJECT REFCOUNT {key}")).integer(), Some(1));
        for (name, found) in
            [("SCAN 0 COUNT 10000 TYPE ", true), ("SCAN 0 COUNT 10000 MATCH nothing TYPE ", false)]
        {
            let reply = run(&mut client, &format!("{name}{}", before[0]));
            let keys: Vec<String> = reply.items()[1].items().iter().map(|key| key.text()).collect();
            assert_eq!(keys.iter().any(|name| name == key), found, "{keys:?}");
        }
        assert_eq!(run(&mut client, &format!("UNLINK {key}")).integer(), Some(1));
    }
    assert_eq!(run(&mut client, "DBSIZE").integer(), Some(0));
}

#[test]
fn values_of_every_type_expire() {
    let server = start(Kind::Polycache);
    let mut client = server.client();
    fill(&mut client);
    fill_streams(&mut client);
    for key in KEYS.iter().chain(&STREAMS) {
        assert_eq!(run(&mut client, &format!("PEXPIRE {key} 1")).integer(), Some(1));
    }
    std::thread::sleep(std::time::Duration::from_millis(20));
    for key in KEYS.iter().chain(&STREAMS) {
        assert_eq!(run(&mut client, &format!("EXISTS {key}")).integer(), Some(0), "{key}");
        assert_eq!(run(&mut client, &format!("TYPE {key}")).text(), "none");
    }
    // The memory of what was large comes back.
    run(&mut client, "MEMORY PURGE");
}

#[test]
fn values_of_every_type_are_evicted() {
    let server = start(Kind::Polycache);
    let mut client = server.client();
    run(&mut client, "CONFIG SET maxmemory-policy allkeys-lru maxmemory 2mb");
    for round in 0..60 {
        let each = |what: &dyn Fn(usize) -> String| (0..400).map(what).collect::<Vec<_>>().join(" ");
        let name = |number: usize| format!("an-element-of-some-length:{number}");
        let scored = each(&|number| format!("{number} {}", name(number)));
        run(&mut client, &format!("ZADD zset:{round} {scored}"));
        run(&mut client, &format!("HSET hash:{round} {scored}"));
        run(&mut client, &format!("RPUSH list:{round} {}", each(&name)));
        run(&mut client, &format!("SADD set:{round} {}", each(&name)));
    }
    let evicted = run(&mut client, "INFO stats").text();
    let evicted = evicted.lines().find_map(|line| line.strip_prefix("evicted_keys:")).expect("a figure");
    assert!(evicted.trim().parse::<u64>().expect("a number") > 0);
}
