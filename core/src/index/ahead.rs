//! Looking ahead: the cache misses of a batch of keys, taken at the same time instead of one after the other.
//!
//! Finding a key costs two misses that depend on each other, bucket and record. For a batch, all buckets are asked
//! for first, then all records that the buckets point to; the commands that follow find both in the cache.

use crossbeam_epoch::Guard;

use super::bucket::Bucket;
use super::table::bucket_of;
use super::{CACHE_LINE_BYTES, Index, SLOTS, prefetch};

/// Keys that are looked up at the same time: about as many misses as a core has under way.
pub const AHEAD_KEYS: usize = 16;

/// A record's header, a short key and a short value lie in so many bytes.
const RECORD_BYTES: usize = 128;

impl Index {
    /// Asks the processor for what work on `keys` will read. Changes nothing and waits for nothing.
    pub fn look_ahead(&self, keys: &[&[u8]], pin: &Guard) {
        for keys in keys.chunks(AHEAD_KEYS) {
            let mut hashes = [0; AHEAD_KEYS];
            for (hash, key) in hashes.iter_mut().zip(keys) {
                *hash = self.hash(key);
            }
            self.look_ahead_hashed(&hashes[..keys.len()], pin);
        }
    }

    /// [`Index::look_ahead`] for keys whose hashes are known.
    pub fn look_ahead_hashed(&self, hashes: &[u64], _pin: &Guard) {
        for hashes in hashes.chunks(AHEAD_KEYS) {
            let mut heads = [None; AHEAD_KEYS];
            let size = self.table.size();
            for (head, &hash) in heads.iter_mut().zip(hashes) {
                *head = self.table.head(bucket_of(hash, size));
                if let Some(head) = *head {
                    prefetch(std::ptr::from_ref(head).cast());
                }
            }
            heads.iter().zip(hashes).for_each(|(head, &hash)| prefetch_record(*head, hash));
        }
    }
}

/// Asks for the record of a hash if its chain's first bucket has it.
#[inline]
fn prefetch_record(head: Option<&Bucket>, hash: u64) {
    let Some(head) = head else { return };
    let slot = head.candidates(hash).trailing_zeros() as usize;
    if slot < SLOTS {
        // An offset in the snapshot file is no address that is fetched; asking does no harm.
        let address = std::ptr::without_provenance::<u8>(head.load(slot).address() as usize);
        for line in (0..RECORD_BYTES).step_by(CACHE_LINE_BYTES) {
            prefetch(address.wrapping_add(line));
        }
    }
}
