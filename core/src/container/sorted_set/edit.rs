//! Changing a sorted set.

use std::ops::Range;

use smallvec::SmallVec;

use super::build::trees_of;
use super::scan::multiplicity;
use super::score::{self, SCORE_BYTES};
use super::{Member, RUN_MAX, SHORT_BYTES, SortedSet, member_key};
use crate::command::Failure;
use crate::config::Tuning;
use crate::container::{Finished, Work};
use crate::engine::Engine;
use crate::index::Damaged;
use crate::limits::PACKED_BYTES_MAX;
use crate::record::{Kind, Record};
use crate::transaction::Entry;
use crate::tree::{Edit, Packed, TreeRef};

/// Bytes that a packed member takes besides its name, at most.
const PACKED_OVERHEAD: usize = SCORE_BYTES + 5;
/// The value beside a score that is minus zero.
const MINUS_ZERO: &[u8] = b"-";

/// A sorted set being changed. What is to be refused is refused before the first change.
pub struct SortedSetEdit<'a> {
    engine: &'a Engine,
    in_order: Work<'a>,
    /// `None` while the set is packed.
    by_member: Option<Edit<'a>>,
}

impl<'a> SortedSetEdit<'a> {
    /// Begins with what the entry's record holds, or with nothing; `WRONGTYPE` where that is no sorted set.
    pub fn of(entry: &Entry<'a>) -> Result<SortedSetEdit<'a>, Failure> {
        let engine = entry.op().engine();
        let record = entry.record();
        if record.is_some_and(|record| record.kind() != Kind::SortedSet) {
            return Err(Failure::WRONG_TYPE);
        }
        let body = record.map(|record: Record<'a>| record.body());
        let by_member = record.and_then(|record| record.trees()).map(|trees| entry.edit(trees.root(1)));
        Ok(SortedSetEdit { engine, in_order: Work::of(entry, body, 0), by_member })
    }

    /// The set as changed so far.
    pub fn view(&self) -> SortedSet<'_> {
        SortedSet {
            engine: self.engine,
            in_order: self.in_order.elements(),
            by_member: self.by_member.as_ref().map_or(TreeRef::EMPTY, Edit::tree),
        }
    }

    pub fn len(&self) -> u64 {
        self.in_order.len()
    }

    pub fn is_empty(&self) -> bool {
        self.in_order.is_empty()
    }

    /// Gives a member this score; it had `old`, as [`SortedSet::score`] tells.
    pub fn put(&mut self, name: &[u8], old: Option<f64>, score: f64) -> Result<(), Damaged> {
        let old = old.map(|score| Member { score, name });
        if old.is_none() {
            self.admit(1, name.len())?;
        }
        let key = score::key(score, name);
        if let Work::Tree(in_order) = &mut self.in_order {
            let was_only = match old {
                Some(old) => in_order.remove_apart(&score::key(old.score, name), SCORE_BYTES)?,
                None => false,
            };
            let is_minus_zero = score == 0.0 && score.is_sign_negative();
            let value = if is_minus_zero { MINUS_ZERO } else { b"" };
            let is_only = in_order.put_apart(&key, value, SCORE_BYTES);
            if let (Some(old), Some(by_member)) = (old, &mut self.by_member) {
                // Both short keys are this member's alone, and side by side most often.
                if was_only && is_only == Ok(true) {
                    let [from, to] = [old.score, score].map(|score| member_key(self.engine, score, name));
                    if by_member.rekey(&from[..SHORT_BYTES], &to[..SHORT_BYTES]) {
                        return Ok(());
                    }
                }
                self.forget_member(old, was_only)?;
            }
            return self.index_member(score, name, is_only?);
        }
        if let Some(old) = old {
            self.remove(old)?;
        }
        let rank = self.view().place(&key)?;
        self.in_order.insert_packed(rank, &key, b"");
        Ok(())
    }

    /// Removes a member, which is there.
    pub fn remove(&mut self, member: Member<'_>) -> Result<(), Damaged> {
        let Work::Tree(in_order) = &mut self.in_order else {
            let rank = self.view().rank(member)?;
            return self.in_order.remove(rank..rank + 1);
        };
        let is_only = in_order.remove_apart(&score::key(member.score, member.name), SCORE_BYTES)?;
        self.forget_member(member, is_only)
    }

    /// Removes the members of a range of ranks.
    pub fn remove_ranks(&mut self, range: Range<u64>) -> Result<(), Damaged> {
        if let (Work::Tree(in_order), Some(by_member)) = (&self.in_order, &mut self.by_member) {
            let mut walk = in_order.tree().cursor(range.start)?;
            for _ in range.clone() {
                let member = Member::of(walk.next()?.ok_or(Damaged)?);
                forget(by_member, self.engine, member)?;
            }
        }
        self.in_order.remove(range)
    }

    /// Turns the packed form into trees unless `members` more fit, the longest of so many bytes.
    pub fn admit(&mut self, members: u64, bytes: usize) -> Result<(), Damaged> {
        let Some(packed_bytes) = self.in_order.packed_bytes() else { return Ok(()) };
        let tuning = self.engine.tuning();
        let fits = self.len() + members <= tuning.zset_max_listpack_entries()
            && may_be_packed(tuning, members, bytes)
            && packed_bytes + bytes + PACKED_OVERHEAD <= PACKED_BYTES_MAX;
        if fits { Ok(()) } else { self.grow() }
    }

    /// Valkey's look ahead: a write of so many members, the longest of so many bytes, to a packed set.
    pub fn expect(&mut self, members: u64, bytes: usize) -> Result<bool, Damaged> {
        let grows = self.by_member.is_none() && !may_be_packed(self.engine.tuning(), members, bytes);
        if grows {
            self.grow()?;
        }
        Ok(grows)
    }

    fn grow(&mut self) -> Result<(), Damaged> {
        if let Work::Packed(bytes) = &self.in_order {
            let members = || Packed::new(bytes).items().map(Member::of);
            let [in_order, by_member] = trees_of(self.engine, members);
            (self.in_order, self.by_member) = (Work::Tree(in_order), Some(by_member));
        }
        Ok(())
    }

    /// The value to put.
    pub fn finish(self) -> Finished {
        match (self.in_order, self.by_member) {
            (Work::Tree(in_order), Some(by_member)) => {
                Finished::trees(Kind::SortedSet, [in_order, by_member], &[])
            }
            (packed, _) => packed.finish(Kind::SortedSet),
        }
    }

    /// Enters a member that stands in the order already into the tree by member; `is_only` where no other is known to
    /// have its score.
    fn index_member(&mut self, score: f64, name: &[u8], is_only: bool) -> Result<(), Damaged> {
        let (Work::Tree(in_order), Some(by_member)) = (&self.in_order, &mut self.by_member) else {
            return Ok(());
        };
        let run = if is_only { 1 } else { run(in_order.tree(), score)? };
        if run <= RUN_MAX || name.is_empty() {
            return add_short(by_member, &member_key(self.engine, score, name)[..SHORT_BYTES]);
        }
        if run == RUN_MAX + 1 {
            let begin = score::encode(score);
            let mut others = in_order.tree().cursor_at(&begin)?;
            while let Some(item) = others.next()?.filter(|item| item.key.starts_with(&begin)) {
                let other = Member::of(item);
                let key = member_key(self.engine, score, other.name);
                if other.name != name && !other.name.is_empty() && by_member.tree().get(&key)?.is_none() {
                    forget_short(by_member, &key[..SHORT_BYTES])?;
                    by_member.put(&key, b"")?;
                }
            }
        }
        by_member.put(&member_key(self.engine, score, name), b"")?;
        Ok(())
    }

    /// Takes a member off the tree by member; `was_only` where no other is known to have its score.
    fn forget_member(&mut self, member: Member<'_>, was_only: bool) -> Result<(), Damaged> {
        match &mut self.by_member {
            Some(by_member) if was_only => forget_only(by_member, self.engine, member),
            Some(by_member) => forget(by_member, self.engine, member),
            None => Ok(()),
        }
    }
}

/// Whether a set of so many members, the longest of so many bytes, is packed.
pub(super) fn may_be_packed(tuning: &Tuning, members: u64, bytes: usize) -> bool {
    members <= tuning.zset_max_listpack_entries() && bytes as u64 <= tuning.zset_max_listpack_value()
}

/// How many members have this score; counted only as far as it is few.
fn run(in_order: TreeRef<'_>, score: f64) -> Result<u64, Damaged> {
    const FEW: u64 = 4;
    let begin = score::encode(score);
    let mut cursor = in_order.cursor_at(&begin)?;
    for count in 0..FEW {
        if cursor.next()?.is_none_or(|item| !item.key.starts_with(&begin)) {
            return Ok(count);
        }
    }
    Ok(in_order.place(&score::after(score))?.rank - in_order.place(&begin)?.rank)
}

fn forget(by_member: &mut Edit<'_>, engine: &Engine, member: Member<'_>) -> Result<(), Damaged> {
    let key: SmallVec<[u8; 64]> = member_key(engine, member.score, member.name);
    let short = &key[..SHORT_BYTES];
    // The short key stands in front of all long ones of the same hash and score.
    let (mut others, mut is_long) = (0, false);
    let tree = by_member.tree();
    let mut cursor = tree.cursor_at(short)?;
    while !is_long && let Some(item) = cursor.next()?.filter(|item| item.key.starts_with(short)) {
        if item.key.len() == SHORT_BYTES {
            others = multiplicity(item.value) - 1;
        } else {
            is_long = *item.key == *key;
        }
    }
    drop(cursor);
    if is_long {
        by_member.remove(&key)?;
    } else if others > 0 {
        put_short(by_member, short, others)?;
    } else {
        by_member.remove(short)?;
    }
    Ok(())
}

/// [`forget`] where no other member has this score: then the short key, if any, is this member's.
fn forget_only(by_member: &mut Edit<'_>, engine: &Engine, member: Member<'_>) -> Result<(), Damaged> {
    let key = member_key(engine, member.score, member.name);
    if !by_member.remove(&key[..SHORT_BYTES])? {
        by_member.remove(&key)?;
    }
    Ok(())
}

/// Takes one member off a short key.
fn forget_short(by_member: &mut Edit<'_>, key: &[u8]) -> Result<(), Damaged> {
    let others = by_member.tree().get(key)?.map_or(1, |item| multiplicity(item.value)) - 1;
    if others > 0 {
        return put_short(by_member, key, others);
    }
    by_member.remove(key)?;
    Ok(())
}

fn add_short(by_member: &mut Edit<'_>, key: &[u8]) -> Result<(), Damaged> {
    if by_member.add(key, b"")? {
        return Ok(());
    }
    let others = by_member.tree().get(key)?.map_or(0, |item| multiplicity(item.value));
    put_short(by_member, key, others + 1)
}

fn put_short(by_member: &mut Edit<'_>, key: &[u8], members: u32) -> Result<(), Damaged> {
    let number = members.to_le_bytes();
    by_member.put(key, if members == 1 { b"" } else { &number })?;
    Ok(())
}
