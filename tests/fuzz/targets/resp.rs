//! RESP and inline requests, in pieces of any size: what is parsed must not depend on the pieces.

#![no_main]

use libfuzzer_sys::fuzz_target;
use polycache_server::resp::parse::{Limits, parse_in_pieces};

fuzz_target!(|input: &[u8]| {
    let Some((first, input)) = input.split_first() else { return };
    let limits = Limits { bulk_bytes_max: 1 << 20, authenticated: first & 1 == 0 };
    let whole = parse_in_pieces(input, input.len(), &limits);
    let pieces = parse_in_pieces(input, usize::from(*first), &limits);
    assert_eq!(whole.0, pieces.0);
});
