//! What the eviction policies keep: hit ratios of the engine against the reference simulator libcachesim.
//!
//! The engine runs each trace as a cache does (GET, and SET where it misses) within a limit of bytes; the simulator then
//! gets room for as many objects as the engine held on average. A request takes a second of a simulated time, so that
//! LRU, whose clock counts seconds, sees time pass.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use polycache_core::clock::UnixMillis;
use polycache_core::config::{EngineConfig, EvictionPolicy};
use polycache_core::engine::Engine;
use polycache_core::operation::Touch;
use polycache_core::record::{Draft, Effect};
use polycache_core::transaction::Entry;
use polycache_tests::support::programs;

use crate::Options;
use crate::figure::{Figure, Target};
use crate::traces::{self, Trace};

/// Sizes of the cache, in keys, roughly.
const SIZES: [u64; 3] = [2_500, 5_000, 20_000];
/// What a key takes with its share of the table, roughly.
const KEY_BYTES: u64 = 125;
/// How far below its peer a ratio may be, in points.
const POINTS_MAX: f64 = 2.0;

/// Ours, and the simulator's policies whose best it is compared with.
const POLICIES: [(EvictionPolicy, &str); 3] = [
    (EvictionPolicy::AllKeysS3Fifo, "S3-FIFO,SIEVE"),
    (EvictionPolicy::AllKeysLru, "LRU"),
    (EvictionPolicy::AllKeysLfu, "LFU"),
];

struct Ran {
    policy: EvictionPolicy,
    peers: &'static str,
    trace: &'static str,
    /// Keys that were held on average in the second half.
    keys: u64,
    /// Hits over requests.
    ratio: f64,
}

/// All policies over all traces at all sizes.
pub fn run(_: &Options) -> Result<Vec<Figure>, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut runs = Vec::new();
    for trace in traces::all() {
        trace
            .write(&folder.path().join(format!("{}.trace", trace.name)))
            .map_err(|error| format!("{}: {error}", trace.name))?;
        for size in SIZES {
            for (policy, peers) in POLICIES {
                let (ratio, keys) = simulate(&trace, policy, size * KEY_BYTES)?;
                runs.push(Ran { policy, peers, trace: trace.name, keys, ratio });
            }
        }
    }
    let reference = reference(folder.path(), &runs)?;
    let mut figures = Vec::new();
    for run in &runs {
        let mut peers = Vec::new();
        for peer in run.peers.split(',') {
            let known = reference.get(&(run.trace.to_owned(), run.keys, peer.to_owned()));
            peers.push((peer, *known.ok_or_else(|| format!("no ratio of {peer} for {}", run.trace))?));
        }
        let best = peers.iter().map(|(_, ratio)| *ratio).fold(0.0, f64::max);
        let told: Vec<String> =
            peers.iter().map(|(peer, ratio)| format!("{:.1} ({peer})", ratio * 100.0)).collect();
        figures.push(Figure {
            what: format!("hit ratio in percent, {}, {} keys, {}", run.trace, run.keys, run.policy.name()),
            ours: format!("{:.1}", run.ratio * 100.0),
            peer: told.join(", "),
            // The table's ratio column holds points here.
            ratio: (run.ratio - best) * 100.0,
            target: Target::AtLeast(-POINTS_MAX),
        });
    }
    Ok(figures)
}

/// The engine's hit ratio, and the keys it held on average.
fn simulate(trace: &Trace, policy: EvictionPolicy, maxmemory: u64) -> Result<(f64, u64), String> {
    fastrand::seed(5);
    // The simulator's LFU forgets nothing either.
    let config = EngineConfig { maxmemory, policy, lfu_decay_time: 0, ..EngineConfig::default() };
    let engine = Engine::in_memory(config);
    let value = [b'v'; 64];
    let (mut hits, mut held, mut looks) = (0u64, 0u64, 0u64);
    for (at, number) in trace.keys.iter().enumerate() {
        let op = engine.begin();
        op.stop_time(UnixMillis((1_000_000 + at as u64) * 1000));
        let key = format!("{number:016}");
        let failed = |error: &dyn std::fmt::Debug| format!("{}: {error:?}", trace.name);
        if op.read(0, key.as_bytes(), Touch::Access).map_err(|error| failed(&error))?.is_some() {
            hits += 1;
        } else {
            engine.admit_write(&op, true).map_err(|error| failed(&error))?;
            let mut entry = Entry::latch(&op, 0, key.as_bytes()).map_err(|error| failed(&error))?;
            entry.put(Draft::string(&value), Effect::Set);
        }
        if at > trace.keys.len() / 2 && at % 1000 == 0 {
            held += engine.len(0);
            looks += 1;
        }
    }
    Ok((hits as f64 / trace.keys.len() as f64, held / looks.max(1)))
}

/// The simulator's ratios by trace, keys and policy.
fn reference(folder: &Path, runs: &[Ran]) -> Result<HashMap<(String, u64, String), f64>, String> {
    let mut command = Command::new(programs::target_dir().join("venv/bin/python"));
    command.arg(programs::root().join("benches/python/hit_ratio.py")).arg(folder);
    for run in runs {
        command.arg(format!("{}:{}:{}", run.trace, run.keys, run.peers));
    }
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        return Err(format!("hit_ratio.py: {text}{}", String::from_utf8_lossy(&output.stderr)));
    }
    let mut found = HashMap::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        // The simulator tells of its progress on the same stream.
        if let [trace, keys, policy, ratio] = fields[..]
            && let (Ok(keys), Ok(ratio)) = (keys.parse(), ratio.parse())
        {
            found.insert((trace.to_owned(), keys, policy.to_owned()), ratio);
        }
    }
    Ok(found)
}
