//! Counters per command, for INFO commandstats.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use polycache_core::command::{Registry, Spec};

use super::histogram::Histogram;
use super::{COUNTERS, Ticks};

/// The position of a command's counters in every shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandIndex(pub(crate) usize);

/// One command's counters in one shard.
#[derive(Default)]
pub(super) struct Counters {
    pub calls: AtomicU64,
    pub ticks: AtomicU64,
    pub rejected: AtomicU64,
    pub failed: AtomicU64,
    pub histogram: Histogram,
}

/// One command's counters, summed.
#[derive(Clone, Copy, Default)]
pub(super) struct CommandSum {
    calls: u64,
    ticks: u64,
    rejected: u64,
    failed: u64,
}

impl CommandSum {
    pub fn add(&mut self, counters: &Counters) {
        // ORDERING: relaxed, see `Shard::bump`.
        self.calls += counters.calls.load(Ordering::Relaxed);
        self.ticks += counters.ticks.load(Ordering::Relaxed);
        self.rejected += counters.rejected.load(Ordering::Relaxed);
        self.failed += counters.failed.load(Ordering::Relaxed);
    }
}

/// All counters, summed over the shards at one moment.
pub(super) struct Sums {
    pub counters: [u64; COUNTERS],
    pub commands: Vec<CommandSum>,
}

impl Sums {
    pub fn zero(commands: usize) -> Sums {
        Sums { counters: [0; COUNTERS], commands: vec![CommandSum::default(); commands] }
    }
}

/// One line of INFO commandstats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandTotals {
    pub index: CommandIndex,
    /// `get`, or `client|list`.
    pub name: String,
    pub calls: u64,
    pub usec: u64,
    pub rejected: u64,
    pub failed: u64,
}

/// Where each command's counters stand.
pub(super) struct Index {
    by_row: HashMap<usize, CommandIndex>,
    names: Vec<String>,
}

impl Index {
    pub fn new(registry: &Registry) -> Index {
        let mut index = Index { by_row: HashMap::new(), names: Vec::new() };
        for spec in registry.iter() {
            index.insert(spec, spec.name.to_owned());
            for sub in spec.subcommands {
                index.insert(sub, format!("{}|{}", spec.name, sub.name));
            }
        }
        index
    }

    fn insert(&mut self, spec: &'static Spec, name: String) {
        self.by_row.insert(std::ptr::from_ref(spec).addr(), CommandIndex(self.names.len()));
        self.names.push(name);
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn name(&self, command: CommandIndex) -> &str {
        &self.names[command.0]
    }

    /// Panics for a row that is not in the registry that the index was made from.
    pub fn of(&self, spec: &'static Spec) -> CommandIndex {
        self.by_row[&std::ptr::from_ref(spec).addr()]
    }

    pub fn totals(&self, now: &Sums, baseline: &Sums, ticks: &Ticks) -> Vec<CommandTotals> {
        let rows = self.names.iter().zip(&now.commands).zip(&baseline.commands);
        rows.enumerate()
            .map(|(place, ((name, now), old))| CommandTotals {
                index: CommandIndex(place),
                name: name.clone(),
                calls: now.calls.wrapping_sub(old.calls),
                usec: ticks.to_us(now.ticks.wrapping_sub(old.ticks)),
                rejected: now.rejected.wrapping_sub(old.rejected),
                failed: now.failed.wrapping_sub(old.failed),
            })
            .filter(|totals| totals.calls + totals.rejected + totals.failed > 0)
            .collect()
    }
}
