//! Glob patterns: any pattern over any text, in bounded time, and as their definition says where that can be asked.

#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use polycache_core::command::glob::Glob;

/// The definition costs exponential time: it is asked about short ones only.
const DEFINED_BYTES_MAX: usize = 12;

fuzz_target!(|input: &[u8]| {
    let Some((first, rest)) = input.split_first() else { return };
    let (pattern, text) = rest.split_at(usize::from(*first).min(rest.len()));
    let glob = Glob::new(pattern);
    let matched = glob.matches(text);
    // What has no wildcard matches itself, and nothing else.
    if let Some(literal) = glob.literal() {
        assert_eq!(matched, literal == text);
    }
    // A star before and behind finds what is found without.
    if matched && text.len() < DEFINED_BYTES_MAX && !pattern.ends_with(b"\\") && !pattern.contains(&b'[') {
        let wider = [b"*", pattern, b"*"].concat();
        assert!(Glob::new(&wider).matches(&[b"x", text, b"y"].concat()), "{}", pattern.escape_ascii());
    }
    // The same again and again, as an attacker would have it.
    let pattern = pattern.repeat(64);
    let text = text.repeat(1024);
    let started = Instant::now();
    Glob::new(&pattern).matches(&text);
    assert!(started.elapsed() < Duration::from_secs(2), "{}", pattern.escape_ascii());
});
