//! INCRBYFLOAT's number: the 80-bit extended float (`long double` on x86) that Redis computes with, in software.
//!
//! 0.1 + 0.2 must give `0.3` as Redis prints it, on every machine; neither `f64` (too coarse) nor a decimal type
//! (too exact) does. A number is `sign * mantissa * 2^exponent` with a normalised 64-bit mantissa. Parsing and adding
//! round to nearest even; printing is exact, as `%.17Lf` without trailing zeroes.
//!
//! Limits: texts of at most [`TEXT_BYTES_MAX`] bytes, so big integers have some hundred limbs at most.

use super::big::Big;

/// Longer texts are not numbers; Redis' buffer has this size.
const TEXT_BYTES_MAX: usize = 5 * 1024 - 1;
/// Decimal digits behind the point that are printed.
const FRACTION_DIGITS: u32 = 17;
/// Exponent of the last mantissa bit of the greatest finite number.
const EXPONENT_MAX: i32 = 16_383 - 63;
/// Exponent of the last mantissa bit of denormal numbers: nothing lies below it.
const EXPONENT_MIN: i32 = -16_382 - 63;
/// A decimal exponent beyond which a number surely overflows or vanishes, whatever its digits.
const DECIMAL_EXPONENT_MAX: i64 = 20_000;

/// An extended-precision number; infinities come from the texts `inf` and `infinity` only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extended {
    negative: bool,
    /// Zero, or with its highest bit set (but for denormals).
    mantissa: u64,
    exponent: i32,
    infinite: bool,
}

impl Extended {
    pub(crate) const ZERO: Extended = Extended { negative: false, mantissa: 0, exponent: 0, infinite: false };

