//! From the start of the process to the first correct GET.

use std::path::Path;
use std::time::{Duration, Instant};

use polycache_tests::support::{Client, Kind, Server};

use super::saving::MILLION;
use crate::Options;
use crate::figure::{Figure, Target, median};
use crate::load::{Plan, fill, key, value};
use crate::machine;
use crate::subject::{Subject, volatile};

const TARGET_MILLISECONDS: f64 = 20.0;
const LIMIT: Duration = Duration::from_secs(60);

/// At a million keys, and at ten million if asked.
pub fn run(options: &Options) -> Result<Vec<Figure>, String> {
    let mut figures = vec![at(&MILLION, options, true)?];
    if options.large {
        figures.push(at(&Plan { keys: 10_000_000, ..MILLION }, options, false)?);
    }
    Ok(figures)
}

fn at(plan: &Plan, options: &Options, with_peer: bool) -> Result<Figure, String> {
    let mut medians = Vec::new();
    let kinds: &[Kind] = if with_peer { &[Kind::Polycache, Kind::Valkey] } else { &[Kind::Polycache] };
    for &kind in kinds {
        let folder = machine::disk_directory();
        let subject = Subject::start(kind, volatile().dir(folder.path()));
        fill(subject.server.port, plan).map_err(|error| error.to_string())?;
        let reply = subject.server.client().say("SAVE");
        if !reply.is_ok() {
            return Err(format!("{}: SAVE answered {reply:?}", subject.name));
        }
        drop(subject);
        let times: Vec<f64> = (0..options.rounds)
            .map(|round| first_get(kind, folder.path(), plan, round as u64))
            .collect::<Result<_, _>>()?;
        medians.push(median(&times));
    }
    Ok(Figure {
        what: format!("restart to first correct GET at {} M keys, over 20 ms", plan.keys / 1_000_000),
        ours: format!("{:.1} ms", medians[0]),
        peer: medians.get(1).map_or("-".into(), |peer| format!("{peer:.0} ms (Valkey 9.1.2)")),
        ratio: medians[0] / TARGET_MILLISECONDS,
        target: Target::AtMost(1.0),
    })
}

/// Milliseconds.
fn first_get(kind: Kind, folder: &Path, plan: &Plan, round: u64) -> Result<f64, String> {
    let number = (round * 7919 + 13) % plan.keys;
    let (key, expected) = (key(number), value(number, plan.value_bytes));
    let started = Instant::now();
    let server = Server::spawn(kind, volatile().dir(folder));
    while started.elapsed() < LIMIT {
        let reply = Client::try_connect(server.port).and_then(|mut client| client.try_call(&["GET", &key]));
        match reply {
            Ok(reply) if reply.bytes() == Some(&expected) => return Ok(started.elapsed().as_secs_f64() * 1e3),
            Ok(reply) if !reply.is_error() => return Err(format!("{kind:?} answered {reply:?} for {key}")),
            _ => std::thread::sleep(Duration::from_micros(200)),
        }
    }
    Err(format!("{kind:?} does not answer:\n{}", server.log()))
}
