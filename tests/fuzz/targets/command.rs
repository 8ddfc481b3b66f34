//! Commands with any arguments, over an engine that keeps what earlier ones left.

#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use polycache_server::embedded::{Cache, Options};
use polycache_server::resp::parse::{Limits, parse_in_pieces};

thread_local! {
    static CACHE: RefCell<Option<Cache>> = const { RefCell::new(None) };
}

/// Commands that stop the process, sleep, or make values of hundreds of megabytes.
const SKIPPED: &[&[u8]] = &[b"shutdown", b"debug", b"setbit", b"setrange", b"bitfield", b"client", b"config"];

fuzz_target!(|input: &[u8]| {
    let limits = Limits { bulk_bytes_max: 1 << 16, authenticated: true };
    let (commands, _) = parse_in_pieces(input, input.len(), &limits);
    CACHE.with_borrow_mut(|cache| {
        let cache = cache.get_or_insert_with(|| Cache::open(&Options::default()).expect("an engine in memory"));
        for command in &commands {
            let args: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
            let name = args[0].to_ascii_lowercase();
            // Offsets of up to six digits are fine.
            let is_modest = args.get(2).is_none_or(|offset| offset.len() < 7);
            if !SKIPPED.contains(&name.as_slice()) || is_modest && matches!(&name[..], b"setbit" | b"setrange") {
                let _ = cache.execute(&args);
            }
        }
    });
});
