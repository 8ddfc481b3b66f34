//! Commands that stand out: that were slow, long, or had a long reply. They enter the logs of SLOWLOG and COMMANDLOG,
//! and the latency monitor. While somebody MONITORs all do.

use polycache_core::command::spec::flag;
use polycache_core::command::{Args, Spec};

use crate::admin::Subject;
use crate::net::codec::Turn;

/// What one command took.
#[derive(Clone, Copy)]
pub(super) struct Spent {
    pub ticks: u64,
    pub request_bytes: usize,
    pub reply_bytes: usize,
}

/// From where on somebody wants to know.
pub(super) struct Bounds {
    ticks: u64,
    request_bytes: usize,
    reply_bytes: usize,
    /// Somebody listens to all commands.
    pub are_monitored: bool,
}

impl Bounds {
    pub fn of(turn: &Turn<'_>) -> Bounds {
        let settings = turn.settings;
        let ticks = |us: u64| if us == u64::MAX { u64::MAX } else { turn.server.stats.ticks.from_us(us) };
        let bytes = |subject: Subject| usize::try_from(subject.from(settings)).unwrap_or(usize::MAX);
        let monitored = match settings.latency_monitor_threshold {
            0 => u64::MAX,
            ms => ticks(ms.saturating_mul(1000)),
        };
        // Whoever monitors wants to know of every command.
        let are_monitored = turn.server.monitors.any();
        let reply_bytes = if are_monitored { 0 } else { bytes(Subject::LargeReply) };
        Bounds {
            ticks: ticks(Subject::Slow.from(settings)).min(monitored),
            request_bytes: bytes(Subject::LargeRequest),
            reply_bytes,
            are_monitored,
        }
    }

    #[inline]
    pub fn are_reached(&self, spent: Spent) -> bool {
        // Without short cuts: one branch.
        self.is_slow(spent)
            | (spent.request_bytes >= self.request_bytes)
            | (spent.reply_bytes >= self.reply_bytes)
    }

    #[inline]
    pub fn is_slow(&self, spent: Spent) -> bool {
        spent.ticks >= self.ticks
    }
}

/// Enters a command where it belongs.
#[cold]
pub(super) fn note(turn: &Turn<'_>, spec: &'static Spec, args: Args<'_>, spent: Spent) {
    let (server, client) = (turn.server, &*turn.client);
    if server.monitors.any() {
        server.monitors.tell(server, spec, turn.session.db, &client.entry.addr, args);
    }
    let us = server.stats.ticks.to_us(spent.ticks);
    let threshold_ms = turn.settings.latency_monitor_threshold;
    if threshold_ms != 0 && us / 1000 >= threshold_ms {
        let event = if spec.flags & flag::FAST != 0 { "fast-command" } else { "command" };
        server.latency.note(event, us / 1000);
    }
    if spec.flags & flag::SKIP_SLOWLOG == 0 {
        server.command_logs.note(Subject::Slow, client, args, us);
        server.command_logs.note(Subject::LargeRequest, client, args, spent.request_bytes as u64);
        server.command_logs.note(Subject::LargeReply, client, args, spent.reply_bytes as u64);
    }
}
