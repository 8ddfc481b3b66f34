//! Sorted sets: members in the order of (score, member), packed into the record (`listpack`) or in two trees
//! (`skiplist`).
//!
//! # Format
//! In order (packed, or root 0): key `score8 ++ member`, the score as eight bytes that order as scores do; value empty,
//! or one byte where the score is minus zero (only in trees: a listpack does not know it either).
//!
//! By member (root 1): `hash4 ++ score8`, value empty where one member stands for it, else their number in four bytes;
//! or `hash4 ++ score8 ++ member`, value empty. A score is looked up by the hash of its member and verified in the first
//! tree. Long keys exist so that a walk in the order of hashes (ZSCAN) finds its members: **where more than
//! [`RUN_MAX`] members share a score, all of them (but the empty one) have long keys**; fewer are looked through.

pub mod algebra;
mod build;
mod edit;
mod places;
mod scan;
pub mod score;
#[cfg(test)]
mod test;

pub use build::{Combined, Gathered};
pub use edit::SortedSetEdit;
pub use places::{LexBound, LexRange, ScoreBound, ScoreRange};

use std::ops::Range;

use smallvec::SmallVec;

use super::{Elements, Walk};
use crate::command::Failure;
use crate::engine::Engine;
use crate::index::Damaged;
use crate::record::{Body, Kind, Record};
use crate::tree::{Item, TreeRef};
use score::SCORE_BYTES;

/// Bytes of a member's hash.
const HASH_BYTES: usize = 4;
/// Members of one score up to this many are looked through for one of them.
const RUN_MAX: u64 = 32;

/// A key of the tree by member: `hash4 ++ score8`, with the member where it is long.
type MemberKey = SmallVec<[u8; 64]>;
/// Bytes of a short key.
const SHORT_BYTES: usize = HASH_BYTES + SCORE_BYTES;

/// A member with its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Member<'a> {
    pub score: f64,
    pub name: &'a [u8],
}

impl<'a> Member<'a> {
    #[inline]
    fn of(item: Item<'a>) -> Member<'a> {
        let score = if item.value.is_empty() { score::decode(item.key) } else { -0.0 };
        Member { score, name: &item.key[SCORE_BYTES..] }
    }
}

fn hash4(engine: &Engine, member: &[u8]) -> [u8; HASH_BYTES] {
    ((engine.element_hash(member) >> 32) as u32).to_be_bytes()
}

/// The short key of a member, and its long one.
fn member_key(engine: &Engine, score: f64, member: &[u8]) -> MemberKey {
    let mut key = MemberKey::with_capacity(SHORT_BYTES + member.len());
    key.extend_from_slice(&hash4(engine, member));
    key.extend_from_slice(&score::encode(score));
    key.extend_from_slice(member);
    key
}

/// As OBJECT ENCODING names the form of a record's value.
pub fn encoding_of(record: Record<'_>) -> &'static str {
    match record.body() {
        Body::Packed(_) => "listpack",
        Body::Trees(_) => "skiplist",
    }
}

/// All members of a record's value, in order.
pub fn members_of(record: Record<'_>) -> Result<Members<'_>, Damaged> {
    Members::of(Elements::of(record.body(), 0))
}

/// A sorted set being read.
#[derive(Clone, Copy)]
pub struct SortedSet<'a> {
    engine: &'a Engine,
    in_order: Elements<'a>,
    /// Empty where the set is packed.
    by_member: TreeRef<'a>,
}

impl<'a> SortedSet<'a> {
    /// The sorted set in a record, or `WRONGTYPE`.
    pub fn of(engine: &'a Engine, record: Record<'a>) -> Result<SortedSet<'a>, Failure> {
        if record.kind() != Kind::SortedSet {
            return Err(Failure::WRONG_TYPE);
        }
        let body = record.body();
        let by_member = match body {
            Body::Packed(_) => TreeRef::EMPTY,
            Body::Trees(trees) => trees.root(1),
        };
        Ok(SortedSet { engine, in_order: Elements::of(body, 0), by_member })
    }

    /// A sorted set without members: what a missing key stands for.
    pub fn empty(engine: &'a Engine) -> SortedSet<'a> {
        SortedSet { engine, in_order: Elements::EMPTY, by_member: TreeRef::EMPTY }
    }

    /// The sorted set in a record, or an empty one without a record.
    pub fn of_optional(engine: &'a Engine, record: Option<Record<'a>>) -> Result<SortedSet<'a>, Failure> {
        record.map_or(Ok(SortedSet::empty(engine)), |record| SortedSet::of(engine, record))
    }

    /// Number of members.
    pub fn len(self) -> u64 {
        self.in_order.len()
    }

    pub fn is_empty(self) -> bool {
        self.in_order.is_empty()
    }

    pub fn is_packed(self) -> bool {
        matches!(self.in_order, Elements::Packed(_))
    }

    /// The score of a member.
    pub fn score(self, member: &[u8]) -> Result<Option<f64>, Damaged> {
        match self.in_order {
            Elements::Packed(packed) => {
                Ok(packed.items().map(Member::of).find(|m| m.name == member).map(|m| m.score))
            }
            Elements::Tree(in_order) => {
                let hash = hash4(self.engine, member);
                let mut cursor = self.by_member.cursor_at(&hash)?;
                while let Some(item) = cursor.next()?.filter(|item| item.key.starts_with(&hash)) {
                    let (short, name) = item.key.split_at(SHORT_BYTES);
                    if !name.is_empty() && name != member {
                        continue;
                    }
                    let score = score::decode(&short[HASH_BYTES..]);
                    if !name.is_empty() && score != 0.0 {
                        return Ok(Some(score));
                    }
                    // A short key may stand for another member, and zero may be minus zero.
                    if let Some(item) = in_order.get(&score::key(score, member))? {
                        return Ok(Some(Member::of(item).score));
                    }
                }
                Ok(None)
            }
        }
    }

    /// How many members stand in front of this one, which is there.
    pub fn rank(self, member: Member<'_>) -> Result<u64, Damaged> {
        self.place(&score::key(member.score, member.name))
    }

    /// The member at `rank`, counted from zero.
    pub fn at(self, rank: u64) -> Result<Option<Member<'a>>, Damaged> {
        Ok(self.in_order.at(rank)?.map(Member::of))
    }

