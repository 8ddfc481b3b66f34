//! Disks and directories that do not do what they should.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use polycache_tests::support::{Kind, Server, ServerOptions};

#[test]
fn a_directory_belongs_to_one_server() {
    let folder = tempfile::tempdir().expect("a directory");
    let options = || ServerOptions::new().dir(folder.path()).flag("appendonly", "yes");
    let mut first = Server::start(Kind::Polycache, options());
    assert!(first.client().say("SET key value").is_ok());
    let Err((_, log)) = Server::try_start(Kind::Polycache, options()) else {
        panic!("two servers, one directory")
    };
    assert!(log.contains("lock") || log.contains("in use") || log.contains("another process"), "{log}");
    assert_eq!(first.client().say("GET key").text(), "value");
    // A crash leaves no lock behind.
    first.kill();
    let second = Server::start(Kind::Polycache, options());
    drop(second);
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().expect("a directory");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).expect("permissions");
    // Root may write anywhere but in /proc.
    let is_writable = fs::write(folder.path().join("probe"), b"x").is_ok();
    let path = if is_writable { "/proc" } else { folder.path().to_str().expect("a path of text") };
    let options = ServerOptions::new().dir(path.as_ref()).flag("appendonly", "yes");
    let Err((_, log)) = Server::try_start(Kind::Polycache, options) else { panic!("started in {path}") };
    assert!(log.contains(path), "the directory is not named: {log}");

    let missing = folder.path().join("missing");
    let options = ServerOptions::new().dir(&missing).flag("appendonly", "yes");
    if let Err((_, log)) = Server::try_start(Kind::Polycache, options) {
        assert!(log.contains("missing"), "the directory is not named: {log}");
    }
}

#[test]
fn a_full_disk_refuses_writes_and_keeps_what_it_acknowledged() {
    for mode in ["uring-or-thread", "thread"] {
        let folder = tempfile::tempdir().expect("a directory");
        let options = || {
            let options = ServerOptions::new()
                .dir(folder.path())
                .flag("appendonly", "yes")
                .flag("appendfsync", "always");
            let options = options.flag("save", "");
            if mode == "thread" { options.flag("aof-io", "thread") } else { options }
        };
        let mut server = Server::start(Kind::Polycache, options().file_bytes_max(300_000));
        let mut client = server.client();
        let value = "x".repeat(5000);
        let mut acknowledged = 0;
        let refused = loop {
            match client.try_call(&["SET", &format!("key:{acknowledged}"), &value]) {
                Ok(reply) if reply.is_ok() => acknowledged += 1,
                Ok(reply) => break reply.text(),
                // The write whose sync failed can be neither acknowledged nor undone: its connection ends.
                Err(_) => client = server.client(),
            }
            assert!(acknowledged < 200, "{mode}: a file of 300 kB took a megabyte");
        };
        assert!(refused.starts_with("MISCONF"), "{mode}: {refused}");
        // Reads go on; writes stay refused rather than being silently retried.
        assert_eq!(client.say("GET key:0").text(), value);
        assert!(client.say("SET other x").is_error_with("MISCONF"));
        server.kill();
        let server = Server::start(Kind::Polycache, options());
        let mut client = server.client();
        for key in 0..acknowledged {
            assert_eq!(client.call(&["GET", &format!("key:{key}")]).text(), value, "{mode}: key:{key}");
        }
        assert!(client.say("SET other x").is_ok());
    }
}

#[test]
fn a_save_that_fails_keeps_the_snapshot_before() {
    let folder = tempfile::tempdir().expect("a directory");
    let options = || ServerOptions::new().dir(folder.path()).flag("save", "").flag("appendonly", "no");
    let mut server = Server::start(Kind::Polycache, options());
    assert!(server.client().say("SET first value").is_ok());
    assert!(server.client().say("SAVE").is_ok());
    server.kill();

    let mut server = Server::start(Kind::Polycache, options().file_bytes_max(200_000));
    let mut client = server.client();
    for key in 0..100 {
        client.call(&["SET", &format!("key:{key}"), &"x".repeat(1000 + key * 100)]);
        client.call(&[b"SETRANGE".as_slice(), b"random", (key * 9000).to_string().as_bytes(), &noise(key)]);
    }
    assert!(client.say("SAVE").is_error());
    assert_eq!(client.say("GET first").text(), "value");
    server.kill();

    let server = Server::start(Kind::Polycache, options());
    assert_eq!(server.client().say("GET first").text(), "value");
    assert_eq!(server.client().say("DBSIZE").integer(), Some(1));
}

/// Bytes that do not compress.
fn noise(seed: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed as u64);
    (0..9000).map(|_| random.u8(..)).collect()
}

#[test]
fn an_orderly_stop_keeps_everything() {
    for signal in [true, false] {
        let folder = tempfile::tempdir().expect("a directory");
        let options =
            || ServerOptions::new().dir(folder.path()).flag("appendonly", "yes").flag("appendfsync", "no");
        let mut server = Server::start(Kind::Polycache, options());
        let mut client = server.client();
        for key in 0..1000 {
            assert!(client.say(&format!("SET key:{key} {key}")).is_ok());
        }
        if signal {
            assert!(server.stop().success(), "{}", server.log());
        } else {
            client.send(b"SHUTDOWN\r\n").expect("a connection");
            let _ = client.read_to_end();
            assert!(server.wait().success(), "{}", server.log());
        }
        drop(server);
        let server = Server::start(Kind::Polycache, options());
        assert_eq!(server.client().say("DBSIZE").integer(), Some(1000));
    }
}
