//! What random commands left is there again after a restart: from the log, and from bases in each of their forms.

use std::time::Duration;

use polycache_tests::differential::allowed::Rules;
use polycache_tests::differential::families::{Family, GENERIC, HASHES, LISTS, SETS};
use polycache_tests::differential::grammar::Template;
use polycache_tests::differential::scores::{HYPERLOGLOGS, PLACES, SORTED_SETS};
use polycache_tests::differential::session::{State, compare_states, script, state};
use polycache_tests::differential::streams::STREAMS;
use polycache_tests::support::{Client, Kind, Server, ServerOptions};
use tempfile::TempDir;

/// Scripts for each family and form.
const SCRIPTS: u64 = 3;

fn start(dir: &TempDir, format: &str, family: &Family) -> Server {
    let options = ServerOptions::new()
        .dir(dir.path())
        .flag("save", "")
        .flag("appendonly", "yes")
        .flag("appendfsync", "no")
        .flag("enable-debug-command", "yes")
        .flag("aof-base-format", format);
    let options = family.settings.iter().fold(options, |options, (name, value)| options.flag(name, value));
    Server::start(Kind::Polycache, options)
}

fn rewrite(client: &mut Client) {
    client.say("BGREWRITEAOF");
    for _ in 0..600 {
        let info = client.say("INFO persistence").text();
        if info.contains("aof_rewrite_in_progress:0") && info.contains("aof_rewrite_scheduled:0") {
            assert!(info.contains("aof_last_bgrewrite_status:ok"), "{info}");
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the rewrite does not end");
}

fn survive(name: &str, family: &Family, format: &str) {
    let rules = Rules::from_document();
    let templates: Vec<(u32, Template)> =
        family.templates.iter().map(|(weight, text)| (*weight, Template::parse(text))).collect();
    for seed in 0..SCRIPTS {
        let dir = TempDir::new().expect("a directory");
        let mut server = start(&dir, format, family);
        let mut client = server.client();
        for command in script(&templates, 4_000_000 + seed, 400) {
            if client.try_call(&command).is_err() {
                client = server.client();
            }
        }
        let before = state(server.port, family.about);
        assert!(before.len() > 6, "{name}, seed {seed}: no key is left");
        let check = |server: &Server, from: &str| {
            let after: State = state(server.port, family.about);
            if let Some(difference) = compare_states(&before, &after, &rules) {
                panic!(
                    "{name}, seed {seed}, {from} ({format})\n  {}\n  before: {}\n  after:  {}",
                    difference.command, difference.expected, difference.actual
                );
            }
        };
        server.stop();
        let mut server = start(&dir, format, family);
        check(&server, "from the log");
        rewrite(&mut server.client());
        server.stop();
        let server = start(&dir, format, family);
        check(&server, "from the base");
    }
}

#[test]
fn what_random_commands_left_survives_restarts() {
    for format in ["snapshot", "rdb", "resp"] {
        for (name, family) in [
            ("lists", LISTS),
            ("sets", SETS),
            ("hashes", HASHES),
            ("sorted sets", SORTED_SETS),
            ("streams", STREAMS),
            ("places", PLACES),
            ("HyperLogLogs", HYPERLOGLOGS),
            ("all types", GENERIC),
        ] {
            survive(name, &family, format);
        }
    }
}
