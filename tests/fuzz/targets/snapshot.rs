//! Snapshot files: any bytes, read in every way that a file is read.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| polycache_core::snapshot::fuzz(input));
