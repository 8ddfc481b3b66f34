//! Counters of the server: one shard per worker thread, summed when somebody asks.
//!
//! # Concurrency
//! A worker's shard has one writer, so counting is a load and a store without a locked instruction. The shared
//! shard (embedded handles, the acceptor) is counted with atomic additions. Resetting never writes a counter: it
//! remembers the values of the moment and subtracts them.

mod clock;
mod command;
mod exceeded;
mod histogram;
mod sampled;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_utils::CachePadded;
use polycache_core::command::{Registry, Spec};

pub use clock::Ticks;
pub use command::{CommandIndex, CommandTotals};
pub use exceeded::Exceeded;
pub use histogram::Latency;
pub use sampled::Rates;

use crate::limits::ERROR_KINDS_MAX;

/// What is counted, besides the counters per command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Counter {
    ConnectionsReceived,
    ConnectionsRejected,
    Commands,
    NetInputBytes,
    NetOutputBytes,
    Reads,
    Writes,
    ErrorReplies,
    QueryBufferDisconnections,
    OutputBufferDisconnections,
    ProtocolErrors,
    AuthFailures,
    MemcachedGetHits,
    MemcachedGetMisses,
    MemcachedTouchHits,
    MemcachedTouchMisses,
    /// Storage commands whose data block arrived.
    MemcachedSets,
    /// Storage commands that stored.
    MemcachedStored,
    MemcachedDeleteHits,
    MemcachedDeleteMisses,
    MemcachedIncrementHits,
    MemcachedIncrementMisses,
    MemcachedDecrementHits,
    MemcachedDecrementMisses,
    MemcachedCasHits,
    MemcachedCasMisses,
    MemcachedCasMismatches,
    MemcachedFlushes,
    MemcachedTooLarge,
    MemcachedNoMemory,
    MemcachedAuthCommands,
    MemcachedAuthErrors,
    /// Meta commands.
    MemcachedMeta,
}

/// Number of [`Counter`]s.
const COUNTERS: usize = Counter::MemcachedMeta as usize + 1;

/// The counters of one thread.
pub struct Shard {
    shared: bool,
    counters: [AtomicU64; COUNTERS],
    commands: Box<[command::Counters]>,
}

impl Shard {
    fn new(shared: bool, commands: usize) -> Shard {
        Shard {
            shared,
            counters: [const { AtomicU64::new(0) }; COUNTERS],
            commands: (0..commands).map(|_| command::Counters::default()).collect(),
        }
    }

    #[inline]
    fn bump(&self, cell: &AtomicU64, amount: u64) {
        // ORDERING: relaxed: counters are independent of each other and of everything else.
        if self.shared {
            cell.fetch_add(amount, Ordering::Relaxed);
        } else {
            cell.store(cell.load(Ordering::Relaxed).wrapping_add(amount), Ordering::Relaxed);
        }
    }

    #[inline]
    pub fn add(&self, counter: Counter, amount: u64) {
        self.bump(&self.counters[counter as usize], amount);
    }

    /// Counts one executed command.
    #[inline]
    pub fn called(&self, command: CommandIndex, ticks: u64, failed: bool) {
        let counters = &self.commands[command.0];
        self.bump(&counters.calls, 1);
        self.bump(&counters.ticks, ticks);
        if failed {
            self.bump(&counters.failed, 1);
        }
    }

    /// Enters the time of one executed command in its histogram.
    #[inline]
    pub fn took(&self, command: CommandIndex, ticks: u64) {
        self.bump(self.commands[command.0].histogram.cell(ticks), 1);
    }

    /// Counts one command that was refused before it was executed.
    pub fn rejected(&self, command: CommandIndex) {
        self.bump(&self.commands[command.0].rejected, 1);
    }
}

/// All counters.
pub struct ServerStats {
    /// The last one is the shared shard.
    shards: Box<[CachePadded<Shard>]>,
    index: command::Index,
    errors: Mutex<BTreeMap<String, u64>>,
    baseline: Mutex<command::Sums>,
    /// The histograms at the last reset, by command; empty after none.
    old_latencies: Mutex<Vec<Latency>>,
    /// Shards that no worker has.
    free: Mutex<Vec<usize>>,
    pub ticks: Ticks,
    pub rates: Rates,
    /// How long memory was beyond its limit.
    pub exceeded: Exceeded,
}

impl ServerStats {
    /// Counters for `workers` threads besides the shared ones.
    pub fn new(registry: &Registry, workers: usize) -> ServerStats {
        let index = command::Index::new(registry);
        let shards: Box<[_]> =
            (0..=workers).map(|i| CachePadded::new(Shard::new(i == workers, index.len()))).collect();
        let baseline = Mutex::new(command::Sums::zero(index.len()));
        ServerStats {
            shards,
            index,
            errors: Mutex::default(),
            baseline,
            old_latencies: Mutex::default(),
            free: Mutex::new((0..workers).rev().collect()),
            ticks: Ticks::start(),
            rates: Rates::default(),
            exceeded: Exceeded::default(),
        }
    }

