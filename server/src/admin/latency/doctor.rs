//! LATENCY DOCTOR: what happened, and what may help, in words.

use polycache_core::command::{Args, Ctx, Outcome};

use super::Series;
use crate::client::Client;
use crate::config::Settings;

/// `LATENCY DOCTOR`
pub(in crate::admin) fn doctor(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let server = Client::of(ctx.host).server.clone();
    let settings = server.settings.load();
    let events = server.latency.events();
    let text = if events.is_empty() && settings.latency_monitor_threshold == 0 {
        "The latency monitor is off. CONFIG SET latency-monitor-threshold <milliseconds> has it keep what takes so \
         long or longer.\n"
            .to_owned()
    } else if events.is_empty() {
        format!(
            "Nothing took {} milliseconds (latency-monitor-threshold) or longer so far.\n",
            settings.latency_monitor_threshold
        )
    } else {
        report(&events, &settings)
    };
    ctx.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

fn report(events: &[(&'static str, Series)], settings: &Settings) -> String {
    let mut text = "Latency spikes were observed.\n\n".to_owned();
    for (number, (event, series)) in events.iter().enumerate() {
        let mean = series.sum_ms.checked_div(series.count).unwrap_or(0);
        text.push_str(&format!(
            "{}. {event}: {} latency spikes (average {mean}ms). Worst all time event {}ms.\n",
            number + 1,
            series.count,
            series.max_ms
        ));
    }
    text.push_str("\nWhat may help:\n\n");
    for (event, _) in events {
        text.push_str("- ");
        text.push_str(&advice(event, settings));
        text.push('\n');
    }
    text
}

fn advice(event: &str, settings: &Settings) -> String {
    let what = match event {
        "command" | "fast-command" => {
            let threshold_us = settings.latency_monitor_threshold.saturating_mul(1000);
            let slower_than = settings.slowlog_log_slower_than;
            if slower_than < 0 || slower_than as u64 > threshold_us {
                return format!(
                    "{event}: the slow log does not see all of them: CONFIG SET slowlog-log-slower-than {threshold_us}."
                );
            }
            "SLOWLOG GET shows which commands; a command holds up the other clients of its worker thread only."
        }
        "expire-cycle" => {
            "many keys expire at one time: spread their expiries. The sweep has a thread of its own and never takes \
             more than a quarter of it."
        }
        "eviction-cycle" => "a write had to make much room: raise maxmemory, or write smaller values.",
        "snapshot-cut" => "a save waited for writers to pause: look for slow commands at that time.",
        "aof-write" => "the disk took writes slowly: look for other programs that use it.",
        "aof-fsync" => "the disk was slow to confirm; with appendfsync everysec no client waits for that.",
        "aof-fsync-always" => {
            "the disk was slow to confirm, and clients wait for it: appendfsync everysec spares them that."
        }
        _ => "see SLOWLOG and INFO.",
    };
    format!("{event}: {what}")
}
