//! The metrics with labels: per command, per error, per database, per event of the latency monitor.

use polycache_core::limits::DATABASES;

use super::exposition::{Exposition, Kind};
use crate::server::Server;

/// The bounds of the histograms: powers of two from 1 µs to 2^20 µs, about a second.
const BOUNDS: u32 = 21;

/// What runs.
pub(super) fn build(exposition: &mut Exposition) {
    exposition.family("build_info", Kind::Gauge, "The version; always 1.");
    let labels = [("version", crate::VERSION), ("redis_version", crate::REDIS_VERSION)];
    exposition.sample("build_info", &labels, 1.0);
}

pub(super) fn write(exposition: &mut Exposition, server: &Server) {
    commands(exposition, server);
    errors(exposition, server);
    databases(exposition, server);
    policies(exposition, server);
    events(exposition, server);
    logs(exposition, server);
}

fn commands(exposition: &mut Exposition, server: &Server) {
    let commands = server.stats.commands();
    type Figure = fn(&crate::stats::CommandTotals) -> u64;
    let figures: [(&str, &str, Figure); 3] = [
        ("commands_total", "Calls by command.", |command| command.calls),
        ("commands_rejected_total", "Calls refused before they were carried out, by command.", |command| {
            command.rejected
        }),
        ("commands_failed_total", "Calls that ended with an error, by command.", |command| command.failed),
    ];
    for (name, help, figure) in figures {
        exposition.family(name, Kind::Counter, help);
        for command in &commands {
            exposition.sample(name, &[("cmd", &command.name)], figure(command) as f64);
        }
    }
    let ticks = &server.stats.ticks;
    let name = "command_duration_seconds";
    exposition.family(name, Kind::Histogram, "Time to carry out a command, by command (latency-tracking).");
    for command in &commands {
        let latency = server.stats.latency(command.index);
        let calls = latency.calls();
        if calls == 0 {
            continue;
        }
        let counts = latency.cumulative((0..BOUNDS).map(|power| 1000 << power), ticks);
        for (power, count) in counts.into_iter().enumerate() {
            let bound = ((1u64 << power) as f64 / 1e6).to_string();
            let labels = [("cmd", command.name.as_str()), ("le", &bound)];
            exposition.sample("command_duration_seconds_bucket", &labels, count as f64);
        }
        let labels = [("cmd", command.name.as_str()), ("le", "+Inf")];
        exposition.sample("command_duration_seconds_bucket", &labels, calls as f64);
        let labels = [("cmd", command.name.as_str())];
        exposition.sample("command_duration_seconds_sum", &labels, command.usec as f64 / 1e6);
        exposition.sample("command_duration_seconds_count", &labels, calls as f64);
    }
}

fn errors(exposition: &mut Exposition, server: &Server) {
    exposition.family("errors_total", Kind::Counter, "Error replies by their first word.");
    for (code, count) in server.stats.errors() {
        exposition.sample("errors_total", &[("error", &code)], count as f64);
    }
}

fn databases(exposition: &mut Exposition, server: &Server) {
    let engine = &server.engine;
    type Figure = fn(&polycache_core::engine::Engine, u8) -> u64;
    let figures: [(&str, &str, Figure); 3] = [
        ("keys", "Keys by database, expired ones that were not removed yet included.", |engine, db| {
            engine.len(db)
        }),
        ("keys_expiring", "Keys with an expiry by database.", |engine, db| engine.expires(db)),
        ("hashes_with_expiring_fields", "Hashes with fields that expire, by database.", |engine, db| {
            engine.volatile_hashes(db)
        }),
    ];
    for (name, help, figure) in figures {
        exposition.family(name, Kind::Gauge, help);
        for db in (0..DATABASES as u8).filter(|db| engine.len(*db) > 0) {
            let label = format!("db{db}");
            exposition.sample(name, &[("db", &label)], figure(engine, db) as f64);
        }
    }
}

fn policies(exposition: &mut Exposition, server: &Server) {
    exposition.family("memory_policy_info", Kind::Gauge, "maxmemory-policy; always 1.");
    let policy = server.engine.tuning().policy().name();
    exposition.sample("memory_policy_info", &[("policy", policy)], 1.0);
}

/// The latency monitor's.
fn events(exposition: &mut Exposition, server: &Server) {
    let events = server.latency.events();
    type Figure = fn(&crate::admin::latency::Series) -> f64;
    let figures: [(&str, Kind, &str, Figure); 4] = [
        (
            "latency_events_total",
            Kind::Counter,
            "Events that took latency-monitor-threshold or longer, by event.",
            |series| series.count as f64,
        ),
        ("latency_seconds_total", Kind::Counter, "Time that these took, by event.", |series| {
            series.sum_ms as f64 / 1e3
        }),
        ("latency_max_seconds", Kind::Gauge, "The longest of these, by event.", |series| {
            series.max_ms as f64 / 1e3
        }),
        (
            "latency_last_timestamp_seconds",
            Kind::Gauge,
            "The last of these, as Unix time, by event.",
            |series| series.latest().map_or(0.0, |sample| sample.at as f64),
        ),
    ];
    for (name, kind, help, figure) in figures {
        exposition.family(name, kind, help);
        for (event, series) in &events {
            exposition.sample(name, &[("event", event)], figure(series));
        }
    }
}

/// The logs of commands.
fn logs(exposition: &mut Exposition, server: &Server) {
    use crate::admin::Subject;
    let subjects = [
        ("slow", Subject::Slow),
        ("large-request", Subject::LargeRequest),
        ("large-reply", Subject::LargeReply),
    ];
    let name = "command_log_entries_total";
    exposition.family(name, Kind::Counter, "Entries that COMMANDLOG got, by log.");
    for (log, subject) in subjects {
        let (_, count) = server.command_logs.counts(subject);
        exposition.sample(name, &[("log", log)], count as f64);
    }
}
