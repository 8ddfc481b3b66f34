//! Reading arguments: integers, option words and expiry times, with Redis' strictness and error texts.
//!
//! Nothing here allocates unless it fails.

use super::Failure;
use crate::clock::UnixMillis;
use crate::engine::{DbIndex, Engine};
use crate::limits::DATABASES;

/// The longest decimal form of an `i64`.
const INTEGER_BYTES_MAX: usize = 20;

/// A decimal integer in its one canonical form: no blanks, no `+`, no leading zeroes, no `-0`.
///
/// Only such texts are integers to Redis, because printing the number must give back the same bytes.
pub fn canonical_integer(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > INTEGER_BYTES_MAX {
        return None;
    }
    let (negative, digits) = match text[0] {
        b'-' => (true, &text[1..]),
        _ => (false, text),
    };
    match digits {
        [b'0'] if !negative => return Some(0),
        [b'1'..=b'9', ..] => {}
        _ => return None,
    }
    let mut value: u64 = 0;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
    }
    if negative { 0i64.checked_sub_unsigned(value) } else { i64::try_from(value).ok() }
}

/// An integer argument, or `ERR value is not an integer or out of range`.
pub fn integer(text: &[u8]) -> Result<i64, Failure> {
    canonical_integer(text).ok_or(Failure::NOT_INTEGER)
}

/// A decimal number of 64 bits without a sign; leading zeroes are allowed, as in stream IDs.
pub fn decimal(text: &[u8]) -> Option<u64> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    digits.then(|| str::from_utf8(text).ok()?.parse().ok()).flatten()
}

/// Whether an argument is this option word, in any case.
pub fn is_word(argument: &[u8], word: &str) -> bool {
    argument.eq_ignore_ascii_case(word.as_bytes())
}

/// An argument as an error text repeats it: up to the first NUL, as C prints it.
pub fn echoed(argument: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(argument.split(|byte| *byte == 0).next().unwrap_or_default())
}

/// The number of an existing database.
pub fn database(engine: &Engine, text: &[u8]) -> Result<DbIndex, Failure> {
    const NOT_INT: Failure =
        Failure::text("ERR value is out of range, value must between -2147483648 and 2147483647");
    database_of(engine, i32::try_from(integer(text)?).map_err(|_| NOT_INT)?)
}

/// The number of an existing database.
pub fn database_of(engine: &Engine, index: i32) -> Result<DbIndex, Failure> {
    match usize::try_from(index) {
        Ok(index) if index < engine.config().databases.min(DATABASES) => Ok(index as DbIndex),
        _ => Err(Failure::DB_INDEX),
    }
}

/// A SCAN cursor: a canonical integer that is not negative, or else whatever `strtoull` takes wholly.
pub fn cursor(text: &[u8]) -> Result<u64, Failure> {
    const INVALID: Failure = Failure::text("ERR invalid cursor");
    if let Some(value) = canonical_integer(text) {
        return u64::try_from(value).map_err(|_| INVALID);
    }
    let (negative, digits) = match text.trim_ascii_start() {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return Err(INVALID);
    }
    let value = digits.iter().try_fold(0u64, |value, &digit| {
        if !digit.is_ascii_digit() {
            return None;
        }
        value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    });
    // C negates in unsigned arithmetic.
    value.map(|value| if negative { value.wrapping_neg() } else { value }).ok_or(INVALID)
}

/// Redis' inclusive range, negative positions counting from the end: `(start, length)`, or `None` where it is empty.
pub fn clamp_range(start: i64, end: i64, length: usize) -> Option<(usize, usize)> {
    if start < 0 && end < 0 && start > end {
        return None;
    }
    clamp_bounds(start, end, length)
}

/// [`clamp_range`] without its first rule: bounds that both lie before the beginning meet at the first element.
pub fn clamp_bounds(start: i64, end: i64, length: usize) -> Option<(usize, usize)> {
    let length = length as i64;
    let from_end = |position: i64| {
        if position < 0 { position.saturating_add(length).max(0) } else { position }
    };
    let (start, end) = (from_end(start), from_end(end).min(length - 1));
    (start <= end).then(|| (start as usize, (end - start + 1) as usize))
}

/// How an expiry argument counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeForm {
    pub unit: TimeUnit,
    pub base: TimeBase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    Seconds,
    Millis,
}

/// What an expiry argument counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeBase {
    Now,
    Epoch,
}

impl TimeForm {
    pub const SECONDS: TimeForm = TimeForm { unit: TimeUnit::Seconds, base: TimeBase::Now };
    pub const MILLIS: TimeForm = TimeForm { unit: TimeUnit::Millis, base: TimeBase::Now };
    pub const UNIX_SECONDS: TimeForm = TimeForm { unit: TimeUnit::Seconds, base: TimeBase::Epoch };
    pub const UNIX_MILLIS: TimeForm = TimeForm { unit: TimeUnit::Millis, base: TimeBase::Epoch };

