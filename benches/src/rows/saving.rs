//! Snapshots: how long SAVE takes, and how much memory a save takes while writes go on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use polycache_tests::support::Kind;

use crate::Options;
use crate::figure::{Figure, Target, median};
use crate::load::{Load, Plan, Protocol, Verb, fill};
use crate::machine;
use crate::subject::{Subject, volatile};

/// A million keys of 16 + 64 bytes.
pub const MILLION: Plan = Plan {
    protocol: Protocol::Resp,
    verb: Verb::Set,
    connections: 10,
    pipeline: 16,
    operations: usize::MAX,
    keys: 1_000_000,
    value_bytes: 64,
};

/// SAVE of a million keys.
pub fn time(options: &Options) -> Result<Vec<Figure>, String> {
    let folders = [machine::disk_directory(), machine::disk_directory()];
    let start = |kind, folder: &tempfile::TempDir| Subject::start(kind, volatile().dir(folder.path()));
    let subjects = [start(Kind::Polycache, &folders[0]), start(Kind::Valkey, &folders[1])];
    let mut times = [Vec::new(), Vec::new()];
    for subject in &subjects {
        fill(subject.server.port, &MILLION).map_err(|error| error.to_string())?;
    }
    for _ in 0..options.rounds.max(3) {
        for (subject, times) in subjects.iter().zip(&mut times) {
            let mut client = subject.server.client();
            let started = Instant::now();
            let reply = client.say("SAVE");
            if !reply.is_ok() {
                return Err(format!("{}: SAVE answered {reply:?}", subject.name));
            }
            times.push(started.elapsed().as_secs_f64());
        }
    }
    let (ours, peer) = (median(&times[0]), median(&times[1]));
    Ok(vec![Figure {
        what: "SAVE of 1 M keys".into(),
        ours: format!("{:.0} ms", ours * 1e3),
        peer: format!("{:.0} ms (Valkey 9.1.2)", peer * 1e3),
        ratio: ours / peer,
        target: Target::AtMost(0.5),
    }])
}

/// RSS during BGSAVE under full write load, against before.
pub fn memory(_: &Options) -> Result<Vec<Figure>, String> {
    let mut ratios = Vec::new();
    for kind in [Kind::Polycache, Kind::Valkey] {
        let folder = machine::disk_directory();
        let subject = Subject::start(kind, volatile().dir(folder.path()));
        fill(subject.server.port, &MILLION).map_err(|error| error.to_string())?;
        let (load, port, stopped) = (Load::prepare(MILLION), subject.server.port, AtomicBool::new(false));
        let (before, highest) = thread::scope(|scope| {
            let writing = scope.spawn(|| {
                machine::pin_self(machine::LOAD_CORE);
                load.run_until(port, usize::MAX / 2, || stopped.load(Ordering::SeqCst))
            });
            // Under load first, so that garbage and buffers are where they settle.
            thread::sleep(Duration::from_secs(2));
            let before = resident_with_children(&subject);
            let mut client = subject.server.client();
            let _ = client.say("BGSAVE");
            let mut highest = before;
            let limit = Instant::now() + Duration::from_secs(60);
            while Instant::now() < limit {
                highest = highest.max(resident_with_children(&subject));
                if client.say("INFO persistence").text().contains("rdb_bgsave_in_progress:0") {
                    break;
                }
                thread::sleep(Duration::from_millis(2));
            }
            stopped.store(true, Ordering::SeqCst);
            let _ = writing.join();
            (before, highest)
        });
        ratios.push((highest as f64 / before as f64, before, highest));
    }
    let shown = |(_, before, highest): (f64, u64, u64)| format!("{} -> {} MB", before >> 20, highest >> 20);
    Ok(vec![Figure {
        what: "RSS during a save under write load, against before".into(),
        ours: shown(ratios[0]),
        peer: format!("{} (Valkey 9.1.2)", shown(ratios[1])),
        ratio: ratios[0].0,
        target: Target::AtMost(1.05),
    }])
}

/// The server's memory, and what forked children do not share with it.
fn resident_with_children(subject: &Subject) -> u64 {
    let process = subject.server.process_id();
    let children =
        std::fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    let private: u64 = children.split_whitespace().map(private_bytes).sum();
    machine::resident_bytes(process) + private
}

fn private_bytes(process: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let kilobytes: u64 = text
        .lines()
        .filter(|line| line.starts_with("Private_Dirty:"))
        .filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
        .sum();
    kilobytes * 1024
}
