//! RDB files, DUMP payloads and packed encodings: any bytes, read in every way; what can be read survives writing.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| polycache_core::rdb::fuzz(input));
