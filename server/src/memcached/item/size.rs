//! How large an item is for memcached: that decides which items are too large, and what its dumps show.

/// What memcached adds to an item's key and data: its header (48 bytes), the CAS number (8), the NUL behind the
/// key, and the line end behind the data.
const OVERHEAD_BYTES: u64 = 48 + 8 + 1 + 2;

/// What memcached adds for flags other than 0.
const FLAGS_BYTES: u64 = 4;

/// Bytes of an item in memcached.
pub fn of(key: &[u8], flags: u32, len: usize) -> u64 {
    let flags = if flags == 0 { 0 } else { FLAGS_BYTES };
    OVERHEAD_BYTES + flags + key.len() as u64 + len as u64
}

/// Whether an item is over `limit` (memcached's `-I`).
pub fn is_too_large(key: &[u8], flags: u32, len: usize, limit: u64) -> bool {
    of(key, flags, len) > limit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_limit_is_the_one_of_memcached() {
        // Measured with memcached 1.6.18 and its default of 1 MB.
        let limit = 1 << 20;
        for (key, flags, longest) in [
            ("a", 0, 1_048_516),
            ("abcdefghij", 0, 1_048_507),
            ("a", 5, 1_048_512),
            ("abcdefghij", 5, 1_048_503),
        ] {
            assert!(!is_too_large(key.as_bytes(), flags, longest, limit));
            assert!(is_too_large(key.as_bytes(), flags, longest + 1, limit));
        }
    }
}
