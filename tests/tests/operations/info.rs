//! INFO: every section and field of Valkey 9.1.2 and every field that redis_exporter reads; figures that are true.

use std::collections::HashMap;

use polycache_tests::differential::documented;
use polycache_tests::support::{Client, Kind, Server, ServerOptions};

/// Sections whose fields are made of names: commands, errors, databases.
const NAMED: [&str; 4] = ["Commandstats", "Errorstats", "Latencystats", "Keyspace"];

fn start(kind: Kind) -> Server {
    Server::start(kind, ServerOptions::new().flag("save", "").flag("appendonly", "yes"))
}

/// Sections with their fields in order.
fn info(client: &mut Client, section: &str) -> Vec<(String, Vec<(String, String)>)> {
    let reply = client.call(&["INFO", section]);
    let text = String::from_utf8_lossy(reply.bytes().expect("INFO's text")).into_owned();
    let mut sections: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("# ") {
            sections.push((title.to_owned(), Vec::new()));
        } else if let Some((name, value)) = line.split_once(':') {
            let section = sections.last_mut().expect("a field stands in a section");
            section.1.push((name.to_owned(), value.to_owned()));
        } else {
            assert!(line.is_empty(), "no field: {line:?}");
        }
    }
    sections
}

fn fields(client: &mut Client, section: &str) -> HashMap<String, String> {
    info(client, section).into_iter().flat_map(|(_, fields)| fields).collect()
}

fn number(fields: &HashMap<String, String>, name: &str) -> f64 {
    let text = fields.get(name).unwrap_or_else(|| panic!("no {name}"));
    text.parse().unwrap_or_else(|_| panic!("{name}:{text}"))
}

#[test]
fn every_field_of_valkey_is_there() {
    let (peer, ours) = (start(Kind::Valkey), start(Kind::Polycache));
    for section in ["default", "all", "everything"] {
        let own: HashMap<_, _> = info(&mut ours.client(), section).into_iter().collect();
        let mut missing = Vec::new();
        for (title, fields) in info(&mut peer.client(), section) {
            let Some(own) = own.get(&title) else {
                missing.push(format!("section {title}"));
                continue;
            };
            if NAMED.contains(&title.as_str()) {
                continue;
            }
            let allowed = documented::names("INFO", 1, Some(&title));
            for (name, _) in fields {
                if !allowed.contains(&name) && !own.iter().any(|(own, _)| *own == name) {
                    missing.push(format!("{title}: {name}"));
                }
            }
        }
        assert!(missing.is_empty(), "INFO {section} lacks {missing:#?}");
    }
}

#[test]
fn every_section_answers_to_its_name_as_in_valkey() {
    let (peer, ours) = (start(Kind::Valkey), start(Kind::Polycache));
    for section in [
        "server",
        "tls",
        "clients",
        "memory",
        "persistence",
        "stats",
        "replication",
        "cpu",
        "modules",
        "commandstats",
        "errorstats",
        "latencystats",
        "cluster",
        "keyspace",
        "SERVER",
        "scriptingengines",
        "no-such",
    ] {
        let titles = |client: &mut Client| -> Vec<String> {
            info(client, section).into_iter().map(|(title, _)| title).collect()
        };
        assert_eq!(titles(&mut ours.client()), titles(&mut peer.client()), "INFO {section}");
    }
}

#[test]
fn every_field_of_redis_exporter_is_there() {
    let ours = start(Kind::Polycache);
    let own = fields(&mut ours.client(), "everything");
    let list = include_str!("../../fixtures/redis_exporter_fields.txt");
    let wanted = list.lines().filter(|line| !line.starts_with(['#', '-']));
    let missing: Vec<&str> = wanted.filter(|name| !own.contains_key(*name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    for line in list.lines().filter(|line| line.starts_with('-')) {
        assert!(line.split(' ').count() > 3, "no reason: {line}");
    }
}

#[test]
fn figures_are_true() {
    let ours = start(Kind::Polycache);
    let mut client = ours.client();
    for key in 0..100 {
        client.call(&["SET", &format!("k{key}"), "v", "PX", "60000"]);
    }
    client.say("SET gone v PX 1");
    client.say("GET k1");
    client.say("GET missing");
    client.say("LPUSH k1 x");
    client.say("SET k");
    std::thread::sleep(std::time::Duration::from_millis(1200));
    let fields = fields(&mut client, "everything");
    let is = |name: &str| number(&fields, name);
    assert_eq!((is("keyspace_hits"), is("expired_keys"), is("total_error_replies")), (1.0, 1.0, 2.0));
    assert_eq!((is("aof_enabled"), is("loading")), (1.0, 0.0));
    assert!(is("used_memory") > is("used_memory_startup") && is("used_memory_startup") > 0.0);
    assert!(is("used_memory_peak") >= is("used_memory") && is("used_memory_rss") > 0.0);
    assert!(is("used_cpu_user") + is("used_cpu_sys") > 0.0);
    assert!(is("aof_current_size") > 1000.0, "the log has what was written");
    assert!(is("total_net_input_bytes") > 3000.0 && is("total_reads_processed") > 100.0);
    assert!(is("eventloop_cycles") > 100.0 && is("eventloop_duration_cmd_sum") > 0.0);
    assert_eq!(fields["errorstat_WRONGTYPE"], "count=1");
    assert_eq!(fields["errorstat_ERR"], "count=1");
    let stat = |name: &str, of: &str| -> f64 {
        let pairs = fields[name].split(',').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == of).map(|(_, value)| value.parse::<f64>().unwrap()).sum()
    };
    assert_eq!((stat("cmdstat_set", "calls"), stat("cmdstat_set", "rejected_calls")), (101.0, 1.0));
    assert_eq!(stat("cmdstat_lpush", "failed_calls"), 1.0);
    let latency = "latency_percentiles_usec_set";
    assert!(0.0 < stat(latency, "p50") && stat(latency, "p50") <= stat(latency, "p99"));
    assert!(stat(latency, "p99") <= stat(latency, "p99.9"));
    assert_eq!((stat("db0", "keys"), stat("db0", "expires")), (100.0, 100.0));
    let ttl = stat("db0", "avg_ttl");
    assert!((30_000.0..60_000.0).contains(&ttl), "{ttl}");
}

#[test]
fn percentiles_can_be_chosen_and_switched_off() {
    let ours = start(Kind::Polycache);
    let mut client = ours.client();
    client.say("PING");
    client.say("CONFIG SET latency-tracking-info-percentiles 12.5");
    let latency = fields(&mut client, "latencystats")["latency_percentiles_usec_ping"].clone();
    assert!(latency.starts_with("p12.5="), "{latency}");
    client.say("CONFIG SET latency-tracking no");
    assert!(fields(&mut client, "latencystats").is_empty());
    client.say("CONFIG SET latency-tracking yes");
    client.say("CONFIG RESETSTAT");
    let latency = fields(&mut client, "latencystats");
    assert!(!latency.contains_key("latency_percentiles_usec_ping"), "{latency:?}");
}
