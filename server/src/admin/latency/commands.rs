//! The subcommands of LATENCY but DOCTOR.

use polycache_core::clock::UnixMillis;
use polycache_core::command::args::echoed;
use polycache_core::command::{Args, Ctx, Failure, Outcome, Registry};

use crate::client::Client;
use crate::server::Server;
use crate::stats::{CommandIndex, Latency};

/// The bounds of LATENCY HISTOGRAM: powers of two, of 1024 ns and up, to some minutes. As Valkey has them they are the
/// last values that its histogram (of two digits) cannot tell from the power.
const BOUNDS: u32 = 28;

fn bound_ns(power: u32) -> u64 {
    let bound = 1024 << power;
    bound + bound / 128 - 1
}

/// `LATENCY LATEST`
pub(in crate::admin) fn latest(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let events = Client::of(ctx.host).server.latency.events();
    ctx.reply.array(events.len());
    for (name, series) in events {
        let last = series.latest();
        ctx.reply.array(6);
        ctx.reply.bulk(name.as_bytes());
        ctx.reply.integer(last.map_or(0, |sample| sample.at) as i64);
        ctx.reply.integer(last.map_or(0, |sample| sample.ms) as i64);
        ctx.reply.integer(series.max_ms as i64);
        ctx.reply.integer(series.sum_ms as i64);
        ctx.reply.integer(series.count as i64);
    }
    Ok(())
}

/// `LATENCY HISTORY event`
pub(in crate::admin) fn history(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let event = Client::of(ctx.host).server.latency.event(args[2]);
    let samples = event.map_or_else(Default::default, |(_, series)| series.samples);
    ctx.reply.array(samples.len());
    for sample in samples {
        ctx.reply.array(2);
        ctx.reply.integer(sample.at as i64);
        ctx.reply.integer(sample.ms as i64);
    }
    Ok(())
}

/// `LATENCY GRAPH event`
pub(in crate::admin) fn graph(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let Some((name, series)) = Client::of(ctx.host).server.latency.event(args[2]) else {
        return Err(Failure::new(format!("ERR No samples available for event '{}'", echoed(args[2]))));
    };
    let drawn = super::graph::draw(name, &series, UnixMillis::now().seconds());
    ctx.reply.verbatim("txt", drawn.as_bytes());
    Ok(())
}

/// `LATENCY RESET [event ...]`
pub(in crate::admin) fn reset(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let count = Client::of(ctx.host).server.latency.reset(&args[2..]);
    ctx.reply.integer(count as i64);
    Ok(())
}

/// `LATENCY HISTOGRAM [command ...]`: a container stands for its subcommands; names that are unknown, or were never
/// called, are left out.
pub(in crate::admin) fn histogram(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    let server = Client::of(ctx.host).server.clone();
    let asked: Vec<(String, CommandIndex)> = match &args[2..] {
        [] => server.stats.commands().into_iter().map(|command| (command.name, command.index)).collect(),
        names => names.iter().flat_map(|name| named(&server, name)).collect(),
    };
    let found: Vec<(String, Latency)> = asked
        .into_iter()
        .map(|(name, index)| (name, server.stats.latency(index)))
        .filter(|(_, latency)| latency.calls() > 0)
        .collect();
    ctx.reply.map(found.len());
    for (name, latency) in found {
        let mut pairs: Vec<(u64, u64)> = Vec::new();
        let counts = latency.cumulative((0..BOUNDS).map(bound_ns), &server.stats.ticks);
        for (power, count) in counts.into_iter().enumerate() {
            if count > pairs.last().map_or(0, |(_, count)| *count) {
                pairs.push((bound_ns(power as u32) / 1000, count));
            }
        }
        ctx.reply.bulk(name.as_bytes());
        ctx.reply.map(2);
        ctx.reply.bulk(b"calls");
        ctx.reply.integer(latency.calls() as i64);
        ctx.reply.bulk(b"histogram_usec");
        ctx.reply.map(pairs.len());
        for (us, count) in pairs {
            ctx.reply.integer(us as i64);
            ctx.reply.integer(count as i64);
        }
    }
    Ok(())
}

/// The commands that a name means.
fn named(server: &Server, name: &[u8]) -> Vec<(String, CommandIndex)> {
    let mut parts = name.splitn(2, |byte| *byte == b'|');
    let Some(spec) = parts.next().and_then(|name| server.registry.lookup(name)) else { return Vec::new() };
    let specs = match parts.next() {
        Some(sub) => Vec::from_iter(Registry::subcommand(spec, sub)),
        None => std::iter::once(spec).chain(spec.subcommands).collect(),
    };
    let indexes = specs.into_iter().map(|spec| server.stats.command(spec));
    indexes.map(|index| (server.stats.command_name(index).to_owned(), index)).collect()
}

/// `LATENCY HELP`
pub(in crate::admin) fn help(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    crate::admin::help(
        ctx,
        "LATENCY",
        &[
            "DOCTOR",
            "    Return a human readable latency analysis report.",
            "GRAPH <event>",
            "    Return an ASCII latency graph for the <event> class.",
            "HISTORY <event>",
            "    Return time-latency samples for the <event> class.",
            "LATEST",
            "    Return the latest latency samples for all events.",
            "RESET [<event> ...]",
            "    Reset latency data of one or more <event> classes.",
            "    (default: reset all data for all event classes)",
            "HISTOGRAM [COMMAND ...]",
            "    Return a cumulative distribution of latencies in the format of a histogram for the specified command names.",
            "    If no commands are specified then all histograms are replied.",
        ],
    )
}