    /// A walk from the place in front of the member at `rank`, or behind the last.
    pub fn walk(self, rank: u64) -> Result<Members<'a>, Damaged> {
        Ok(Members(self.in_order.walk(rank)?))
    }

    /// The members of a range of ranks, the last first where it is `reversed`.
    pub fn for_each(
        self,
        range: Range<u64>,
        reversed: bool,
        mut visit: impl FnMut(Member<'a>),
    ) -> Result<(), Damaged> {
        let mut walk = self.walk(if reversed { range.end } else { range.start })?;
        for _ in range {
            let member = if reversed { walk.previous()? } else { walk.next()? };
            visit(member.ok_or(Damaged)?);
        }
        Ok(())
    }

    /// Members whose key is below `key`.
    fn place(self, key: &[u8]) -> Result<u64, Damaged> {
        match self.in_order {
            Elements::Tree(tree) => Ok(tree.place(key)?.rank),
            Elements::Packed(packed) => {
                let (mut low, mut high) = (0, packed.count());
                while low < high {
                    let middle = usize::midpoint(low, high);
                    if packed.item(middle).key < key { low = middle + 1 } else { high = middle }
                }
                Ok(low as u64)
            }
        }
    }
}

/// A place between two members.
#[derive(Clone)]
pub struct Members<'a>(Walk<'a>);

impl<'a> Members<'a> {
    /// A walk over members in order, packed or in the first tree.
    pub fn of(in_order: Elements<'a>) -> Result<Members<'a>, Damaged> {
        Ok(Members(in_order.walk(0)?))
    }

    /// The member behind the place; the place moves behind it.
    #[allow(clippy::should_implement_trait, reason = "a member may turn out to be damaged")]
    pub fn next(&mut self) -> Result<Option<Member<'a>>, Damaged> {
        Ok(self.0.next()?.map(Member::of))
    }

    /// The member in front of the place; the place moves in front of it.
    pub fn previous(&mut self) -> Result<Option<Member<'a>>, Damaged> {
        Ok(self.0.previous()?.map(Member::of))
    }
}
