//! Scores: as eight bytes, or as text behind one byte of length in the oldest sorted sets.

/// Lengths of the old form that stand for numbers which have no digits.
pub const NAN: u8 = 253;
pub const PLUS_INFINITY: u8 = 254;
pub const MINUS_INFINITY: u8 = 255;

/// The number in `text`, as C prints it; none where it is no number, or NaN.
pub fn parse(text: &[u8]) -> Option<f64> {
    let number: f64 = std::str::from_utf8(text).ok()?.trim_start().parse().ok()?;
    (!number.is_nan()).then_some(number)
}

/// Writes `score` so that `parse` and C read the same number.
pub fn format(score: f64, out: &mut Vec<u8>) {
    if score.is_infinite() {
        out.extend_from_slice(if score > 0.0 { b"inf" } else { b"-inf" });
    } else {
        out.extend_from_slice(zmij::Buffer::new().format(score).as_bytes());
    }
}

/// The whole number that `score` is, if digits and sign all survive as one.
pub fn whole(score: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let is_minus_zero = score == 0.0 && score.is_sign_negative();
    (score.fract() == 0.0 && score.abs() <= EXACT && !is_minus_zero).then_some(score as i64)
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn every_number_comes_back() {
        for score in [0.0, -0.0, 1.5, -3.0, 1e300, 5e-324, f64::INFINITY, f64::NEG_INFINITY, 0.1, 1e17] {
            let mut text = Vec::new();
            format(score, &mut text);
            let back = parse(&text).map(f64::to_bits);
            assert_eq!(back, Some(score.to_bits()), "{}", String::from_utf8_lossy(&text));
            assert!(whole(score).is_none_or(|whole| whole as f64 == score));
        }
        assert_eq!((whole(-0.0), whole(1e17), whole(-7.0)), (None, None, Some(-7)));
        assert_eq!((parse(b"nan"), parse(b""), parse(b"1x")), (None, None, None));
    }
}
