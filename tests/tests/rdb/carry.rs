//! Strings carried between servers in files: a `dump.rdb` that is found, `import` and `export`.

use std::path::Path;
use std::process::{Command, Output};

use polycache_tests::differential::session::state;
use polycache_tests::support::{Kind, Server, ServerOptions, programs};

use super::samples;

const COMMANDS: &[&str] = &["GET", "PEXPIRETIME"];

fn options(folder: &Path) -> ServerOptions {
    ServerOptions::new().dir(folder).flag("save", "").flag("appendonly", "no")
}

fn write(server: &Server) {
    let mut client = server.client();
    for number in 0..500 {
        client.say(&format!("SET key:{number} {number}"));
        client.say(&format!("SET text:{number} text-of-{number}"));
    }
    client.say("PEXPIREAT key:1 4000000000123");
    client.say("SETRANGE sparse 3000000 end");
    client.call(&[b"SET".as_slice(), b"\0binary\xff", &[0, 1, 255, 13, 10]]);
    client.say("SELECT 15");
    client.say("SET other database");
    assert!(!client.say("SAVE").is_error());
}

fn ours(arguments: &[&str]) -> Output {
    Command::new(programs::ours()).args(arguments).output().expect("the program runs")
}

fn text(output: &Output) -> String {
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}{error}")
}

#[test]
fn a_dump_of_another_server_is_picked_up() {
    for kind in [Kind::Redis, Kind::Valkey] {
        let folder = tempfile::tempdir().expect("a directory");
        let mut server = Server::start(kind, options(folder.path()));
        write(&server);
        let expected = state(server.port, COMMANDS);
        server.kill();
        for append_only in ["no", "yes"] {
            let ours = options(folder.path()).flag("appendonly", append_only);
            let server = Server::start(Kind::Polycache, ours);
            assert_eq!(state(server.port, COMMANDS), expected, "{kind:?}");
        }
    }
}

#[test]
fn import_and_export_carry_everything() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let server = Server::start(Kind::Valkey, options(folder.path()));
    write(&server);
    let expected = state(server.port, COMMANDS);
    let (file, data, out) = (path("dump.rdb"), path("data"), path("data/out.rdb"));
    let imported = ours(&["import", &file, "--dir", &data]);
    assert!(imported.status.success(), "{}", text(&imported));
    assert!(text(&imported).contains("1003 keys"), "{}", text(&imported));
    assert!(!ours(&["import", &file, "--dir", &data]).status.success(), "it holds keys");
    let checked = ours(&["check", &file]);
    assert!(checked.status.success() && text(&checked).contains("VALKEY version 80"), "{}", text(&checked));
    for (kind, version) in [(Kind::Redis, "redis10"), (Kind::Valkey, "redis11"), (Kind::Valkey, "valkey80")] {
        let exported = ours(&["export", &out, "--dir", &data, "--rdb-version", version]);
        assert!(exported.status.success(), "{}", text(&exported));
        let target = tempfile::tempdir().expect("a directory");
        std::fs::copy(&out, target.path().join("dump.rdb")).expect("copied");
        let server = Server::start(kind, samples::options(kind).dir(target.path()));
        assert_eq!(state(server.port, COMMANDS), expected, "{version}");
    }
}

#[test]
fn what_cannot_be_loaded_yet_is_named() {
    let folder = tempfile::tempdir().expect("a directory");
    let broken = folder.path().join("broken.rdb");
    std::fs::write(&broken, b"REDIS0011\xfe\x00\x00").expect("written");
    let refused =
        ours(&["import", &broken.display().to_string(), "--dir", &folder.path().display().to_string()]);
    assert!(!refused.status.success() && text(&refused).contains("ends in the middle"), "{}", text(&refused));
}
