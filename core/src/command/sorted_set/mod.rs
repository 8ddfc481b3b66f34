//! The commands on sorted sets.

mod add;
mod block;
mod combine;
mod pop;
mod random;
mod range;
mod read;
mod remove;
mod table;
mod words;

pub(in crate::command) use add::add_places;
pub use table::TABLES;

use smallvec::{SmallVec, smallvec};

use super::{Ctx, Failure, Protocol, Reply};
use crate::container::sorted_set::Member;
use crate::container::{SortedSet, SortedSetEdit};
use crate::double;
use crate::index::Damaged;
use crate::record::{Draft, Effect, Str};
use crate::transaction::Entry;

/// The sorted set at a key, empty where there is none.
pub(in crate::command) fn read<'a>(ctx: &Ctx<'a>, key: &[u8]) -> Result<SortedSet<'a>, Failure> {
    SortedSet::of_optional(ctx.engine, ctx.read(key)?)
}

/// Puts a changed set in its place, or removes an emptied one; `effect` is what the log gets for the former.
pub(in crate::command) fn put(entry: &mut Entry<'_>, edit: SortedSetEdit<'_>, effect: Effect<'_>) {
    let is_empty = edit.is_empty();
    let mut finished = edit.finish();
    if is_empty {
        finished.remove(entry, Effect::Del);
    } else {
        entry.put(Draft::changed(entry.record(), finished.value(), false), effect);
    }
}

/// A command's outcome where a node of a snapshot file turned out to be damaged half-way: what was done is put and
/// logged like any change, and the command fails.
pub(in crate::command) fn whole(result: Result<(), Damaged>) -> Result<(), Failure> {
    Ok(result?)
}

/// `ZADD key score member ...` with scores as they were set, for the log.
pub(in crate::command) struct Added<'a>(SmallVec<[(double::Text, &'a [u8]); 2]>);

impl<'a> Added<'a> {
    pub(in crate::command) fn new(members: impl IntoIterator<Item = Member<'a>>) -> Added<'a> {
        Added(members.into_iter().map(|member| (double::text(member.score), member.name)).collect())
    }

    pub(in crate::command) fn words<'s>(&'s self, key: &'s [u8]) -> SmallVec<[Str<'s>; 8]> {
        let mut words: SmallVec<[Str<'s>; 8]> = smallvec![b"ZADD".into(), key.into()];
        for (score, name) in &self.0 {
            words.push(score.as_slice().into());
            words.push((*name).into());
        }
        words
    }
}

/// Emits members, with their scores where they are asked for: in pairs to RESP3, one behind the other to RESP2.
pub(in crate::command) fn reply_members<'m>(
    reply: &mut dyn Reply,
    members: impl ExactSizeIterator<Item = Member<'m>>,
    with_scores: bool,
) {
    let in_pairs = with_scores && reply.protocol() == Protocol::Resp3;
    reply.array(if with_scores && !in_pairs { members.len() * 2 } else { members.len() });
    for member in members {
        if in_pairs {
            reply.array(2);
        }
        reply.bulk(member.name);
        if with_scores {
            reply.double(member.score);
        }
    }
}
