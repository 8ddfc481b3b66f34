//! Append-only files: any bytes, judged (marks, torn tails, damage) and replayed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use polycache_core::config::EngineConfig;
use polycache_core::engine::Engine;
use polycache_server::registry;

fuzz_target!(|input: &[u8]| {
    let engine = Engine::in_memory(EngineConfig::default());
    polycache_core::persistence::fuzz(&engine, registry(), input);
});
