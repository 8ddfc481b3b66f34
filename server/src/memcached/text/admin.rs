//! Lines that steer the server: stats, watch, lru_crawler, lru, slabs, shutdown, config, refresh_certs.
//!
//! memcached's LRU lists, slab classes and crawler thread have no counterpart here: what only tunes them is accepted
//! and has no effect.

use std::sync::Arc;

use super::emit::{self, Line};
use super::parse::Words;
use crate::memcached::control;
use crate::memcached::crawl::Walk;
use crate::memcached::discovery;
use crate::memcached::number;
use crate::memcached::statistics;
use crate::memcached::watch::{self, Queue};
use crate::memcached::work::Work;

/// Slab classes of memcached.
const SLAB_CLASSES: u64 = 64;

/// How it goes on after such a line.
pub enum Next {
    /// So many bytes are done with.
    Line(usize),
    /// So many bytes are needed.
    Wait(usize),
    Close,
    Crawl(Walk),
    Watch(Arc<Queue>),
    /// So many bytes behind the line are to be dropped.
    Swallow(usize),
}

/// Carries out the line at the start of `input`, which ends at `after`.
#[cold]
pub fn administer(
    work: &mut Work<'_>,
    name: &[u8],
    mut words: Words<'_>,
    input: &[u8],
    after: usize,
) -> Next {
    if let Err(failure) = permit(work, name, words) {
        emit::failure(work.out, &failure, emit::OUT_OF_MEMORY);
        return Next::Line(after);
    }
    let line = match name {
        b"stats" => {
            return match statistics::text(work, words) {
                Some(walk) => Next::Crawl(walk),
                None => Next::Line(after),
            };
        }
        b"watch" => return watch(work, words, after),
        b"lru_crawler" => match crawler(words) {
            Ok(walk) => return Next::Crawl(walk),
            Err(line) => line,
        },
        b"lru" => lru(words),
        b"slabs" => slabs(words),
        b"shutdown" => {
            return if control::shutdown(work, words.next()) { Next::Close } else { Next::Line(after) };
        }
        b"config" => return discovery::config(work, words, input, after),
        _ => emit::NO_TLS,
    };
    work.out.extend_from_slice(line);
    Next::Line(after)
}

/// Whether the user may do this, judged as the Redis command that tells or changes the like.
fn permit(
    work: &mut Work<'_>,
    name: &[u8],
    mut words: Words<'_>,
) -> Result<(), polycache_core::command::Failure> {
    match (name, words.next()) {
        (b"stats", Some(b"cachedump")) | (b"lru_crawler", _) => work.permit_call(&[b"keys", b"*"]),
        (b"stats", Some(b"reset")) => work.permit_call(&[b"config", b"resetstat"]),
        (b"stats", _) => work.permit_call(&[b"info"]),
        (b"watch", _) => work.permit_call(&[b"monitor"]),
        // Shutdown and config are judged where they are carried out.
        _ => Ok(()),
    }
}

fn watch(work: &mut Work<'_>, words: Words<'_>, after: usize) -> Next {
    let mut interest = 0;
    for word in words {
        match watch::kind(word) {
            Some(kind) => interest |= kind,
            None => {
                work.out.extend_from_slice(emit::ERROR);
                return Next::Line(after);
            }
        }
    }
    if work.commands > 1 {
        // Their replies would be mixed with what is watched.
        work.out.extend_from_slice(emit::WATCH_NOT_FIRST);
        return Next::Line(after);
    }
    let entry = work.client().entry.clone();
    let interest = if interest == 0 { watch::FETCHERS } else { interest };
    if interest & watch::EVICTIONS != 0 {
        observe_evictions(work);
    }
    match work.server.memcached.watchers.add(interest, entry) {
        Some(queue) => {
            work.out.extend_from_slice(emit::OK);
            Next::Watch(queue)
        }
        None => {
            work.out.extend_from_slice(emit::TOO_MANY_WATCHERS);
            Next::Line(after)
        }
    }
}

/// From the first who asks on, the engine tells of every eviction.
fn observe_evictions(work: &mut Work<'_>) {
    let own = work.ctx.session.db;
    // The engine must not keep the server alive, which keeps the engine.
    let server = std::sync::Arc::downgrade(&work.client().server);
    work.server.engine.observe_evictions(Box::new(move |db, record, now| {
        if let Some(server) = server.upgrade()
            && db == own
            && server.memcached.watchers.interest() & watch::EVICTIONS != 0
        {
            server.memcached.watchers.evicted(record, now);
        }
    }));
}

