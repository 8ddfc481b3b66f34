//! MEMORY: what keys and the server hold.

use polycache_core::command::args::{integer, is_word};
use polycache_core::command::{Args, Ctx, Failure, Outcome};
use polycache_core::limits::DATABASES;

use super::info::Buffers;
use super::process;
use crate::client::Client;
use crate::server::Server;

/// What DOCTOR thinks of less than this.
const EMPTY_BYTES: u64 = 5 << 20;

/// The figures that INFO memory and MEMORY STATS tell, in bytes.
pub(super) struct Figures {
    /// What the engine has allocated for data; `maxmemory` is about this.
    pub data: u64,
    /// Input and output buffers of clients.
    pub clients: u64,
    /// The log's ring.
    pub log: u64,
    /// What the program itself held before it had data.
    pub startup: u64,
    /// All of these.
    pub used: u64,
    pub peak: u64,
    /// What the process holds.
    pub resident: u64,
    pub keys: u64,
}

impl Figures {
    pub fn of(server: &Server) -> Figures {
        let engine = &server.engine;
        let memory = engine.memory();
        let keys = (0..DATABASES as u8).map(|db| engine.len(db)).sum();
        let data = memory.used();
        let clients = Buffers::of(server).total as u64;
        let log = engine.log().figures().ring_bytes as u64;
        let startup = process::startup_bytes();
        let used = data + clients + log + startup;
        let peak = (memory.peak() + startup).max(used);
        Figures { data, clients, log, startup, used, peak, resident: process::resident_bytes(), keys }
    }

    /// Resident over used: above 1 by what the program itself and fragmentation take.
    pub fn fragmentation(&self) -> f64 {
        self.resident as f64 / self.used.max(1) as f64
    }

    /// What is not data: `maxmemory` does not count it.
    pub fn overhead(&self) -> u64 {
        self.clients + self.log + self.startup
    }

    pub fn data_percent(&self) -> f64 {
        self.data as f64 * 100.0 / self.used.max(1) as f64
    }

    pub fn fragmentation_bytes(&self) -> i64 {
        self.resident as i64 - self.used as i64
    }
}

/// `MEMORY USAGE key [SAMPLES count]`
pub(super) fn usage(ctx: &mut Ctx<'_>, args: Args<'_>) -> Outcome {
    match &args[3..] {
        [] => {}
        // Strings have nothing to sample.
        [word, count] if is_word(word, "samples") => {
            if integer(count)? < 0 {
                return Err(Failure::SYNTAX);
            }
        }
        _ => return Err(Failure::SYNTAX),
    }
    match ctx.peek(args[2])? {
        Some(record) => ctx.reply.integer(record.memory_bytes() as i64),
        None => ctx.reply.null(),
    }
    Ok(())
}