    /// The number that `strtold` reads from the whole text, without leading blanks; `None` too where the number is
    /// out of range or not a number.
    pub(crate) fn parse(text: &[u8]) -> Option<Extended> {
        if text.is_empty() || text.len() > TEXT_BYTES_MAX {
            return None;
        }
        let (negative, digits) = match text[0] {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        if digits.eq_ignore_ascii_case(b"inf") || digits.eq_ignore_ascii_case(b"infinity") {
            return Some(Extended { infinite: true, negative, ..Self::ZERO });
        }
        let scaled = match digits {
            [b'0', b'x' | b'X', hex @ ..] => Scaled::parse(hex, 16)?,
            decimal => Scaled::parse(decimal, 10)?,
        };
        scaled.round(negative)
    }

    pub(crate) fn is_infinite(self) -> bool {
        self.infinite
    }

    /// The sum; `None` where it is infinite or undefined.
    pub(crate) fn add(self, other: Extended) -> Option<Extended> {
        if self.infinite || other.infinite {
            return None;
        }
        if self.mantissa == 0 || other.mantissa == 0 {
            return Some(if self.mantissa == 0 { other } else { self });
        }
        let (high, low) = if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        let distance = (high.exponent - low.exponent) as u32;
        // 62 guard bits; what falls out below them only matters as "more than nothing" (the sticky bit).
        let large = u128::from(high.mantissa) << 62;
        let small = u128::from(low.mantissa) << 62;
        let (mut small, lost) =
            if distance < 126 { (small >> distance, small & ((1 << distance) - 1) != 0) } else { (0, true) };
        small |= u128::from(lost);
        let (sum, negative) = if high.negative == low.negative {
            (large + small, high.negative)
        } else if large >= small {
            (large - small, high.negative)
        } else {
            (small - large, low.negative)
        };
        if sum == 0 {
            return Some(Self::ZERO);
        }
        round(negative, sum, high.exponent - 62)
    }

    /// A thousand times the number, rounded up: milliseconds of seconds. `None` where that is above all integers; below
    /// all of them it is the least.
    pub(crate) fn thousandfold(self) -> Option<i64> {
        if self.mantissa == 0 && !self.infinite {
            return Some(0);
        }
        let product = round(self.negative, u128::from(self.mantissa) * 1000, self.exponent);
        let product = product.filter(|product| !self.infinite && product.exponent < 0);
        let Some(product) = product else { return self.negative.then_some(i64::MIN) };
        let shift = product.exponent.unsigned_abs();
        let (whole, rest) = match shift {
            0..64 => (product.mantissa >> shift, product.mantissa & ((1 << shift) - 1)),
            _ => (0, product.mantissa),
        };
        let whole = i64::try_from(whole).unwrap_or(i64::MAX);
        Some(if self.negative { -whole } else { whole.saturating_add(i64::from(rest != 0)) })
    }

    /// The number as `%.17Lf` prints it, without trailing zeroes, and zero without a sign.
    pub(crate) fn to_text(self) -> String {
        let (mut whole, fraction) = if self.exponent >= 0 {
            let mut whole = Big::from(u128::from(self.mantissa));
            whole.shift_left(self.exponent as usize);
            (whole.into_decimal(), 0)
        } else {
            let shift = self.exponent.unsigned_abs();
            let (whole, rest) = match shift {
                0..64 => (self.mantissa >> shift, self.mantissa & ((1 << shift) - 1)),
                _ => (0, self.mantissa),
            };
            let unit = 10u64.pow(FRACTION_DIGITS);
            let scaled = u128::from(rest) * u128::from(unit);
            let rounded = if shift < 128 { shift_right_to_even(scaled, shift) } else { 0 } as u64;
            // The fraction may round up to a whole.
            ((u128::from(whole) + u128::from(rounded / unit)).to_string(), rounded % unit)
        };
        if fraction != 0 {
            let digits = format!("{fraction:0width$}", width = FRACTION_DIGITS as usize);
            whole.push('.');
            whole.push_str(digits.trim_end_matches('0'));
        }
        if self.negative && whole != "0" {
            whole.insert(0, '-');
        }
        whole
    }
}

/// `value >> shift`, rounded to nearest, ties to even.
fn shift_right_to_even(value: u128, shift: u32) -> u128 {
    if shift == 0 {
        return value;
    }
    if shift >= 128 {
        return 0;
    }
    let (kept, lost, half) = (value >> shift, value & ((1 << shift) - 1), 1u128 << (shift - 1));
    kept + u128::from(lost > half || (lost == half && kept & 1 == 1))
}

/// `bits * 2^exponent` with 64 bits of mantissa; `None` where it overflows, or vanishes without being zero.
fn round(negative: bool, bits: u128, exponent: i32) -> Option<Extended> {
    let excess = (128 - bits.leading_zeros() as i32) - 64;
    // Denormals keep fewer bits.
    let shift = excess.max(EXPONENT_MIN - exponent);
    let mut exponent = exponent + shift;
    let mut mantissa = if shift > 0 { shift_right_to_even(bits, shift as u32) } else { bits << -shift };
    if mantissa >> 64 != 0 {
        mantissa >>= 1;
        exponent += 1;
    }
    (mantissa != 0 && exponent <= EXPONENT_MAX).then_some(Extended {
        negative,
        mantissa: mantissa as u64,
        exponent,
        infinite: false,
    })
}

/// A number as its text says it: `digits * 10^ten * 2^two`.
struct Scaled {
    digits: Big,
    ten: i64,
    two: i64,
}

impl Scaled {
    /// Digits with at most one point and an exponent (`e` of ten, or `p` of two for hexadecimal digits).
    fn parse(text: &[u8], radix: u32) -> Option<Scaled> {
        let mark: &[u8] = if radix == 16 { b"pP" } else { b"eE" };
        let (number, exponent) = match text.iter().position(|byte| mark.contains(byte)) {
            Some(at) => (&text[..at], parse_exponent(&text[at + 1..])?),
            None => (text, 0),
        };
        let mut digits = Big::from(0);
        let (mut count, mut behind_point) = (0usize, None);
        for &byte in number {
            if byte == b'.' && behind_point.is_none() {
                behind_point = Some(0i64);
                continue;
            }
            let digit = (byte as char).to_digit(radix)?;
            digits.multiply_add(u64::from(radix), u64::from(digit));
            count += 1;
            behind_point = behind_point.map(|places| places + 1);
        }
        if count == 0 {
            return None;
        }
        let places = behind_point.unwrap_or(0);
        Some(if radix == 16 {
            Scaled { digits, ten: 0, two: exponent - 4 * places }
        } else {
            Scaled { digits, ten: exponent - places, two: 0 }
        })
    }

