//! memcached's meta commands: lines of any flags, in any portions. The first byte says how long those are; of each line
//! the first byte chooses the command, so that most of them are commands at all.

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

const COMMANDS: [&[u8]; 8] = [b"mg a ", b"ms a 3 ", b"md a ", b"ma a ", b"mg YQ== b ", b"me ", b"ms YWI= ", b""];

fuzz_target!(|input: &[u8]| {
    let Some((first, lines)) = input.split_first() else { return };
    let mut script = vec![*first];
    for line in lines.split(|byte| *byte == b'\n') {
        let Some((choice, rest)) = line.split_first() else { continue };
        let command = COMMANDS[usize::from(*choice) % COMMANDS.len()];
        script.extend_from_slice(command);
        script.extend_from_slice(rest);
        script.extend_from_slice(b"\r\n");
        if command.starts_with(b"ms a") {
            script.extend_from_slice(b"abc\r\n");
        }
    }
    polycache_server::memcached::fuzz(&SERVER, &script);
});
