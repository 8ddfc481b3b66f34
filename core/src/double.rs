//! Doubles as text: as Redis and Valkey print them in replies, and as they read scores and bounds.

use smallvec::SmallVec;

/// A printed double; fits without allocation.
pub type Text = SmallVec<[u8; 32]>;

/// 2^62: whole numbers up to it are printed with all their digits.
const WHOLE_MAX: f64 = 4_611_686_018_427_387_904.0;

/// A double as replies carry it: whole numbers exactly, others by the shortest digits that read back, without exponent
/// where that is not longer by much, with a signed exponent otherwise (`1e+30`).
pub fn text(value: f64) -> Text {
    if let Some(special) = special(value) {
        return Text::from_slice(special);
    }
    if value.fract() == 0.0 && value.abs() <= WHOLE_MAX {
        return Text::from_slice(itoa::Buffer::new().format(value as i64).as_bytes());
    }
    shortest(value)
}

/// A double by the shortest digits that read back, whole numbers too (`1e+17`): digests of scores are made of it.
pub fn shortest(value: f64) -> Text {
    if let Some(special) = special(value) {
        return Text::from_slice(special);
    }
    let mut buffer = zmij::Buffer::new();
    let (digits, exponent) = scientific(buffer.format_finite(value.abs()).as_bytes());
    let count = digits.len() as i32;
    // The value is `digits` times ten to the power of `scale`.
    let scale = exponent - (count - 1);
    let is_plain = scale >= 0 && exponent < count + 7 || scale < 0 && (scale > -7 || exponent.abs() < 4);
    let mut out = Text::new();
    if value < 0.0 {
        out.push(b'-');
    }
    if is_plain {
        plain(&digits, exponent, &mut out);
    } else {
        with_exponent(&digits, exponent, 1, &mut out);
    }
    out
}

/// A double as C prints it with `%.17g`.
pub fn general(value: f64) -> Text {
    if let Some(special) = special(value) {
        return Text::from_slice(special);
    }
    let (mut digits, exponent) = scientific(format!("{:.16e}", value.abs()).as_bytes());
    while digits.len() > 1 && digits.last() == Some(&b'0') {
        digits.pop();
    }
    let mut out = Text::new();
    if value < 0.0 {
        out.push(b'-');
    }
    if (-4..17).contains(&exponent) {
        plain(&digits, exponent, &mut out);
    } else {
        with_exponent(&digits, exponent, 2, &mut out);
    }
    out
}

/// A double as C prints it with `%.17Lf`, without the zeroes at its end.
pub fn fixed(value: f64) -> Text {
    if let Some(special) = special(value) {
        return Text::from_slice(if special == b"-0" { b"0" } else { special });
    }
    let printed = format!("{value:.17}");
    let text = printed.trim_end_matches('0').trim_end_matches('.');
    Text::from_slice(if text == "-0" { b"0" } else { text.as_bytes() })
}

fn special(value: f64) -> Option<&'static [u8]> {
    Some(match value {
        _ if value.is_nan() => b"nan",
        f64::INFINITY => b"inf",
        f64::NEG_INFINITY => b"-inf",
        0.0 if value.is_sign_negative() => b"-0",
        0.0 => b"0",
        _ => return None,
    })
}

/// The digits of a printed positive number without zeroes at their ends, and the exponent of the first.
fn scientific(text: &[u8]) -> (SmallVec<[u8; 24]>, i32) {
    let (mantissa, exponent) = match text.iter().position(|&byte| byte == b'e') {
        Some(at) => (&text[..at], std::str::from_utf8(&text[at + 1..]).unwrap_or_default()),
        None => (text, "0"),
    };
    let mut exponent: i32 = exponent.parse().unwrap_or(0);
    let point = mantissa.iter().position(|&byte| byte == b'.').unwrap_or(mantissa.len());
    exponent += point as i32 - 1;
    let mut digits: SmallVec<[u8; 24]> = mantissa.iter().copied().filter(u8::is_ascii_digit).collect();
    let zeroes = digits.iter().take_while(|&&digit| digit == b'0').count();
    digits.drain(..zeroes);
    exponent -= zeroes as i32;
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
    (digits, exponent)
}

fn plain(digits: &[u8], exponent: i32, out: &mut Text) {
    if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.extend((1..-exponent).map(|_| b'0'));
        out.extend_from_slice(digits);
        return;
    }
    let whole = exponent as usize + 1;
    out.extend_from_slice(&digits[..whole.min(digits.len())]);
    out.extend((digits.len()..whole).map(|_| b'0'));
    if digits.len() > whole {
        out.push(b'.');
        out.extend_from_slice(&digits[whole..]);
    }
}

