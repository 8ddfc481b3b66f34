//! Damaged files: torn tails are cut, damage in the middle refuses to start and names the way out, and whatever is
//! served is right.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use polycache_tests::support::{Kind, Server, ServerOptions, programs};

const KEYS: usize = 300;

fn value(key: usize) -> String {
    format!("value-{key}-{}", "x".repeat(key % 90))
}

fn log_options(folder: &Path) -> ServerOptions {
    ServerOptions::new().dir(folder).flag("save", "").flag("appendonly", "yes").flag("appendfsync", "always")
}

fn snapshot_options(folder: &Path) -> ServerOptions {
    ServerOptions::new().dir(folder).flag("save", "").flag("appendonly", "no")
}

/// Writes the keys, each batch in a flush of its own, and stops.
fn fill(options: ServerOptions, save: bool) {
    let mut server = Server::start(Kind::Polycache, options);
    let mut client = server.client();
    for key in 0..KEYS {
        assert!(client.call(&["SET", &format!("key:{key}"), &value(key)]).is_ok());
    }
    if save {
        assert!(client.say("SAVE").is_ok());
    }
    server.stop();
}

/// The largest file whose path holds a word.
fn file_with(folder: &Path, word: &str) -> PathBuf {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a directory").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name.to_string_lossy().contains(word)) {
                found.push((entry.metadata().map_or(0, |data| data.len()), path));
            }
        }
    }
    found.sort();
    found.pop().unwrap_or_else(|| panic!("no file with {word:?} below {}", folder.display())).1
}

/// Each key is right, absent, or (where the snapshot may be damaged) an error; how many are right, and how many errors.
fn right_keys_and_errors(server: &Server) -> (usize, usize) {
    let mut client = server.client();
    let (mut right, mut errors) = (0, 0);
    for key in 0..KEYS {
        let reply = client.call(&["GET", &format!("key:{key}")]);
        if reply.is_error() {
            errors += 1;
        } else if !reply.is_null() {
            assert_eq!(reply.text(), value(key), "key:{key} is wrong");
            right += 1;
        }
    }
    (right, errors)
}

fn right_keys(server: &Server) -> usize {
    right_keys_and_errors(server).0
}

fn check(arguments: &[&str], path: &Path) -> (bool, String) {
    let output =
        Command::new(programs::ours()).arg("check").args(arguments).arg(path).output().expect("our program");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn a_torn_tail_is_cut() {
    let folder = tempfile::tempdir().expect("a directory");
    fill(log_options(folder.path()), false);
    let path = file_with(folder.path(), ".incr.");
    let whole = fs::read(&path).expect("the log");
    let mut last = KEYS;
    for cut in [1, 2, 3, 7, 20, 45, 46, 47, 60, 90, 150, 400, 1500] {
        fs::write(&path, &whole[..whole.len() - cut]).expect("a shorter log");
        let mut server = Server::start(Kind::Polycache, log_options(folder.path()));
        let right = right_keys(&server);
        assert!(
            right <= last && right + cut / 20 + 2 >= last.min(KEYS - cut / 200),
            "{cut} bytes less: {right} keys"
        );
        last = right;
        // It goes on from there.
        assert!(server.client().say("SET after 1").is_ok());
        server.kill();
        let server = Server::start(Kind::Polycache, log_options(folder.path()));
        assert_eq!(server.client().say("GET after").text(), "1");
        drop(server);
        // The rest of the files is as it was.
        fs::write(&path, &whole).expect("the log");
    }
}

#[test]
fn damage_in_the_middle_of_the_log_refuses_to_start() {
    let folder = tempfile::tempdir().expect("a directory");
    fill(log_options(folder.path()), false);
    let path = file_with(folder.path(), ".incr.");
    let whole = fs::read(&path).expect("the log");
    let mut random = fastrand::Rng::with_seed(11);
    for _ in 0..12 {
        let mut damaged = whole.clone();
        let at = random.usize(whole.len() / 10..whole.len() / 2);
        damaged[at] ^= 1 << random.u8(..8);
        fs::write(&path, &damaged).expect("a damaged log");
        let Err((_, log)) = Server::try_start(Kind::Polycache, log_options(folder.path())) else {
            panic!("started with byte {at} of {} flipped", whole.len())
        };
        assert!(log.contains("offset") && log.contains("check"), "the way out is not named: {log}");
        assert!(!check(&[], &path).0, "check finds nothing wrong");
    }
    let (repaired, text) = check(&["--repair"], &path);
    assert!(repaired, "{text}");
    let server = Server::start(Kind::Polycache, log_options(folder.path()));
    assert!(right_keys(&server) >= KEYS / 20);
}

#[test]
fn a_truncated_snapshot_refuses_to_start() {
    let folder = tempfile::tempdir().expect("a directory");
    fill(snapshot_options(folder.path()), true);
    let path = file_with(folder.path(), ".pcs");
    assert!(check(&[], &path).0);
    let whole = fs::read(&path).expect("the snapshot");
    for length in [0, 1, 63, whole.len() / 3, whole.len() - 1] {
        fs::write(&path, &whole[..length]).expect("a shorter snapshot");
        match Server::try_start(Kind::Polycache, snapshot_options(folder.path())) {
            Err((_, log)) => {
                assert!(log.contains("check"), "{length} bytes: the way out is not named: {log}")
            }
            Ok(_) => panic!("started from {length} bytes of {}", whole.len()),
        }
        assert!(!check(&[], &path).0, "check finds nothing wrong with {length} bytes");
    }
}

#[test]
fn flipped_bits_in_a_snapshot_never_give_wrong_data() {
    let folder = tempfile::tempdir().expect("a directory");
    fill(snapshot_options(folder.path()), true);
    let path = file_with(folder.path(), ".pcs");
    let whole = fs::read(&path).expect("the snapshot");
    let mut random = fastrand::Rng::with_seed(5);
    let (mut refused, mut started) = (0, 0);
    for _ in 0..25 {
        let mut damaged = whole.clone();
        let at = random.usize(..whole.len());
        damaged[at] ^= 1 << random.u8(..8);
        fs::write(&path, &damaged).expect("a damaged snapshot");
        match Server::try_start(Kind::Polycache, snapshot_options(folder.path())) {
            Err((_, log)) => {
                refused += 1;
                let is_named = log.contains("check") || log.contains("backup");
                assert!(is_named, "byte {at}: the way out is not named: {log}");
            }
            Ok(mut server) => {
                started += 1;
                // A record, or a page of the table with all that it may have held; nothing is taken for absent.
                let (right, errors) = right_keys_and_errors(&server);
                assert_eq!(right + errors, KEYS, "byte {at}: keys are absent");
                let tells = errors == 0 || server.log().contains("check");
                assert!(tells, "byte {at}: the way out is not named: {}", server.log());
                assert!(server.is_running(), "byte {at}: {}", server.log());
            }
        }
    }
    println!("refused {refused}, started {started}");
}