/// `MEMORY STATS`
pub(super) fn stats(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let server = Client::of(ctx.host).server.clone();
    let figures = Figures::of(&server);
    let databases: Vec<u8> = (0..DATABASES as u8).filter(|db| ctx.engine.len(*db) > 0).collect();
    let mean = figures.data.checked_div(figures.keys).unwrap_or(0);
    let counts: [(&str, i64); 13] = [
        ("peak.allocated", figures.peak as i64),
        ("total.allocated", figures.used as i64),
        ("startup.allocated", figures.startup as i64),
        ("replication.backlog", 0),
        ("replicas.repl.buffer", 0),
        ("clients.slaves", 0),
        ("clients.normal", figures.clients as i64),
        ("cluster.links", 0),
        ("aof.buffer", figures.log as i64),
        ("lua.caches", 0),
        ("functions.caches", 0),
        ("overhead.total", figures.overhead() as i64),
        ("keys.count", figures.keys as i64),
    ];
    let tail: [(&str, Number); 14] = [
        ("keys.bytes-per-key", Number::Count(mean as i64)),
        ("dataset.bytes", Number::Count(figures.data as i64)),
        ("dataset.percentage", Number::Ratio(figures.data_percent())),
        ("peak.percentage", Number::Ratio(figures.used as f64 * 100.0 / figures.peak.max(1) as f64)),
        ("allocator.allocated", Number::Count(figures.used as i64)),
        ("allocator.active", Number::Count(figures.resident as i64)),
        ("allocator.resident", Number::Count(figures.resident as i64)),
        ("allocator-fragmentation.ratio", Number::Ratio(1.0)),
        ("allocator-fragmentation.bytes", Number::Count(0)),
        ("allocator-rss.ratio", Number::Ratio(1.0)),
        ("allocator-rss.bytes", Number::Count(0)),
        ("rss-overhead.ratio", Number::Ratio(1.0)),
        ("rss-overhead.bytes", Number::Count(0)),
        ("fragmentation", Number::Ratio(figures.fragmentation())),
    ];
    ctx.reply.map(counts.len() + databases.len() + tail.len() + 1);
    for (name, count) in counts {
        ctx.reply.bulk(name.as_bytes());
        ctx.reply.integer(count);
    }
    for db in databases {
        ctx.reply.bulk(format!("db.{db}").as_bytes());
        ctx.reply.map(2);
        for name in ["overhead.hashtable.main", "overhead.hashtable.expires"] {
            ctx.reply.bulk(name.as_bytes());
            ctx.reply.integer(0);
        }
    }
    for (name, number) in tail {
        ctx.reply.bulk(name.as_bytes());
        match number {
            Number::Count(count) => ctx.reply.integer(count),
            Number::Ratio(ratio) => ctx.reply.double(ratio),
        }
    }
    ctx.reply.bulk(b"fragmentation.bytes");
    ctx.reply.integer(figures.fragmentation_bytes());
    Ok(())
}

enum Number {
    Count(i64),
    Ratio(f64),
}

/// `MEMORY DOCTOR`
pub(super) fn doctor(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    let server = Client::of(ctx.host).server.clone();
    let figures = Figures::of(&server);
    let limit = ctx.engine.tuning().maxmemory();
    let mut findings = Vec::new();
    if figures.data < EMPTY_BYTES {
        let text = "This instance is empty or is using very little memory: there is nothing to diagnose yet.";
        ctx.reply.verbatim("txt", text.as_bytes());
        return Ok(());
    }
    if figures.peak as f64 > figures.used as f64 * 1.5 {
        findings.push(format!(
            "Peak memory: at its peak the data took {} bytes, now {}. The allocator may still hold the difference; \
             MEMORY PURGE gives it back.",
            figures.peak, figures.used
        ));
    }
    if figures.fragmentation() > 1.4 && figures.fragmentation_bytes() > 10 << 20 {
        findings.push(format!(
            "Fragmentation: the process holds {:.2} times what the data takes ({} bytes more).",
            figures.fragmentation(),
            figures.fragmentation_bytes()
        ));
    }
    if limit != 0 && figures.data as f64 > limit as f64 * 0.95 {
        let policy = ctx.engine.tuning().policy().name();
        findings
            .push(format!("maxmemory: {} of {limit} bytes are used; the policy is {policy}.", figures.data));
    }
    let text = if findings.is_empty() { "No memory problem found.".to_owned() } else { findings.join("\n") };
    ctx.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

/// `MEMORY MALLOC-STATS`
pub(super) fn malloc_stats(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    ctx.reply.verbatim("txt", b"Stats not supported for the current allocator");
    Ok(())
}

/// `MEMORY PURGE`: the allocator gives pages back by itself; what has been waiting for readers is freed now.
pub(super) fn purge(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    ctx.op.pin().flush();
    ctx.reply.ok();
    Ok(())
}

/// `MEMORY HELP`
pub(super) fn help(ctx: &mut Ctx<'_>, _: Args<'_>) -> Outcome {
    super::help(
        ctx,
        "MEMORY",
        &[
            "DOCTOR",
            "    Return memory problems reports.",
            "MALLOC-STATS",
            "    Return internal statistics report from the memory allocator.",
            "PURGE",
            "    Attempt to purge dirty pages for reclamation by the allocator.",
            "STATS",
            "    Return information about the memory usage of the server.",
            "USAGE <key> [SAMPLES <count>]",
            "    Return memory in bytes used by <key> and its value. Nested values are",
            "    sampled up to <count> times (default: 5, 0 means sample all).",
        ],
    )
}
