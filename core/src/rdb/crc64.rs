//! CRC-64 after Jones as Redis uses it: reflected, initial value and final exclusive-or zero.

use crc_fast::{CrcAlgorithm, Digest};

/// A checksum that is still growing.
#[derive(Clone)]
pub struct Crc64(Digest);

impl Crc64 {
    pub fn new() -> Crc64 {
        Crc64(Digest::new(CrcAlgorithm::Crc64Redis))
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub fn value(&self) -> u64 {
        self.0.finalize()
    }
}

/// The checksum of `bytes`.
pub fn crc64(bytes: &[u8]) -> u64 {
    crc_fast::checksum(CrcAlgorithm::Crc64Redis, bytes)
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn is_the_checksum_that_redis_documents() {
        assert_eq!(crc64(b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        assert_eq!(crc64(b""), 0);
        let mut sum = Crc64::new();
        sum.update(b"1234");
        sum.update(b"56789");
        assert_eq!(sum.value(), crc64(b"123456789"));
    }
}
