//! A disk without room for a snapshot, a rewrite or the log: the server says so, keeps what it has, leaves nothing
//! behind, and goes on when there is room.
//!
//! The disk is a small tmpfs where that can be mounted (as root), otherwise a limit on the size of files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use polycache_tests::support::{Client, Kind, Server, ServerOptions};

const PATIENCE: Duration = Duration::from_secs(60);
const DISK_BYTES: u64 = 9 * 1024 * 1024;

/// A directory with room for [`DISK_BYTES`].
struct SmallDisk {
    folder: tempfile::TempDir,
    is_mounted: bool,
}

impl SmallDisk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let options = format!("size={DISK_BYTES}");
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.path()).output();
        let is_mounted = mount.is_ok_and(|output| output.status.success());
        if !is_mounted {
            println!("no small tmpfs, as mounting one needs root: files are limited in size instead");
        }
        Self { folder, is_mounted }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn start(&self, options: ServerOptions) -> Server {
        let options = options.dir(self.path());
        let options = if self.is_mounted { options } else { options.file_bytes_max(DISK_BYTES / 2) };
        Server::start(Kind::Polycache, options)
    }

    /// Whatever is left of half-written files.
    fn temporary_files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a directory").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if ["temp-", ".saving"].iter().any(|part| path.to_string_lossy().contains(part)) {
                    found.push(path);
                }
            }
        }
        found
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if self.is_mounted {
            // Lazily: the server may not be gone yet.
            let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
        }
    }
}

/// Bytes that do not compress.
fn noise(seed: u64, bytes: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..bytes).map(|_| random.u8(..)).collect()
}

fn set_noise(client: &mut Client, keys: std::ops::Range<u64>) {
    for key in keys {
        let name = format!("key:{key}");
        let reply = client.call(&[b"SET".as_slice(), name.as_bytes(), &noise(key, 100_000)]);
        assert!(reply.is_ok(), "{reply:?}");
    }
}

