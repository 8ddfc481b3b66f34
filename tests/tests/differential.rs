//! Random commands to our server and to Valkey 9.1.2, and memcached text to ours and to memcached: replies and
//! final states must agree but for what `tests/differences.md` allows.
//!
//! `POLYCACHE_DIFFERENTIAL_CASES` makes longer runs, `POLYCACHE_DIFFERENTIAL_MINUTES` runs with other seeds each time
//! until they are over (`cargo xtask test --only differential --minutes 30`), `POLYCACHE_DIFFERENTIAL_SEED` repeats one,
//! `POLYCACHE_DIFFERENTIAL_PEERS_ONLY=1` compares Valkey with itself, to test the harness.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use polycache_tests::differential::allowed::Rules;
use polycache_tests::differential::commands::TEMPLATES;
use polycache_tests::differential::families::{Family, GENERIC, HASHES, LISTS, SETS};
use polycache_tests::differential::grammar::{Template, quoted};
use polycache_tests::differential::scores::{HYPERLOGLOGS, PLACES, SORTED_SETS};
use polycache_tests::differential::session::{ABOUT_STRINGS, Sending, compare, script};
use polycache_tests::differential::shrink::shrink;
use polycache_tests::differential::streams::STREAMS;
use polycache_tests::differential::transactions::TRANSACTIONS;
use polycache_tests::differential::{memcached, setting};
use polycache_tests::support::{Client, Kind, Server, ServerOptions};

#[path = "differential/restarts.rs"]
mod restarts;

/// Different failures that one run reports, so that several can be mended at once.
const FAILURES_MAX: usize = 25;

fn ours() -> Kind {
    if setting("POLYCACHE_DIFFERENTIAL_PEERS_ONLY", 0) == 1 { Kind::Valkey } else { Kind::Polycache }
}

fn start(kind: Kind) -> Server {
    let options =
        ServerOptions::new().flag("save", "").flag("appendonly", "no").flag("enable-debug-command", "yes");
    Server::start(kind, options)
}