fn with_exponent(digits: &[u8], exponent: i32, width: usize, out: &mut Text) {
    out.push(digits[0]);
    if digits.len() > 1 {
        out.push(b'.');
        out.extend_from_slice(&digits[1..]);
    }
    out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
    let magnitude = exponent.unsigned_abs();
    if width == 2 && magnitude < 10 {
        out.push(b'0');
    }
    out.extend_from_slice(itoa::Buffer::new().format(magnitude).as_bytes());
}

/// A number as an argument: decimal, with or without exponent, or an infinity; `None` for NaN, for what overflows, and
/// for what is not zero but so small that it would become zero.
pub fn parse(text: &[u8]) -> Option<f64> {
    let value = read(text)?;
    let is_word = |text: &[u8]| text.iter().any(|byte| matches!(byte, b'i' | b'I'));
    let overflows = value.is_infinite() && !is_word(text);
    let mut mantissa = text.iter().take_while(|byte| !matches!(byte, b'e' | b'E'));
    let underflows = value == 0.0 && mantissa.any(|byte| matches!(byte, b'1'..=b'9'));
    (!overflows && !underflows).then_some(value)
}

/// A bound of a range of scores: as [`parse`], but only up to the first NUL, nothing is zero, and what is out of range
/// becomes infinite or zero.
pub fn parse_bound(text: &[u8]) -> Option<f64> {
    match text.split(|&byte| byte == 0).next() {
        None | Some([]) => Some(0.0),
        Some(text) => read(text),
    }
}

fn read(text: &[u8]) -> Option<f64> {
    // Rust's syntax of floats is that of `strtod` without hexadecimal digits and blanks, as in Valkey.
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (!value.is_nan()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn doubles_as_valkey_prints_them() {
        for (value, short, long) in [
            (0.0, "0", "0"),
            (-0.0, "-0", "-0"),
            (3.0, "3", "3"),
            (-2.5, "-2.5", "-2.5"),
            (0.1, "0.1", "0.10000000000000001"),
            (1e8, "100000000", "100000000"),
            (1e17, "100000000000000000", "1e+17"),
            (123_456_789_012_345_678.0, "123456789012345680", "1.2345678901234568e+17"),
            (1_234_567_890_123_456_789.0, "1234567890123456768", "1.2345678901234568e+18"),
            (9_223_372_036_854_775_807.0, "9223372036854776000", "9.2233720368547758e+18"),
            (18_446_744_073_709_551_616.0, "18446744073709552000", "1.8446744073709552e+19"),
            (1e19, "1e+19", "1e+19"),
            (1e30, "1e+30", "1e+30"),
            (1.5e-7, "1.5e-7", "1.4999999999999999e-07"),
            (1e-6, "0.000001", "9.9999999999999995e-07"),
            (0.000_123_456, "1.23456e-4", "0.00012345600000000001"),
            (0.0001, "0.0001", "0.0001"),
            (12_345.678, "12345.678", "12345.678"),
            (f64::INFINITY, "inf", "inf"),
            (f64::NEG_INFINITY, "-inf", "-inf"),
            (1e-320, "1e-320", "9.9998886718268301e-321"),
        ] {
            assert_eq!(String::from_utf8_lossy(&text(value)), short);
            assert_eq!(String::from_utf8_lossy(&general(value)), long);
        }
    }

    #[test]
    fn arguments() {
        for (text, score, bound) in [
            ("", None, Some(0.0)),
            ("+5", Some(5.0), Some(5.0)),
            (".5", Some(0.5), Some(0.5)),
            ("5.", Some(5.0), Some(5.0)),
            ("-INFINITY", Some(f64::NEG_INFINITY), Some(f64::NEG_INFINITY)),
            ("1e400", None, Some(f64::INFINITY)),
            ("-1e-400", None, Some(0.0)),
            ("0e5", Some(0.0), Some(0.0)),
            ("1\x002", None, Some(1.0)),
            ("nan", None, None),
            ("0x10", None, None),
            (" 1", None, None),
            ("1 ", None, None),
            ("1e", None, None),
            ("-", None, None),
        ] {
            assert_eq!(parse(text.as_bytes()), score, "{text:?}");
            assert_eq!(parse_bound(text.as_bytes()), bound, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_double_comes_back(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(!value.is_nan());
            for printed in [text(value), general(value)] {
                prop_assert_eq!(parse(&printed).map(f64::to_bits), Some(bits));
            }
        }
    }
}
