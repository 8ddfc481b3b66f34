//! Walks over all items that take more than one turn: lru_crawler metadump and mgdump, stats sizes, stats cachedump.
//!
//! A walk goes on from turn to turn, a stretch at a time, and leaves the last byte of its request unconsumed until it
//! is through. Items that are there all the time are shown; those that come or go meanwhile may be, and one that moves
//! while the table grows may be twice, as SCAN has it.

use std::collections::BTreeMap;
use std::io::Write;

use polycache_core::record::{Kind, Record};

use super::item::size;
use super::text::emit::{self, statistic};
use super::watch::encode_key;
use super::work::Work;
use crate::limits::TURN_OUTPUT_BYTES;

/// Steps of the scan in one turn.
const STEPS_PER_TURN: usize = 4096;

/// As in memcached: what `stats cachedump` shows at most.
const CACHEDUMP_BYTES_MAX: usize = 2 << 20;

/// Sizes are counted in steps of so many bytes, as in memcached.
const SIZE_STEP: u64 = 32;

/// What to show.
#[derive(Debug)]
pub enum Walk {
    /// lru_crawler metadump.
    Metadump,
    /// lru_crawler mgdump.
    Mgdump,
    /// stats sizes.
    Sizes(BTreeMap<u64, u64>),
    /// stats cachedump: so many items more (0 is any number), and the bytes so far.
    Cachedump { limit: Option<u64>, bytes: usize },
}

/// A walk under way.
#[derive(Debug)]
pub struct Crawl {
    walk: Walk,
    cursor: u64,
}

impl Crawl {
    pub fn new(walk: Walk) -> Crawl {
        Crawl { walk, cursor: 0 }
    }

    /// Walks on; whether it is through.
    pub fn step(&mut self, work: &mut Work<'_>) -> bool {
        let op = work.ctx.op;
        let now = op.now();
        let tracks_time = work.server.engine.tuning().policy().tracks_time();
        for _ in 0..STEPS_PER_TURN {
            let (walk, out) = (&mut self.walk, &mut *work.out);
            self.cursor = op.index(work.ctx.session.db).scan_step(self.cursor, op.pin(), &mut |record| {
                if !record.is_expired(now) && record.kind() == Kind::String {
                    let idle = if tracks_time { record.idle_seconds(now) } else { 0 };
                    walk.show(out, record, now.seconds().saturating_sub(idle));
                }
            });
            if self.cursor == 0 || self.walk.is_full() {
                self.walk.end(work.out);
                return true;
            }
            if work.out.len() >= TURN_OUTPUT_BYTES {
                return false;
            }
        }
        false
    }
}

impl Walk {
    fn is_full(&self) -> bool {
        matches!(
            self,
            Walk::Cachedump { limit: Some(0), .. } | Walk::Cachedump { bytes: CACHEDUMP_BYTES_MAX.., .. }
        )
    }

    fn show(&mut self, out: &mut Vec<u8>, record: Record<'_>, used: u64) {
        let Ok(value) = record.string() else { return };
        let len = value.len();
        match self {
            Walk::Metadump => {
                out.extend_from_slice(b"key=");
                encode_key(out, record.key());
                let expires = record.expire_at().map_or(-1, |at| at.seconds() as i64);
                let fetched = if record.marks().fetched { "yes" } else { "no" };
                let (cas, bytes) = (record.cas(), size::of(record.key(), record.flags(), len));
                // Writing to a vector cannot fail.
                let _ =
                    writeln!(out, " exp={expires} la={used} cas={cas} fetch={fetched} cls=1 size={bytes}");
            }
            Walk::Mgdump => {
                out.extend_from_slice(b"mg ");
                if record.key().iter().any(|byte| *byte <= b' ' || *byte == 0x7f) {
                    super::meta::base64::encode(out, record.key());
                    out.extend_from_slice(b" b");
                } else {
                    out.extend_from_slice(record.key());
                }
                out.extend_from_slice(b"\r\n");
            }
            Walk::Sizes(sizes) => {
                let bytes = size::of(record.key(), record.flags(), len);
                *sizes.entry(bytes.div_ceil(SIZE_STEP) * SIZE_STEP).or_default() += 1;
            }
            Walk::Cachedump { limit, bytes } => {
                if *limit == Some(0) {
                    return;
                }
                let before = out.len();
                out.extend_from_slice(b"ITEM ");
                out.extend_from_slice(record.key());
                let expires = record.expire_at().map_or(0, |at| at.seconds());
                let _ = write!(out, " [{len} b; {expires} s]\r\n");
                *bytes += out.len() - before;
                *limit = limit.map(|limit| limit - 1);
            }
        }
    }

    fn end(&self, out: &mut Vec<u8>) {
        if let Walk::Sizes(sizes) = self {
            for (bytes, count) in sizes {
                statistic(out, &bytes.to_string(), count);
            }
        }
        out.extend_from_slice(if matches!(self, Walk::Mgdump) { b"EN\r\n" } else { emit::END });
    }
}
