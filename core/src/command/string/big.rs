//! Just enough big-integer arithmetic to read and print extended floats exactly.

/// A natural number: limbs of 64 bits, lowest first, no zero limb at the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Big {
    limbs: Vec<u64>,
}

impl From<u128> for Big {
    fn from(value: u128) -> Self {
        let mut big = Big { limbs: vec![value as u64, (value >> 64) as u64] };
        big.trim();
        big
    }
}

impl Big {
    pub(super) fn is_zero(&self) -> bool {
        self.limbs.is_empty()
    }

    /// Position of the highest set bit, counted from one; zero for zero.
    pub(super) fn bits(&self) -> usize {
        match self.limbs.last() {
            Some(top) => self.limbs.len() * 64 - top.leading_zeros() as usize,
            None => 0,
        }
    }

    /// `self * factor + addend`
    pub(super) fn multiply_add(&mut self, factor: u64, addend: u64) {
        let mut carry = u128::from(addend);
        for limb in &mut self.limbs {
            carry += u128::from(*limb) * u128::from(factor);
            *limb = carry as u64;
            carry >>= 64;
        }
        if carry != 0 {
            self.limbs.push(carry as u64);
        }
        self.trim();
    }

    pub(super) fn multiply_power_of_ten(&mut self, mut power: usize) {
        const STEP: usize = 19;
        while power > 0 {
            let step = power.min(STEP);
            self.multiply_add(10u64.pow(step as u32), 0);
            power -= step;
        }
    }

    pub(super) fn shift_left(&mut self, bits: usize) {
        let (limbs, bits) = (bits / 64, bits % 64);
        if self.is_zero() {
            return;
        }
        if bits > 0 {
            self.multiply_add(1 << bits, 0);
        }
        self.limbs.splice(0..0, std::iter::repeat_n(0, limbs));
    }

    fn halve(&mut self) {
        let mut carry = 0;
        for limb in self.limbs.iter_mut().rev() {
            let low = *limb & 1;
            *limb = *limb >> 1 | carry << 63;
            carry = low;
        }
        self.trim();
    }

    /// The quotient, which must be below 2^100, and whether nothing remains.
    pub(super) fn divide_short(mut self, mut divisor: Big) -> (u128, bool) {
        let steps = (self.bits() + 1).saturating_sub(divisor.bits());
        debug_assert!(steps <= 100, "the quotient is to be short");
        divisor.shift_left(steps);
        let mut quotient = 0u128;
        for _ in 0..=steps {
            quotient <<= 1;
            if self.at_least(&divisor) {
                self.subtract(&divisor);
                quotient |= 1;
            }
            divisor.halve();
        }
        (quotient, self.is_zero())
    }

    pub(super) fn into_decimal(mut self) -> String {
        const GROUP: u64 = 10_000_000_000_000_000_000;
        let mut groups = Vec::new();
        while !self.is_zero() {
            groups.push(self.divide_small(GROUP));
        }
        let Some(first) = groups.pop() else { return "0".to_owned() };
        let mut text = first.to_string();
        for group in groups.iter().rev() {
            text.push_str(&format!("{group:019}"));
        }
        text
    }

    /// Divides in place and gives the remainder.
    fn divide_small(&mut self, divisor: u64) -> u64 {
        let mut remainder = 0u128;
        for limb in self.limbs.iter_mut().rev() {
            remainder = remainder << 64 | u128::from(*limb);
            *limb = (remainder / u128::from(divisor)) as u64;
            remainder %= u128::from(divisor);
        }
        self.trim();
        remainder as u64
    }

    fn at_least(&self, other: &Big) -> bool {
        match self.limbs.len().cmp(&other.limbs.len()) {
            std::cmp::Ordering::Equal => self.limbs.iter().rev().ge(other.limbs.iter().rev()),
            order => order.is_gt(),
        }
    }

    /// `self - other`, where `self` is at least `other`.
    fn subtract(&mut self, other: &Big) {
        let mut borrow = false;
        for (at, limb) in self.limbs.iter_mut().enumerate() {
            let (partial, first) = limb.overflowing_sub(other.limbs.get(at).copied().unwrap_or(0));
            let (result, second) = partial.overflowing_sub(u64::from(borrow));
            *limb = result;
            borrow = first || second;
        }
        self.trim();
    }

    fn trim(&mut self) {
        while self.limbs.last() == Some(&0) {
            self.limbs.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn divides_like_machine_integers(a in any::<u128>(), b in 1u128.., shift in 0usize..100) {
            prop_assume!(a / b < 1 << 90);
            let (quotient, exact) = Big::from(a).divide_short(Big::from(b));
            prop_assert_eq!((quotient, exact), (a / b, a % b == 0));
            let (mut long_a, mut long_b) = (Big::from(a), Big::from(b));
            long_a.shift_left(shift);
            long_b.shift_left(shift);
            prop_assert_eq!(long_a.divide_short(long_b).0, a / b);
            prop_assert_eq!(Big::from(a).into_decimal(), a.to_string());
        }
    }
}
