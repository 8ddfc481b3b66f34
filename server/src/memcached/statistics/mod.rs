//! stats and its subcommands, with memcached's names where we have what they mean.
//!
//! Items are counted by slab class in memcached. We have no classes: all items are shown as class 1. What only its
//! slabs, lists and threads could tell is 0, or off.

pub mod detail;
mod general;
mod settings;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

pub use detail::Detail;

use polycache_core::stats::Counter as EngineCounter;

use super::crawl::Walk;
use super::text::admin;
use super::text::emit::{self, statistic};
use super::text::parse::Words;
use super::work::Work;
use crate::client::Face;
use crate::stats::Counter;

/// A page of memcached's slabs.
const PAGE_BYTES: u64 = 1 << 20;

/// Whether `stats sizes` walks over all items.
static SIZES: AtomicBool = AtomicBool::new(false);

/// stats [subcommand], in text; a walk over all items if that is what it takes.
#[cold]
pub fn text(work: &mut Work<'_>, mut words: Words<'_>) -> Option<Walk> {
    let name = words.next();
    let line = match name {
        Some(b"reset") => {
            reset(work);
            emit::RESET
        }
        Some(b"detail") => detail_command(work, words),
        Some(b"cachedump") => match admin::cachedump(words) {
            Ok(None) => emit::END,
            Ok(walk) => return walk,
            Err(line) => line,
        },
        // ORDERING: a switch.
        Some(b"sizes") if SIZES.load(Ordering::Relaxed) => return Some(Walk::Sizes(BTreeMap::new())),
        Some(b"sizes_enable" | b"sizes_disable") => {
            let on = name == Some(b"sizes_enable");
            SIZES.store(on, Ordering::Relaxed); // ORDERING: a switch.
            statistic(work.out, "sizes_status", if on { "enabled" } else { "disabled" });
            return None;
        }
        name => {
            let name = name.unwrap_or_default();
            let known = group(work, name, &mut |out, name, value| statistic(out, name, value));
            if known { emit::END } else { emit::ERROR }
        }
    };
    work.out.extend_from_slice(line);
    None
}

/// Receives one figure.
pub type Sink<'a> = &'a mut dyn FnMut(&mut Vec<u8>, &str, &dyn std::fmt::Display);

/// Emits a group of figures through `sink`; `false` if there is none of this name.
pub fn group(work: &mut Work<'_>, name: &[u8], sink: Sink<'_>) -> bool {
    match name {
        b"" => general::emit(work, sink),
        b"settings" => settings::emit(work, sink),
        b"items" => items(work, sink),
        b"slabs" => slabs(work, sink),
        b"conns" => connections(work, sink),
        b"sizes" => sink(work.out, "sizes_status", &"disabled"),
        b"extstore" => {}
        _ => return false,
    }
    true
}

/// stats reset.
pub fn reset(work: &mut Work<'_>) {
    work.server.stats.reset();
    work.server.memcached.detail.reset();
}

fn detail_command(work: &mut Work<'_>, mut words: Words<'_>) -> emit::Line {
    let detail = &work.server.memcached.detail;
    match words.next() {
        Some(switch @ (b"on" | b"off")) => {
            detail.switch(switch == b"on");
            work.is_observed = work.server.memcached.is_observed();
            emit::OK
        }
        Some(b"dump") => {
            detail.dump(work.out);
            emit::END
        }
        _ => emit::DETAIL_USAGE,
    }
}

