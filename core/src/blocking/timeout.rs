//! The timeout argument of blocking commands.

use std::time::{Duration, Instant};

use crate::clock::UnixMillis;
use crate::command::Failure;
use crate::command::args::canonical_integer;
use crate::command::string::Extended;

const NOT_FLOAT: Failure = Failure::text("ERR timeout is not a float or out of range");
const NOT_INTEGER: Failure = Failure::text("ERR timeout is not an integer or out of range");
const NEGATIVE: Failure = Failure::text("ERR timeout is negative");
const OUT_OF_RANGE: Failure = Failure::text("ERR timeout is out of range");

/// How long a blocking command waits, in milliseconds; zero is for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeout(u64);

impl Timeout {
    /// Seconds with a fraction, as BLPOP and its kin take them.
    pub fn seconds(text: &[u8], now: UnixMillis) -> Result<Timeout, Failure> {
        let millis = Extended::parse(text).ok_or(NOT_FLOAT)?.thousandfold().ok_or(OUT_OF_RANGE)?;
        Self::checked(millis, now)
    }

    /// A span; not even nothing is for ever.
    pub fn after(span: Duration) -> Timeout {
        Timeout(u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1))
    }

    /// Whole milliseconds, as XREAD BLOCK takes them.
    pub fn millis(text: &[u8], now: UnixMillis) -> Result<Timeout, Failure> {
        Self::checked(canonical_integer(text).ok_or(NOT_INTEGER)?, now)
    }

    fn checked(millis: i64, now: UnixMillis) -> Result<Timeout, Failure> {
        match u64::try_from(millis) {
            Err(_) => Err(NEGATIVE),
            Ok(millis) if millis > (i64::MAX as u64).saturating_sub(now.0) => Err(OUT_OF_RANGE),
            Ok(millis) => Ok(Timeout(millis)),
        }
    }

    /// When the time is over, counted from now; `None` is never.
    pub(super) fn deadline(self) -> Option<Instant> {
        match self.0 {
            0 => None,
            millis => Instant::now().checked_add(Duration::from_millis(millis)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_fractions() {
        let now = UnixMillis(1_000_000);
        for (text, expected) in [
            ("0", Ok(0)),
            ("-0", Ok(0)),
            ("1", Ok(1000)),
            ("0.1", Ok(100)),
            ("0.0001", Ok(1)),
            ("1e2", Ok(100_000)),
            ("-0.0001", Ok(0)),
            ("-1", Err(NEGATIVE)),
            ("-0.01", Err(NEGATIVE)),
            ("-inf", Err(NEGATIVE)),
            ("inf", Err(OUT_OF_RANGE)),
            ("9223372036854775807", Err(OUT_OF_RANGE)),
            ("9223372036854775.807", Err(OUT_OF_RANGE)),
            ("x", Err(NOT_FLOAT)),
            ("", Err(NOT_FLOAT)),
            ("nan", Err(NOT_FLOAT)),
        ] {
            let got = Timeout::seconds(text.as_bytes(), now).map(|timeout| timeout.0);
            assert_eq!(got, expected, "{text:?}");
        }
    }

    #[test]
    fn milliseconds_are_whole() {
        let now = UnixMillis(1_000_000);
        assert_eq!(Timeout::millis(b"20", now), Ok(Timeout(20)));
        assert_eq!(Timeout::millis(b"-1", now), Err(NEGATIVE));
        assert_eq!(Timeout::millis(b"0.5", now), Err(NOT_INTEGER));
        assert_eq!(Timeout::millis(b"9223372036854775807", now), Err(OUT_OF_RANGE));
    }
}
