//! The rows of the table.

mod durability;
mod hit_ratio;
mod in_process;
mod languages;
mod memory;
mod pipeline;
mod publish;
mod restart;
mod saving;
mod scripts;
mod types;

use crate::Options;
use crate::figure::Figure;

/// One row, or several that are measured together.
pub struct Row {
    pub name: &'static str,
    pub summary: &'static str,
    pub run: fn(&Options) -> Result<Vec<Figure>, String>,
}

/// All rows, in the order of design.md section 10, and the hit ratios that its section 6 asks for.
pub const ROWS: &[Row] = &[
    Row { name: "pipeline-resp", summary: "server CPU per GET/SET against Valkey", run: pipeline::resp },
    Row { name: "multi", summary: "server CPU per transaction against Valkey", run: pipeline::multi },
    Row {
        name: "pipeline-memcached",
        summary: "server CPU per get/set against memcached",
        run: pipeline::memcached,
    },
    Row {
        name: "in-process-rust",
        summary: "GET/SET against Rust's concurrent maps and caches",
        run: in_process::run,
    },
    Row { name: "in-process-c", summary: "GET/SET from C against the same from Rust", run: languages::c },
    Row {
        name: "in-process-python",
        summary: "GET/SET against PyPI's native caches and redis-py, ZADD/HSET against redis-py",
        run: languages::python,
    },
    Row { name: "memory", summary: "bytes over key and value at 1 M keys", run: memory::run },
    Row { name: "memory-memcached", summary: "the same against memcached", run: memory::memcached },
    Row {
        name: "types-cpu",
        summary: "server CPU per operation on containers against Valkey",
        run: types::cpu,
    },
    Row { name: "types-memory", summary: "bytes per element of containers", run: types::memory },
    Row { name: "publish", summary: "PUBLISH to 100 subscribers against Valkey", run: publish::run },
    Row { name: "eval", summary: "server CPU per EVAL against Valkey", run: scripts::eval },
    Row { name: "fcall", summary: "server CPU per FCALL against Valkey", run: scripts::fcall },
    Row { name: "eval-others", summary: "GETs of others while a script runs", run: scripts::others },
    Row { name: "save-time", summary: "SAVE of 1 M keys against Valkey", run: saving::time },
    Row { name: "save-memory", summary: "RSS during BGSAVE under write load", run: saving::memory },
    Row { name: "restart", summary: "start to first correct GET", run: restart::run },
    Row { name: "fsync-always", summary: "SET from 50 connections against Valkey", run: durability::always },
    Row { name: "fsync-everysec", summary: "SET with everysec against no AOF", run: durability::everysec },
    Row {
        name: "hit-ratio",
        summary: "eviction policies against libcachesim, in points",
        run: hit_ratio::run,
    },
];
