//! The list commands.

mod change;
mod pop;
mod position;
mod push;
mod read;
mod table;
mod transfer;

use std::ops::Range;

pub use table::TABLES;

use crate::command::Failure;
use crate::command::args::{canonical_integer, is_word};
use crate::container::list::End;

/// `LEFT` or `RIGHT`.
fn end(word: &[u8]) -> Result<End, Failure> {
    match word {
        word if is_word(word, "LEFT") => Ok(End::Left),
        word if is_word(word, "RIGHT") => Ok(End::Right),
        _ => Err(Failure::SYNTAX),
    }
}

/// An integer of at least `least`, or the failure.
fn at_least(text: &[u8], least: i64, failure: Failure) -> Result<u64, Failure> {
    let number = canonical_integer(text).filter(|&number| number >= least);
    number.map(i64::unsigned_abs).ok_or(failure)
}

/// The rank that an index means, counted from the end where it is negative.
fn rank(index: i64, len: u64) -> Option<u64> {
    let rank = if index < 0 { len.checked_sub(index.unsigned_abs())? } else { index as u64 };
    (rank < len).then_some(rank)
}

/// The ranks from `start` to `stop`, both included and counted from the end where they are negative.
fn range(start: i64, stop: i64, len: u64) -> Range<u64> {
    let len = len as i64;
    let from_end = |index: i64| if index < 0 { index.saturating_add(len) } else { index };
    let (start, stop) = (from_end(start).max(0), from_end(stop).min(len - 1));
    if start <= stop { start as u64..stop as u64 + 1 } else { 0..0 }
}