fn wait_for(client: &mut Client, line: &str) {
    let began = Instant::now();
    while !client.say("INFO persistence").text().contains(line) {
        assert!(began.elapsed() < PATIENCE, "no {line}:\n{}", client.say("INFO persistence").text());
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_save_without_room_is_told_and_leaves_nothing() {
    let disk = SmallDisk::new();
    let options = || ServerOptions::new().flag("save", "3600 1").flag("appendonly", "no");
    let mut server = disk.start(options());
    let mut client = server.client();
    set_noise(&mut client, 0..30);
    assert!(client.say("SAVE").is_ok(), "{}", server.log());
    let before = fs::read(disk.path().join("dump.pcs")).expect("a snapshot");
    set_noise(&mut client, 30..100);
    assert!(client.say("BGSAVE").text().starts_with("Background saving started"));
    wait_for(&mut client, "rdb_last_bgsave_status:err");
    assert!(server.log().contains("Saving the snapshot failed"), "{}", server.log());
    assert_eq!(disk.temporary_files(), Vec::<PathBuf>::new());
    assert!(before == fs::read(disk.path().join("dump.pcs")).expect("a snapshot"), "the old snapshot stays");
    let refused = client.say("SET key:0 x").text();
    assert!(refused.starts_with("MISCONF"), "{refused}");
    assert_eq!(client.say("STRLEN key:99").integer(), Some(100_000));
    assert!(client.say("SAVE").is_error());

    assert!(client.say("CONFIG SET stop-writes-on-bgsave-error no").is_ok());
    for key in 30..100 {
        client.say(&format!("DEL key:{key}"));
    }
    assert!(client.say("CONFIG SET stop-writes-on-bgsave-error yes").is_ok());
    assert!(client.say("SAVE").is_ok(), "{}", server.log());
    wait_for(&mut client, "rdb_last_bgsave_status:ok");
    assert!(client.say("SET other x").is_ok());
    server.kill();
    let server = disk.start(options());
    assert_eq!(server.client().say("DBSIZE").integer(), Some(30));
}

#[test]
fn a_rewrite_without_room_keeps_the_old_files() {
    for format in ["snapshot", "resp"] {
        let disk = SmallDisk::new();
        let options = || {
            let options = ServerOptions::new().flag("save", "").flag("appendonly", "yes");
            let options = options.flag("auto-aof-rewrite-percentage", 0).flag("aof-base-format", format);
            options.flag("appendfsync", "everysec")
        };
        let mut server = disk.start(options());
        let mut client = server.client();
        if disk.is_mounted {
            set_noise(&mut client, 0..60);
        } else {
            // The log and the base have the same limit: only the base is to reach it.
            set_noise(&mut client, 0..30);
            client.say("CONFIG SET appendfsync no");
            for _ in 0..12 {
                client.say("COPY key:0 again");
                client.say("COPY key:0 more:1 REPLACE");
            }
            for copy in 0..30 {
                client.say(&format!("COPY key:{copy} copy:{copy}"));
            }
        }
        let keys = client.say("DBSIZE").integer();
        client.say("WAITAOF 1 0 0");
        client.say("BGREWRITEAOF");
        wait_for(&mut client, "aof_rewrite_in_progress:0");
        wait_for(&mut client, "aof_last_bgrewrite_status:err");
        assert!(server.log().contains("Rewriting the append only file failed"), "{}", server.log());
        assert_eq!(disk.temporary_files(), Vec::<PathBuf>::new());
        assert!(client.say("SET after x").is_ok(), "{format}: the log itself has room");
        client.say("WAITAOF 1 0 0");
        wait_for(&mut client, "aof_last_write_status:ok");
        server.kill();

        let server = disk.start(options());
        let mut client = server.client();
        assert_eq!(client.say("DBSIZE").integer(), keys.map(|keys| keys + 1), "{format}");
        for key in 2..60 {
            client.say(&format!("DEL key:{key} copy:{key}"));
        }
        client.say("BGREWRITEAOF");
        wait_for(&mut client, "aof_rewrite_in_progress:0");
        wait_for(&mut client, "aof_last_bgrewrite_status:ok");
        assert_eq!(client.say("STRLEN key:1").integer(), Some(100_000));
    }
}

#[test]
fn a_log_without_room_recovers_after_a_crash_and_by_itself() {
    for policy in ["always", "everysec"] {
        let disk = SmallDisk::new();
        let options = || {
            let options = ServerOptions::new().flag("save", "").flag("appendonly", "yes");
            options.flag("auto-aof-rewrite-percentage", 0).flag("appendfsync", policy)
        };
        let mut server = disk.start(options());
        let mut client = server.client();
        let (mut acknowledged, began) = (0, Instant::now());
        let refused = loop {
            let name = format!("key:{acknowledged}");
            match client.try_call(&[b"SET".as_slice(), name.as_bytes(), &noise(acknowledged, 50_000)]) {
                Ok(reply) if reply.is_ok() => acknowledged += 1,
                Ok(reply) => break reply.text(),
                Err(_) => client = server.client(),
            }
            assert!(began.elapsed() < PATIENCE, "{policy}: the disk is never full");
        };
        assert!(refused.starts_with("MISCONF"), "{policy}: {refused}");
        wait_for(&mut client, "aof_last_write_status:err");
        // A base has no room either; the log stays as it is.
        client.say("BGREWRITEAOF");
        wait_for(&mut client, "aof_rewrite_in_progress:0");
        wait_for(&mut client, "aof_last_bgrewrite_status:err");
        assert!(client.say("SET other x").is_error_with("MISCONF"));
        assert_eq!(disk.temporary_files(), Vec::<PathBuf>::new());
        server.kill();

        let server = disk.start(options());
        let mut client = server.client();
        if policy == "always" {
            let keys = client.say("DBSIZE").integer().unwrap_or(0);
            assert!(keys >= acknowledged as i64, "{keys} of {acknowledged}");
        }
        // A smaller base makes room, and everything works again.
        if !disk.is_mounted {
            server.lift_file_limit();
        }
        drop(client.say("CONFIG SET appendonly no"));
        client.say("FLUSHALL");
        client.say("SET small x");
        client.say("CONFIG SET appendonly yes");
        wait_for(&mut client, "aof_rewrite_in_progress:0");
        wait_for(&mut client, "aof_last_write_status:ok");
        assert!(client.say("SET other x").is_ok(), "{}", server.log());
    }
}

#[test]
fn waitaof_holds_nobody_else() {
    let folder = tempfile::tempdir().expect("a directory");
    let options = ServerOptions::new().dir(folder.path()).flag("save", "").flag("appendonly", "yes");
    let options = options.flag("appendfsync", "everysec").flag("io-threads", 1);
    let server = Server::start(Kind::Polycache, options.file_bytes_max(100_000));
    let mut client = server.client();
    // What does not fit waits to be written, so nothing becomes durable.
    let value = "x".repeat(60_000);
    for _ in 0..4 {
        client.call(&["SET", "key", &value]);
    }
    wait_for(&mut client, "aof_last_write_status:err");
    let mut waiting = server.client();
    let id = waiting.say("CLIENT ID").integer().expect("an id");
    waiting.send(b"WAITAOF 1 0 0\r\nPING\r\n").expect("a connection");
    let mut hurried = server.client();
    let replies = hurried.say("WAITAOF 1 0 50");
    assert_eq!(format!("{replies:?}"), "[:0, :0]", "the time is over");
    // One thread serves all: it is not held.
    assert_eq!(client.say("GET key").text().len(), value.len());
    assert!(client.say(&format!("CLIENT KILL ID {id}")).integer() == Some(1));
    assert!(waiting.read_to_end().is_ok_and(|rest| rest.is_empty()), "it was killed while it waited");

    let mut waiting = server.client();
    waiting.send(b"WAITAOF 1 0 0\r\nGET none\r\n").expect("a connection");
    server.lift_file_limit();
    let reply = waiting.read();
    assert_eq!(format!("{reply:?}"), "Ok([:1, :0])");
    assert_eq!(format!("{:?}", waiting.read()), "Ok($-1)", "what came behind it goes on");
    let muted = b"CLIENT REPLY SKIP\r\nWAITAOF 1 0 0\r\nPING\r\n";
    assert!(client.say("SET key x").is_ok());
    waiting.send(muted).expect("a connection");
    assert!(format!("{:?}", waiting.read()).contains("PONG"));
}

#[test]
fn a_shutdown_stops_a_save_under_way() {
    let folder = tempfile::tempdir().expect("a directory");
    let options = || ServerOptions::new().dir(folder.path()).flag("save", "").flag("appendonly", "no");
    let mut server = Server::start(Kind::Polycache, options());
    let mut client = server.client();
    for batch in 0..40 {
        let mut lines = Vec::new();
        for key in 0..5000 {
            lines.extend_from_slice(format!("SET {batch}:{key} {key}\r\n").as_bytes());
        }
        client.send(&lines).expect("a connection");
        for _ in 0..5000 {
            client.read().expect("a reply");
        }
    }
    client.send(b"BGSAVE\r\nSHUTDOWN NOSAVE\r\n").expect("a connection");
    assert!(server.wait().success(), "{}", server.log());
    assert!(server.log().contains("Saving the snapshot was cancelled"), "{}", server.log());
    let names = fs::read_dir(folder.path()).expect("a directory").flatten().map(|entry| entry.file_name());
    let left: Vec<_> = names.filter(|name| name.to_string_lossy().contains("dump")).collect();
    assert!(left.is_empty(), "{left:?}");
}
