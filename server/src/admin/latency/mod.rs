//! LATENCY: the monitor of events that took long, and the histograms of commands.
//!
//! Events below `latency-monitor-threshold` milliseconds are not kept; with a threshold of zero none is. Commands note
//! theirs when they end; what the engine's own threads did is asked of it ten times a second.
//!
//! *Limits:* [`SAMPLES_MAX`] samples of an event, one a second; the events are those that the program knows.

mod commands;
mod doctor;
mod graph;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use polycache_core::clock::UnixMillis;

use crate::server::Server;

pub(super) use commands::{graph, help, histogram, history, latest, reset};
pub(super) use doctor::doctor;

/// Samples of an event that are kept.
const SAMPLES_MAX: usize = 160;

/// The events.
#[derive(Default)]
pub struct LatencyMonitor {
    events: Mutex<BTreeMap<&'static str, Series>>,
}

/// What is known of an event.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series {
    samples: VecDeque<Sample>,
    /// The longest ever, since the last reset.
    pub(crate) max_ms: u64,
    /// The sum and number of all that were noted.
    pub(crate) sum_ms: u64,
    pub(crate) count: u64,
}

/// The longest of the events of one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    /// Unix time in seconds.
    pub(crate) at: u64,
    pub(crate) ms: u64,
}

impl Series {
    fn note(&mut self, at: u64, ms: u64) {
        self.max_ms = self.max_ms.max(ms);
        self.sum_ms = self.sum_ms.saturating_add(ms);
        self.count += 1;
        match self.samples.back_mut() {
            Some(last) if last.at == at => last.ms = last.ms.max(ms),
            _ => {
                if self.samples.len() == SAMPLES_MAX {
                    self.samples.pop_front();
                }
                self.samples.push_back(Sample { at, ms });
            }
        }
    }

    pub(crate) fn latest(&self) -> Option<Sample> {
        self.samples.back().copied()
    }
}

impl LatencyMonitor {
    /// Notes an event that reached the threshold.
    pub fn note(&self, event: &'static str, ms: u64) {
        let at = UnixMillis::now().seconds();
        self.lock().entry(event).or_default().note(at, ms);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, Series>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The events that happened, by name.
    pub(crate) fn events(&self) -> Vec<(&'static str, Series)> {
        self.lock().iter().map(|(name, series)| (*name, series.clone())).collect()
    }

    /// One event.
    fn event(&self, name: &[u8]) -> Option<(&'static str, Series)> {
        let events = self.lock();
        let mut found = events.iter().filter(|(event, _)| event.as_bytes() == name);
        found.next().map(|(name, series)| (*name, series.clone()))
    }

    /// Forgets the events called so, or all; how many there were.
    fn reset(&self, names: &[&[u8]]) -> usize {
        let mut events = self.lock();
        let before = events.len();
        events.retain(|event, _| !names.is_empty() && !names.contains(&event.as_bytes()));
        before - events.len()
    }
}

/// Takes up what the engine's threads noted; to be called some times a second.
pub fn collect(server: &Server) {
    let threshold_ms = server.settings.load().latency_monitor_threshold;
    for (delay, us) in server.engine.take_delays() {
        let ms = us / 1000;
        if threshold_ms != 0 && ms >= threshold_ms {
            server.latency.note(delay.name(), ms);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_one_sample() {
        let mut series = Series::default();
        for (at, ms) in [(1, 5), (1, 9), (1, 7), (2, 3)] {
            series.note(at, ms);
        }
        assert_eq!(series.samples, [Sample { at: 1, ms: 9 }, Sample { at: 2, ms: 3 }]);
        assert_eq!((series.max_ms, series.sum_ms, series.count), (9, 24, 4));
        for at in 10..500 {
            series.note(at, 1);
        }
        assert_eq!((series.samples.len(), series.samples[0].at), (SAMPLES_MAX, 500 - 160));
    }

    #[test]
    fn events_are_forgotten_by_name() {
        let monitor = LatencyMonitor::default();
        for event in ["command", "expire-cycle", "aof-write"] {
            monitor.note(event, 1);
        }
        assert_eq!(monitor.reset(&[b"command", b"none"]), 1);
        assert_eq!(monitor.events().len(), 2);
        assert!(monitor.event(b"aof-write").is_some() && monitor.event(b"command").is_none());
        assert_eq!(monitor.reset(&[]), 2);
    }
}
