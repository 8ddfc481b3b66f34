//! How scores stand in keys.

use smallvec::SmallVec;

/// Bytes of a score in front of its member.
pub const SCORE_BYTES: usize = 8;

/// A key of the elements in order: score and member.
pub type ScoreKey = SmallVec<[u8; 64]>;

/// Eight bytes that order as scores do. Minus zero is zero here: the two are one place in the order.
#[inline]
pub fn encode(score: f64) -> [u8; SCORE_BYTES] {
    let bits = (score + 0.0).to_bits();
    let sign = 1 << 63;
    (if bits & sign == 0 { bits | sign } else { !bits }).to_be_bytes()
}

/// The score that stands in front of a key.
///
/// # Panics
/// If the key is shorter than a score.
#[inline]
pub fn decode(key: &[u8]) -> f64 {
    let mut bytes = [0; SCORE_BYTES];
    bytes.copy_from_slice(&key[..SCORE_BYTES]);
    let bits = u64::from_be_bytes(bytes);
    let sign = 1 << 63;
    f64::from_bits(if bits & sign != 0 { bits ^ sign } else { !bits })
}

/// The least bytes above all keys that begin with this score.
pub fn after(score: f64) -> [u8; SCORE_BYTES] {
    // Infinity is not the greatest of all bit patterns: there are the NaNs.
    (u64::from_be_bytes(encode(score)) + 1).to_be_bytes()
}

/// The key of a member.
pub fn key(score: f64, member: &[u8]) -> ScoreKey {
    let mut key = ScoreKey::with_capacity(SCORE_BYTES + member.len());
    key.extend_from_slice(&encode(score));
    key.extend_from_slice(member);
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_order_as_scores(left: f64, right: f64) {
            prop_assume!(!left.is_nan() && !right.is_nan());
            prop_assert_eq!(encode(left).cmp(&encode(right)), left.partial_cmp(&right).unwrap());
            prop_assert_eq!(decode(&encode(left)), left);
            prop_assert!(encode(left) < after(left));
            prop_assert!(left >= right || after(left) <= encode(right));
        }
    }

    #[test]
    fn zeroes_are_one() {
        assert_eq!(encode(0.0), encode(-0.0));
        assert!(after(f64::INFINITY) > encode(f64::INFINITY));
        assert!(encode(f64::NEG_INFINITY) < encode(f64::MIN));
    }
}
