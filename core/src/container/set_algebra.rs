//! Intersection, union and difference of sets that nobody changes meanwhile.
//!
//! No operation is quadratic: a member is looked up in O(log n), and two trees of similar size, which are in the same
//! order, are walked side by side.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::set::{HASH_BYTES, Set};
use super::{Elements, Walk};
use crate::index::Damaged;
use crate::tree::{Cursor, Item, TreeRef};

/// Walking beside a tree beats looking up in it as long as the tree is not larger by more than this factor.
const SIMILAR: u64 = 8;

/// What is done with several sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Intersection,
    Union,
    /// The first without all others.
    Difference,
}

/// The members of the result; those of an intersection only up to `limit`.
pub fn combine<'a>(operation: Operation, sets: &[Set<'a>], limit: u64) -> Result<Vec<&'a [u8]>, Damaged> {
    match operation {
        Operation::Intersection => intersect(sets, limit),
        Operation::Union => unite(sets),
        Operation::Difference => subtract(sets),
    }
}

fn intersect<'a>(sets: &[Set<'a>], limit: u64) -> Result<Vec<&'a [u8]>, Damaged> {
    let mut sets = sets.to_vec();
    sets.sort_by_key(|set| set.len());
    let [smallest, others @ ..] = &sets[..] else { return Ok(Vec::new()) };
    select(*smallest, others, Wanted::InAll, limit)
}

fn subtract<'a>(sets: &[Set<'a>]) -> Result<Vec<&'a [u8]>, Damaged> {
    let [first, others @ ..] = sets else { return Ok(Vec::new()) };
    // The largest of the others is the likeliest to have a member.
    let mut others: Vec<Set<'a>> = others.iter().copied().filter(|set| !set.is_empty()).collect();
    others.sort_by_key(|set| std::cmp::Reverse(set.len()));
    select(*first, &others, Wanted::InNone, u64::MAX)
}

fn unite<'a>(sets: &[Set<'a>]) -> Result<Vec<&'a [u8]>, Damaged> {
    let mut union = Vec::new();
    let mut seen: HashSet<&[u8], rapidhash::fast::RandomState> = HashSet::default();
    let others = sets.iter().filter(|set| !set.is_empty()).count() > 1;
    for set in sets {
        let mut members = set.members()?;
        while let Some(member) = members.next()? {
            if !others || seen.insert(member) {
                union.push(member);
            }
        }
    }
    Ok(union)
}

/// Which members a selection keeps.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    InAll,
    InNone,
}

/// The first members of `set` that all `others` have, or that none of them has.
fn select<'a>(
    set: Set<'a>,
    others: &[Set<'a>],
    wanted: Wanted,
    limit: u64,
) -> Result<Vec<&'a [u8]>, Damaged> {
    let mut probes = probes(set, others)?;
    let mut found = Vec::new();
    walk(set, |key, member| {
        for probe in &mut probes {
            if probe.contains(key, member)? != (wanted == Wanted::InAll) {
                return Ok(true);
            }
        }
        found.push(member);
        Ok((found.len() as u64) < limit)
    })?;
    Ok(found)
}

/// Visits the keys and members of a set until `visit` says no.
fn walk<'a>(
    set: Set<'a>,
    mut visit: impl FnMut(&'a [u8], &'a [u8]) -> Result<bool, Damaged>,
) -> Result<(), Damaged> {
    let hash_bytes = if is_tree(set) { HASH_BYTES } else { 0 };
    let mut walk: Walk<'a> = set.elements().walk(0)?;
    while let Some(item) = walk.next()? {
        if !visit(item.key, &item.key[hash_bytes..])? {
            break;
        }
    }
    Ok(())
}

fn is_tree(set: Set<'_>) -> bool {
    matches!(set.elements(), Elements::Tree(_))
}

fn probes<'a>(set: Set<'a>, others: &[Set<'a>]) -> Result<Vec<Probe<'a>>, Damaged> {
    others
        .iter()
        .map(|&other| match other.elements() {
            Elements::Tree(tree) if is_tree(set) && set.len().saturating_mul(SIMILAR) >= other.len() => {
                let mut cursor = tree.cursor(0)?;
                let next = cursor.next()?;
                Ok(Probe::Beside { cursor, next })
            }
            Elements::Tree(tree) if is_tree(set) => Ok(Probe::ByKey(tree)),
            _ => Ok(Probe::ByMember(other)),
        })
        .collect()
}

/// How membership in another set is found out, for members that come in the order of the walked set.
enum Probe<'a> {
    ByMember(Set<'a>),
    ByKey(TreeRef<'a>),
    /// Both are trees: the other is walked at the same pace.
    Beside {
        cursor: Cursor<'a>,
        next: Option<Item<'a>>,
    },
}

impl Probe<'_> {
    fn contains(&mut self, key: &[u8], member: &[u8]) -> Result<bool, Damaged> {
        match self {
            Probe::ByMember(set) => set.contains(member),
            Probe::ByKey(tree) => Ok(tree.get(key)?.is_some()),
            Probe::Beside { cursor, next } => {
                while let Some(item) = next {
                    match item.key.cmp(key) {
                        Ordering::Less => *next = cursor.next()?,
                        order => return Ok(order == Ordering::Equal),
                    }
                }
                Ok(false)
            }
        }
    }
}
