//! INFO commandstats, errorstats and latencystats.

use super::Text;
use crate::server::Server;

pub(super) fn write_stats(text: &mut Text, server: &Server) {
    text.section("Commandstats");
    for command in server.stats.commands() {
        let mean = if command.calls == 0 { 0.0 } else { command.usec as f64 / command.calls as f64 };
        text.line(
            &format!("cmdstat_{}", command.name),
            format_args!(
                "calls={},usec={},usec_per_call={mean:.2},rejected_calls={},failed_calls={}",
                command.calls, command.usec, command.rejected, command.failed
            ),
        );
    }
}

pub(super) fn write_errors(text: &mut Text, server: &Server) {
    text.section("Errorstats");
    for (code, count) in server.stats.errors() {
        text.line(&format!("errorstat_{code}"), format_args!("count={count}"));
    }
}

/// The percentiles that `latency-tracking-info-percentiles` names.
pub(super) fn write_latencies(text: &mut Text, server: &Server) {
    let settings = server.settings.load();
    text.section("Latencystats");
    if !settings.latency_tracking || settings.latency_percentiles.is_empty() {
        return;
    }
    for command in server.stats.commands() {
        let latency = server.stats.latency(command.index);
        if latency.calls() == 0 {
            continue;
        }
        let percentiles: Vec<String> = settings
            .latency_percentiles
            .iter()
            .filter_map(|word| word.parse().ok())
            .map(|percent: f64| {
                format!("p{percent}={:.3}", latency.percentile_us(percent, &server.stats.ticks))
            })
            .collect();
        text.line(&format!("latency_percentiles_usec_{}", command.name), percentiles.join(","));
    }
}
