//! HyperLogLogs: any bytes as a sketch, read and changed in every way; what is valid stays so.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| polycache_core::hyperloglog::fuzz::read(input));
