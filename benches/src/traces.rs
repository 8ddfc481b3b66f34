//! Traces of requests for the bench of hit ratios: made from a seed, the same in every run.

use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Requests of a trace.
const REQUESTS: usize = 1_000_000;

/// Keys in the order in which they are asked for.
pub struct Trace {
    pub name: &'static str,
    pub keys: Vec<u64>,
}

/// All of them: skews, scans, loops, and working sets that move.
pub fn all() -> Vec<Trace> {
    let mut random = fastrand::Rng::with_seed(7);
    let mut zipf = |keys: usize, skew: f64| Zipf::new(keys, skew).take(REQUESTS, &mut random);
    let trace = |name, keys| Trace { name, keys };
    let mut traces = vec![
        trace("zipf-0.6", zipf(100_000, 0.6)),
        trace("zipf-0.8", zipf(100_000, 0.8)),
        trace("zipf-1.0", zipf(100_000, 1.0)),
        trace("zipf-1.2", zipf(100_000, 1.2)),
        trace("zipf-scans", with_scans(&zipf(50_000, 0.9))),
    ];
    let (mixed, shifted, drifting) = (zipf(30_000, 1.0), zipf(30_000, 1.0), zipf(30_000, 1.0));
    let is_looped: Vec<bool> = (0..REQUESTS).map(|_| random.u8(..10) < 3).collect();
    traces.push(trace("loop", (0..REQUESTS as u64).map(|at| at % 30_000).collect()));
    traces.push(trace(
        "zipf-loop",
        mixed
            .iter()
            .zip(is_looped)
            .enumerate()
            .map(|(at, (&key, looped))| if looped { 1_000_000 + at as u64 % 20_000 } else { key })
            .collect(),
    ));
    // Every tenth of the trace the hottest third are new keys.
    traces.push(trace(
        "shift",
        shifted.iter().enumerate().map(|(at, &key)| key + at as u64 / 100_000 * 10_000).collect(),
    ));
    // Every twentieth request the hottest key is a new one.
    traces.push(trace("drift", drifting.iter().enumerate().map(|(at, &key)| key + at as u64 / 20).collect()));
    traces
}

/// Between every 40,000 requests a scan of 20,000 keys that nobody asks for again.
fn with_scans(requests: &[u64]) -> Vec<u64> {
    let mut keys = Vec::with_capacity(REQUESTS);
    let mut next = 10_000_000;
    for part in requests.chunks(40_000) {
        keys.extend_from_slice(part);
        keys.extend(next..next + 20_000);
        next += 20_000;
    }
    keys.truncate(REQUESTS);
    keys
}

/// Ranks by Zipf's law: rank `r` comes with a probability proportional to `1 / (r + 1)^skew`.
struct Zipf {
    /// Sums of the weights up to each rank.
    sums: Vec<f64>,
}

impl Zipf {
    fn new(keys: usize, skew: f64) -> Zipf {
        let mut sum = 0.0;
        let sums = (1..=keys).map(|rank| {
            sum += (rank as f64).powf(-skew);
            sum
        });
        Zipf { sums: sums.collect() }
    }

    fn take(&self, requests: usize, random: &mut fastrand::Rng) -> Vec<u64> {
        let total = self.sums.last().copied().unwrap_or_default();
        let mut one = || {
            let point = random.f64() * total;
            self.sums.partition_point(|&sum| sum < point) as u64
        };
        (0..requests).map(|_| one()).collect()
    }
}

impl Trace {
    /// Writes libcachesim's oracleGeneral format: time:u32, object:u64, size:u32, next access:i64, little-endian.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let mut file = BufWriter::new(std::fs::File::create(path)?);
        for (at, key) in self.keys.iter().enumerate() {
            file.write_all(&(at as u32).to_le_bytes())?;
            // Zero is no object there.
            file.write_all(&(key + 1).to_le_bytes())?;
            file.write_all(&1u32.to_le_bytes())?;
            file.write_all(&(-1i64).to_le_bytes())?;
        }
        file.flush()
    }
}
