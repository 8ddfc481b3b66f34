//! Append-only files: whatever the bytes, they are judged, and what is whole of them is replayed or refused.

#![no_main]

use libfuzzer_sys::fuzz_target;
use polycache_core::command::{Registry, TABLES};
use polycache_core::config::EngineConfig;
use polycache_core::engine::Engine;
use polycache_core::persistence;

thread_local! {
    static REGISTRY: Registry = Registry::new(TABLES);
}

fuzz_target!(|input: &[u8]| {
    let engine = Engine::in_memory(EngineConfig::default());
    REGISTRY.with(|registry| {
        let judged = persistence::fuzz(&engine, registry, input);
        assert!(judged.whole_bytes <= input.len());
    });
});
