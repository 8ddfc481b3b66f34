//! Numbers as memcached reads them: `strtol` and `strtoull`, with its checks of what follows.
//!
//! White space before a number, a sign, and white space after it (with anything behind) are accepted, because
//! memcached accepts them: a counter padded with spaces by `decr` is still a counter.

/// What C's `isspace` accepts.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

/// Sign and magnitude of the number at the start of `word`; `None` where there is none, where something other
/// than white space or NUL follows, or where it does not fit 64 bits.
#[inline]
fn magnitude(word: &[u8]) -> Option<(bool, u64)> {
    let mut rest = word;
    while let [first, tail @ ..] = rest
        && is_space(*first)
    {
        rest = tail;
    }
    let negative = rest.first() == Some(&b'-');
    if negative || rest.first() == Some(&b'+') {
        rest = &rest[1..];
    }
    let mut value = 0u64;
    let mut digits = 0;
    while let Some(digit) = rest.get(digits).map(|byte| byte.wrapping_sub(b'0'))
        && digit < 10
    {
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
        digits += 1;
    }
    let ends = rest.get(digits).is_none_or(|&byte| byte == 0 || is_space(byte));
    (digits > 0 && ends).then_some((negative, value))
}

/// An unsigned number. A negative one is refused unless its two's complement has the top bit clear, as in
/// memcached's `safe_strtoull`.
#[inline]
pub fn unsigned(word: &[u8]) -> Option<u64> {
    let (negative, value) = magnitude(word)?;
    if !negative {
        return Some(value);
    }
    let value = value.wrapping_neg();
    ((value as i64) >= 0).then_some(value)
}

/// A signed number.
#[inline]
pub fn signed(word: &[u8]) -> Option<i64> {
    match magnitude(word)? {
        (false, value) => i64::try_from(value).ok(),
        (true, value) => 0i64.checked_sub_unsigned(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_strtoull_reads() {
        for (word, expected) in [
            (&b"0"[..], Some(0)),
            (b"+12", Some(12)),
            (b" 12", Some(12)),
            (b"\t\n12", Some(12)),
            (b"12 ", Some(12)),
            (b"12 34", Some(12)),
            (b"12\x0034", Some(12)),
            (b"00000000000000000000000000001", Some(1)),
            (b"18446744073709551615", Some(u64::MAX)),
            (b"18446744073709551616", None),
            (b"-0", Some(0)),
            (b"-1", None),
            (b"-18446744073709551615", Some(1)),
            (b"", None),
            (b"+", None),
            (b"-", None),
            (b" ", None),
            (b"12a", None),
            (b"0x10", None),
            (b"1.5", None),
            (b"+-1", None),
        ] {
            assert_eq!(unsigned(word), expected, "{}", word.escape_ascii());
        }
    }

    #[test]
    fn reads_what_strtol_reads() {
        for (word, expected) in [
            (&b"-1"[..], Some(-1)),
            (b"-9223372036854775808", Some(i64::MIN)),
            (b"-9223372036854775809", None),
            (b"9223372036854775807", Some(i64::MAX)),
            (b"9223372036854775808", None),
            (b"1z", None),
        ] {
            assert_eq!(signed(word), expected, "{}", word.escape_ascii());
        }
    }
}
