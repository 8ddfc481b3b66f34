//! The memcached protocols: any bytes in any portions. The second byte chooses between text and binary.

#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use polycache_core::config::EngineConfig;
use polycache_core::engine::Engine;
use polycache_server::Server;
use polycache_server::config::Settings;

static SERVER: LazyLock<Arc<Server>> = LazyLock::new(|| {
    Server::new(Engine::in_memory(EngineConfig::default()), Settings::parse("").expect("nothing is wrong with nothing"))
});

fuzz_target!(|input: &[u8]| {
    polycache_server::memcached::fuzz(&SERVER, input);
});
