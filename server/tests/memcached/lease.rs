//! What memcached 1.6.18 cannot be asked: chosen CAS numbers, emptied items, leases across a restart and over RESP.

use polycache_core::config::EngineConfig;
use polycache_core::engine::Engine;
use polycache_server::Server;
use polycache_server::config::Settings;
use polycache_server::memcached::converse;

use crate::oracle::server;

fn say(server: &std::sync::Arc<Server>, script: &str) -> String {
    String::from_utf8(converse(server, [script.as_bytes()])).unwrap()
}

#[test]
fn a_client_chooses_the_cas_number() {
    let server = server();
    assert_eq!(say(&server, "ms a 2 E123 c\r\nhi\r\nmg a c\r\n"), "HD c123\r\nHD c123\r\n");
    assert_eq!(say(&server, "ms a 2 C122 I E130\r\nxx\r\nmg a c v\r\n"), "HD\r\nVA 2 c130 X W\r\nxx\r\n");
    assert_eq!(say(&server, "ms a 2 C131 I\r\nyy\r\nms a 2 C130 E200\r\nyy\r\n"), "EX\r\nHD\r\n");
    assert_eq!(say(&server, "md a I E300\r\nmg a c\r\n"), "HD\r\nHD c300 X W\r\n");
    assert_eq!(
        say(&server, "ma n N0 J5 E7 c v\r\nma n E8 c\r\nma n C7\r\n"),
        "VA 1 c7\r\n5\r\nHD c8\r\nEX\r\n"
    );
    assert_eq!(say(&server, "gets n\r\n"), "VALUE n 0 1 8\r\n6\r\nEND\r\n");
    // A touch leaves it alone, a write makes another.
    assert_eq!(say(&server, "touch n 100\r\ngets n\r\n"), "TOUCHED\r\nVALUE n 0 1 8\r\n6\r\nEND\r\n");
}

#[test]
fn later_flags_work_as_later_versions_have_them() {
    let server = server();
    assert_eq!(
        say(&server, "ms a 5 s F3\r\nhello\r\nmd a x\r\nmg a v f\r\n"),
        "HD s5\r\nHD\r\nVA 0 f0\r\n\r\n"
    );
    assert_eq!(
        say(&server, "ms b 2 MA N100\r\nhi\r\nms b 1 MA N100\r\n!\r\nmg b v t\r\n"),
        "HD\r\nHD\r\nVA 3 t100\r\nhi!\r\n"
    );
}

#[test]
fn dumps_have_the_form_of_memcached() {
    let server = server();
    assert_eq!(
        say(&server, "lru_crawler mgdump all\r\nstats sizes\r\n"),
        "EN\r\nSTAT sizes_status disabled\r\nEND\r\n"
    );
    say(&server, "set a/b 5 0 3\r\nabc\r\nms AAE= 1 b\r\nx\r\n");
    let text = say(&server, "lru_crawler metadump all\r\nmn\r\n");
    assert!(text.contains("key=a%2Fb exp=-1 la="), "{text}");
    assert!(text.contains(" fetch=no cls=1 size=69\n"), "{text}");
    assert!(text.contains("key=%00%01 "), "{text}");
    assert!(text.ends_with("END\r\nMN\r\n"), "{text}");
    let text = say(&server, "lru_crawler mgdump all\r\n");
    assert!(
        text.contains("mg a/b\r\n") && text.contains("mg AAE= b\r\n") && text.ends_with("EN\r\n"),
        "{text}"
    );
    let bad = "BADCLASS invalid class id\r\n";
    assert_eq!(
        say(&server, "lru_crawler metadump x\r\nlru_crawler mgdump 1,99\r\nlru_crawler crawl 1,2\r\n"),
        format!("{bad}{bad}OK\r\n")
    );
    let text = say(&server, "stats cachedump 1 0\r\nstats cachedump 1 1\r\nstats cachedump 2 0\r\n");
    assert_eq!(text.matches("ITEM ").count(), 3, "{text}");
    assert!(text.contains("ITEM a/b [3 b; 0 s]\r\n"), "{text}");
    let text = say(&server, "stats sizes_enable\r\nstats sizes\r\nstats sizes_disable\r\n");
    assert_eq!(
        text,
        "STAT sizes_status enabled\r\nSTAT 64 1\r\nSTAT 96 1\r\nEND\r\nSTAT sizes_status disabled\r\n"
    );
}

