//! How long each command took: a histogram per command in every shard.
//!
//! *Format:* counters of ticks, as the clock gives them, so that recording converts nothing: values below
//! [`PARTS`] one each, above that [`PARTS`] to an octave, which tells two times apart that differ by 3 %. Ticks become
//! time when somebody asks.
//!
//! *Concurrency:* as the shard that it is in. The counters of a command are allocated when it is first called.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Ticks;

/// Parts of an octave, as a power of two.
const PART_BITS: u32 = 5;
const PARTS: usize = 1 << PART_BITS;
/// Longer times count as the longest: some twenty minutes.
const TICKS_MAX: u64 = (1 << 42) - 1;
/// Number of counters.
const BUCKETS: usize = bucket_of(TICKS_MAX) + 1;

/// The counter for a time.
#[inline]
const fn bucket_of(ticks: u64) -> usize {
    let ticks = if ticks > TICKS_MAX { TICKS_MAX } else { ticks };
    if ticks < PARTS as u64 {
        return ticks as usize;
    }
    let shift = 63 - ticks.leading_zeros() - PART_BITS;
    ((shift as usize + 1) << PART_BITS) + ((ticks >> shift) as usize & (PARTS - 1))
}

/// The longest time that a counter stands for.
const fn longest_of(bucket: usize) -> u64 {
    if bucket < PARTS {
        return bucket as u64;
    }
    let shift = (bucket >> PART_BITS) as u32 - 1;
    (((PARTS + (bucket & (PARTS - 1))) as u64 + 1) << shift) - 1
}

/// One command's counters in one shard.
#[derive(Default)]
pub(super) struct Histogram(OnceLock<Box<[AtomicU64]>>);

impl Histogram {
    /// The counter for a time.
    #[inline]
    pub fn cell(&self, ticks: u64) -> &AtomicU64 {
        let cells = match self.0.get() {
            Some(cells) => cells,
            None => self.make(),
        };
        &cells[bucket_of(ticks)]
    }

    #[cold]
    fn make(&self) -> &[AtomicU64] {
        self.0.get_or_init(|| (0..BUCKETS).map(|_| AtomicU64::new(0)).collect())
    }
}

/// A command's histogram, summed over the shards.
#[derive(Clone, Default)]
pub struct Latency {
    /// Empty while nothing was counted.
    counts: Vec<u64>,
}

impl Latency {
    pub(super) fn add(&mut self, histogram: &Histogram) {
        let Some(cells) = histogram.0.get() else { return };
        self.counts.resize(BUCKETS, 0);
        for (count, cell) in self.counts.iter_mut().zip(cells) {
            *count += cell.load(Ordering::Relaxed); // ORDERING: see `Shard::bump`.
        }
    }

    pub(super) fn subtract(&mut self, older: &Latency) {
        for (count, old) in self.counts.iter_mut().zip(&older.counts) {
            *count = count.wrapping_sub(*old);
        }
    }

    /// Number of calls.
    pub fn calls(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Microseconds that `percent` of the calls did not exceed.
    pub fn percentile_us(&self, percent: f64, ticks: &Ticks) -> f64 {
        let wanted = ((percent / 100.0 * self.calls() as f64 + 0.5) as u64).max(1);
        let mut sum = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            sum += count;
            if sum >= wanted {
                return ticks.to_ns(longest_of(bucket)) as f64 / 1000.0;
            }
        }
        0.0
    }

    /// How many calls took at most each of `bounds_ns`, which ascend. A counter whose times lie on both sides of a
    /// bound counts for the longer ones.
    pub fn cumulative(&self, bounds_ns: impl Iterator<Item = u64>, ticks: &Ticks) -> Vec<u64> {
        let (mut bucket, mut sum) = (0, 0);
        let mut counts = Vec::new();
        for bound_ns in bounds_ns {
            while bucket < self.counts.len() && ticks.to_ns(longest_of(bucket)) <= bound_ns {
                sum += self.counts[bucket];
                bucket += 1;
            }
            counts.push(sum);
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_has_its_counter() {
        let mut last = 0;
        for bucket in 0..BUCKETS {
            let longest = longest_of(bucket);
            assert_eq!(bucket_of(longest), bucket);
            assert_eq!(bucket_of(longest + 1), (bucket + 1).min(BUCKETS - 1));
            assert!((longest - last) as f64 <= (longest as f64 / PARTS as f64).max(1.0));
            last = longest;
        }
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn percentiles_and_bounds() {
        let ticks = Ticks::start();
        let histogram = Histogram::default();
        for us in 1..=1000 {
            histogram.cell(ticks.from_us(us)).fetch_add(1, Ordering::Relaxed);
        }
        let mut latency = Latency::default();
        latency.add(&histogram);
        assert_eq!(latency.calls(), 1000);
        for (percent, us) in [(50.0, 500.0), (99.0, 990.0), (100.0, 1000.0), (0.0, 1.0)] {
            let found = latency.percentile_us(percent, &ticks);
            assert!((found - us).abs() <= us * 0.05, "p{percent} is {found}");
        }
        let counts = latency.cumulative([100_000, 500_000, u64::MAX].into_iter(), &ticks);
        assert!((90..=101).contains(&counts[0]) && (480..=501).contains(&counts[1]), "{counts:?}");
        assert_eq!(counts[2], 1000);
        let mut rest = latency.clone();
        rest.subtract(&latency);
        assert_eq!(rest.calls(), 0);
    }
}
