//! Registers as runs of equal ones.
//!
//! # Format
//!
//! ```text
//! 00llllll           l + 1 registers of zero
//! 01llllll llllllll  l + 1 registers of zero, high bits first
//! 1vvvvvll           l + 1 registers of v + 1
//! ```

use super::{Invalid, REGISTERS, Registers};

/// One run over all registers.
pub(super) const EMPTY: [u8; 2] = [0x7f, 0xff];
/// The greatest register that a run can hold.
const VALUE_MAX: u8 = 32;
/// The longest run of a value.
const VALUES_MAX: usize = 4;
/// The longest run of zeroes in one byte.
const ZEROES_MAX: usize = 64;
/// Runs that are looked at for a merge after a change, from the one before it on.
const MERGED_MAX: usize = 5;

/// A run of registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub len: usize,
    /// Zero, or the registers' value.
    pub value: u8,
    /// Bytes of the run.
    pub bytes: usize,
}

impl Run {
    /// The run at `at`. A second byte beyond the end counts as zero, as in a string that C ends.
    fn at(body: &[u8], at: usize) -> Option<Run> {
        let first = *body.get(at)?;
        Some(match first >> 6 {
            0 => Run { len: usize::from(first) + 1, value: 0, bytes: 1 },
            1 => {
                let second = body.get(at + 1).copied().unwrap_or(0);
                Run { len: (usize::from(first & 0x3f) << 8 | usize::from(second)) + 1, value: 0, bytes: 2 }
            }
            _ => Run { len: usize::from(first & 3) + 1, value: (first >> 2 & 0x1f) + 1, bytes: 1 },
        })
    }

    fn is_value(self) -> bool {
        self.value > 0
    }
}

/// All runs, whether or not they fit together.
pub(super) fn runs(body: &[u8]) -> impl Iterator<Item = Run> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let run = Run::at(body, at)?;
        at += run.bytes;
        Some(run)
    })
}

pub(super) fn merge_into(body: &[u8], registers: &mut Registers) -> Result<(), Invalid> {
    let mut begin = 0;
    for run in runs(body) {
        let covered = registers.get_mut(begin..begin + run.len).ok_or(Invalid::Corrupt)?;
        covered.iter_mut().for_each(|register| *register = (*register).max(run.value));
        begin += run.len;
    }
    if begin == REGISTERS { Ok(()) } else { Err(Invalid::Corrupt) }
}

fn push_zeroes(out: &mut Vec<u8>, len: usize) {
    match len {
        0 => {}
        1..=ZEROES_MAX => out.push(len as u8 - 1),
        _ => out.extend(((len - 1) as u16 | 0x4000).to_be_bytes()),
    }
}

fn push_values(out: &mut Vec<u8>, value: u8, len: usize) {
    if len > 0 {
        out.push(0x80 | (value - 1) << 2 | (len as u8 - 1));
    }
}

/// What became of a register.
pub(super) enum Raised {
    Unchanged,
    Changed,
    /// It does not fit: the sketch is to become dense.
    TooLarge,
}

/// Sets a register that is lower than `count`, in at most `room` bytes.
pub(super) fn raise(body: &mut Vec<u8>, register: usize, count: u8, room: usize) -> Result<Raised, Invalid> {
    if count > VALUE_MAX {
        return Ok(Raised::TooLarge);
    }
    let (mut at, mut begin, mut before) = (0, 0, 0);
    let run = loop {
        let run = Run::at(body, at).ok_or(Invalid::Corrupt)?;
        if register < begin + run.len {
            break run;
        }
        (before, at, begin) = (at, at + run.bytes, begin + run.len);
    };
    if run.value >= count {
        return Ok(Raised::Unchanged);
    }
    let (left, right) = (register - begin, begin + run.len - 1 - register);
    let mut split = Vec::with_capacity(5);
    let push =
        if run.is_value() { push_values } else { |out: &mut Vec<u8>, _: u8, len| push_zeroes(out, len) };
    push(&mut split, run.value, left);
    push_values(&mut split, count, 1);
    push(&mut split, run.value, right);
    if split.len() > run.bytes && body.len() + split.len() - run.bytes > room {
        return Ok(Raised::TooLarge);
    }
    // A run whose second byte is missing loses one here, too, as in Valkey.
    let len = (body.len() + split.len()).saturating_sub(run.bytes);
    body.splice(at..(at + run.bytes).min(body.len()), split);
    body.truncate(len);
    merge(body, before);
    Ok(Raised::Changed)
}

/// Joins neighbours of one value, from the run at `at` on.
fn merge(body: &mut Vec<u8>, mut at: usize) {
    for _ in 0..MERGED_MAX {
        let Some(run) = Run::at(body, at) else { return };
        if run.is_value()
            && let Some(next) = Run::at(body, at + 1).filter(|next| next.value == run.value)
            && run.len + next.len <= VALUES_MAX
        {
            let mut joined = Vec::with_capacity(1);
            push_values(&mut joined, run.value, run.len + next.len);
            body.splice(at..at + 2, joined);
            continue;
        }
        at += run.bytes;
    }
}
