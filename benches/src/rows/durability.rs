//! What durability costs.

use polycache_tests::support::{Kind, ServerOptions};

use crate::Options;
use crate::figure::{Figure, Target, median};
use crate::load::{Load, Plan, Protocol, Verb};
use crate::machine;
use crate::subject::{Subject, volatile};

fn logged(fsync: &str) -> ServerOptions {
    ServerOptions::new()
        .flag("save", "")
        .flag("appendonly", "yes")
        .flag("appendfsync", fsync)
        .flag("auto-aof-rewrite-percentage", 0)
}

/// `appendfsync always`, 50 connections of SET, against Valkey.
pub fn always(options: &Options) -> Result<Vec<Figure>, String> {
    let folders = [machine::disk_directory(), machine::disk_directory()];
    let subjects = [
        Subject::start(Kind::Polycache, logged("always").dir(folders[0].path())),
        Subject::start(Kind::Valkey, logged("always").dir(folders[1].path())),
    ];
    let rates = rates(options, &subjects, 1, 50, 20_000)?;
    Ok(vec![figure(
        "appendfsync always, 50 connections of SET",
        &rates,
        Target::AtLeast(2.0),
        "Valkey 9.1.2",
    )])
}

/// `appendfsync everysec` against no AOF, both ours.
pub fn everysec(options: &Options) -> Result<Vec<Figure>, String> {
    let folders = [machine::disk_directory(), machine::disk_directory()];
    let mut figures = Vec::new();
    for pipeline in [1, 16] {
        let subjects = [
            Subject::start(Kind::Polycache, logged("everysec").dir(folders[0].path())),
            Subject::start(Kind::Polycache, volatile().dir(folders[1].path())),
        ];
        // The writer's thread has a core where there are enough; with two it shares with the load.
        for subject in &subjects {
            machine::pin_process(subject.server.process_id(), machine::SERVER_CORE);
        }
        let operations = if pipeline == 1 { 100_000 } else { 1_000_000 };
        let rates = rates(options, &subjects, pipeline, 25, operations)?;
        let what = format!("appendfsync everysec against no AOF, SET, pipeline {pipeline}");
        figures.push(figure(&what, &rates, Target::AtLeast(0.9), "no AOF"));
    }
    Ok(figures)
}

/// Operations per second of both, in interleaved rounds.
fn rates(
    options: &Options,
    subjects: &[Subject; 2],
    pipeline: usize,
    connections: usize,
    operations: usize,
) -> Result<[f64; 2], String> {
    let plan = Plan {
        protocol: Protocol::Resp,
        verb: Verb::Set,
        connections,
        pipeline,
        operations,
        keys: 100_000,
        value_bytes: 64,
    };
    let load = Load::prepare(plan);
    let mut rates = [Vec::new(), Vec::new()];
    for round in 0..=options.rounds {
        for (subject, rates) in subjects.iter().zip(&mut rates) {
            let (_, took) = subject.measure(&load, subject.server.port, operations)?;
            if round > 0 {
                rates.push(operations as f64 / took.as_secs_f64());
            }
        }
    }
    Ok([median(&rates[0]), median(&rates[1])])
}

fn figure(what: &str, rates: &[f64; 2], target: Target, peer: &str) -> Figure {
    Figure {
        what: what.into(),
        ours: format!("{:.1} k/s", rates[0] / 1e3),
        peer: format!("{:.1} k/s ({peer})", rates[1] / 1e3),
        ratio: rates[0] / rates[1],
        target,
    }
}
