//! The cardinality from registers: Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches",
//! arXiv:1702.01284, as Redis computes it.

use super::{PATTERN_BITS, REGISTERS, Registers};

/// 0.5 / ln 2
const ALPHA: f64 = 0.721_347_520_444_481_7;

pub(super) fn estimate(registers: &Registers) -> u64 {
    let mut histogram = [0u32; 64];
    for register in registers {
        histogram[usize::from(*register & 63)] += 1;
    }
    let all = REGISTERS as f64;
    let share = |registers: u32| f64::from(registers) / all;
    let top = PATTERN_BITS as usize + 1;
    let mut sum = all * tau((all - f64::from(histogram[top])) / all);
    for count in (1..top).rev() {
        sum = (sum + f64::from(histogram[count])) * 0.5;
    }
    sum += all * sigma(share(histogram[0]));
    (ALPHA * all * all / sum).round() as u64
}

fn sigma(share: f64) -> f64 {
    if share == 1.0 {
        return f64::INFINITY;
    }
    let (mut power, mut factor, mut sum) = (share, 1.0, share);
    loop {
        power *= power;
        let before = sum;
        sum += power * factor;
        factor += factor;
        if sum == before {
            return sum;
        }
    }
}

fn tau(share: f64) -> f64 {
    if share == 0.0 || share == 1.0 {
        return 0.0;
    }
    let (mut root, mut factor, mut sum) = (share, 1.0, 1.0 - share);
    loop {
        root = root.sqrt();
        let before = sum;
        factor *= 0.5;
        sum -= (1.0 - root) * (1.0 - root) * factor;
        if sum == before {
            return sum / 3.0;
        }
    }
}