/// The seeds of a run: so many, or new ones for a time.
fn seeds(usual: u64) -> impl Iterator<Item = u64> {
    let minutes = setting("POLYCACHE_DIFFERENTIAL_MINUTES", 0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let usual = if minutes > 0 { usual + now * 10_000_000 } else { usual };
    let first = setting("POLYCACHE_DIFFERENTIAL_SEED", usual);
    let cases = if minutes > 0 { u64::MAX - first } else { setting("POLYCACHE_DIFFERENTIAL_CASES", 60) };
    let until = Instant::now() + Duration::from_secs(60 * minutes);
    (first..first + cases).take_while(move |_| minutes == 0 || Instant::now() < until)
}

fn run(protocol: u8, family: &Family) {
    let (peer, ours) = (start(Kind::Valkey), start(ours()));
    for port in [peer.port, ours.port] {
        for (name, value) in family.settings {
            assert!(Client::connect(port).call(&["CONFIG", "SET", name, value]).is_ok(), "{name}");
        }
    }
    let rules = Rules::from_document();
    let templates: Vec<(u32, Template)> =
        family.templates.iter().map(|(weight, text)| (*weight, Template::parse(text))).collect();
    let mut failures: Vec<String> = Vec::new();
    let mut seen = Vec::new();
    for seed in seeds(u64::from(protocol) * 1_000_000) {
        let script = script(&templates, seed, 250);
        let sending = if seed % 2 == 0 { Sending::Pipelined(seed) } else { Sending::OneByOne };
        let test = |script: &[_], sending| {
            compare(peer.port, ours.port, protocol, script, sending, &rules, family.about)
        };
        let Some(difference) = test(&script, sending) else { continue };
        // One report for each command that differs is enough.
        let name = difference.command.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        // Making it small may take long.
        eprintln!(
            "seed {seed}: {}\n  Valkey: {}\n  ours:   {}",
            limited(&difference.command),
            limited(&difference.expected),
            limited(&difference.actual)
        );
        // Only pipelined if it needs to be.
        let sending = if test(&script, Sending::OneByOne).is_some() { Sending::OneByOne } else { sending };
        let smallest = shrink(&script, |candidate| test(candidate, sending).is_some());
        let difference = test(&smallest, sending).unwrap_or(difference);
        let lines: Vec<String> =
            smallest.iter().map(|command| format!("    {}", limited(&quoted(command)))).collect();
        failures.push(format!(
            "seed {seed}, RESP{protocol}\n{}\n  {}\n  Valkey: {}\n  ours:   {}",
            lines.join("\n"),
            limited(&difference.command),
            limited(&difference.expected),
            limited(&difference.actual)
        ));
        if failures.len() == FAILURES_MAX {
            break;
        }
    }
    assert!(failures.is_empty(), "{} commands differ\n\n{}", failures.len(), failures.join("\n\n"));
}

/// Long values are cut in reports.
fn limited(text: &str) -> String {
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// Strings, bitmaps, keys, connections and the server.
const STRINGS: Family = Family { templates: TEMPLATES, settings: &[], about: ABOUT_STRINGS };

#[test]
fn resp2_agrees_with_valkey() {
    run(2, &STRINGS);
}

#[test]
fn resp3_agrees_with_valkey() {
    run(3, &STRINGS);
}

#[test]
fn lists_agree_with_valkey() {
    run(2, &LISTS);
    run(3, &LISTS);
}

#[test]
fn sets_agree_with_valkey() {
    run(2, &SETS);
    run(3, &SETS);
}

#[test]
fn hashes_agree_with_valkey() {
    run(2, &HASHES);
    run(3, &HASHES);
}

#[test]
fn transactions_agree_with_valkey() {
    run(2, &TRANSACTIONS);
    run(3, &TRANSACTIONS);
}

#[test]
fn streams_agree_with_valkey() {
    run(2, &STREAMS);
    run(3, &STREAMS);
}

#[test]
fn sorted_sets_agree_with_valkey() {
    run(2, &SORTED_SETS);
    run(3, &SORTED_SETS);
}

#[test]
fn places_agree_with_valkey() {
    run(2, &PLACES);
    run(3, &PLACES);
}

#[test]
fn hyperloglogs_agree_with_valkey() {
    run(2, &HYPERLOGLOGS);
    run(3, &HYPERLOGLOGS);
}

#[test]
fn keys_of_all_types_agree_with_valkey() {
    run(2, &GENERIC);
    run(3, &GENERIC);
}

#[test]
fn memcached_agrees_with_memcached() {
    // Its own threads hold items now and then, and incr then pads a number or not by chance.
    let options = || ServerOptions::new().flag("extended", "no_lru_maintainer,no_lru_crawler");
    let peer = Server::start(Kind::Memcached, options());
    let is_peer = setting("POLYCACHE_DIFFERENTIAL_PEERS_ONLY", 0) == 1;
    let ours = if is_peer { Server::start(Kind::Memcached, options()) } else { start(Kind::Polycache) };
    let mut failures = Vec::new();
    for seed in seeds(1) {
        let script = memcached::script(seed, 200);
        let test = |script: &[memcached::Request]| {
            memcached::compare(peer.memcached_port, ours.memcached_port, script)
        };
        if test(&script).is_none() {
            continue;
        }
        let smallest = shrink(&script, |candidate| test(candidate).is_some());
        let difference = test(&smallest).unwrap_or_else(|| "gone when shrunk".into());
        let lines: Vec<String> = smallest.iter().map(|request| format!("    {request:?}")).collect();
        failures.push(format!("seed {seed}\n{}\n  {}", limited(&lines.join("\n")), limited(&difference)));
        if failures.len() == 8 {
            break;
        }
    }
    assert!(failures.is_empty(), "{} scripts differ\n\n{}", failures.len(), failures.join("\n\n"));
}
