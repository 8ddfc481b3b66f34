//! SIGKILL at random moments under load, hundreds of times.

use std::time::Duration;

use polycache_tests::crash::round::{Promise, run};
use polycache_tests::differential::setting;

fn rounds() -> u64 {
    setting("POLYCACHE_CRASH_ROUNDS", 40)
}

#[test]
fn always_loses_nothing() {
    run(rounds(), 4, Promise::All, Duration::from_millis(300), |options| {
        options.flag("save", "").flag("appendonly", "yes").flag("appendfsync", "always")
    });
}

#[test]
fn always_loses_nothing_on_the_thread_fallback() {
    run(rounds(), 3, Promise::All, Duration::from_millis(300), |options| {
        options
            .flag("save", "")
            .flag("appendonly", "yes")
            .flag("appendfsync", "always")
            .flag("aof-io", "thread")
    });
}

#[test]
fn every_second_loses_a_second_at_most() {
    run(
        rounds() / 2,
        4,
        Promise::OlderThan(Duration::from_secs(1)),
        Duration::from_millis(1600),
        |options| options.flag("save", "").flag("appendonly", "yes").flag("appendfsync", "everysec"),
    );
}

#[test]
fn without_fsync_a_prefix_survives() {
    run(rounds(), 4, Promise::Prefix, Duration::from_millis(300), |options| {
        options.flag("save", "").flag("appendonly", "yes").flag("appendfsync", "no")
    });
}

#[test]
fn a_plain_base_is_as_good() {
    run(rounds() / 2, 3, Promise::All, Duration::from_millis(300), |options| {
        let options = options.flag("save", "").flag("appendonly", "yes").flag("appendfsync", "always");
        options.flag("aof-base-format", "resp")
    });
}

#[test]
fn snapshots_hold_what_existed() {
    // Without a log: whatever the last BGSAVE or orderly stop left, or nothing newer than before.
    use polycache_tests::support::{Kind, Server, ServerOptions};
    let folder = tempfile::tempdir().expect("a directory");
    let options = || ServerOptions::new().dir(folder.path()).flag("save", "").flag("appendonly", "no");
    let mut written = 0;
    for round in 0..10_u64 {
        let mut server = Server::start(Kind::Polycache, options());
        let mut client = server.client();
        assert_eq!(client.say("DBSIZE").integer(), Some(written));
        for key in 0..200 {
            assert!(client.say(&format!("SET r{round}:{key} {round}")).is_ok());
        }
        if round % 2 == 0 {
            assert!(client.say("SAVE").is_ok());
            written += 200;
        }
        for key in 0..50 {
            client.say(&format!("SET lost:{key} x"));
        }
        server.kill();
    }
}