    /// Takes a shard that nobody else counts in, for a worker thread; `None` while all are taken.
    pub fn take_worker(&self) -> Option<usize> {
        let mut free = self.free.lock().unwrap_or_else(|poison| poison.into_inner());
        free.pop()
    }

    /// Gives a shard back that [`ServerStats::take_worker`] gave.
    pub fn give_worker(&self, worker: usize) {
        self.free.lock().unwrap_or_else(|poison| poison.into_inner()).push(worker);
    }

    /// The counters of worker thread `worker`, which alone may count in them.
    pub fn worker(&self, worker: usize) -> &Shard {
        &self.shards[worker]
    }

    /// The counters of everybody else.
    pub fn shared(&self) -> &Shard {
        &self.shards[self.shards.len() - 1]
    }

    /// The name of the command with these counters, `get` or `client|list`.
    pub fn command_name(&self, command: CommandIndex) -> &str {
        self.index.name(command)
    }

    /// The position of a command's counters.
    pub fn command(&self, spec: &'static Spec) -> CommandIndex {
        self.index.of(spec)
    }

    /// Notes an error reply by its code, for INFO errorstats. `text` is the reply without `-`.
    pub fn error(&self, shard: &Shard, text: &[u8]) {
        shard.add(Counter::ErrorReplies, 1);
        let code = text.split(|byte| *byte == b' ').next().unwrap_or_default();
        let code = String::from_utf8_lossy(&code[..code.len().min(64)]);
        let mut errors = self.errors.lock().unwrap_or_else(|poison| poison.into_inner());
        if let Some(count) = errors.get_mut(&*code) {
            *count += 1;
        } else if errors.len() < ERROR_KINDS_MAX {
            errors.insert(code.into_owned(), 1);
        }
    }

    /// Error replies by code since the last reset.
    pub fn errors(&self) -> Vec<(String, u64)> {
        let errors = self.errors.lock().unwrap_or_else(|poison| poison.into_inner());
        errors.iter().map(|(code, count)| (code.clone(), *count)).collect()
    }

    /// A counter's value since the last reset.
    pub fn total(&self, counter: Counter) -> u64 {
        let baseline = self.baseline.lock().unwrap_or_else(|poison| poison.into_inner());
        self.sum(counter).wrapping_sub(baseline.counters[counter as usize])
    }

    /// A counter's value since the start.
    fn sum(&self, counter: Counter) -> u64 {
        // ORDERING: relaxed, see `Shard::bump`.
        self.shards.iter().map(|shard| shard.counters[counter as usize].load(Ordering::Relaxed)).sum()
    }

    /// Commands that were called or rejected since the last reset, in the table's order.
    pub fn commands(&self) -> Vec<CommandTotals> {
        let now = self.sums();
        let baseline = self.baseline.lock().unwrap_or_else(|poison| poison.into_inner());
        self.index.totals(&now, &baseline, &self.ticks)
    }

    /// The histogram of one command since the last reset.
    pub fn latency(&self, command: CommandIndex) -> Latency {
        let mut latency = self.whole_latency(command);
        let old = self.old_latencies.lock().unwrap_or_else(|poison| poison.into_inner());
        if let Some(old) = old.get(command.0) {
            latency.subtract(old);
        }
        latency
    }

    /// The histogram since the start.
    fn whole_latency(&self, command: CommandIndex) -> Latency {
        let mut latency = Latency::default();
        self.shards.iter().for_each(|shard| latency.add(&shard.commands[command.0].histogram));
        latency
    }

    fn sums(&self) -> command::Sums {
        let mut sums = command::Sums::zero(self.index.len());
        for shard in &self.shards {
            for (sum, counter) in sums.counters.iter_mut().zip(&shard.counters) {
                *sum += counter.load(Ordering::Relaxed); // ORDERING: see `Shard::bump`.
            }
            for (sum, counters) in sums.commands.iter_mut().zip(&shard.commands) {
                sum.add(counters);
            }
        }
        sums
    }

    /// Microseconds that commands took.
    pub fn busy_us(&self) -> u64 {
        self.commands().iter().map(|command| command.usec).sum()
    }

    /// CONFIG RESETSTAT.
    pub fn reset(&self) {
        let now = self.sums();
        let latencies = (0..self.index.len()).map(|place| self.whole_latency(CommandIndex(place))).collect();
        self.exceeded.reset();
        *self.old_latencies.lock().unwrap_or_else(|poison| poison.into_inner()) = latencies;
        *self.baseline.lock().unwrap_or_else(|poison| poison.into_inner()) = now;
        self.errors.lock().unwrap_or_else(|poison| poison.into_inner()).clear();
    }

    /// Takes a sample for the rates; to be called ten times a second.
    pub fn sample(&self) {
        self.ticks.calibrate();
        self.rates.sample(
            self.sum(Counter::Commands),
            self.sum(Counter::NetInputBytes),
            self.sum(Counter::NetOutputBytes),
            self.sum(Counter::Reads),
        );
    }
}
