//! Any bytes, read in every way that bytes are read here: for fuzzing.

use super::error::RdbError;
use super::format::Version;
use super::gathered::{Gathered, Value};
use super::packed::{intset, listpack, ziplist, zipmap};
use super::payload::{PayloadError, read_payload};
use super::write::{Options, PayloadWriter, seal};
use super::{lzf, read_file};

/// Reads `input` as a file, as a payload and as each packed encoding. What can be read must come back from what we
/// write of it. Never panics otherwise, whatever the bytes.
pub fn fuzz(input: &[u8]) {
    let mut gathered = Gathered::default();
    if let Err(RdbError { offset, .. }) = read_file(input, &mut gathered) {
        assert!(offset <= input.len() as u64);
    }
    for (_, value) in &gathered.keys {
        write_and_read(value);
    }
    for version in [11, 12, 80_u16] {
        let payload = seal(input.to_vec(), version);
        let mut gathered = Gathered::default();
        match read_payload(&payload, &mut gathered) {
            Ok(()) => gathered.value.iter().for_each(write_and_read),
            Err(PayloadError::Value(error)) => assert!(error.offset <= payload.len() as u64),
            Err(PayloadError::Footer) => assert!(input.is_empty()),
        }
    }
    if let Ok(mut packed) = listpack::Listpack::new(input) {
        while let Ok(Some(_)) = packed.next() {}
    }
    if let Ok(mut packed) = ziplist::Ziplist::new(input) {
        while let Ok(Some(_)) = packed.next() {}
    }
    if let Ok(mut packed) = intset::Intset::new(input) {
        while let Ok(Some(_)) = packed.next() {}
    }
    if let Ok(mut packed) = zipmap::Zipmap::new(input) {
        while let Ok(Some(_)) = packed.next() {}
    }
    let _ = lzf::decompress(input, 64 * 1024, &mut Vec::new());
    if let Some(packed) = lzf::Compressor::new().compress(input) {
        let mut out = Vec::new();
        lzf::decompress(packed, input.len(), &mut out).expect("what we compressed");
        assert_eq!(out, input);
    }
}

fn write_and_read(value: &Value) {
    // An empty value is not written by anybody.
    if value.is_empty() {
        return;
    }
    for version in [Version::Valkey80, Version::Redis12] {
        let mut writer = PayloadWriter::payload(Options::new(version));
        value.tell(&mut writer).expect("every value can be written");
        let payload = writer.finish_payload().expect("memory");
        let mut back = Gathered::default();
        read_payload(&payload, &mut back).expect("what we wrote");
        let back = back.value.expect("a value").sorted();
        // Redis 7.4 has no expiry at the very beginning of 1970.
        assert!(version == Version::Redis12 || back == value.clone().sorted(), "{value:?}\nbecame\n{back:?}");
    }
}
