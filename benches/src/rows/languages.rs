//! GET and SET from C and from Python, ZADD and HSET from Python: programs of their own, which print `name nanoseconds` a line.

use std::collections::BTreeMap;
use std::process::Command;

use polycache_tests::support::{Kind, programs};

use crate::Options;
use crate::figure::{Figure, Target, median};
use crate::subject::{Subject, volatile};

/// The median of each name over some runs of a command.
fn measure(rounds: usize, mut command: impl FnMut() -> Command) -> Result<BTreeMap<String, f64>, String> {
    let mut found: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for _ in 0..rounds {
        let output = command().output().map_err(|error| format!("{:?}: {error}", command()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            return Err(format!("{:?}: {}{}", command(), text, String::from_utf8_lossy(&output.stderr)));
        }
        for line in text.lines() {
            if let Some((name, nanoseconds)) = line.rsplit_once(' ') {
                let nanoseconds = nanoseconds.parse().map_err(|_| format!("no figure in {line:?}"))?;
                found.entry(name.to_owned()).or_default().push(nanoseconds);
            }
        }
    }
    Ok(found.into_iter().map(|(name, values)| (name, median(&values))).collect())
}

fn get(found: &BTreeMap<String, f64>, name: &str) -> Result<f64, String> {
    found.get(name).copied().ok_or_else(|| format!("no figure for {name}"))
}

/// From C: a loop around cache_get() and cache_set(). C has no concurrent table of note, so the peers are those of the
/// row in-process-rust.
pub fn c(options: &Options) -> Result<Vec<Figure>, String> {
    let root = programs::root();
    let prefix = programs::target_dir().join("race/prefix");
    let program = programs::target_dir().join("race/loop");
    let compiled = Command::new("gcc")
        .args(["-std=c11", "-D_GNU_SOURCE", "-O2", "-pthread", "-Wall"])
        .arg(root.join("benches/c/loop.c"))
        .arg("-o")
        .arg(&program)
        .arg(format!("-I{}", prefix.join("include").display()))
        .arg(format!("-L{}", prefix.join("lib").display()))
        .arg(format!("-Wl,-rpath,{}", prefix.join("lib").display()))
        .arg("-lcache")
        .output()
        .map_err(|error| error.to_string())?;
    if !compiled.status.success() {
        return Err(String::from_utf8_lossy(&compiled.stderr).into_owned());
    }
    let ours = measure(options.rounds, || Command::new(&program))?;
    let rust = super::in_process::run(&Options { rounds: options.rounds.min(3), ..Options::default() })?;
    let mut figures = Vec::new();
    for (index, name) in ["GET 1", "GET 2", "SET 1", "SET 2"].iter().enumerate() {
        let peer = &rust[index];
        // Each figure of Rust knows its own cost and its ratio to the best peer.
        let best = peer.ours.parse::<f64>().map_err(|error| error.to_string())? / peer.ratio;
        let ours = get(&ours, name)?;
        figures.push(Figure {
            what: format!("in-process {name} thread(s) from C, ns"),
            ours: format!("{ours:.0}"),
            peer: format!("{best:.0} (best of the Rust peers)"),
            ratio: ours / best,
            target: Target::AtMost(1.0),
        });
    }
    Ok(figures)
}

/// From Python, against the fastest native cache of PyPI, and against a round trip of redis-py.
pub fn python(options: &Options) -> Result<Vec<Figure>, String> {
    let server = Subject::start(Kind::Polycache, volatile());
    let port = server.server.port.to_string();
    let python = programs::target_dir().join("venv/bin/python");
    let script = programs::root().join("benches/python/race.py");
    let found = measure(options.rounds.min(5), || {
        let mut command = Command::new(&python);
        command.arg(&script).arg(&port);
        command
    })?;
    let against_round_trip = |verb: &str, times: f64| -> Result<Figure, String> {
        let (ours, trip) =
            (get(&found, &format!("polycache {verb}"))?, get(&found, &format!("redis-py {verb}"))?);
        Ok(Figure {
            what: format!("Python {verb} against a round trip of redis-py, ns"),
            ours: format!("{ours:.0}"),
            peer: format!("{trip:.0}"),
            ratio: trip / ours,
            target: Target::AtLeast(times),
        })
    };
    let mut figures = Vec::new();
    for verb in ["get", "set"] {
        let ours = get(&found, &format!("polycache {verb}"))?;
        let peers: Vec<(&str, f64)> = ["cachebox", "moka_py", "theine"]
            .into_iter()
            .filter_map(|name| Some((name, *found.get(&format!("{name} {verb}"))?)))
            .collect();
        let best = peers.iter().map(|(_, cost)| *cost).fold(f64::INFINITY, f64::min);
        let all: Vec<String> = peers.iter().map(|(name, cost)| format!("{name} {cost:.0}")).collect();
        figures.push(Figure {
            what: format!("Python {verb}, hit, ns"),
            ours: format!("{ours:.0}"),
            peer: all.join(", "),
            ratio: ours / best,
            target: Target::AtMost(1.0),
        });
        figures.push(against_round_trip(verb, 200.0)?);
    }
    for verb in ["zadd", "hset"] {
        figures.push(against_round_trip(verb, 100.0)?);
    }
    Ok(figures)
}
