//! The keys of buffered binary requests, so that the engine can fetch their records meanwhile.

use super::header::{HEADER_BYTES, Request};
use crate::memcached::text::ahead::{Keys, fetch};
use crate::memcached::text::parse::KEY_BYTES_MAX;
use crate::memcached::work::Work;
use polycache_core::index::AHEAD_KEYS;

/// Has the records fetched that the next requests name; returns how many bytes it looked at.
pub fn commands(work: &Work<'_>, input: &[u8]) -> usize {
    let mut keys = Keys::new();
    let mut rest = input;
    while keys.len() < AHEAD_KEYS
        && let Some(head) = rest.first_chunk()
    {
        let request = Request::parse(head);
        let (start, whole) = (HEADER_BYTES + request.extras_len, HEADER_BYTES + request.body_len);
        let Some(key) = rest.get(start..start + request.key_len) else { break };
        if !key.is_empty() && key.len() <= KEY_BYTES_MAX {
            keys.push(key);
        }
        let Some(behind) = rest.get(whole..) else { break };
        rest = behind;
    }
    fetch(work, &keys);
    input.len() - rest.len()
}
