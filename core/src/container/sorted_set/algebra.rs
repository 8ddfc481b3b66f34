//! Unions, intersections and differences of sorted sets and sets, with weights.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::{Member, SortedSet};
use crate::command::Failure;
use crate::container::Set;
use crate::engine::Engine;
use crate::index::Damaged;
use crate::record::{Kind, Record};

/// How the sources are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Union,
    Intersection,
    Difference,
}

/// What becomes of two scores of one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    Sum,
    Min,
    Max,
}

/// A sorted set, or a set whose members all have the score one.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    SortedSet(SortedSet<'a>),
    Set(Set<'a>),
}

impl<'a> Source<'a> {
    /// The sorted set or set in a record; an empty one without a record; or `WRONGTYPE`.
    pub fn of(engine: &'a Engine, record: Option<Record<'a>>) -> Result<Source<'a>, Failure> {
        match record {
            Some(record) if record.kind() == Kind::Set => Set::of(engine, record).map(Source::Set),
            _ => SortedSet::of_optional(engine, record).map(Source::SortedSet),
        }
    }

    fn len(self) -> u64 {
        match self {
            Source::SortedSet(set) => set.len(),
            Source::Set(set) => set.len(),
        }
    }

    fn score(self, name: &[u8]) -> Result<Option<f64>, Damaged> {
        match self {
            Source::SortedSet(set) => set.score(name),
            Source::Set(set) => Ok(set.contains(name)?.then_some(1.0)),
        }
    }

    /// Visits all members until one `visit` says stop.
    fn each(self, mut visit: impl FnMut(Member<'a>) -> Result<Flow, Damaged>) -> Result<(), Damaged> {
        match self {
            Source::SortedSet(set) => {
                let mut walk = set.walk(0)?;
                while let Some(member) = walk.next()? {
                    if visit(member)? == Flow::Stop {
                        break;
                    }
                }
            }
            Source::Set(set) => {
                let mut members = set.members()?;
                while let Some(name) = members.next()? {
                    if visit(Member { score: 1.0, name })? == Flow::Stop {
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    GoOn,
    Stop,
}

impl Aggregate {
    /// The one that a word names, in any case.
    pub fn parse(word: &[u8]) -> Option<Aggregate> {
        let names: [(&[u8], Aggregate); 3] =
            [(b"SUM", Aggregate::Sum), (b"MIN", Aggregate::Min), (b"MAX", Aggregate::Max)];
        names.into_iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, aggregate)| aggregate)
    }

    fn apply(self, score: f64, other: f64) -> f64 {
        match self {
            // The sum of the two infinities.
            Aggregate::Sum => number(score + other),
            Aggregate::Min => {
                if other < score {
                    other
                } else {
                    score
                }
            }
            Aggregate::Max => {
                if other > score {
                    other
                } else {
                    score
                }
            }
        }
    }
}

/// Zero in the place of what is no number: zero times infinity.
fn number(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score }
}

impl Operation {
    /// Whether weights and aggregates mean something.
    pub fn weighs(self) -> bool {
        self != Operation::Difference
    }

    /// The combined members, in no order; of an intersection at most `limit`. `weights` has one for each source.
    pub fn combine<'a>(
        self,
        sources: &[Source<'a>],
        weights: &[f64],
        aggregate: Aggregate,
        limit: u64,
    ) -> Result<Vec<Member<'a>>, Damaged> {
        let mut weighted: Vec<(Source<'a>, f64)> =
            sources.iter().copied().zip(weights.iter().copied()).collect();
        if self != Operation::Difference {
            // As Valkey does: sums of several scores depend on the order.
            weighted.sort_by_key(|(source, _)| source.len());
        }
        match self {
            Operation::Union => union(&weighted, aggregate),
            Operation::Intersection => intersection(&weighted, aggregate, limit),
            Operation::Difference => difference(&weighted),
        }
    }
}

fn union<'a>(sources: &[(Source<'a>, f64)], aggregate: Aggregate) -> Result<Vec<Member<'a>>, Damaged> {
    if let [(source, weight)] = sources {
        let mut members = Vec::with_capacity(source.len() as usize);
        source.each(|member| {
            members.push(Member { score: number(weight * member.score), ..member });
            Ok(Flow::GoOn)
        })?;
        return Ok(members);
    }
    let mut places: HashMap<&[u8], usize, rapidhash::fast::RandomState> = HashMap::default();
    let mut members: Vec<Member<'a>> = Vec::new();
    for (source, weight) in sources {
        source.each(|member| {
            let score = number(weight * member.score);
            match places.entry(member.name) {
                Entry::Vacant(place) => {
                    place.insert(members.len());
                    members.push(Member { score, ..member });
                }
                Entry::Occupied(place) => {
                    let old = &mut members[*place.get()].score;
                    *old = aggregate.apply(*old, score);
                }
            }
            Ok(Flow::GoOn)
        })?;
    }
    Ok(members)
}

fn intersection<'a>(
    sources: &[(Source<'a>, f64)],
    aggregate: Aggregate,
    limit: u64,
) -> Result<Vec<Member<'a>>, Damaged> {
    let mut members = Vec::new();
    let Some(((smallest, weight), others)) = sources.split_first() else { return Ok(members) };
    smallest.each(|member| {
        let mut score = number(weight * member.score);
        for (other, weight) in others {
            let Some(found) = other.score(member.name)? else { return Ok(Flow::GoOn) };
            score = aggregate.apply(score, weight * found);
        }
        members.push(Member { score: number(score), ..member });
        Ok(if members.len() as u64 >= limit { Flow::Stop } else { Flow::GoOn })
    })?;
    Ok(members)
}

fn difference<'a>(sources: &[(Source<'a>, f64)]) -> Result<Vec<Member<'a>>, Damaged> {
    let mut members = Vec::new();
    let Some(((first, _), others)) = sources.split_first() else { return Ok(members) };
    first.each(|member| {
        for (other, _) in others {
            if other.score(member.name)?.is_some() {
                return Ok(Flow::GoOn);
            }
        }
        members.push(member);
        Ok(Flow::GoOn)
    })?;
    Ok(members)
}
