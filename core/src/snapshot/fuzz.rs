//! An entry for fuzzers: any bytes as a snapshot file.

use super::check::check_bytes;
use super::format::{HEADER_BYTES, Header, TRAILER_BYTES};
use super::frame::{Stored, reseal};

/// Reads `bytes` in all the ways that a file is read, as they are and with the checksums made right, which a fuzzer does
/// not guess. Anything but a panic is right.
pub fn fuzz(bytes: &[u8]) {
    read(bytes);
    let mut sealed = bytes.to_vec();
    reseal(&mut sealed);
    if let Ok(stored) = Stored::read(&sealed, 0, u64::MAX >> 8) {
        let _ = stored.load();
    }
    if let Ok(record) = Header::resealed(bytes) {
        read(&record);
    }
}

fn read(bytes: &[u8]) {
    for at in [0, 16, 64] {
        if let Ok(stored) = Stored::read(bytes, at, u64::MAX >> 8) {
            let _ = stored.load();
        }
    }
    let Ok(header) = Header::decode(bytes, bytes.len() as u64) else { return };
    debug_assert!(bytes.len() as u64 >= HEADER_BYTES + TRAILER_BYTES);
    let _ = header.check_trailer(&bytes[bytes.len() - TRAILER_BYTES as usize..]);
    let _ = check_bytes(bytes, &header).to_string();
}