    fn round(mut self, negative: bool) -> Option<Extended> {
        if self.digits.is_zero() {
            return Some(Extended { negative, ..Extended::ZERO });
        }
        // Digits and places are bounded by the text's length, so that beyond these exponents nothing is finite.
        let limit = DECIMAL_EXPONENT_MAX + 4 * TEXT_BYTES_MAX as i64;
        if self.ten.abs() > limit || self.two.abs() > limit {
            return None;
        }
        let mut divisor = Big::from(1);
        let scaled = if self.ten >= 0 { &mut self.digits } else { &mut divisor };
        scaled.multiply_power_of_ten(self.ten.unsigned_abs() as usize);
        // At least 66 bits of quotient, so that rounding to 64 sees the half and what is below.
        let shift = divisor.bits() as i64 - self.digits.bits() as i64 + 67;
        if shift >= 0 {
            self.digits.shift_left(shift as usize);
        } else {
            divisor.shift_left(shift.unsigned_abs() as usize);
        }
        let (quotient, exact) = self.digits.divide_short(divisor);
        let exponent = i32::try_from(self.two - shift).ok()?;
        round(negative, quotient << 1 | u128::from(!exact), exponent - 1)
    }
}

/// A decimal exponent with its sign; huge ones are cut, since the number overflows or vanishes anyway.
fn parse_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits
        .iter()
        .fold(0i64, |value, digit| (value * 10 + i64::from(digit - b'0')).min(100 * DECIMAL_EXPONENT_MAX));
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(a: &str, b: &str) -> Option<String> {
        let (a, b) = (Extended::parse(a.as_bytes())?, Extended::parse(b.as_bytes())?);
        a.add(b).map(Extended::to_text)
    }

    /// Captured from a real server on x86-64.
    #[test]
    fn adds_as_redis_does() {
        for (a, b, expected) in [
            ("0", "0.1", "0.1"),
            ("0.1", "0.2", "0.3"),
            ("5", "0x10", "21"),
            ("21", "0x1.8p1", "24"),
            ("3", "0.1", "3.1"),
            ("10.50", "0.1", "10.6"),
            ("5.0e3", "2.0e2", "5200"),
            ("0", "-1e-30", "0"),
            ("0.3", "1e-18", "0.3"),
            ("0.3", "1e-4940", "0.3"),
            ("1", "-1", "0"),
            ("-0.5", "0.25", "-0.25"),
            ("1e20", "1", "100000000000000000000"),
            (".5", "5.", "5.5"),
        ] {
            assert_eq!(sum(a, b).as_deref(), Some(expected), "{a} + {b}");
        }
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in [
            "", ".", "e", "1e", "1e+", " 1", "1 ", "nan", "abc", "0x", "1..2", "--1", "1e5000", "1e-5000",
            "-",
        ] {
            assert_eq!(Extended::parse(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(sum("inf", "1"), None);
        assert_eq!(sum("1", "-Infinity"), None);
        assert_eq!(sum("1e4932", "1e4932"), None);
        assert_eq!(Extended::parse("1".repeat(6000).as_bytes()), None);
    }

    #[test]
    fn prints_huge_numbers_exactly() {
        let text = Extended::parse(b"1e400").unwrap().to_text();
        assert_eq!(text.len(), 401);
        assert!(text.starts_with("10000000000000000000281880683947586514"), "{text}");
        assert!(text.ends_with("497430221946880"), "{text}");
    }
}