    /// The form that an option word introduces: EX, PX, EXAT, PXAT.
    pub fn of_word(word: &[u8]) -> Option<TimeForm> {
        Some(match word {
            w if is_word(w, "EX") => Self::SECONDS,
            w if is_word(w, "PX") => Self::MILLIS,
            w if is_word(w, "EXAT") => Self::UNIX_SECONDS,
            w if is_word(w, "PXAT") => Self::UNIX_MILLIS,
            _ => return None,
        })
    }

    /// Milliseconds since the epoch, below zero too; `None` where they do not fit.
    fn resolve(self, value: i64, now: UnixMillis) -> Option<i64> {
        let millis = match self.unit {
            TimeUnit::Seconds => value.checked_mul(1000)?,
            TimeUnit::Millis => value,
        };
        match self.base {
            TimeBase::Now => millis.checked_add(now.0 as i64),
            TimeBase::Epoch => Some(millis),
        }
    }

    /// The expiry argument of SET and its kin, which must be positive. `command` names it in the error.
    pub fn parse_positive(self, text: &[u8], now: UnixMillis, command: &str) -> Result<UnixMillis, Failure> {
        let value = integer(text)?;
        match self.resolve(value, now) {
            Some(millis) if value > 0 && millis > 0 => Ok(UnixMillis(millis as u64)),
            _ => Err(Failure::invalid_expire(command)),
        }
    }

    /// The expiry of fields, which may lie in the past, but is no negative number.
    pub fn parse_not_negative(
        self,
        text: &[u8],
        now: UnixMillis,
        command: &str,
    ) -> Result<UnixMillis, Failure> {
        let value = integer(text)?;
        let millis = self.resolve(value, now).filter(|millis| value >= 0 && *millis >= 0);
        Ok(UnixMillis(millis.ok_or_else(|| Failure::invalid_expire(command))? as u64))
    }

    /// The expiry argument of the EXPIRE family, which may lie in the past (as far back as the epoch at least).
    pub fn parse_any(self, text: &[u8], now: UnixMillis, command: &str) -> Result<UnixMillis, Failure> {
        let millis = self.resolve(integer(text)?, now).ok_or_else(|| Failure::invalid_expire(command))?;
        Ok(UnixMillis(millis.max(0) as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_have_one_form() {
        for (text, value) in [
            ("0", Some(0)),
            ("7", Some(7)),
            ("-1", Some(-1)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("-9223372036854775809", None),
            ("99999999999999999999", None),
            ("", None),
            ("-", None),
            ("-0", None),
            ("00", None),
            ("01", None),
            ("+1", None),
            (" 1", None),
            ("1 ", None),
            ("1a", None),
            ("0x1", None),
        ] {
            assert_eq!(canonical_integer(text.as_bytes()), value, "{text:?}");
        }
    }

    #[test]
    fn cursors_are_unsigned() {
        assert_eq!(cursor(b"18446744073709551615"), Ok(u64::MAX));
        assert_eq!(cursor(b" 007"), Ok(7));
        assert_eq!(cursor(b"-0"), Ok(0));
        for bad in ["", "-1", "18446744073709551616", "0x10", "1 ", "a"] {
            assert!(cursor(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn expiry_times_do_not_overflow() {
        let now = UnixMillis(1_000_000);
        assert_eq!(TimeForm::SECONDS.parse_positive(b"2", now, "set"), Ok(UnixMillis(1_002_000)));
        assert_eq!(TimeForm::UNIX_SECONDS.parse_positive(b"2", now, "set"), Ok(UnixMillis(2_000)));
        for bad in ["0", "-1", "9223372036854775807", "9223372036854775"] {
            let failure = TimeForm::SECONDS.parse_positive(bad.as_bytes(), now, "set").unwrap_err();
            assert_eq!(failure.0, "ERR invalid expire time in 'set' command", "{bad}");
        }
        assert_eq!(TimeForm::MILLIS.parse_any(b"-9223372036854775808", now, "pexpire"), Ok(UnixMillis(0)));
        assert!(TimeForm::UNIX_SECONDS.parse_any(b"-9223372036854775808", now, "expireat").is_err());
    }

    #[test]
    fn ranges_count_from_both_ends() {
        for (start, end, length, expected) in [
            (0, -1, 5, Some((0, 5))),
            (-3, -1, 5, Some((2, 3))),
            (-100, 1, 5, Some((0, 2))),
            (2, 100, 5, Some((2, 3))),
            (3, 2, 5, None),
            (-1, -2, 5, None),
            (5, 9, 5, None),
            (0, -100, 5, Some((0, 1))),
            (0, -1, 0, None),
            (i64::MIN, i64::MAX, 5, Some((0, 5))),
        ] {
            assert_eq!(clamp_range(start, end, length), expected, "{start} {end} of {length}");
        }
    }
}
