//! `cargo xtask test`: the stages, in order, and the count at the end.
//!
//! A stage either runs or fails with the reason: a tool that is missing is installed, or named in the failure.

mod c;
mod instrumented;
mod node;
pub mod python;
mod rust;
mod stage;

use std::time::Instant;

use clap::Args;

use crate::fuzz;
use crate::header;
use crate::process::Outcome;
use stage::Tally;

#[derive(Args)]
pub struct Options {
    /// Only this stage; may be given several times.
    #[arg(long)]
    only: Vec<String>,
    /// Not this stage; may be given several times.
    #[arg(long)]
    without: Vec<String>,
    /// List the stages.
    #[arg(long)]
    list: bool,
    /// Seconds for each fuzz target.
    #[arg(long, default_value_t = 60)]
    fuzz_seconds: u64,
    /// Minutes for each half of each differential test, with seeds of their own; without it some dozens of scripts.
    #[arg(long)]
    minutes: Option<u64>,
}

struct Stage {
    name: &'static str,
    summary: &'static str,
    run: fn(&Options, &mut Tally) -> Outcome,
}

/// Every stage: the cheap and telling ones first.
const STAGES: &[Stage] = &[
    Stage { name: "header", summary: "include/cache.h is what bindings/c generates", run: header_check },
    Stage { name: "rust", summary: "unit and integration tests of the crates", run: |_, t| rust::crates(t) },
    Stage { name: "tidy", summary: "the source tree keeps its habits", run: |_, t| rust::face("tidy", t) },
    Stage {
        name: "resp",
        summary: "RESP over sockets, good and bad input",
        run: |_, t| rust::face("resp", t),
    },
    Stage {
        name: "memcached",
        summary: "memcached over sockets, good and bad input, memcapable",
        run: |_, t| rust::face("memcached", t),
    },
    Stage {
        name: "blocking",
        summary: "clients that wait: scripts against Valkey, and races",
        run: |_, t| rust::face("blocking", t),
    },
    Stage {
        name: "interleaving",
        summary: "scripts of several connections against Valkey",
        run: |_, t| rust::face("interleaving", t),
    },
    Stage {
        name: "differential",
        summary: "random commands against Valkey and memcached",
        run: |options, t| rust::differential(options.minutes, t),
    },
    Stage {
        name: "types",
        summary: "keys of every type through files, reloads and MIGRATE",
        run: |_, t| rust::face("types", t),
    },
    Stage {
        name: "scripting",
        summary: "scripts and functions against Valkey, their limits",
        run: |_, t| rust::face("scripting", t),
    },
    Stage {
        name: "operations",
        summary: "INFO, CONFIG, COMMAND, ACL, MONITOR, logs and help against Valkey",
        run: |_, t| rust::face("operations", t),
    },
    Stage {
        name: "metrics",
        summary: "the HTTP endpoint for Prometheus",
        run: |_, t| rust::face("metrics", t),
    },
    Stage {
        name: "linearizability",
        summary: "histories of several threads and connections",
        run: |_, t| rust::face("linearizability", t),
    },
    Stage {
        name: "durability",
        summary: "kills under load, damaged files, faults, exchange with redis-server",
        run: |_, t| rust::face("durability", t),
    },
    Stage {
        name: "rdb",
        summary: "RDB files and DUMP payloads, both ways with redis-server and Valkey",
        run: |_, t| rust::face("rdb", t),
    },
    Stage { name: "c", summary: "C programs against the installed libcache.so", run: |_, t| c::run(t) },
    Stage {
        name: "python",
        summary: "the Python package, and redis-py, rq, celery, pymemcache, python-binary-memcached and pylibmc as clients",
        run: |_, t| python::run(t),
    },
    Stage {
        name: "node",
        summary: "the npm package, and ioredis, node-redis, BullMQ and memjs as clients",
        run: |_, t| node::run(t),
    },
    Stage { name: "model", summary: "shuttle models of the core", run: |_, t| instrumented::model(t) },
    Stage { name: "address", summary: "core under AddressSanitizer", run: |_, t| instrumented::address(t) },
    Stage { name: "thread", summary: "core under ThreadSanitizer", run: |_, t| instrumented::thread(t) },
    Stage { name: "fuzz", summary: "every fuzz target for a minute", run: fuzz_all },
];

/// Runs the selected stages; an error if a test failed.
pub fn run(options: &Options) -> Outcome {
    if options.list {
        for stage in STAGES {
            println!("{:14} {}", stage.name, stage.summary);
        }
        return Ok(());
    }
    for name in options.only.iter().chain(&options.without) {
        if !STAGES.iter().any(|stage| stage.name == name) {
            return Err(format!("no stage {name:?}; `cargo xtask test --list` names them"));
        }
    }
    let mut results = Vec::new();
    for stage in STAGES {
        let is_wanted = options.only.is_empty() || options.only.iter().any(|name| name == stage.name);
        if !is_wanted || options.without.iter().any(|name| name == stage.name) {
            continue;
        }
        println!("\n=== {}: {}", stage.name, stage.summary);
        let started = Instant::now();
        let mut tally = Tally::default();
        if let Err(message) = (stage.run)(options, &mut tally) {
            println!("FAILED: {message}");
            tally.fail(message);
        }
        println!(
            "=== {}: {} passed, {} failed, {:.0?}",
            stage.name,
            tally.passed,
            tally.failed,
            started.elapsed()
        );
        results.push((stage.name, tally, started.elapsed()));
    }
    report(&results)
}

fn report(results: &[(&str, Tally, std::time::Duration)]) -> Outcome {
    println!();
    let (mut passed, mut failed) = (0, 0);
    for (name, tally, took) in results {
        println!(
            "{name:14} {:6} passed {:4} failed {:6.0} s",
            tally.passed,
            tally.failed,
            took.as_secs_f64()
        );
        for reason in &tally.reasons {
            println!("               {reason}");
        }
        passed += tally.passed;
        failed += tally.failed;
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 { Ok(()) } else { Err(format!("{failed} failed")) }
}

fn header_check(_: &Options, tally: &mut Tally) -> Outcome {
    header::run(&header::Options { check: true })?;
    tally.passed += 1;
    Ok(())
}

fn fuzz_all(options: &Options, tally: &mut Tally) -> Outcome {
    let targets = fuzz::targets()?;
    fuzz::build()?;
    for outcome in fuzz::run_targets(&targets, options.fuzz_seconds) {
        match outcome {
            Ok(()) => tally.passed += 1,
            Err(message) => tally.fail(message),
        }
    }
    Ok(())
}
