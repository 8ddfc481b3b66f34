//! memcached's binary protocol: headers that tell the truth and others, with any bodies, in any portions.
//!
//! Input: the length of the portions, then requests of opcode, key length, extras length, value length, and a byte that
//! makes the header lie if it is odd; bodies are what follows.

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
    let Some((first, mut rest)) = input.split_first() else { return };
    let mut script = vec![*first];
    while let Some((head, behind)) = rest.split_first_chunk::<5>() {
        let [opcode, key, extras, value, lie] = *head;
        let (key, extras, value) = (usize::from(key % 8), usize::from(extras % 24), usize::from(value));
        let body = (key + extras + value).min(behind.len());
        let (body, behind) = behind.split_at(body);
        let told = if lie & 1 == 0 { body.len() } else { usize::from(lie) };
        script.extend_from_slice(&[0x80, opcode % 0x30, 0, key as u8, extras as u8, 0, 0, 0]);
        script.extend_from_slice(&(told as u32).to_be_bytes());
        script.extend_from_slice(b"opaq");
        script.extend_from_slice(&u64::from(lie >> 6).to_be_bytes());
        script.extend_from_slice(body);
        rest = behind;
    }
    polycache_server::memcached::fuzz(&SERVER, &script);
});