#[test]
fn the_cluster_is_told_and_changed() {
    let server = server();
    let text = say(&server, "config get cluster\r\n");
    let lines: Vec<&str> = text.split("\n").collect();
    let version: u64 = lines[1].parse().unwrap();
    assert_eq!(lines[2], "127.0.0.1|127.0.0.1|11211");
    assert_eq!(
        text,
        format!("CONFIG cluster 0 {}\r\n{version}\n{}\n\r\nEND\r\n", lines[1].len() + 27, lines[2])
    );
    let members = "one|10.0.0.1|11211 two|10.0.0.2|11211";
    let block = format!("{}\n{members}\n", version + 10);
    let text = say(
        &server,
        &format!("config set cluster 0 {}\r\n{block}\r\nget AmazonElastiCache:cluster\r\n", block.len()),
    );
    assert_eq!(
        text,
        format!("STORED\r\nVALUE AmazonElastiCache:cluster 0 {}\r\n{block}\r\nEND\r\n", block.len())
    );
    assert_eq!(
        say(&server, "config delete cluster\r\nconfig delete cluster\r\n"),
        "DELETED\r\nNOT_FOUND\r\n"
    );
    let text = say(&server, "config get cluster\r\n");
    assert_eq!(text.lines().nth(1), Some((version + 11).to_string().as_str()));
    assert_eq!(
        say(&server, "config\r\nconfig get x\r\nconfig set cluster 0 3\r\nbad\r\nmn\r\n"),
        "ERROR\r\nERROR\r\nCLIENT_ERROR bad command line format\r\nMN\r\n"
    );
}

/// A lease ends with the process that gave it: the value counts as out of date, and the next reader gets a new one.
#[test]
fn what_lasts_of_a_lease() {
    for snapshot in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let config = || EngineConfig {
            dir: Some(dir.path().to_owned()),
            append_only: !snapshot,
            ..EngineConfig::default()
        };
        let engine = Engine::open(config(), polycache_server::registry()).unwrap();
        let server = Server::new(engine.clone(), Settings::default());
        let script = "ms stale 2 F9\r\nhi\r\nmd stale I T1000\r\nmg vivid N1000\r\nms cas 1 E77\r\nx\r\nms plain 1\r\nx\r\n\
                      ms early 1 T100\r\nx\r\nmg early R1000\r\n";
        assert_eq!(say(&server, script), "HD\r\nHD\r\nHD W\r\nHD\r\nHD\r\nHD\r\nHD W\r\n");
        if snapshot {
            engine.persistence().unwrap().save(&engine).unwrap();
        }
        engine.close().unwrap();
        drop((server, engine));
        let engine = Engine::open(config(), polycache_server::registry()).unwrap();
        let server = Server::new(engine, Settings::default());
        assert_eq!(
            say(&server, "mg stale v f\r\nmg stale v f\r\n"),
            "VA 2 f9 X W\r\nhi\r\nVA 2 f9 Z X\r\nhi\r\n"
        );
        // The log never told of an item without a value.
        let won = if snapshot { "HD X W\r\nHD Z X\r\n" } else { "HD W\r\nHD Z\r\n" };
        assert_eq!(say(&server, "mg vivid N1000\r\nmg vivid N1000\r\n"), won);
        assert_eq!(say(&server, "mg cas c\r\nmg plain v\r\n"), "HD c77\r\nVA 1\r\nx\r\n");
        assert!(say(&server, "mg early\r\n").starts_with("HD"));
    }
}