fn items(work: &mut Work<'_>, sink: Sink<'_>) {
    let engine = &work.server.engine;
    let number = engine.len(work.ctx.session.db);
    if number == 0 {
        return;
    }
    let evicted = engine.stats().get(EngineCounter::EvictedKeys);
    let expired = engine.stats().get(EngineCounter::ExpiredKeys);
    let out = &mut *work.out;
    sink(out, "items:1:number", &number);
    sink(out, "items:1:number_hot", &0);
    sink(out, "items:1:number_warm", &0);
    sink(out, "items:1:number_cold", &number);
    sink(out, "items:1:mem_requested", &engine.memory().used());
    sink(out, "items:1:evicted", &evicted);
    sink(out, "items:1:outofmemory", &work.server.stats.total(Counter::MemcachedNoMemory));
    sink(out, "items:1:reclaimed", &expired);
    sink(out, "items:1:hits_to_cold", &work.server.stats.total(Counter::MemcachedGetHits));
    for name in OF_LISTS.iter().chain(&OF_CLASS_LISTS) {
        sink(out, &format!("items:1:{name}"), &0);
    }
}

/// What memcached counts of its lists and their crawler, in all and for each class. There are none.
const OF_LISTS: [&str; 10] = [
    "expired_unfetched",
    "evicted_unfetched",
    "evicted_active",
    "crawler_reclaimed",
    "crawler_items_checked",
    "lrutail_reflocked",
    "moves_to_cold",
    "moves_to_warm",
    "moves_within_lru",
    "direct_reclaims",
];

/// What it tells besides of those of a class.
const OF_CLASS_LISTS: [&str; 9] = [
    "age_hot",
    "age_warm",
    "age",
    "evicted_nonzero",
    "evicted_time",
    "tailrepairs",
    "hits_to_hot",
    "hits_to_warm",
    "hits_to_temp",
];

fn slabs(work: &mut Work<'_>, sink: Sink<'_>) {
    let server = work.server;
    let used = server.engine.memory().used();
    let number = server.engine.len(work.ctx.session.db);
    let out = &mut *work.out;
    let total = |counter| server.stats.total(counter);
    if let Some(average) = used.checked_div(number) {
        sink(out, "1:chunk_size", &average);
        sink(out, "1:chunks_per_page", &(PAGE_BYTES * number / used.max(1)));
        sink(out, "1:total_pages", &used.div_ceil(PAGE_BYTES));
        sink(out, "1:total_chunks", &number);
        sink(out, "1:used_chunks", &number);
        sink(out, "1:free_chunks", &0);
        sink(out, "1:free_chunks_end", &0);
        for (name, counter) in [
            ("1:get_hits", Counter::MemcachedGetHits),
            ("1:cmd_set", Counter::MemcachedSets),
            ("1:delete_hits", Counter::MemcachedDeleteHits),
            ("1:incr_hits", Counter::MemcachedIncrementHits),
            ("1:decr_hits", Counter::MemcachedDecrementHits),
            ("1:cas_hits", Counter::MemcachedCasHits),
            ("1:cas_badval", Counter::MemcachedCasMismatches),
            ("1:touch_hits", Counter::MemcachedTouchHits),
        ] {
            sink(out, name, &total(counter));
        }
    }
    sink(out, "active_slabs", &u8::from(number > 0));
    sink(out, "total_malloced", &used);
}

/// Connections of these protocols, numbered as in CLIENT LIST.
fn connections(work: &mut Work<'_>, sink: Sink<'_>) {
    let ticks = &work.server.stats.ticks;
    let own = work.client().id;
    for entry in work.server.clients.list() {
        if entry.face != Face::Memcached {
            continue;
        }
        let id = entry.id;
        // ORDERING: a figure.
        let idle = ticks.now().saturating_sub(entry.figures.last_active.load(Ordering::Relaxed));
        let transport = if entry.addr.starts_with('/') { "unix" } else { "tcp" };
        let out = &mut *work.out;
        sink(out, &format!("{id}:addr"), &format_args!("{transport}:{}", entry.addr));
        sink(out, &format!("{id}:listen_addr"), &format_args!("{transport}:{}", entry.laddr));
        sink(out, &format!("{id}:state"), &if id == own { "conn_parse_cmd" } else { "conn_read" });
        sink(out, &format!("{id}:secs_since_last_cmd"), &(ticks.to_us(idle) / 1_000_000));
    }
}

fn yes_or_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}
