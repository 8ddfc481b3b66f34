//! Rounds of start, load, kill, restart and check, all on one directory.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;

use super::writer::Writer;
use crate::support::{Kind, Server, ServerOptions};

/// What a mode promises about acknowledged writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Promise {
    /// All of them survive.
    All,
    /// All that were acknowledged more than this before the kill.
    OlderThan(Duration),
    /// Only that the state is one that existed.
    Prefix,
}

/// Runs rounds in a directory; `configure` adds the flags of the mode.
pub fn run(
    rounds: u64,
    writers: u64,
    promise: Promise,
    load_max: Duration,
    configure: impl Fn(ServerOptions) -> ServerOptions,
) {
    let folder = tempfile::Builder::new().prefix("polycache-crash-").tempdir().expect("a directory");
    let mut random = Rng::with_seed(rounds ^ writers);
    let mut writers: Vec<Writer> = (1..=writers).map(Writer::new).collect();
    let start = |folder: &Path| Server::start(Kind::Polycache, configure(ServerOptions::new().dir(folder)));
    let mut total = 0;
    for round in 0..rounds {
        let mut server = start(folder.path());
        let port = server.port;
        let load = Duration::from_micros(random.u64(5_000..load_max.as_micros() as u64));
        let rewrites = random.u8(..3);
        let (back, killed_at) = thread::scope(|scope| {
            let handles: Vec<_> = writers
                .drain(..)
                .map(|mut writer| {
                    scope.spawn(move || {
                        writer.write(port);
                        writer
                    })
                })
                .collect();
            // A third of the rounds saves under load, a third rewrites the log.
            thread::sleep(load / 2);
            match rewrites {
                1 => drop(server.client().say("BGREWRITEAOF")),
                2 => drop(server.client().say("BGSAVE")),
                _ => {}
            }
            thread::sleep(load / 2);
            let killed_at = Instant::now();
            server.kill();
            let back: Vec<Writer> =
                handles.into_iter().map(|handle| handle.join().expect("a writer")).collect();
            (back, killed_at)
        });
        writers = back;

        let server = start(folder.path());
        let mut client = server.client();
        for writer in &mut writers {
            let least = match promise {
                Promise::All => writer.acknowledged_at(Instant::now()),
                Promise::OlderThan(age) => killed_at
                    .checked_sub(age)
                    .map_or(writer.recovered, |moment| writer.acknowledged_at(moment)),
                // What an earlier round recovered was in files; a process that dies takes nothing out of them.
                Promise::Prefix => writer.recovered,
            };
            let before = writer.recovered;
            writer.verify(&mut client, least);
            total += writer.recovered - before;
        }
        drop(client);
        // Half of the restarts end in order, so that both ends of a file are met.
        let mut server = server;
        if round % 2 == 0 {
            server.stop();
        }
    }
    println!("{rounds} kills, {total} operations recovered");
    assert!(total > 0, "nothing was ever written");
}
