//! Ranges of scores and of members, as ranges of ranks.

use std::ops::Range;

use super::{Member, SortedSet, score};
use crate::container::Elements;
use crate::index::Damaged;

/// An end of a range of scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreBound {
    pub score: f64,
    pub is_excluded: bool,
}

/// The scores from one bound to the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreRange {
    pub min: ScoreBound,
    pub max: ScoreBound,
}

impl ScoreRange {
    pub fn including(min: f64, max: f64) -> ScoreRange {
        let bound = |score| ScoreBound { score, is_excluded: false };
        ScoreRange { min: bound(min), max: bound(max) }
    }
}

/// An end of a range of members that all have one score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LexBound<'a> {
    /// `-`
    Least,
    /// `+`
    Greatest,
    /// `[member`
    Including(&'a [u8]),
    /// `(member`
    Excluding(&'a [u8]),
}

/// The members from one bound to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LexRange<'a> {
    pub min: LexBound<'a>,
    pub max: LexBound<'a>,
}

impl LexRange<'_> {
    fn is_above_min(&self, name: &[u8]) -> bool {
        match self.min {
            LexBound::Least => true,
            LexBound::Greatest => false,
            LexBound::Including(min) => name >= min,
            LexBound::Excluding(min) => name > min,
        }
    }

    fn is_below_max(&self, name: &[u8]) -> bool {
        match self.max {
            LexBound::Least => false,
            LexBound::Greatest => true,
            LexBound::Including(max) => name <= max,
            LexBound::Excluding(max) => name < max,
        }
    }

    /// Whether no member can be in it, whatever the set.
    fn is_empty(&self) -> bool {
        let name = |bound| match bound {
            LexBound::Including(name) => Some((name, false)),
            LexBound::Excluding(name) => Some((name, true)),
            LexBound::Least | LexBound::Greatest => None,
        };
        match (name(self.min), name(self.max)) {
            (Some((min, min_excluded)), Some((max, max_excluded))) => {
                min > max || min == max && (min_excluded || max_excluded)
            }
            _ => self.min == LexBound::Greatest || self.max == LexBound::Least,
        }
    }
}

impl SortedSet<'_> {
    /// The ranks of the members whose scores are in a range.
    pub fn ranks_by_score(self, range: ScoreRange) -> Result<Range<u64>, Damaged> {
        let behind = |bound: ScoreBound, is_behind: bool| {
            if is_behind { score::after(bound.score) } else { score::encode(bound.score) }
        };
        let start = self.place(&behind(range.min, range.min.is_excluded))?;
        let end = self.place(&behind(range.max, !range.max.is_excluded))?;
        Ok(start..end.max(start))
    }

    /// The ranks of the members in a range, where all have one score; of others no more is promised than that it is a
    /// range. A walk from the end (`reversed`) may then find another one, as in Valkey.
    pub fn ranks_by_name(self, range: LexRange<'_>, reversed: bool) -> Result<Range<u64>, Damaged> {
        let Some(first) = self.at(0)?.filter(|_| !range.is_empty()) else { return Ok(0..0) };
        let Elements::Packed(packed) = self.in_order else {
            let place = |name: &[u8], is_behind: bool| {
                let mut key = score::key(first.score, name);
                if is_behind {
                    // The least key above this one.
                    key.push(0);
                }
                self.place(&key)
            };
            let start = match range.min {
                LexBound::Least => 0,
                LexBound::Greatest => self.len(),
                LexBound::Including(name) => place(name, false)?,
                LexBound::Excluding(name) => place(name, true)?,
            };
            let end = match range.max {
                LexBound::Least => 0,
                LexBound::Greatest => self.len(),
                LexBound::Including(name) => place(name, true)?,
                LexBound::Excluding(name) => place(name, false)?,
            };
            return Ok(start..end.max(start));
        };
        let name = |rank: usize| Member::of(packed.item(rank)).name;
        let count = packed.count();
        if !range.is_above_min(name(count - 1)) || !range.is_below_max(name(0)) {
            return Ok(0..0);
        }
        let (start, end) = if reversed {
            let end = (0..count).rfind(|&rank| range.is_below_max(name(rank))).map_or(0, |rank| rank + 1);
            let outside = (0..end).rfind(|&rank| !range.is_above_min(name(rank)));
            (outside.map_or(0, |rank| rank + 1), end)
        } else {
            let start = (0..count).find(|&rank| range.is_above_min(name(rank))).unwrap_or(count);
            (start, (start..count).find(|&rank| !range.is_below_max(name(rank))).unwrap_or(count))
        };
        Ok(start as u64..end as u64)
    }
}
