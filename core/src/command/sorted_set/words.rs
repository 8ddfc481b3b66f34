//! Bounds of ranges as arguments.

use crate::command::Failure;
use crate::container::sorted_set::{LexBound, LexRange, ScoreBound, ScoreRange};
use crate::double;

/// The bounds of a range of scores: numbers, `(` in front of one that is excluded.
pub(super) fn score_range(min: &[u8], max: &[u8]) -> Result<ScoreRange, Failure> {
    const NOT_FLOAT: Failure = Failure::text("ERR min or max is not a float");
    let bound = |text: &[u8]| {
        let (digits, is_excluded) = text.strip_prefix(b"(").map_or((text, false), |digits| (digits, true));
        double::parse_bound(digits).map(|score| ScoreBound { score, is_excluded })
    };
    let (min, max) = bound(min).zip(bound(max)).ok_or(NOT_FLOAT)?;
    Ok(ScoreRange { min, max })
}

/// The bounds of a range of members: `-`, `+`, `[member`, `(member`.
pub(super) fn lex_range<'a>(min: &'a [u8], max: &'a [u8]) -> Result<LexRange<'a>, Failure> {
    const NOT_VALID: Failure = Failure::text("ERR min or max not valid string range item");
    let bound = |text: &'a [u8]| match text {
        b"-" => Some(LexBound::Least),
        b"+" => Some(LexBound::Greatest),
        [b'[', name @ ..] => Some(LexBound::Including(name)),
        [b'(', name @ ..] => Some(LexBound::Excluding(name)),
        _ => None,
    };
    let (min, max) = bound(min).zip(bound(max)).ok_or(NOT_VALID)?;
    Ok(LexRange { min, max })
}
