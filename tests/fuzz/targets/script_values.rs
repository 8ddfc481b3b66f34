//! What crosses between scripts and the outside: JSON, MessagePack, structures, replies made of values, and sources.

#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use polycache_server::embedded::{Cache, Options};

thread_local! {
    static CACHE: RefCell<Option<Cache>> = const { RefCell::new(None) };
}

/// Each takes the input as `ARGV[1]` and a second part as `ARGV[2]`, and gives back what it made of them.
const SCRIPTS: &[&str] = &[
    "local value = cjson.decode(ARGV[1]) return {cjson.encode(value), value}",
    "local values = {cmsgpack.unpack(ARGV[1])} return {cmsgpack.pack(values), values}",
    "return {cmsgpack.unpack_limit(ARGV[1], 3, #ARGV[2])}",
    "return {struct.unpack(ARGV[1], ARGV[2])}",
    "return {struct.pack(ARGV[1], ARGV[2], #ARGV[2], -1.5, ARGV[1])}",
    "return {pcall(string.format, ARGV[1], ARGV[2], #ARGV[2])}",
    "redis.setresp(3) return redis.pcall(ARGV[1], ARGV[2])",
    "return cjson.decode(ARGV[1])",
];

fuzz_target!(|input: &[u8]| {
    let Some((&choice, rest)) = input.split_first() else { return };
    let (second, first) = rest.split_at(rest.len().min(usize::from(choice >> 4)));
    CACHE.with_borrow_mut(|cache| {
        let cache = cache.get_or_insert_with(|| Cache::open(&Options::default()).expect("an engine in memory"));
        match SCRIPTS.get(usize::from(choice & 15)) {
            Some(script) => drop(cache.execute(&[b"EVAL", script.as_bytes(), b"0", first, second])),
            // Only compiled: a source may loop.
            None => drop(cache.execute(&[b"SCRIPT", b"LOAD", rest])),
        }
        if choice == u8::MAX {
            let _ = cache.execute(&[b"SCRIPT", b"FLUSH"]);
        }
    });
});