fn crawler(mut words: Words<'_>) -> Result<Walk, Line> {
    let (verb, argument) = (words.next(), words.next());
    match (verb, argument) {
        (Some(b"metadump" | b"mgdump" | b"crawl"), Some(classes)) if !are_classes(classes) => {
            Err(b"BADCLASS invalid class id\r\n")
        }
        (Some(b"metadump"), Some(_)) => Ok(Walk::Metadump),
        (Some(b"mgdump"), Some(_)) => Ok(Walk::Mgdump),
        (Some(b"crawl"), Some(_)) | (Some(b"enable" | b"disable"), _) => Err(emit::OK),
        (Some(b"sleep"), Some(word)) => match number::unsigned(word) {
            Some(0..=1_000_000) => Err(emit::OK),
            Some(_) => Err(b"CLIENT_ERROR sleep must be one second or less\r\n"),
            None => Err(emit::BAD_FORMAT),
        },
        (Some(b"tocrawl"), Some(word)) => {
            Err(if number::unsigned(word).is_some() { emit::OK } else { emit::BAD_FORMAT })
        }
        _ => Err(emit::ERROR),
    }
}

/// `all`, `hash`, or numbers of slab classes: all our items are in class 1, so whichever are named all are shown.
fn are_classes(word: &[u8]) -> bool {
    let is_class = |word: &[u8]| number::unsigned(word).is_some_and(|class| (1..64).contains(&class));
    matches!(word, b"all" | b"hash") || word.split(|byte| *byte == b',').all(is_class)
}

fn lru(words: Words<'_>) -> Line {
    let mut array = [b"".as_slice(); 5];
    for (place, word) in array.iter_mut().zip(words) {
        *place = word;
    }
    let float = |word: &[u8]| std::str::from_utf8(word).ok().and_then(|text| text.parse::<f64>().ok());
    match array {
        [b"tune", hot, warm, hot_age, warm_age] => {
            match (number::unsigned(hot), number::unsigned(warm), float(hot_age), float(warm_age)) {
                (Some(hot), Some(warm), _, _) if hot.saturating_add(warm) > 80 => {
                    b"ERROR hot and warm pcts must not exceed 80\r\n"
                }
                (Some(_), Some(_), Some(hot), Some(warm)) if hot > 0.0 && warm > 0.0 => emit::OK,
                (Some(_), Some(_), Some(_), Some(_)) => {
                    b"ERROR hot/warm age factors must be greater than 0\r\n"
                }
                _ => emit::ERROR,
            }
        }
        [b"mode", b"flat" | b"segmented", ..] => emit::OK,
        [b"temp_ttl", word, ..] if number::signed(word).is_some() => emit::OK,
        _ => emit::ERROR,
    }
}

fn slabs(mut words: Words<'_>) -> Line {
    match (words.next(), words.next(), words.next()) {
        (Some(b"reassign"), Some(from), Some(to)) => match (number::signed(from), number::signed(to)) {
            (Some(_), Some(_)) => emit::NO_SPARE_PAGES,
            _ => emit::BAD_FORMAT,
        },
        (Some(b"automove"), Some(b"ratio"), Some(_)) => emit::OK,
        (Some(b"automove"), Some(level), _) => match number::unsigned(level) {
            Some(0..=2) => emit::OK,
            Some(_) => emit::ERROR,
            None => emit::BAD_FORMAT,
        },
        _ => emit::ERROR,
    }
}

/// stats cachedump: its class and number of items.
pub fn cachedump(mut words: Words<'_>) -> Result<Option<Walk>, Line> {
    let (Some(class), Some(limit)) = (words.next(), words.next()) else { return Err(emit::BAD_COMMAND_LINE) };
    let (Some(class), Some(limit)) = (number::unsigned(class), number::unsigned(limit)) else {
        return Err(emit::BAD_FORMAT);
    };
    if class >= SLAB_CLASSES {
        return Err(emit::BAD_SLAB_CLASS);
    }
    // All our items are shown as class 1.
    let limit = (limit != 0).then_some(limit);
    Ok((class == 1).then_some(Walk::Cachedump { limit, bytes: 0 }))
}
