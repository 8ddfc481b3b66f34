//! What an `exptime` argument means.
//!
//! | exptime | meaning |
//! |---|---|
//! | 0 | never expires |
//! | negative | expired at once |
//! | up to 30 days in seconds | seconds from now |
//! | above | seconds since the Unix epoch |
//!
//! Unlike memcached, which cuts the number to 32 bits, a time after the year 2038 is honoured.

use polycache_core::clock::UnixMillis;

/// The longest relative exptime, in seconds: 30 days, as in memcached's protocol.txt.
pub const RELATIVE_SECONDS_MAX: i64 = 60 * 60 * 24 * 30;

/// The latest time that is kept as one, in seconds since the epoch (the year 36812); later ones never expire.
const ABSOLUTE_SECONDS_MAX: i64 = 1 << 40;

/// When an item expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    Never,
    At(UnixMillis),
    /// Already.
    Past,
}

impl Expiry {
    /// The meaning of `exptime` (seconds) at `now`.
    #[inline]
    pub fn resolve(exptime: i64, now: UnixMillis) -> Expiry {
        match exptime {
            0 => Expiry::Never,
            ..0 => Expiry::Past,
            1..=RELATIVE_SECONDS_MAX => Expiry::At(UnixMillis(now.0 + exptime as u64 * 1000)),
            ABSOLUTE_SECONDS_MAX.. => Expiry::Never,
            _ => {
                let at = UnixMillis(exptime as u64 * 1000);
                if at <= now { Expiry::Past } else { Expiry::At(at) }
            }
        }
    }

    /// The record's expiry; `None` for [`Expiry::Never`]. An item that is past is not stored at all.
    #[inline]
    pub fn deadline(self) -> Option<UnixMillis> {
        match self {
            Expiry::At(at) => Some(at),
            Expiry::Never | Expiry::Past => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_border_between_relative_and_absolute_is_thirty_days() {
        let now = UnixMillis(1_800_000_000_500);
        let at = |millis| Expiry::At(UnixMillis(millis));
        assert_eq!(Expiry::resolve(0, now), Expiry::Never);
        assert_eq!(Expiry::resolve(-1, now), Expiry::Past);
        assert_eq!(Expiry::resolve(i64::MIN, now), Expiry::Past);
        assert_eq!(Expiry::resolve(1, now), at(1_800_000_001_500));
        assert_eq!(Expiry::resolve(2_592_000, now), at(1_802_592_000_500));
        assert_eq!(Expiry::resolve(2_592_001, now), Expiry::Past);
        assert_eq!(Expiry::resolve(1_800_000_000, now), Expiry::Past);
        assert_eq!(Expiry::resolve(1_800_000_001, now), at(1_800_000_001_000));
        assert_eq!(Expiry::resolve(99_999_999_999, now), at(99_999_999_999_000));
        assert_eq!(Expiry::resolve(i64::MAX, now), Expiry::Never);
    }
}
